#!/bin/bash
# Asks a question in an emulated machine of another kernel: benchmarks/guest.sh KERNEL [--quick] NAME...
# For the hooks that this host's kernel does not let in. Only what is compared within one guest means anything: an emulated
# processor's nanoseconds are nobody's. KERNEL: a name of tests/kernels/kernels.txt. Needs what tests/kernels/run.sh needs.
set -euo pipefail
cd "$(dirname "$0")/.."
kernel=${1:?usage: benchmarks/guest.sh KERNEL [--quick] NAME...}
shift
read -r suite package < <(awk -v name="$kernel" '!/^#/ && $1 == name { print $2, $3 }' tests/kernels/kernels.txt) ||
	{ echo "there is no kernel '$kernel' in tests/kernels/kernels.txt" >&2; exit 2; }
export KATRACE_KERNELS_CACHE=${KATRACE_KERNELS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/katrace/kernels}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make -s -C benchmarks/peers
# Lock files of its own: restoring for a runtime would rewrite those of the tree.
dotnet publish benchmarks/KaTrace.Benchmarks -c Release -r linux-x64 --self-contained --artifacts-path "$work/artifacts" \
	-p:NuGetLockFilePath="$work/%24(MSBuildProjectName).lock.json" -o "$work/benchmarks" -v quiet --nologo >&2
folder=$(tests/kernels/vmrun --suite "$suite" --fetch "$package")
tests/kernels/vmrun --install util-linux --install libbpf1 --install libssl3 --install libstdc++6 --install zlib1g \
	--add "$work/benchmarks:/benchmarks" --add "$PWD/benchmarks/peers/build:/peers/build" \
	--env KATRACE_BENCH_PEERS=/peers --env DOTNET_EnableDiagnostics=0 --timeout 1200 --quiet \
	"$folder" -- /benchmarks/KaTrace.Benchmarks "$@"
