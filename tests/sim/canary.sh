#!/bin/sh
# usage: MAKE=make tests/sim/canary.sh [NAME]...
#        O=build D=build/test tests/sim/canary.sh --check
#
# Plants each bug of tests/sim/canary/ into a copy of its file, links a
# simulator with it and runs seeds until a checker finds it.  Prints a table
# and "N passed, N failed"; the unchanged code must pass the same seeds.  A
# whole run leaves the table in build/canary/table.md; DOC=1 also puts it
# into docs/simulation.md.
#
# A rule begins with "# file: PATH", one line on what the bug does, and
# "# seeds: N" if it may need other than CANARY_SEEDS seeds.  They are counted
# from CANARY_SEED0.  --check only looks whether each rule changes its file
# and whether the result compiles.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${MAKE:=make}" "${CC:=gcc}" "${O:=build}" "${D:=build/test}" "${DOC:=}"
: "${CANARY_SEEDS:=60}" "${CANARY_SEED0:=3000}" "${JOBS:=2}"
rules=tests/sim/canary
out=$O/canary
doc=docs/simulation.md
passed=0
failed=0

row() { printf '%-26s %-8s %6s  %s\n' "$1" "$2" "$3" "$4"; }
bad() { row "$1" - - "$2"; failed=$((failed + 1)); }
seeds_of() { sed -n '3s/^# seeds: //p' "$rules/$1.sed" | grep . || echo "$CANARY_SEEDS"; }

# The changed copy of a rule's file; prints why not when there is none.
change() {
	file=$(sed -n '1s/^# file: //p' "$rules/$1.sed")
	copy=$out/$1.c
	if ! [ -f "$file" ] || ! sed -f "$rules/$1.sed" "$file" >"$copy"; then
		echo "no such file, or no rule for sed"
	elif cmp -s "$file" "$copy"; then
		echo "the rule changes nothing"
	else
		return 0
	fi
	return 1
}

# $1 name, $2 what compiles, with its options
compile() {
	eval "$2 -Wno-error -iquote $(dirname "$file") -iquote src $copy" 2>"$out/$1.log" && return
	echo "does not compile, see $out/$1.log"
	return 1
}

# The program of one bug.
plant() {
	change "$1" && compile "$1" "$(cat "$O/sim/.flags") -c -o $out/$1.o" || return 1
	object=$O/sim/${file%.c}.o
	"$CC" -s $wrap -o "$out/$1" $(grep -v -x -F "$object" "$out/objects") "$out/$1.o" \
		-Wl,--start-group $libs -Wl,--end-group || { echo "does not link"; return 1; }
}

check() {
	for name in $(ls $rules | sed 's/\.sed$//'); do
		if why=$(change "$name" && compile "$name" "$(cat "$D/.flags") -fsyntax-only"); then
			passed=$((passed + 1))
		else
			bad "$name" "$why"
		fi
	done
}

# $1 program, $2 seeds: runs them until one fails.  Those that begin before
# run to their end, so that the first to fail is the same each time.
run() {
	"$1" --seed0="$CANARY_SEED0" --seeds="$2" --failures=1 --jobs="$JOBS" >"$1.out" 2>&1
	grep -E '^seed .* fails: ' "$1.out" | sort -n -k 2 | head -n 1
}

clean() {
	most=$(for name; do seeds_of "$name"; done | sort -n | tail -n 1)
	line=$(run "$out/clean" "$most")
	if [ -n "$line" ]; then
		bad '(none)' "the unchanged code is flagged: $line"
	else
		row '(none)' - "$most" 'the unchanged code passes'
		passed=$((passed + 1))
	fi
}

look_for() {
	why=$(plant "$1") || { bad "$1" "$why"; return; }
	most=$(seeds_of "$1")
	line=$(run "$out/$1" "$most")
	what=$(sed -n '2s/^# //p' "$rules/$1.sed")
	rm -f "$out/$1"
	if [ -z "$line" ]; then
		bad "$1" "not found in $most seeds: $what"
		return
	fi
	checker=$(echo "$line" | sed 's/.* fails: \([a-z]*\):.*/\1/')
	n=$(echo "$line" | sed 's/^seed \([0-9]*\) .*/\1/')
	n=$((n - CANARY_SEED0 + 1))
	row "$1" "$checker" "$n" "$what"
	printf '| %s | %s | %s | %s | %s |\n' "$1" "$what" "$checker" "$n" "$most" >>"$out/table.md"
	passed=$((passed + 1))
}

finish() {
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" -eq 0 ]
	exit
}

[ $# -gt 0 ] || rm -rf "$out"
mkdir -p "$out"
if [ "${1:-}" = --check ]; then
	check
	finish
fi
$MAKE -s "$O/sim/sim" || exit 1
ln -sf ../sim/sim "$out/clean"
wrap=$($MAKE -s sim-wrap)
libs=$(ls "$O"/deps/*/sim/lib/lib*.a)
find "$O/sim/src" "$O/sim/tests/sim" "$O/sim/tests/fake_io.o" \
		"$O/sim/tests/hang.o" -name '*.o' |
	grep -v -e main_operator -e main_gateway -e /src/cli/ -e /src/gateway/ >"$out/objects"
printf '| bug | what it does | found by | seeds | at most |\n|---|---|---|---|---|\n' >"$out/table.md"
row bug checker seeds 'what it does'
whole=$#
if [ $# -eq 0 ]; then
	set -- $(ls $rules | sed 's/\.sed$//')
	clean "$@"
fi
for name; do
	look_for "$name"
done
if [ "$whole" -eq 0 ] && [ -n "$DOC" ]; then
	sed -e '/^<!-- canary -->$/,/^<!-- end -->$/{//!d}' -e "/^<!-- canary -->\$/r $out/table.md" \
		"$doc" >"$out/doc" && cp "$out/doc" "$doc"
fi
finish
