# Reads rows.txt and the logs of guests; writes the matrix of rows, kernels and backends as a table of Markdown.
# awk -v names="LOG..." -f matrix.awk rows.txt LOG...

function matches(test, patterns,    words, count, i) {
	count = split(patterns, words)
	for (i = 1; i <= count; i++)
		if (test ~ words[i])
			return 1
	return 0
}

function add_row(name, patterns) {
	row_name[++rows] = name
	# globs as regular expressions
	gsub(/[.]/, "[.]", patterns)
	gsub(/[*]/, ".*", patterns)
	gsub(/[^ ]+/, "^&$", patterns)
	row_patterns[rows] = patterns
}

# One test's outcome counts in each of its rows.
function count(outcome, test,    r, found) {
	for (r = 1; r < rows; r++)
		if (matches(test, row_patterns[r])) {
			seen[column, backend, r, outcome]++
			used[r] = found = 1
		}
	if (!found) {
		seen[column, backend, rows, outcome]++
		used[rows] = 1
	}
}

function flush_test() {
	if (outcome != "")
		count(outcome, test)
	if (outcome == "not visible" && reason != "")
		add_note("not visible", test ": " reason)
	if (outcome == "failed")
		add_note("failed", test ": " reason)
	outcome = reason = ""
}

# What many tests say alike is told once for a kernel and backend.
function add_note(what, text,    short) {
	short = text
	sub(/^[^:]*: /, "", short)
	if (what == "not visible" && (column, backend, short) in noted)
		return
	noted[column, backend, short]
	notes = notes "\n- " label[column] " " backend ", " what ": " (what == "not visible" ? short : text)
}

function outcome_of(c, b, r) {
	if (seen[c, b, r, "failed"])
		return "failed"
	if (seen[c, b, r, "reconciled"])
		return "reconciled"
	if (seen[c, b, r, "passed"])
		return "passed"
	return seen[c, b, r, "not visible"] ? "not visible" : "not run"
}

function cell(c, r,    b, o, i, list, text, all, who) {
	split("passed,reconciled,not visible,failed,not run", list, ",")
	for (i = 1; i <= 5; i++) {
		who = ""
		for (b = 1; b <= backends[c]; b++)
			if (outcome_of(c, backend_name[c, b], r) == list[i])
				who = who " " backend_name[c, b]
		if (who != "")
			text = text (text == "" ? "" : "<br>") (split(who, all) == backends[c] ? list[i] : list[i] ":" who)
	}
	return text == "" ? "not run" : text
}

BEGIN { split(names, log_name) }

FILENAME ~ /rows[.]txt$/ {
	if ($0 !~ /^#/ && NF) {
		split($0, parts, " [|] ")
		add_row(parts[1], parts[2])
	}
	next
}

FNR == 1 {
	flush_test()
	if (!columns)
		add_row("other", "")
	column = ++columns
	label[column] = log_name[column]
	kernel[column] = "?"
}

/^(@@|Test run summary)/ { flush_test() }
/^@@ kernel / { kernel[column] = $3 }
/^@@ broken / { notes = notes "\n- " label[column] ", broken: " substr($0, 11) }
/^chosen: keepalive timer by / { possible = 1 }
/^@@ backend / { possible = 0; backend = $3; backend_name[column, ++backends[column]] = backend }
/^(passed|failed|skipped) KaTrace[.]/ {
	flush_test()
	# where the backend finds no way, nothing is visible; whether that is known is not said here
	outcome = $1 == "skipped" || !possible ? "not visible" : $1
	test = $2
	sub(/^KaTrace[.]KernelTests[.]([A-Z][a-z]+[.])?/, "", test)
	sub(/[(].*/, "", test)
	next
}
# a test says so itself, where it took an event that was not seen as it happened
outcome == "passed" && /^ *reconciled/ { outcome = "reconciled" }
# what all tests begin with tells nothing when it fails, but for its cause
outcome != "" && reason == "" && NF && !/^ *(at |from |reconciled)|threw in its constructor/ {
	reason = substr($0, match($0, /[^ -]/), 300)
	sub(/^[A-Za-z.]+Exception : /, "", reason)
}

END {
	flush_test()
	printf "| |"
	for (c = 1; c <= columns; c++)
		printf " %s<br>%s |", label[c], kernel[c]
	printf "\n|---|"
	for (c = 1; c <= columns; c++)
		printf "---|"
	printf "\n"
	for (r = 1; r <= rows; r++) {
		if (!used[r])
			continue
		printf "| %s |", row_name[r]
		for (c = 1; c <= columns; c++)
			printf " %s |", cell(c, r)
		printf "\n"
	}
	if (notes)
		print notes
}
