#!/bin/bash
# Asks the questions of README.md: benchmarks/run.sh [--quick] [NAME...]
set -euo pipefail
cd "$(dirname "$0")/.."

peers=benchmarks/peers
native=$PWD/$peers/build/native

# Asks whether all of it runs, not how fast.
quick=0
[[ " $* " != *" --quick "* ]] || quick=1

say() { printf '%s\n' "$*" >&2; }

# What is missing is installed where that is possible; what still is missing is said in the table.
install_tools() {
	local packages=()
	command -v gcc >/dev/null && command -v make >/dev/null || packages+=(gcc make libc6-dev)
	command -v clang >/dev/null || command -v clang-14 >/dev/null || packages+=(clang)
	command -v taskset >/dev/null || packages+=(util-linux)
	command -v bpftrace >/dev/null || packages+=(bpftrace)
	command -v ss >/dev/null || packages+=(iproute2)
	command -v netstat >/dev/null || packages+=(net-tools)
	command -v zstd >/dev/null || packages+=(zstd)
	command -v tshark >/dev/null || packages+=(tshark)
	command -v python3 >/dev/null || packages+=(python3)
	[ -e /usr/include/bpf/libbpf.h ] || packages+=(libbpf-dev)
	has_go || packages+=(golang-go golang-github-cilium-ebpf-dev)
	has_go_grpc || packages+=(golang-go golang-google-grpc-dev golang-google-protobuf-dev protobuf-compiler protoc-gen-go protoc-gen-go-grpc)
	has_cpp || packages+=(g++ protobuf-compiler libprotobuf-dev)
	((quick)) || has_cpp_grpc || packages+=(g++ protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libgrpc++-dev pkg-config)
	[ ${#packages[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		say "missing, and not installed without root and apt: ${packages[*]}"
		return 0
	fi
	apt-get update -q >&2 || true
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}" >&2 && return
	local package # one that is not to be had is no reason to do without the others
	for package in "${packages[@]}"; do
		DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$package" >&2 ||
			say "cannot install $package"
	done
}

# All of them: command -v with several names is content with one.
has_tools() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || return 1
	done
}

has_go() { has_tools go && [ -d /usr/share/gocode/src/github.com/cilium/ebpf/ringbuf ]; }

has_go_grpc() { has_tools go protoc protoc-gen-go protoc-gen-go-grpc && [ -d /usr/share/gocode/src/google.golang.org/grpc ]; }

has_cpp() { has_tools g++ protoc && [ -e /usr/include/google/protobuf/arena.h ]; }

has_cpp_grpc() { has_cpp && has_tools grpc_cpp_plugin pkg-config && [ -e /usr/include/grpcpp/grpcpp.h ]; }

# What needs no packages but those of the C compiler stops everything if it does not build.
build_peers() {
	make -s -C "$peers"
	! has_go || build_peer drain_cilium
	! has_go_grpc || build_peer fanout_go
	! has_cpp || build_peer encode_cpp
	if ((quick)); then
		export KATRACE_BENCH_LEFT_OUT=fanout_cpp # takes a minute
	elif has_cpp_grpc; then
		build_peer fanout_cpp
	fi
}

# One whose packages are there and that does not build is ours to mend: the others are asked, and then it is a failure. A program of
# an earlier build is not to stand in for it.
broken=()
build_peer() {
	make -s -C "$peers" "build/$1" && return
	say "$1 does not build"
	broken+=("$1")
	rm -f "$peers/build/$1"
}

# A tree of its own for the native build: it restores other packages than the Release build, and would rewrite its lock files.
publish_native() {
	if dotnet publish -c Release -r "linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')" -p:PublishAot=true \
		--artifacts-path "$PWD/$peers/build/artifacts" -p:NuGetLockFilePath="$PWD/$peers/build/lock/%24(MSBuildProjectName).json" \
		-o "$native" src/KaTrace.Cli >"$peers/build/publish.log" 2>&1; then
		export KATRACE_BENCH_NATIVE=$native/katrace
	else
		say "native publish failed, see $peers/build/publish.log"
	fi
}

needs_native() {
	((quick)) && return 1
	local names=("${@/--quick/}")
	[ -z "${names[*]}" ] || [[ " ${names[*]} " =~ \ (tight|startup|list|replay|size)\  ]]
}

install_tools
build_peers
if needs_native "$@"; then
	publish_native
fi
configuration=Release
((quick == 0)) || configuration=Debug # which the tests have built already
dotnet build -c $configuration -v quiet benchmarks/KaTrace.Benchmarks >&2
export KATRACE_BENCH_PEERS=$PWD/$peers
KATRACE_BENCH_BROKEN=${broken[*]} benchmarks/KaTrace.Benchmarks/bin/$configuration/net10.0/KaTrace.Benchmarks "$@"
if [ ${#broken[@]} -gt 0 ]; then
	exit 1
fi
