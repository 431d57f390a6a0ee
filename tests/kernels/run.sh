#!/usr/bin/env bash
# Runs the kernel tests in distribution kernels: bash tests/kernels/run.sh [--quick] [KERNEL]...
# README.md in this folder says more; --help lists the options.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
export PATH=$PATH:/usr/sbin:/sbin DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cache=${KATRACE_KERNELS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/katrace/kernels}
export KATRACE_KERNELS_CACHE=$cache
logs=$top/artifacts/kernels
guests=$top/artifacts/guests
each_backend='fentry tp-btf raw-tp kprobe cgroup'

usage() {
	cat <<-END
		Usage: bash tests/kernels/run.sh [OPTION]... [KERNEL]...

		Boots each KERNEL in an emulated machine, runs the kernel tests in it once for each
		backend, and prints what passed and, last, how many. Exit code 1 if anything failed.
		Without KERNEL: all of

		$(awk '!/^#/ && NF { printf "  %-13s %s/%s\n", $1, $2, $3 }' "$here/kernels.txt")

		KERNEL is one of these names, SUITE/PACKAGE of Debian, or a folder with a kernel package's content.

		  --quick           for CI: a few tests, on a few kernels, by the backends that kernels.txt
		                    names for it; under five minutes with downloads
		  --backend NAMES   auto, ${each_backend// /, }; repeatable, or separated by commas
		                    (default: each; the tests of --quick by auto, which chooses among them)
		  --filter METHOD   run only the tests whose full name matches, with * (repeatable)
		  --jobs N          machines at a time, one core each (default 1; --quick: 2)
		  --no-build        take the tests as the last run built them
		  --report          run nothing: report what the logs of earlier runs say
		  --verbose         print all that the guests print
	END
}

say() { printf 'kernels: %s\n' "$*" >&2; }

die() {
	say "$*"
	exit 1
}

# ------------------------------------------------------------------- needs --

install_needs() { # architectures
	local entry missing=()
	local needed=(cpio:cpio modprobe:kmod xz:xz-utils zstd:zstd setpriv:util-linux)
	[[ $* != *amd64* ]] || needed+=(qemu-system-x86_64:qemu-system-x86)
	[[ $* != *arm64* ]] || needed+=(qemu-system-aarch64:qemu-system-arm)
	for entry in "${needed[@]}"; do
		command -v "${entry%%:*}" >/dev/null || missing+=("${entry#*:}")
	done
	command -v apt-get >/dev/null || die "kernels are fetched with apt-get, from Debian's mirrors: run this on Debian"
	if ((${#missing[@]} == 0)); then
		# a machine made of an image often comes without lists, and they name the mirror
		[[ -n $(find /var/lib/apt/lists -maxdepth 1 -name '*_InRelease' -print -quit) ]] && return
		(($(id -u) == 0)) || die "apt has no package lists: run 'sudo apt-get update' once"
		apt-get update -qq
		return
	fi
	local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}")
	(($(id -u) == 0)) || die "missing: ${missing[*]}; install with: sudo ${install[*]:2}"
	say "installing ${missing[*]}"
	apt-get update -qq
	"${install[@]}" >/dev/null || die "cannot install ${missing[*]}"
}

# ------------------------------------------------------------------- guest --

# The tests that are worth a minute on each kernel, and do not depend on timers being in time.
quick_tests=(--filter-method '*.OptionTests.Turning_it_on_and_off*' --filter-method '*.OptionTests.Each_setting*'
	--filter-method '*.OptionTests.Failing_calls*' --filter-method '*.LoaderTests.*' --filter-method '*.ConnectionTests.*'
	--filter-method '*.ProbeTests.TCP_USER_TIMEOUT*' --filter-method '*.DeathTests.A_peer_that_has_lost*'
	--filter-method '*.WayInTests.A_process_of_either_width*')

# What the tests run, and what they and .NET open by name.
packages=(iproute2 nftables libbpf1 libssl3 libstdc++6 zlib1g)

# The tests as a program of its own, compiled ahead of time as far as they can be: an emulated processor takes long to compile.
# From a copy of the sources: restoring for another runtime would rewrite lock files here.
build_guests() { # architectures
	local tree=$guests/build arch name words=()
	command -v dotnet >/dev/null || die "the .NET 10 SDK is not in PATH; https://dot.net/download says how to install it"
	rm -rf "$tree"
	mkdir -p "$tree"
	tar -C "$top" --exclude=bin --exclude=obj -c Directory.Build.props Directory.Packages.props global.json .editorconfig \
		src tests bpf proto | tar -C "$tree" -x
	for name in "${packages[@]}"; do
		words+=(--install "$name")
	done
	for arch in "$@"; do
		say "publishing the kernel tests for $arch"
		rm -rf "$guests/$arch"
		(cd "$tree" && dotnet publish tests/KaTrace.KernelTests --configuration Release --runtime "linux-${arch/amd64/x64}" \
			--self-contained -p:PublishReadyToRun=true -p:RunAnalyzers=false --output "$tree/$arch" --verbosity quiet --nologo -clp:ErrorsOnly) >&2 || die "the kernel tests do not build"
		"$here/vmrun" --arch "$arch" "${words[@]}" --add "$tree/$arch:/katrace" --add "$here/guest.sh:/katrace/guest.sh" \
			--pack "$guests/$arch"
	done
	say "not run in guests: KaTrace.KernelTests.Cli, whose tests need python3, redis, bpftool and the katrace command"
}

# ----------------------------------------------------------------- kernels --

# Sets suite, package and arch of a name, or leaves suite empty for a folder.
find_kernel() {
	suite='' package=''
	if read -r suite package < <(awk -v name="$1" '!/^#/ && $1 == name { print $2, $3 }' "$here/kernels.txt"); then
		:
	elif [[ -d $1 ]]; then
		package=$(realpath "$1")
	elif [[ $1 == */* ]]; then
		suite=${1%%/*} package=${1#*/}
	else
		die "there is no kernel '$1' (see --help)"
	fi
	arch=amd64
	[[ $package != *-arm64 ]] || arch=arm64
}

run_kernel() { # name, its log
	local name=$1 log=$logs/$2 folder words runs limit status=0
	find_kernel "$name"
	words=(${suite:+--suite "$suite"})
	if ! folder=$("$here/vmrun" "${words[@]}" --fetch "$package" 2>"$log.err"); then
		echo "@@ broken cannot be fetched: $(grep -v '^$' "$log.err" | tail -1)" >"$log"
		return
	fi
	if [[ -n $backends ]]; then
		runs=("$backends" "${tests[@]}")
	elif ((quick == 1)); then
		runs=("$(awk -v name="$name" '!/^#/ && $1 == name && $4 != "-" { gsub(/,/, " ", $4); print $4 }' "$here/kernels.txt")" "${tests[@]}")
	else
		runs=("$each_backend" "${tests[@]}" -- auto "${quick_tests[@]}")
	fi
	[[ -n ${runs[0]} ]] || runs[0]=auto
	# against a guest that hangs: CI has a limit of its own
	read -ra words <<<"${runs[0]}"
	limit=$((60 + (quick ? 80 : 300 * ${#words[@]} + 300) * slowness))
	"$here/vmrun" --module veth --module nf_tables --module tcp_diag --rootfs "$guests/$arch" --quiet --log "$log.console" \
		--timeout "$limit" --env "KATRACE_TEST_SLOWNESS=$slowness" --env TESTINGPLATFORM_TELEMETRY_OPTOUT=1 \
		--env DOTNET_EnableDiagnostics=0 "$folder" -- /katrace/guest.sh "${runs[@]}" >"$log" 2>"$log.err" || status=$?
	((status == 0)) || echo "@@ broken $(head -c 300 "$log.err" | tr '\n' ' ')(status $status)" >>"$log"
}

report() { # names
	awk -v names="$*" -f "$here/matrix.awk" "$here/rows.txt" "${@/#/$logs/}" >"$logs/matrix.md"
	say "what was seen by which backend is in ${logs#"$PWD"/}/matrix.md, the logs beside it"
	awk -v names="$*" -v list="$here/kernels.txt" -f "$here/report.awk" "${@/#/$logs/}"
}

# -------------------------------------------------------------------- main --

kernels=() backends='' filters=() jobs='' quick=0 build=1 run=1 verbose=0
while (($# > 0)); do
	case $1 in
	-h | --help)
		usage
		exit
		;;
	--quick) quick=1 ;;
	--no-build) build=0 ;;
	--report) run=0 ;;
	--verbose) verbose=1 ;;
	--backend | --filter | --jobs)
		(($# > 1)) || die "$1 wants a value"
		case $1 in
		--backend) backends+=" ${2//,/ }" ;;
		--filter) filters+=(--filter-method "$2") ;;
		--jobs) jobs=$2 ;;
		esac
		shift
		;;
	-*) die "unknown option $1 (see --help)" ;;
	*) kernels+=("$1") ;;
	esac
	shift
done

if ((${#kernels[@]} == 0)); then
	mapfile -t kernels < <(awk -v quick="$quick" '!/^#/ && NF && (!quick || $4 != "-") { print $1 }' "$here/kernels.txt")
fi
arches=''
for kernel in "${kernels[@]}"; do
	find_kernel "$kernel"
	[[ $arches == *$arch* ]] || arches+=" $arch"
done
if ((run == 0)); then
	log_names=()
	for kernel in "${kernels[@]//\//_}"; do
		[[ ! -e $logs/$kernel ]] || log_names+=("$kernel")
	done
	((${#log_names[@]} > 0)) || die "there are no logs in $logs"
	report "${log_names[@]}"
	exit
fi

tests=(--filter-namespace KaTrace.KernelTests.Stream)
((quick == 0)) || tests=("${quick_tests[@]}")
((${#filters[@]} == 0)) || tests=("${filters[@]}")
jobs=${jobs:-$((1 + quick))}
slowness=${KATRACE_TEST_SLOWNESS:-3}

# shellcheck disable=SC2086 # a list of words
install_needs $arches
for arch in $arches; do
	((build == 0)) && [[ -x $guests/$arch/katrace/KaTrace.KernelTests ]] || build_arches+=" $arch"
done
# shellcheck disable=SC2086
[[ -z ${build_arches:-} ]] || build_guests $build_arches
mkdir -p "$logs"

for kernel in "${kernels[@]}"; do
	while (($(jobs -rp | wc -l) >= jobs)); do
		wait -n
	done
	log=${kernel//\//_}
	rm -f "$logs/$log" "$logs/$log".{console,err}
	say "$kernel"
	if ((verbose == 1)); then
		run_kernel "$kernel" "$log"
		cat "$logs/$log"
	else
		run_kernel "$kernel" "$log" &
	fi
done
wait
report "${kernels[@]//\//_}"
