#!/bin/sh
# usage: tools/fuzz.sh FOLDER SECONDS NAME...
#
# Runs FOLDER/fuzz_<NAME> for so many seconds each.  It starts from
# fuzz/corpus/<NAME> and what earlier runs found, kept in FOLDER/corpus; what
# crashes goes to fuzz/findings.  With FUZZ_LOG in the environment each run is
# added to that file; see tools/fuzzlog.sh.  Last line: "N passed, N failed".
set -u
dir=$1
seconds=$2
shift 2
passed=0
failed=0

mkdir -p fuzz/findings
for name in "$@"; do
	log=$dir/$name.log
	mkdir -p "$dir/corpus/$name" "fuzz/corpus/$name"
	set --
	[ ! -f "fuzz/dict/$name.dict" ] || set -- "-dict=fuzz/dict/$name.dict"
	# `times` tells of the children of this one subshell.
	if (
		"$dir/fuzz_$name" "-max_total_time=$seconds" -max_len=65536 \
			-timeout=20 -rss_limit_mb=2048 -print_final_stats=1 "$@" \
			"-artifact_prefix=fuzz/findings/$name-" \
			"$dir/corpus/$name" "fuzz/corpus/$name" >"$log" 2>&1
		rc=$?
		times >"$log.times"
		exit $rc
	); then
		passed=$((passed + 1))
		awk -v name="$name" '
		/^stat::number_of_executed_units/ { runs = $2 }
		match($0, / cov: [0-9]+/) {
			cov = substr($0, RSTART + 6, RLENGTH - 6)
		}
		END { printf "  FUZZ    %s: %d inputs, %d edges\n", name, \
			runs, cov }' "$log"
		finding=0
	elif grep -q 'libFuzzer: run interrupted' "$log"; then
		printf 'fuzz_%s was interrupted\n' "$name"
		exit 130
	else
		failed=$((failed + 1))
		grep -v -E '^(#|NEW|REDUCE)' "$log" | tail -n 60
		printf 'fuzz_%s fails; see %s and fuzz/findings/\n' \
			"$name" "$log"
		finding=1
	fi
	[ -z "${FUZZ_LOG:-}" ] || tools/fuzzlog.sh add "$FUZZ_LOG" "$dir" "$name" $finding
done
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
