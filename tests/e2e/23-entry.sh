#!/bin/bash
# An Ingress and a NetworkPolicy: made as the API server has them, kept as they
# are, and taken away.
# budget: 240
. "$(dirname "$0")/lib.sh"
. "$E2E/servers.sh"
node_up
operator_up
namespace

complete() { [ -z "$(one "$1" '.status.conditions[?(@.type=="ChildrenComplete")].status')" ]; }

server way '  entry:
    hosts: [a.example, b.example]
    ingress: {enabled: true, className: nginx, tlsSecretName: certificate, annotations: {note: kept}}
  networkPolicy:
    enabled: true
    allowedNamespaces: [mcp-system]
    allowedPods: {matchLabels: {role: client}}
    ingressRules: [{ports: [{port: 8080}], from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]
    egressRules: [{ports: [{port: 443, endPort: 445}], to: [{podSelector: {}, namespaceSelector: {}}]}]'
server left '  entry: {ingress: {enabled: true}}
  networkPolicy: {enabled: true}'
server none '  entry: {hosts: [c.example], ingress: {enabled: false}}
  networkPolicy: {enabled: false}'

check "an Ingress is made" wait_for 60 there ingress/way
same "its hosts" "a.example b.example" "$(get ingress/way '.spec.rules[*].host')"
to='.spec.rules[0].http.paths[0].backend.service'
same "where it leads to" "way 8080" "$(get ingress/way "{$to.name} {$to.port.number}")"
same "its certificate" certificate "$(get ingress/way '.spec.tls[0].secretName')"
same "sessions keep their pod" cookie \
	"$(get ingress/way '.metadata.annotations.nginx\.ingress\.kubernetes\.io/affinity')"
check "strict validation takes it" strict ingress/way
check "a NetworkPolicy is made" wait_for 60 there networkpolicy/way
same "it selects what the Service does" a.way \
	"$(get networkpolicy/way '.spec.podSelector.matchLabels.mcp\.allbeone\.io/server-key')"
same "both ways" "Ingress Egress" "$(get networkpolicy/way '.spec.policyTypes[*]')"
check "strict validation takes it" strict networkpolicy/way
check "one without hosts" wait_for 60 there ingress/left
check "one that names nobody lets its namespace in" wait_for 60 field_is '{}' networkpolicy/left \
	'.spec.ingress[0].from[0].podSelector'
check "none where it is not enabled" gone ingress/none
check "nor a policy" gone networkpolicy/none
check "both are among its resources" wait_for 30 eval '[ "$(one way ".status.resources[*].kind" |
	tr " " "\n" | grep -cE "^(Ingress|NetworkPolicy)$")" = 2 ]'
check "all of its children are there" complete way
acted() { one way '.status.conditions[?(@.type=="FieldsActedOn")].message'; }
same "and no field is said to be without effect" "" "$(acted)"

# Edits come back; what a controller writes is left alone.
k -n "$ns" patch ingress way --type=json \
	-p '[{"op":"replace","path":"/spec/rules/0/host","value":"other.example"}]' >/dev/null
check "an edited Ingress comes back" wait_for 30 field_is a.example ingress/way '.spec.rules[0].host'
k -n "$ns" patch networkpolicy way --type=merge -p '{"spec":{"ingress":[{}]}}' >/dev/null
check "an opened policy is closed" wait_for 30 field_is mcp-system networkpolicy/way \
	'.spec.ingress[0].from[0].namespaceSelector.matchLabels.kubernetes\.io/metadata\.name'
k -n "$ns" delete networkpolicy way --wait=false >/dev/null
check "a deleted one is made anew" wait_for 30 there networkpolicy/way
sleep 5
audit_mark
k -n "$ns" patch ingress way --subresource=status --type=merge \
	-p '{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}' >/dev/null
sleep 5
same "writes after its controller's" 0 \
	"$(audit_count agent='mcp-operator/.*' "verb=$WRITES" "namespace=$ns")"

change way '{"entry":{"ingress":{"enabled":false}}}'
check "switched off, the Ingress goes" wait_for 30 gone ingress/way
change way '{"networkPolicy":null}'
check "not asked for, the policy" wait_for 30 gone networkpolicy/way

# What is left over from before a restart is found.
k -n mcp-system scale deployment mcp-operator --replicas=0 >/dev/null
wait_for 60 eval '[ -z "$(k -n mcp-system get pods -o name)" ]'
change left '{"entry":null,"networkPolicy":null}'
k -n mcp-system scale deployment mcp-operator --replicas=1 >/dev/null
check "the operator is back" k -n mcp-system rollout status deployment/mcp-operator --timeout=60s
check "an Ingress nobody wants any more goes" wait_for 60 gone ingress/left
check "the policy, too" wait_for 60 gone networkpolicy/left

# A policy that the API server refuses: bits of a host, since Kubernetes 1.36.
server held '  networkPolicy: {enabled: true, ingressRules: [{from: [{ipBlock: {cidr: 10.1.2.3/8}}]}]}'
held() { one held '.status.conditions[?(@.type=="Degraded")].message' | grep -q '^NetworkPolicy held: '; }
check "that a policy is refused is told" wait_for 30 held
check "there are no pods for it to guard" gone deployment/held
change held '{"networkPolicy":{"ingressRules":[{"from":[{"ipBlock":{"cidr":"10.0.0.0/8"}}]}]}}'
check "before there is one" wait_for 30 there deployment/held
finish
