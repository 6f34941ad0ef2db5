#!/bin/sh
# usage: tests/e2e/run.sh [PATTERN...]      (make e2e)
#
# Runs the tests on a real node, in order: all, or those whose names contain a
# PATTERN. The node is a separate one, MCP_LAB_NS=mcp-e2e, started when it is
# not up and then ended again, unless KEEP=1. A test's budget in seconds stands
# in it, reckoned with what the test is told to do. The last line is "N passed,
# N failed".
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
. tools/stages.sh

export MCP_LAB_NS="${MCP_LAB_NS:-mcp-e2e}"
unset KUBECONFIG
node=tools/node/node.sh

wanted() { # name pattern...
	name=$1
	shift
	[ $# -gt 0 ] || return 0
	for pattern in "$@"; do
		case $name in *"$pattern"*) return 0 ;; esac
	done
	return 1
}

was_up=
[ ! -e "/run/netns/$MCP_LAB_NS" ] || was_up=1
# From cold this compiles Kubernetes.
stage 'node' 2100 $node up
for test in "$here"/[0-9]*.sh; do
	name=$(basename "$test" .sh)
	if ! wanted "$name" "$@"; then continue; fi
	budget=$(sed -n 's/^# budget: *//p' "$test")
	eval "budget=\$((${budget:-120}))"
	stage "$name" "$budget" bash "$test"
done
[ -n "$was_up" ] || [ -n "${KEEP:-}" ] || $node down
stages_end
