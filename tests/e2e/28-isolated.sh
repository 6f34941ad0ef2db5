#!/bin/bash
# Who may connect to whom: by the policies that the API server has and the pods
# as they run, in the eyes of an evaluator that is not ours. And what the API
# server refuses because of the quotas and the Roles.
# budget: 300
. "$(dirname "$0")/lib.sh"
. "$E2E/servers.sh"
. "$E2E/optional.sh"
node_up
operator_up
namespace
A=$ns B=$ns-b C=$ns-c
for one in "$B" "$C"; do
	k delete namespace "$one" --ignore-not-found --timeout=300s >/dev/null
	k create namespace "$one" >/dev/null
	at_end "kube delete namespace $one --wait=false >/dev/null 2>&1"
	wait_for 30 k -n "$one" get serviceaccount default
done

evaluator() {
	local folder
	# The checksum database does not know this version; the sum here does.
	need_go && folder=$(GOSUMDB=off module github.com/np-guard/netpol-analyzer \
		v1.2.0 h1:Hk8cWkOZ6n/rAQRnTZJ9r61aKgRmoYkvW8VZhJgztS0=) &&
	(cd "$folder" && GOSUMDB=off "$GO" build -mod=readonly -o "$OUT/netpolicy" ./cmd/netpolicy)
}
check "an evaluator of policies is built" evaluator || finish

# ---- who connects -----------------------------------------------------------

client() { # NAME LABELS, in $ns
	apply <<-Y
	apiVersion: v1
	kind: Pod
	metadata: {name: $1, labels: {$2}}
	spec:
	  terminationGracePeriodSeconds: 0
	  containers: [{name: c, image: my-mcp-server, command: [python3, -c, "import time; time.sleep(3600)"]}]
	Y
}
running() { # NAME MORE
	server "$1" "  transport: {type: http}
$2" && k -n "$ns" patch "$S1" "$1" --type=merge -p '{"spec":{"replicas":1}}' >/dev/null
}
network() { running "$1" "  networkPolicy: {enabled: true$2}"; }
tenant() { running "$1" "  tenancy: {tenantId: $2, isolationLevel: $3}"; }
pods_run() {
	local of
	for of in "$A:13" "$B:2"; do
		[ "$(k -n "${of%:*}" get pods --field-selector=status.phase=Running -o name | wc -l)" = "${of#*:}" ] ||
			return 1
	done
}
pod_of() { # NS/NAME of a server or a client
	k -n "${1%/*}" get pods -o name -l "app.kubernetes.io/instance=${1#*/}" | sed 's|pod/||'
}

client plain "role: none"
client friend "role: friend"
running open ''
network fenced ''
network to-b ", allowedNamespaces: [$B]"
network friends ', allowedPods: {matchLabels: {role: friend}}'
network both ", allowedNamespaces: [$B], allowedPods: {matchLabels: {role: friend}}"
network ported ', ingressRules: [{ports: [{port: 8080, protocol: TCP}]}]'
network out ', egressRules: [{to: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [{port: 443}]}]'
tenant level-none acme None
tenant by-namespace acme Namespace
tenant by-node acme Node
tenant strict acme Strict
tenant rival beta Strict
ns=$B
client plain-b "role: friend"
tenant strict-b acme Strict
ns=$A
check "all pods run that can" wait_for 180 pods_run || k get pods -A
# There is one node, and a tenant on it who does not share it.
check "one is kept from another tenant's node" eval \
	'[ "$(k -n "$A" get "pods/$(pod_of "$A/rival")" -o jsonpath={.status.phase})" = Pending ]'

