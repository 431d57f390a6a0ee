#!/bin/bash
# Runs in the guest: the tests once for each backend. run.sh reads the lines that begin with @@.
# guest.sh "BACKEND..." TEST_ARGUMENT... [-- "BACKEND..." TEST_ARGUMENT...]...
echo "@@ kernel $(uname -r)"
while (($# > 0)); do
	backends=$1 tests=()
	shift
	while (($# > 0)) && [[ $1 != -- ]]; do
		tests+=("$1")
		shift
	done
	shift
	for backend in $backends; do
		echo "@@ backend $backend"
		KATRACE_TEST_BACKEND=$backend /katrace/KaTrace.KernelTests --no-ansi --progress off --output detailed "${tests[@]}" 2>&1
		echo "@@ status $? after $SECONDS s"
	done
done
