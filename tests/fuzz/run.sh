#!/usr/bin/env bash
# Fuzzes the reader of captures, by SharpFuzz and AFL++, until so many inputs are through: bash tests/fuzz/run.sh [INPUTS]
#                                                                                      bash tests/fuzz/run.sh --blind [INPUTS]
# Needs the .NET 10 SDK; installs afl++ where apt-get can do it. What was found that reaches new code is kept in tests/fuzz/corpus.
# --blind changes the corpus within one process, not knowing what that reaches: some ten times as many inputs a second.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${KATRACE_FUZZ_DIR:-artifacts/fuzz}
if [ "${1:-}" = --blind ]; then
	dotnet build tests/fuzz --configuration Release --verbosity quiet --nologo -clp:ErrorsOnly --output "$work/blind" >&2
	exec nice -n 19 dotnet "$work/blind/KaTrace.Fuzz.dll" --blind "${2:-10000000}" "$RANDOM" tests/fuzz/corpus
fi

inputs=${1:-10000000}

command -v afl-fuzz > /dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends afl++ > /dev/null ||
	{ echo "fuzz: afl++ is not installed; install it with: apt-get install afl++" >&2; exit 1; }

mkdir -p "$work"
dotnet tool install --tool-path "$work/tools" SharpFuzz.CommandLine --version 2.3.0 > /dev/null 2>&1 || [ -x "$work/tools/sharpfuzz" ] ||
	{ echo "fuzz: the tool SharpFuzz.CommandLine cannot be installed" >&2; exit 1; }
rm -rf "$work/bin"
dotnet build tests/fuzz --configuration Release --verbosity quiet --nologo -clp:ErrorsOnly --output "$work/bin" >&2
for assembly in KaTrace.Core katrace ZstdSharp; do
	"$work/tools/sharpfuzz" "$work/bin/$assembly.dll"
done

rm -rf "$work/found"
# The runtime reserves far more memory than it uses; the heap is what is bounded.
DOTNET_GCHeapHardLimit=0x30000000 DOTNET_TieredPGO=0 AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 \
	nice -n 19 afl-fuzz -i tests/fuzz/corpus -o "$work/found" -t 10000 -m none -E "$inputs" -- "$work/bin/KaTrace.Fuzz" > "$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }

grep -E '^(execs_done|execs_per_sec|corpus_count|saved_crashes|saved_hangs|run_time)' "$work/found/default/fuzzer_stats"
find "$work/found/default/queue" -type f -size -3k -name 'id:*+cov' | while read -r found; do
	cp "$found" "tests/fuzz/corpus/$(sha256sum "$found" | cut -c1-16)"
done
crashes=$(find "$work/found/default/crashes" "$work/found/default/hangs" -type f -name 'id:*' | wc -l)
[ "$crashes" -eq 0 ] || { echo "fuzz: $crashes inputs crash or hang: $work/found/default"; exit 1; }