mkdir -p "$OUT/live"
dump() { # what its API server has; a controller's pod is one by itself here
	k get namespaces -o json >"$OUT/live/namespaces.json"
	for one in "$A" "$B"; do
		k -n "$one" get networkpolicies -o json >"$OUT/live/policies-$one.json"
		k -n "$one" get pods -o json | python3 -c '
import json, sys
pods = json.load(sys.stdin)
for pod in pods["items"]:
    m = pod["metadata"]
    m.pop("ownerReferences", None)
    m["name"] = m["labels"].get("app.kubernetes.io/instance", m["name"])
json.dump(pods, sys.stdout)' >"$OUT/live/pods-$one.json"
	done
}
dump
allowed() { # FROM TO PORT: NS/NAME or an address
	local to="--destination-ip=$2"
	case $2 in */*) to="--destination-pod=${2#*/} --destination-namespace=${2%/*}" ;; esac
	# shellcheck disable=SC2086
	"$OUT/netpolicy" eval -q --dirpath "$OUT/live" -n "${1%/*}" -s "${1#*/}" $to -p "$3" >"$OUT/eval" 2>&1
	case $(cat "$OUT/eval") in
	*true) return 0 ;;
	*false) return 1 ;;
	esac
	fail "the evaluator cannot tell: $(cat "$OUT/eval")"
}
clients="$A/plain $A/friend $A/strict $A/rival $B/plain-b $B/strict-b"
who() { # SERVER [PORT]: those that reach it
	local one list=
	for one in $clients; do
		# A pod always reaches itself.
		[ "$one" != "$1" ] || continue
		if allowed "$one" "$1" "${2:-8080}"; then list="$list ${one#*/}"; fi
	done
	echo "${list# }"
}
reaches() { # WHAT SERVER WANTED [PORT]
	same "$1" "$3" "$(who "$2" "${4:-}")"
}
reaches "with no policy, whoever may send" "$A/open" "plain friend plain-b"
reaches "a policy alone: its own namespace" "$A/fenced" "plain friend"
reaches "allowedNamespaces: those" "$A/to-b" plain-b
reaches "allowedPods: those, of its own namespace" "$A/friends" friend
reaches "both: either" "$A/both" "friend plain-b"
reaches "ingressRules: the port" "$A/ported" "plain friend plain-b"
reaches "and no other" "$A/ported" "" 8081
reaches "level None: all" "$A/level-none" "plain friend strict plain-b strict-b"
reaches "level Namespace: its own" "$A/by-namespace" "plain friend strict"
reaches "level Node: the same" "$A/by-node" "plain friend strict"
reaches "level Strict: the tenant's, wherever they are" "$A/strict" strict-b
reaches "in the other direction, too" "$B/strict-b" strict
reaches "another tenant's: nobody" "$A/rival" ""

check "egressRules: the range and its port" allowed "$A/out" 203.0.113.7 443
check "no other port" eval '! allowed "$A/out" 203.0.113.7 80'
check "no other range" eval '! allowed "$A/out" 198.51.100.7 443'
check "names are resolved anywhere" allowed "$A/out" 198.51.100.7 53
check "no pod is in the range" eval '! allowed "$A/out" "$A/open" 8080'
check "Strict: nothing outside" eval '! allowed "$A/strict" 203.0.113.7 443'
check "but names" allowed "$A/strict" 203.0.113.7 53
check "without egressRules all is let out" allowed "$A/fenced" 203.0.113.7 443

# What is said later holds.
change fenced "{\"networkPolicy\":{\"allowedNamespaces\":[\"$B\"]}}"
change to-b '{"networkPolicy":null}'
check "a policy that is not asked for any more goes" wait_for 30 gone networkpolicy/to-b
wait_for 30 eval 'get networkpolicy/fenced .spec | grep -q "$B"'
dump
reaches "an edited one is another" "$A/fenced" plain-b
reaches "and the open one is open" "$A/to-b" "plain friend plain-b"

# ---- quotas -----------------------------------------------------------------

ns=$C
kcm_fast
server bounded '  tenancy:
    tenantId: acme
    resourceQuotas: {cpu: 300m, memory: 256Mi, pods: 2, services: 1, configMaps: 1,
      secrets: 1, persistentVolumeClaims: 2, storage: 1Gi, mcpServers: 1}'
