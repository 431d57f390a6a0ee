# Reads the logs of guests; writes a line for each kernel and backend, what failed, and the sums.
# awk -v names="LOG..." -v list=kernels.txt -f report.awk LOG...

function flush() {
	if (backend == "")
		return
	note = total == "" ? "ended early, status " status : ways
	if (ways == "" && total != "") { # no way to see it was found, and the tests skipped, or failed at once
		note = "not possible here"
		if (index(" " without[name] " ", " " backend " ")) {
			note = note ", as is known"
			failed = passed = skipped = status = 0
		} else if (!failed)
			failed = 1
	}
	if (status != 0 && !failed)
		failed = 1 # it ended before its sums, or none of its tests ran
	printf line, name, kernel, backend, passed, failed, skipped, seconds - begun, note
	all_passed += passed
	all_failed += failed
	all_skipped += skipped
	begun = seconds
	backend = ""
}

# The machine, not a test.
function broken(text) {
	all_failed++
	printf line, name, kernel, backend, 0, 1, 0, 0, text
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
	while ((getline entry < list) > 0) {
		count = split(entry, fields)
		if (entry ~ /^[^#]/)
			for (i = 5; i <= count; i++)
				without[fields[1]] = without[fields[1]] " " fields[i]
	}
	files = split(names, name_of)
	line = "%-12s %-26s %-8s %6d %6d %7d %5ds  %s\n"
	printf "%-12s %-26s %-8s %6s %6s %7s %6s\n", "name", "kernel", "backend", "passed", "failed", "skipped", "time"
}
FNR == 1 { file++; name = name_of[file]; kernel = "?"; backend = ""; begun = 0 }
/^@@ kernel / { kernel = $3 }
/^@@ broken / { sub(/^@@ broken /, ""); broken($0) }
/^@@ backend / { backend = $3; total = ""; passed = failed = skipped = 0; ways = block = ""; in_failure = 0 }
/^chosen: (keepalive timer|socket options) by / { sub(/^chosen: /, ""); sub(/^keepalive /, ""); sub(/^socket /, ""); ways = ways (ways ? ", " : "") $0 }
/^rejected: / { rejections = rejections name " " backend ": " $0 "\n" }
/^passed / { told(); in_failure = 0 }
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
	if (file != files) {
		printf "\n%d kernels left no log\n", files - file
		all_failed += files - file
	}
	printf "\nkernels: %d passed, %d failed, %d skipped\n", all_passed, all_failed, all_skipped
	exit all_failed > 0
}
