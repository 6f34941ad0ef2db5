#!/bin/bash
# Every field of every MCPServer has an effect on the real API server: see
# fields.py. With all kinds there, and with no pod made for any of them.
# budget: 600
. "$(dirname "$0")/lib.sh"
. "$E2E/optional.sh"
node_up
operator_up
namespace
optional_crds
optional_install
tenancy=$TOP/manifests/overlays/tenancy/10-rbac.yaml
k apply -f "$tenancy" >/dev/null
at_end 'kube delete -f "$tenancy" >/dev/null'

kcm=$(cat "$S/run/kcm.pid")
at_end 'kill -CONT "$kcm"'
kill -STOP "$kcm"
at_end 'kube delete namespace -l "e2e=$ns" --wait=false >/dev/null 2>&1'
export FIELDS_NS=$ns
checks fields.py
finish