check "a quota is made" wait_for 60 there resourcequota/bounded-tenant
check "and counted" wait_for 60 eval '[ "$(get resourcequota/bounded-tenant .status.used.services)" = 1 ]'
refused() { # WHAT BY, the objects on standard input
	k -n "$ns" create -f - >"$OUT/refused" 2>&1 && { fail "$1: it was made"; return; }
	check "$1" grep -qE "$2" "$OUT/refused" || cat "$OUT/refused"
}
quota='exceeded quota: bounded-tenant'
claim() { # NAME SIZE
	cat <<-Y
	apiVersion: v1
	kind: PersistentVolumeClaim
	metadata: {name: $1}
	spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: $2}}}
	Y
}
pod() { # NAME CPU MEMORY
	cat <<-Y
	apiVersion: v1
	kind: Pod
	metadata: {name: $1}
	spec:
	  terminationGracePeriodSeconds: 0
	  containers: [{name: c, image: none, imagePullPolicy: Never, resources: {requests: {cpu: $2, memory: $3}}}]
	Y
}
pod large 400m 1Mi | refused "a pod with too much CPU is refused" "$quota.*requests.cpu"
pod large 1m 300Mi | refused "one with too much memory" "$quota.*requests.memory"
check "one within it is made" apply < <(pod small 200m 100Mi)
pod large 200m 1Mi | refused "what the two ask for together counts" "$quota.*requests.cpu"
k -n "$ns" create configmap more --dry-run=client -o json | refused "a ConfigMap too many" "$quota.*configmaps"
k -n "$ns" create service clusterip more --tcp=80 --dry-run=client -o json |
	refused "a Service too many" "$quota.*services"
k -n "$ns" create secret generic one >/dev/null
k -n "$ns" create secret generic more --dry-run=client -o json | refused "a Secret too many" "$quota.*secrets"
claim large 2Gi | refused "a claim that is too large" 'maximum storage usage per PersistentVolumeClaim is 1Gi'
check "one that is not is made" apply < <(claim small 700Mi)
claim more 700Mi | refused "what the two ask for together counts" "$quota.*requests.storage"
apply < <(claim tiny 1Mi)
claim more 1Mi | refused "a claim too many" "$quota.*persistentvolumeclaims"
server second '' >"$OUT/second" 2>&1
check "a server too many" grep -q "$quota" "$OUT/second"

# A server that the quota leaves no room for is told so, and nothing else of it.
change bounded '{"replicas":2,"resources":{"requests":{"cpu":"50m","memory":"32Mi"}}}'
quota_told() { one bounded '.status.conditions[?(@.type=="Degraded")].reason' | grep -q QuotaExceeded; }
check "pods that find no room are told of by their server" wait_for 60 quota_told ||
	k -n "$ns" get "$S1" bounded -o yaml
k -n "$ns" delete pod small >/dev/null
check "and made when there is" wait_for 120 eval '[ "$(k -n "$ns" get pods -o name | wc -l)" = 2 ]'

# ---- Roles ------------------------------------------------------------------

ns=$A
at_end 'k delete --ignore-not-found -f "$TOP/manifests/overlays/tenancy/10-rbac.yaml" >/dev/null'
k apply -f "$TOP/manifests/overlays/tenancy/10-rbac.yaml" >/dev/null
change by-namespace '{"tenancy":{"members":[{"kind":"User","name":"ann"},{"kind":"Group","name":"crew"}]}}'
change strict '{"tenancy":{"members":[{"kind":"User","name":"eve"}]}}'
check "members get a Role" wait_for 120 there rolebinding/by-namespace-tenant
check "also of a strict tenant" wait_for 60 there rolebinding/strict-tenant
as() { k -n "$ns" --as="$@"; }
denied() { # WHAT, a command
	local what=$1
	shift
	"$@" >"$OUT/denied" 2>&1 && { fail "$what: it was done"; return; }
	check "$what" grep -qi forbidden "$OUT/denied"
}
note='{"metadata":{"annotations":{"note":"x"}}}'
check "a member changes the server" wait_for 30 as ann patch "$S1" by-namespace --type=merge -p "$note"
check "scales it" as ann scale "$S1" by-namespace --replicas=1
check "sees its Deployment" as ann get deployment by-namespace
check "its Service" as ann get service by-namespace
check "reads its log" as ann logs deployment/by-namespace
check "so does one of the group" as bob --as-group=crew get "$S1" by-namespace
denied "nobody else" as bob get "$S1" by-namespace
denied "not another server" as ann get "$S1" strict
denied "not its Deployment" as ann get deployment strict
denied "nor all of them" as ann get "$S1"
denied "not write what the operator writes" as ann patch deployment by-namespace --type=merge -p "$note"
denied "no Secret" as ann get secrets
denied "nothing in another namespace" k -n "$B" --as=ann get pods
denied "not give rights to others" as ann create rolebinding x --role=by-namespace-tenant --user=bob
check "a strict tenant's member sees the server" wait_for 30 as eve get "$S1" strict
denied "and no pod, which may be another tenant's" as eve get pods
finish
