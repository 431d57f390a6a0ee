#!/bin/bash
# Runs in the guest: the tests once for each backend. run.sh reads the lines that begin with @@.
# guest.sh "BACKEND..." TEST_ARGUMENT...
backends=$1
shift
echo "@@ kernel $(uname -r)"
for backend in $backends; do
	echo "@@ backend $backend"
	KATRACE_TEST_BACKEND=$backend /katrace/KaTrace.KernelTests --no-ansi --progress off "$@" 2>&1
	echo "@@ status $? after $SECONDS s"
done
