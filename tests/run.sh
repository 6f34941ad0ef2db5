#!/bin/sh
# usage: tests/run.sh [TEST]
#
# What `make test` runs, with MAKE, O and D (the folder of the programs) in
# the environment.  TEST picks unit tests by a part of "file:name", and then
# nothing else runs.  The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
: "${MAKE:=make}" "${O:=build}" "${D:=build/test}"
. tools/stages.sh

unit() { $MAKE -s "$D/unit" && "$D/unit" "$@"; }
faults() { $MAKE -s "$D/faults" && "$D/faults"; }
calls() {
	$MAKE -s "$D/sim" && "$D/sim" --faults=calls --per-path=1 \
		--scenario=delete-finalizer
}
sim() { $MAKE -s "$D/sim" && "$D/sim" "$@"; }
corpus() { $MAKE -s "$D/fuzz_$1" && "$D/fuzz_$1" "$2"; }

case ${1:-} in
"")	;;
-unit)	shift; unit "$@"; exit ;;
-faults) faults; exit ;;
-calls)	calls; exit ;;
-sim)	shift; sim "$@"; exit ;;
-corpus) shift; corpus "$@"; exit ;;
*)	stage unit 240 tests/run.sh -unit "$1"; stages_end ;;
esac

stage rooms 60 awk -f tools/rooms.awk $(find src include -name '*.[ch]' \
	-o -name '*.def')
stage tidy 60 tools/tidy.sh
stage unit 600 tests/run.sh -unit
stage faults 300 tests/run.sh -faults
stage calls 300 tests/run.sh -calls
stage sim 600 tests/run.sh -sim --seeds=6 --seed0=1
stage canary 60 tests/sim/canary.sh --check
for harness in fuzz/fuzz_*.c; do
	[ -f "$harness" ] || continue
	name=${harness#fuzz/fuzz_}
	name=${name%.c}
	mkdir -p "fuzz/corpus/$name"
	stage "corpus $name" 120 \
		tests/run.sh -corpus "$name" "fuzz/corpus/$name"
done
[ ! -f tools/gen.c ] || stage generated 180 $MAKE -s generated-check
stages_end
