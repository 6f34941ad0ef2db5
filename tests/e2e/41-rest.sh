#!/bin/bash
# What the operator asks of the API server at rest, over 500 servers, and when
# it is started over 1,000 that are as they should be: from the audit log.
#
#   IDLE_SECONDS=600   how long nothing happens, with and without election
#
# budget: 300 + 2 * ${IDLE_SECONDS:-60}
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
operator_rests
k apply -f "$TOP/manifests/overlays/ha/10-lease.yaml" >/dev/null
at_end 'kube -n mcp-system delete lease --all >/dev/null'
export REST_NS=$ns IDLE_SECONDS=${IDLE_SECONDS:-60}
checks rest.py
finish
