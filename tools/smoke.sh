#!/bin/sh
# usage: tools/smoke.sh EMULATOR VERSION PROGRAM...
#
# Each program starts, tells its version and refuses a flag it does not know
# with one line and code 100.  Last line: "N passed, N failed".
set -u
emulator=$1
version=$2
shift 2
passed=0
failed=0

check() { # text condition...
	text=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'smoke: %s\n' "$text"
	fi
}

for program in "$@"; do
	out=$($emulator "$program" --version </dev/null 2>&1)
	check "$program --version: $out ($?)" \
		[ "$out" = "${program##*/} $version" ]
	out=$($emulator "$program" --no-such-flag </dev/null 2>&1)
	rc=$?
	check "$program --no-such-flag: exit code $rc" [ $rc -eq 100 ]
	check "$program --no-such-flag: not one line: $out" \
		[ "$(printf '%s\n' "$out" | grep -c no-such-flag)" = 1 ]
done
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
