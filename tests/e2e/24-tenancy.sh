#!/bin/bash
# What a tenancy and a dashboard become: made as the API server has them, in
# force, kept as they are, and taken away.
# budget: 360
. "$(dirname "$0")/lib.sh"
. "$E2E/servers.sh"
node_up
operator_up
namespace

reason() { one "$1" '.status.conditions[?(@.type=="ChildrenComplete")].reason'; }
reason_is() { [ "$(reason "$1")" = "$2" ]; }
grant() { k apply -f "$TOP/manifests/overlays/tenancy/10-rbac.yaml" >/dev/null; }
withdraw() { k delete --ignore-not-found -f "$TOP/manifests/overlays/tenancy/10-rbac.yaml" >/dev/null; }
can() { k -n "$ns" auth can-i --as="$1" "${@:2}" >/dev/null; }
cannot() { ! can "$@"; }

withdraw
server mine '  tenancy:
    tenantId: acme
    resourceQuotas: {cpu: "2", memory: 2Gi, pods: 7, mcpServers: 3}
    members: [{kind: User, name: ann}, {kind: ServiceAccount, name: ci}]
  monitoring:
    dashboard: {enabled: true, labels: {shown: "yes"}}'

check "a quota is made" wait_for 60 there resourcequota/mine-tenant
h=.spec.hard servers='count/mcpservers\.mcp\.allbeone\.io'
same "what it allows" "2 2Gi 7 3" "$(get resourcequota/mine-tenant \
	"{$h.requests\.cpu} {$h.requests\.memory} {$h.pods} {$h.$servers}")"
check "a limit range" wait_for 60 there limitrange/mine-tenant
same "by whose defaults nothing is refused" "50m 64Mi" \
	"$(get limitrange/mine-tenant '{.spec.limits[0].defaultRequest.cpu} {.spec.limits[0].defaultRequest.memory}')"
check "a policy" wait_for 60 there networkpolicy/mine
same "that lets in the namespace, without a word on it" "Namespace {}" \
	"$(one mine .spec.tenancy.isolationLevel) $(get networkpolicy/mine '{.spec.ingress[0].from[*].podSelector}')"
check "a dashboard" wait_for 60 there configmap/mine-dashboard
same "with the label asked for" yes "$(get configmap/mine-dashboard '.metadata.labels.shown')"
check "that is JSON" eval 'get configmap/mine-dashboard ".data" | grep "\\.json" >/dev/null &&
	k -n "$ns" get configmap mine-dashboard -o json | python3 -c "
