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

usage() {
	cat <<-END
		Usage: bash tests/kernels/run.sh [OPTION]... [KERNEL]...

		Boots each KERNEL in an emulated machine, runs the kernel tests in it once for each
		backend, and prints what passed. Exit code 1 if anything failed. Without KERNEL: all of

		$(awk '!/^#/ && NF { printf "  %-9s %s/%s\n", $1, $2, $3 }' "$here/kernels.txt")

		KERNEL is one of these names, SUITE/PACKAGE of Debian, or a folder with a kernel package's content.

		  --quick           for CI: two kernels, all event tests by the backend that is chosen, a
		                    few by each other; under five minutes with downloads
		  --backend NAMES   auto, fentry, tp-btf, raw-tp, kprobe; repeatable, or separated by commas
		                    (default: all)
		  --filter METHOD   run only the tests whose full name matches, with * (repeatable)
		  --jobs N          machines at a time, one core each (default 1; --quick: 2)
		  --no-build        take the tests as the last run built them
		  --verbose         print all that the guests print
	END
}

say() { printf 'kernels: %s\n' "$*" >&2; }

die() {
	say "$*"
	exit 1
}

# ------------------------------------------------------------------- needs --

install_needs() {
	local entry missing=()
	local needed=(qemu-system-x86_64:qemu-system-x86 cpio:cpio modprobe:kmod xz:xz-utils zstd:zstd setpriv:util-linux
		ip:iproute2 tc:iproute2 ss:iproute2 nft:nftables)
	for entry in "${needed[@]}"; do
		command -v "${entry%%:*}" >/dev/null || missing+=("${entry#*:}")
	done
	[[ -n $(library libbpf.so.1) ]] || missing+=(libbpf1)
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

library() { ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ { print $NF; exit }'; }

# ------------------------------------------------------------------- guest --

# The tests that are worth a minute on each kernel: options, owners, addresses, probes, a timeout.
quick_filters=(--filter-method '*.OptionTests.Turning_it_on_and_off*' --filter-method '*.OptionTests.Each_setting*'
	--filter-method '*.OptionTests.Failing_calls*' --filter-method '*.LoaderTests.*' --filter-method '*.ConnectionTests.*'
	--filter-method '*.ProbeTests.TCP_USER_TIMEOUT*')

# The tests as a program of its own, from a copy of the sources: restoring for another runtime would rewrite lock files here.
build_guest() {
	local tree=$cache/build guest=$cache/guest ssl
	command -v dotnet >/dev/null || die "the .NET 10 SDK is not in PATH; https://dot.net/download says how to install it"
	say "publishing the kernel tests"
	rm -rf "$tree" "$guest"
	mkdir -p "$tree" "$guest"
	tar -C "$top" --exclude=bin --exclude=obj -c Directory.Build.props Directory.Packages.props global.json .editorconfig \
		src tests bpf proto | tar -C "$tree" -x
	(cd "$tree" && dotnet publish tests/KaTrace.KernelTests --configuration Release --runtime linux-x64 --self-contained \
		--output "$tree/katrace" --verbosity quiet --nologo -clp:ErrorsOnly) >&2 || die "the kernel tests do not build"
	install -D -m 755 "$here/guest.sh" "$guest/katrace/guest.sh"
	ssl=$(library libssl.so.3) # opened by name by the test runner, where there is one
	"$here/vmrun" --add "$tree/katrace:/katrace" --add "$(command -v ip):/usr/sbin/ip" --add "$(command -v nft):/usr/sbin/nft" \
		--add "$(command -v tc):/usr/sbin/tc" --add "$(command -v ss):/usr/bin/ss" \
		--add "$(library libbpf.so.1):/usr/lib/libbpf.so.1" ${ssl:+--add "$ssl:/usr/lib/libssl.so.3"} --pack "$guest"
	say "not run in guests: KaTrace.KernelTests.Cli, whose tests need python3, redis, bpftool and the katrace command"
	say "not run in guests unless named by --filter: RandomLivesTests, as these kernels skip programs under its load (README.md)"
}

# ----------------------------------------------------------------- kernels --

# Sets suite and package of a name, or leaves suite empty for a folder.
find_kernel() {
	suite='' package=''
	read -r suite package < <(awk -v name="$1" '!/^#/ && $1 == name { print $2, $3 }' "$here/kernels.txt") && return
	if [[ -d $1 ]]; then
		package=$(realpath "$1")
	elif [[ $1 == */* ]]; then
		suite=${1%%/*} package=${1#*/}
	else
		die "there is no kernel '$1' (see --help)"
	fi
}

run_kernel() { # name, number of its log
	local name=$1 log=$logs/$2 limit words status=0
	find_kernel "$name"
	words=(${suite:+--suite "$suite"})
	if ! folder=$("$here/vmrun" "${words[@]}" --fetch "$package" 2>"$log.fetch"); then
		echo "@@ broken cannot be fetched: $(grep -v '^$' "$log.fetch" | tail -1)" >"$log"
		return
	fi
	limit=$((60 + 400 * $(wc -w <<<"$backends")))
	"$here/vmrun" --module veth --module nf_tables --module tcp_diag --rootfs "$cache/guest" --quiet --log "$log.console" --timeout "$limit" \
		--env "KATRACE_TEST_SLOWNESS=$slowness" --env TESTINGPLATFORM_TELEMETRY_OPTOUT=1 --env DOTNET_EnableDiagnostics=0 \
		"$folder" -- /katrace/guest.sh "$backends" "${tests[@]}" >"$log" 2>"$log.err" || status=$?
	((status == 0)) || echo "@@ broken $(head -c 300 "$log.err" | tr '\n' ' ')(status $status)" >>"$log"
}

# Reads logs into one line a kernel and backend, and failures below.
print_matrix() { # names
	awk -v names="$*" -v list="$here/kernels.txt" '
		function flush() {
			if (backend == "")
				return
			note = total == "" ? "did not run, status " status : ways
			if (ways == "" && total != "") { # no way to see it was found, and the tests skipped, or failed at once
				note = "not possible here, as is known"
				if (index(" " without[name] " ", " " backend " "))
					failed = passed = 0
				else {
					note = "not possible here"
					bad++
				}
			} else if (status != 0)
				bad++
			printf "%-10s %-26s %-8s %6d %6d %7d %5ds  %s\n", name, kernel, backend, passed, failed, skipped, seconds - begun, note
			begun = seconds
			backend = ""
		}
		function broken(text) {
			bad++
			printf "%-10s %-26s %-8s %s\n", name, kernel, backend, text
			backend = ""
		}
		# What makes all tests fail at once is told once.
		function told(    same) {
			if (block == "" || (index(" " without[name] " ", " " backend " ") && ways == "")) {
				block = ""
				return
			}
			same = name backend substr(block, index(block, "\n"))
			if (!(same in seen))
				failures = failures "\n" block
			seen[same]
			block = ""
		}
		BEGIN {
			while ((getline line < list) > 0) {
				count = split(line, fields)
				if (line ~ /^[^#]/)
					for (i = 5; i <= count; i++)
						without[fields[1]] = without[fields[1]] " " fields[i]
			}
			split(names, name_of)
			printf "%-10s %-26s %-8s %6s %6s %7s %6s\n", "name", "kernel", "backend", "passed", "failed", "skipped", "time"
		}
		FNR == 1 { file++; name = name_of[file]; kernel = "?"; backend = ""; begun = 0 }
		/^@@ kernel / { kernel = $3 }
		/^@@ broken / { sub(/^@@ broken /, ""); broken($0) }
		/^@@ backend / { backend = $3; total = ""; passed = failed = skipped = 0; ways = block = ""; in_failure = 0 }
		/^chosen: (keepalive timer|socket options) by / { sub(/^chosen: /, ""); sub(/^keepalive /, ""); sub(/^socket /, ""); ways = ways (ways ? ", " : "") $0 }
		/^rejected: / { rejections = rejections name " " backend ": " $0 "\n" }
		/^failed / { told(); in_failure = 1; lines = 0; block = name " " kernel " " backend ": " substr($0, 8) "\n"; next }
		/^skipped / { told(); in_failure = 0; after_skip = 1; next }
		after_skip { after_skip = 0; if (!((name, backend, $0) in seen)) { seen[name, backend, $0]; failures = failures "\n" name " " kernel " " backend " skipped: " $0 "\n" } }
		/^(@@|Test run summary)/ { told(); in_failure = 0 }
		# a random test names all its cases; the whole of it is in the log
		in_failure && NF && !/MethodBaseInvoker/ && ++lines <= 20 { block = block substr($0, 1, 600) "\n" }
		/^  total: / { total = $2 }
		/^  failed: / { failed = $2 }
		/^  succeeded: / { passed = $2 }
		/^  skipped: / { skipped = $2 }
		/^@@ status / { status = $3; seconds = $5; flush() }
		END {
			if (rejections)
				printf "\nNot the first choice:\n%s", rejections
			if (failures)
				printf "\nFailed or skipped:%s", failures
			if (file != length(name_of)) {
				print "some kernels left no log"
				bad++
			}
			exit bad > 0
		}' "${@/#/$logs/}"
}

# -------------------------------------------------------------------- main --

kernels=() backends='' filters=() jobs='' quick=0 build=1 verbose=0
while (($# > 0)); do
	case $1 in
	-h | --help)
		usage
		exit
		;;
	--quick) quick=1 ;;
	--no-build) build=0 ;;
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

names=$(awk '!/^#/ && NF { print $1 }' "$here/kernels.txt")
if ((${#kernels[@]} == 0)); then
	((quick == 0)) || names=$(awk '!/^#/ && $4 == "quick" { print $1 }' "$here/kernels.txt")
	mapfile -t kernels <<<"$names"
fi
for kernel in "${kernels[@]}"; do
	find_kernel "$kernel"
done
tests=(--filter-namespace KaTrace.KernelTests.Stream --filter-not-method '*.RandomLivesTests.*')
((quick == 0)) || tests=("${quick_filters[@]}")
((${#filters[@]} == 0)) || tests=("${filters[@]}")
backends=${backends:-auto fentry tp-btf raw-tp kprobe}
jobs=${jobs:-$((1 + quick))}
slowness=${KATRACE_TEST_SLOWNESS:-3}

install_needs
if ((build == 1)) || [[ ! -x $cache/guest/katrace/KaTrace.KernelTests ]]; then
	build_guest
fi
rm -rf "$logs"
mkdir -p "$logs"

log_names=()
for kernel in "${kernels[@]}"; do
	while (($(jobs -rp | wc -l) >= jobs)); do
		wait -n
	done
	log_names+=("${kernel//\//_}")
	say "$kernel"
	if ((verbose == 1)); then
		run_kernel "$kernel" "${log_names[-1]}"
		cat "$logs/${log_names[-1]}"
	else
		run_kernel "$kernel" "${log_names[-1]}" &
	fi
done
wait
say "logs are in ${logs#"$PWD"/}"
print_matrix "${log_names[@]}"
