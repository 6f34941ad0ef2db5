#!/bin/sh
# usage: tools/smoke.sh EMULATOR VERSION PROGRAM...
#
# Each program starts, tells its version and refuses a flag it does not know
# with one line and code 100; while the operator runs, what only relocations
# write cannot be written.  Last line: "N passed, N failed".
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

# Is there nothing of the program at this offset that can be written?
sealed() { # pid program offset
	awk -v name="/${2##*/}" -v at="$3" '
	function hex(s, i, v) {
		for (i = 1; i <= length(s); i++)
			v = v * 16 + index("123456789abcdef", substr(s, i, 1))
		return v
	}
	substr($6, length($6) - length(name) + 1) == name {
		split($1, part, "-")
		from = hex($3)
		end = from + hex(part[2]) - hex(part[1])
		at_hex = hex(substr(at, 3))
		if (from <= at_hex && at_hex < end) {
			seen = 1
			writable = writable || $2 ~ /w/
		}
	}
	END { exit !seen || writable }' "/proc/$1/maps"
}

# It waits for its configuration as long as nobody writes to the pipe, and
# takes no other signal meanwhile.
relro() { # program
	at=$(LC_ALL=C readelf -lW "$1" | awk '$1 == "GNU_RELRO" { print $2 }')
	folder=$(mktemp -d)
	mkfifo "$folder/config"
	$emulator "$1" manager --kubeconfig "$folder/config" </dev/null \
		>/dev/null 2>&1 &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.2
		sealed $pid "$1" "$at" && rc=0 && break
		rc=1
	done
	kill -KILL $pid
	wait $pid 2>/dev/null
	rm -r "$folder"
	return $rc
}

for program in "$@"; do
	case $program in
	*/mcp-operator)
		check "$program: its GNU_RELRO is not read-only" \
			relro "$program"
	esac
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
