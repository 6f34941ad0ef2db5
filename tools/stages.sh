# Sourced by tests/run.sh and .ci/run: runs commands as stages, each with a
# budget in seconds, and adds up what they report.
#
# A command reports by a last line "N passed, N failed"; one that prints no
# such line counts as one.  A stage that fails without a failed count, or that
# is over its budget, counts as one failure.

stages_passed=0
stages_failed=0
stages_worst=
stages_dir=$(mktemp -d)
trap 'rm -rf "$stages_dir"' EXIT
trap 'exit 130' INT TERM

# stage NAME SECONDS COMMAND...
stage() {
	stage_name=$1
	stage_budget=$2
	shift 2
	printf '== %s\n' "$stage_name"
	stage_start=$(date +%s)
	stage_log=$(mktemp "$stages_dir/XXXXXX")
	# Not through a pipe: what a stage leaves running would hold it open.
	timeout -k 10 "$stage_budget" "$@" </dev/null \
		>"$stage_log" 2>&1 &
	stage_pid=$!
	tail -s 0.1 -n +1 -f --pid=$stage_pid "$stage_log"
	wait $stage_pid
	stage_rc=$?
	stage_took=$(($(date +%s) - stage_start))
	set -- $(grep -E '^[0-9]+ passed, [0-9]+ failed$' \
		"$stage_log" | tail -n 1)
	stage_passed=${1:-0}
	stage_failed=${3:-0}
	if [ "$stage_rc" -eq 124 ] || [ "$stage_rc" -eq 137 ]; then
		printf '%s: over its budget\n' "$stage_name"
	fi
	if [ "$stage_rc" -ne 0 ] && [ "$stage_failed" -eq 0 ]; then
		stage_failed=1
	elif [ "$stage_rc" -eq 0 ] && [ $# -eq 0 ]; then
		stage_passed=1
	fi
	stages_passed=$((stages_passed + stage_passed))
	stages_failed=$((stages_failed + stage_failed))
	printf -- '-- %s: %d passed, %d failed; %d s of %d s\n' \
		"$stage_name" "$stage_passed" "$stage_failed" \
		"$stage_took" "$stage_budget"
	if [ "$stage_failed" -gt 0 ]; then
		stages_worst="$stages_worst  $stage_name"
	fi
}

# The sum as the last line, and as the exit code; before it what failed, for
# those who see the end of a long output alone.
stages_end() {
	if [ -n "$stages_worst" ]; then
		printf 'failed:%s\n' "$stages_worst"
	fi
	printf '%d passed, %d failed\n' "$stages_passed" "$stages_failed"
	[ "$stages_failed" -eq 0 ] && [ "$stages_passed" -gt 0 ]
	exit
}
