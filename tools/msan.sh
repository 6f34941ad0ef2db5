#!/bin/sh
# usage: tools/msan.sh PROGRAM...
#
# Runs the unit tests, and harnesses over their corpora, as built with MSan.
# Last line: "N passed, N failed".
set -u
passed=0
failed=0

for program in "$@"; do
	name=${program##*/}
	case $name in
	fuzz_*)	set -- "fuzz/corpus/${name#fuzz_}" ;;
	*)	set -- ;;
	esac
	log=$program.log
	"$program" "$@" >"$log" 2>&1
	rc=$?
	set -- $(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
	passed=$((passed + ${1:-0}))
	failed=$((failed + ${3:-1}))
	if [ $rc -ne 0 ] || [ "${3:-1}" -ne 0 ]; then
		printf '%s:\n' "$name"
		grep -v ' passed, ' "$log" | head -n 80
	fi
done
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