import json, sys
for name, text in json.load(sys.stdin)[\"data\"].items():
    assert name.endswith(\".json\") and json.loads(text)[\"panels\"]"'

# Not without the right to.
check "without the right it is told that a Role is missing" wait_for 60 reason_is mine NotPermitted
check "and no Role is there" gone role/mine-tenant
check "the server is there all the same" wait_for 30 there deployment/mine
grant
check "with it one is made" wait_for 120 there role/mine-tenant
check "and bound" wait_for 60 there rolebinding/mine-tenant
check "a member may look after the server" wait_for 30 can ann patch "$S1/mine"
check "and read logs" can ann get pods --subresource=log
check "so may the namespace's account" can "system:serviceaccount:$ns:ci" get "$S1/mine"
check "not after another's" cannot ann get "$S1/other"
check "nor others the server" cannot bob get "$S1/mine"
check "all of its children are there" wait_for 60 reason_is mine ""
same "and no field is said to be without effect" "" \
	"$(one mine '.status.conditions[?(@.type=="FieldsActedOn")].message')"
same "its resources have all of them" \
	"ConfigMap Deployment LimitRange NetworkPolicy ResourceQuota Role RoleBinding Service" \
	"$(one mine '.status.resources[*].kind' | tr ' ' '\n' | sort -u | paste -sd' ')"

# The quota is in force, also for servers, and the strictest of two holds.
# Until who counts knows of the CRDs, a quota of servers refuses each.
two() { server two '  tenancy: {tenantId: acme, resourceQuotas: {mcpServers: 2}}' 2>/dev/null; }
check "another server" wait_for 120 two
check "another server's quota" wait_for 60 there resourcequota/two-tenant
# Before the CRDs of 25-optional come and go: who counts stands still for that.
check "it is counted" wait_for 120 field_is 2 resourcequota/two-tenant \
	".status.used.$servers"
server three '' >"$OUT/three" 2>&1
check "a third is refused" grep -q 'exceeded quota: two-tenant' "$OUT/three"
k -n "$ns" delete "$S1" two --wait=true >/dev/null
check "its quota goes with it" wait_for 60 gone resourcequota/two-tenant
check "and what it forbade is allowed" wait_for 60 server three ''

# Edits come back, one by one; what a controller counts is left alone.
k -n "$ns" patch resourcequota mine-tenant --type=merge -p '{"spec":{"hard":{"pods":"90"}}}' >/dev/null
check "an edited quota comes back" wait_for 30 field_is 7 resourcequota/mine-tenant '.spec.hard.pods'
k -n "$ns" patch role mine-tenant --type=merge -p '{"rules":[]}' >/dev/null
check "an edited Role" wait_for 30 can ann patch "$S1/mine"
k -n "$ns" patch configmap mine-dashboard --type=merge -p '{"data":{"x":"y"}}' >/dev/null
k -n "$ns" delete configmap mine-dashboard >/dev/null
check "a deleted dashboard" wait_for 30 there configmap/mine-dashboard
sleep 5
audit_mark
k -n "$ns" create configmap counted >/dev/null
k -n "$ns" create configmap again >/dev/null
sleep 5
same "writes after what is counted" 0 "$(audit_count agent='mcp-operator/.*' "verb=$WRITES" "namespace=$ns")"

change mine '{"monitoring":null}'
check "not asked for, the dashboard goes" wait_for 30 gone configmap/mine-dashboard
change mine '{"tenancy":null}'
check "the quota, too" wait_for 30 gone resourcequota/mine-tenant
check "the policy" wait_for 30 gone networkpolicy/mine
check "the limit range" wait_for 30 gone limitrange/mine-tenant
check "the Role" wait_for 30 gone role/mine-tenant
check "and who had it" wait_for 30 gone rolebinding/mine-tenant
check "its Deployment stays" there deployment/mine

# Labels of the namespace: each server has its own, and gives them back.
label() { k get namespace "$ns" -o "jsonpath={.metadata.labels.tenant\.mcp\.allbeone\.io/$1}"; }
label_is() { [ "$(label "$1")" = "$2" ]; }
labelled() { [ "$(one "$1" '.status.conditions[?(@.type=="NamespaceLabelled")].reason')" = "$2" ]; }
wants() { # NAME LABELS
	server "$1" "  tenancy: {tenantId: acme, namespaceLabels: {$2}}"
}
t=tenant.mcp.allbeone.io
withdraw
wants first "$t/team: a, $t/only: first"
check "without the right it is told that labels are missing" wait_for 60 labelled first NotPermitted
same "and there are none" "" "$(label team)"
grant
check "with it they are there" wait_for 120 label_is team a
check "which is told" wait_for 30 labelled first Labelled
same "in full" "$t/only=first, $t/team=a" \
	"$(one first '.status.conditions[?(@.type=="NamespaceLabelled")].message')"
wants second "$t/team: a, $t/also: second"
check "another's add up" wait_for 60 label_is also second
wants third "$t/team: b"
check "one that says something else is told" wait_for 60 labelled third LabelTaken
check "and changes nothing" label_is team a
k -n "$ns" delete "$S1" third --wait=true >/dev/null
wants fourth "team: x, $t/of.fourth: its"
check "a key that is not allowed is told" wait_for 60 labelled fourth KeyNotAllowed
same "it is not set" "" "$(k get namespace "$ns" -o 'jsonpath={.metadata.labels.team}')"
same "the one beside it is" its "$(label 'of\.fourth')"
wants fifth "pod-security.kubernetes.io/enforce: privileged" 2>"$OUT/fifth"
check "one of Kubernetes' own is refused" grep -q "own: no server may set it" "$OUT/fifth"
same "nor is it set" "" \
	"$(k get namespace "$ns" -o 'jsonpath={.metadata.labels.pod-security\.kubernetes\.io/enforce}')"

change first "{\"tenancy\":{\"namespaceLabels\":{\"$t/only\":null}}}"
check "what a server does not ask for any more goes" wait_for 30 label_is only ""
change first '{"tenancy":null}'
check "so does its condition" wait_for 30 labelled first ""
check "what another asks for stays" label_is team a
audit_mark
operator_restart() { k -n mcp-system rollout restart deployment mcp-operator &&
	k -n mcp-system rollout status deployment mcp-operator --timeout=90s; }
check "the operator is restarted" operator_restart
sleep 10
same "which sets no label again" 0 "$(audit_count agent='mcp-operator/.*' verb=patch resource=namespaces)"
k -n "$ns" patch "$S1" second --type=merge -p \
	'{"metadata":{"finalizers":["mcp.allbeone.io/finalizer"]}}' >/dev/null
k -n "$ns" delete "$S1" second --timeout=60s >/dev/null
same "a server with a finalizer gives back what it was given" "" "$(label team)$(label also)"
withdraw
k -n "$ns" patch "$S1" fourth --type=merge -p \
	'{"metadata":{"finalizers":["mcp.allbeone.io/finalizer"]}}' >/dev/null
check "and goes even where it may not" k -n "$ns" delete "$S1" fourth --timeout=60s
withdraw
finish
