#!/usr/bin/env bash
# Builds katrace and runs it: bash src/run.sh stream --demo
# Needs the .NET 10 SDK; installs libbpf where a package manager that we know can do it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

command -v dotnet > /dev/null || { echo "katrace: the .NET 10 SDK is not in PATH; https://dot.net/download says how to install it" >&2; exit 1; }

if ! ldconfig -p 2> /dev/null | grep -q 'libbpf\.so\.1'; then
	echo "katrace: installing libbpf" >&2
	if command -v apt-get > /dev/null; then
		as_root apt-get update -qq && as_root apt-get install -y -qq libbpf1 > /dev/null
	elif command -v dnf > /dev/null; then
		as_root dnf install -y -q libbpf
	elif command -v zypper > /dev/null; then
		as_root zypper --quiet install -y libbpf1
	else
		echo "katrace: libbpf.so.1 is not installed; install libbpf 1.0 or newer with your package manager" >&2
		exit 1
	fi
fi

# Without analyzers: who runs it did not write it.
dotnet build "$here/KaTrace.Cli" --configuration Release -p:RunAnalyzers=false --verbosity quiet --nologo -clp:ErrorsOnly >&2
# sudo starts with an environment of its own: the runtime is found by the path that it has here.
root=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
if [ "$(id -u)" -eq 0 ]; then
	DOTNET_ROOT=$root exec "$here/KaTrace.Cli/bin/Release/net10.0/katrace" "$@"
fi
exec sudo DOTNET_ROOT="$root" "$here/KaTrace.Cli/bin/Release/net10.0/katrace" "$@"
