#!/bin/sh
# usage: tools/elfcheck.sh FILE [MAX_BYTES [UNSTRIPPED]]
#
# Fails unless FILE is what we ship: a position-independent executable with no
# interpreter and no library to load, full RELRO, no text relocations, nothing
# both writable and executable, a stack that is not executable, and not larger
# than MAX_BYTES.  A compiler that quietly makes something else is common.
# The symbols of UNSTRIPPED tell that libc's allocator and stdio, which
# allocates, stayed out.
set -u

file=$1
max=${2:-0}
rc=0
bad() { printf 'elfcheck: %s: %s\n' "$file" "$*" >&2; rc=1; }

LC_ALL=C
export LC_ALL
head=$(readelf -hW "$file") && segments=$(readelf -lW "$file") &&
	dynamic=$(readelf -dW "$file") || exit 1

has() { printf '%s\n' "$1" | grep -Eq "$2"; }

has "$head" 'Type: +DYN' || bad "not a position-independent executable"
has "$segments" '^ +INTERP ' && bad "has an interpreter"
has "$segments" '^ +GNU_RELRO ' || bad "no RELRO"
has "$segments" '^ +GNU_STACK .* RW +0' ||
	bad "the stack is executable or not declared"
has "$segments" '^ +LOAD .* RWE +0x' &&
	bad "a segment is writable and executable"
has "$dynamic" '\(FLAGS\).*BIND_NOW|\(BIND_NOW\)|\(FLAGS_1\).*NOW' ||
	bad "not bound at start"
has "$dynamic" '\(FLAGS_1\).*PIE' || bad "not marked as PIE"
has "$dynamic" '\(TEXTREL\)|\(FLAGS\).*TEXTREL' && bad "text relocations"
has "$dynamic" '\(NEEDED\)' && bad "needs a shared library"

# Where pages may have 64 KiB: mapped from the file as they lie in it, and no
# two segments in one page.
has "$head" 'Machine: +AArch64' && printf '%s\n' "$segments" | awk '
	function hex(s, i, v) {
		for (i = 3; i <= length(s); i++)
			v = v * 16 + index("123456789abcdef", substr(s, i, 1))
		return v
	}
	$1 == "LOAD" {
		from = hex($3); page = int(from / 65536)
		if ((from - hex($2)) % 65536 != 0 || page == last)
			exit bad = 1
		last = int((from + hex($6) - 1) / 65536)
	}
	BEGIN { last = -1 }
	END { exit !bad }' &&
	bad "has segments that pages of 64 KiB cannot hold"

size=$(wc -c <"$file")
[ "$max" -eq 0 ] || [ "$size" -le "$max" ] ||
	bad "$size bytes, the limit is $max"
if [ $# -gt 2 ]; then
	banned=$(nm "$3" | awk '$3 ~ /^(malloc|calloc|realloc|vfprintf)$/ {
		printf " %s", $3 }')
	[ -z "$banned" ] || bad "libc brings$banned"
fi
exit $rc
