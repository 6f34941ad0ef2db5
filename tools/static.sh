#!/bin/sh
# usage: tools/static.sh FOLDER
#
# Judges what gcc -fanalyzer, clang-tidy and cppcheck wrote below FOLDER:
# each warning must be let by in tools/static.tsv, with its reason, and each
# row there must be needed. Last line: "N passed, N failed" in files read.
set -u
set -- $(find "$1" -name '*.gcc' -o -name '*.tidy' -o -name '*.cppcheck' | sort)

awk -v files=$# '
BEGIN { FS = "\t" }
FILENAME == "tools/static.tsv" {
	if (/^#/ || !NF)
		next
	if (NF != 4 || $4 == "") {
		printf "%s:%d: not tool, file, text and reason\n", FILENAME, FNR
		failed++
		next
	}
	n++
	tool[n] = $1
	where[n] = $2
	text[n] = $3
	row[n] = FNR
	# clang-tidy is not even asked for these; see the Makefile.
	used[n] = $1 == "tidy" && $2 == "*"
	next
}
FNR == 1 {
	kind = FILENAME
	sub(/.*\./, "", kind)
}
/^[^ ].*:[0-9]+:[0-9]+: (warning|error): / {
	if ($0 in seen)
		next
	seen[$0] = 1
	path = $0
	sub(/:.*/, "", path)
	for (i = 1; i <= n; i++)
		if (tool[i] == kind && index($0, text[i]) &&
		    (where[i] == "*" || where[i] == path)) {
			used[i] = 1
			break
		}
	if (i <= n)
		next
	print kind ": " $0
	wrong[FILENAME] = 1
}
END {
	for (i = 1; i <= n; i++)
		if (!used[i]) {
			printf "tools/static.tsv:%d: no such warning\n", row[i]
			failed++
		}
	for (f in wrong)
		failed++
	printf "%d passed, %d failed\n", files - failed, failed
	exit failed > 0
}' tools/static.tsv "$@"
