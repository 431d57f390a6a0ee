#!/usr/bin/env bash
# Runs all tests: bash tests/run.sh
# Needs the .NET 10 SDK. The kernel tests need root: they trace this kernel, with real sockets in network namespaces of
# their own. Installs what they need where apt-get can do it, and names it where not. Options go to 'dotnet test'.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v dotnet > /dev/null || { echo "tests: the .NET 10 SDK is not in PATH; https://dot.net/download says how to install it" >&2; exit 1; }

# command:package, and what is no command
needed=(ip:iproute2 nft:nftables redis-server:redis-server redis-cli:redis-tools python3:python3 bpftool:bpftool setpriv:util-linux
	nginx:nginx-light sshd:openssh-server ssh-keygen:openssh-client psql:postgresql sysctl:procps
	mkfs.xfs:xfsprogs mkfs.ext4:e2fsprogs protoc:protobuf-compiler grpc_python_plugin:protobuf-compiler-grpc)
missing=()
for entry in "${needed[@]}"; do
	PATH=$PATH:/usr/sbin:/sbin command -v "${entry%%:*}" > /dev/null || missing+=("${entry#*:}")
done
ldconfig -p 2> /dev/null | grep -q 'libbpf\.so\.1' || missing+=(libbpf1)
[ -e /usr/include/google/protobuf/timestamp.proto ] || missing+=(libprotobuf-dev)
/usr/bin/python3 -c 'import grpc, google.protobuf' 2> /dev/null || missing+=(python3-grpcio python3-protobuf)
if [ ${#missing[@]} -gt 0 ]; then
	install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}")
	if command -v apt-get > /dev/null && [ "$(id -u)" -eq 0 ]; then
		echo "tests: installing ${missing[*]}" >&2
		apt-get update -qq && "${install[@]}" > /dev/null
	else
		echo "tests: missing: ${missing[*]}; install with: sudo ${install[*]:2}" >&2
		exit 1
	fi
fi

export PATH=$PATH:/usr/sbin:/sbin
dotnet build KaTrace.sln --verbosity quiet --nologo -clp:ErrorsOnly
# Hundreds of short processes: none lives long enough to gain by what its code measures of itself.
export DOTNET_TieredPGO=0
test=(dotnet test --solution KaTrace.sln --no-build --no-progress "$@")
if [ "$(id -u)" -eq 0 ]; then
	exec "${test[@]}"
fi
exec sudo env "PATH=$PATH" DOTNET_TieredPGO=0 "DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}" "${test[@]}"
