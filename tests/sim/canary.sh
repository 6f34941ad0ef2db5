#!/bin/sh
# usage: MAKE=make tests/sim/canary.sh [NAME]...
#
# Plants each bug of tests/sim/canary/ into a copy of its file, links a
# simulator with it and runs seeds until a checker finds it.  Prints a table
# and "N passed, N failed"; the unchanged code must pass the same seeds.
# CANARY_SEEDS: how many seeds a bug may need.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${MAKE:=make}" "${CANARY_SEEDS:=60}" "${O:=build}"
out=$O/canary
passed=0
failed=0
rm -rf "$out"
mkdir -p "$out"
$MAKE -s "$O/sim/sim" || exit 1
compile=$(cat "$O/sim/.flags")
wrap=-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
libs=$(ls "$O"/deps/*/sim/lib/lib*.a)

row() { printf '%-26s %-8s %6s  %s\n' "$1" "$2" "$3" "$4"; }
bad() { row "$1" - - "$2"; failed=$((failed + 1)); }

# The program of one bug; prints why not when it cannot be made.
plant() {
	rule=tests/sim/canary/$1.sed
	file=$(sed -n '1s/^# file: //p' "$rule")
	copy=$out/$1.c
	sed -f "$rule" "$file" >"$copy"
	if cmp -s "$file" "$copy"; then
		echo "the rule changes nothing"
		return 1
	fi
	object=$O/sim/${file%.c}.o
	eval "$compile -Wno-error -iquote $(dirname "$file") -iquote src -c \
		-o $out/$1.o $copy" 2>"$out/$1.log" || {
		echo "does not compile, see $out/$1.log"
		return 1
	}
	objects=$(find "$O/sim/src" "$O/sim/tests" -name '*.o' |
		grep -v -e "^$object\$" -e main_operator -e main_gateway \
		-e /src/cli/ -e /src/gateway/)
	gcc -O2 -g $wrap -o "$out/$1" $objects "$out/$1.o" \
		-Wl,--start-group $libs -Wl,--end-group
}

row bug checker seeds 'what it does'
if [ $# -eq 0 ]; then
	set -- $(ls tests/sim/canary | sed 's/\.sed$//')
	if ! "$O/sim/sim" --seeds="$CANARY_SEEDS" >"$out/clean.log"; then
		cat "$out/clean.log"
		bad '(none)' 'the unchanged code is flagged'
	else
		row '(none)' - "$CANARY_SEEDS" 'the unchanged code passes'
		passed=$((passed + 1))
	fi
fi
for name; do
	why=$(plant "$name") || { bad "$name" "$why"; continue; }
	"$out/$name" --seeds="$CANARY_SEEDS" --failures=1 --jobs=2 \
		>"$out/$name.out" 2>&1
	line=$(grep -m 1 -E '^seed .* fails: ' "$out/$name.out")
	what=$(sed -n '2s/^# //p' "tests/sim/canary/$name.sed")
	if [ -z "$line" ]; then
		bad "$name" "not found in $CANARY_SEEDS seeds: $what"
		continue
	fi
	checker=$(echo "$line" | sed 's/.* fails: \([a-z]*\):.*/\1/')
	row "$name" "$checker" \
		"$(echo "$line" | sed 's/^seed \([0-9]*\) .*/\1/')" "$what"
	passed=$((passed + 1))
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
