#!/bin/bash
# An upgrade from an earlier version takes over what it finds: pods run on, no
# Deployment changes, and edits made meanwhile are acted on.
#
#   FROM=50c5ccd...	the earlier version; where this clone's history does not
#			reach it, it is fetched from where the clone came from
#
# budget: 420
. "$(dirname "$0")/lib.sh"
FROM=${FROM:-50c5ccd97d59b4e1d8c3774b21dbecf5c8f49b5a}

# history: in a folder that has the earlier version; the clone is left as it is
history=$TOP
if ! git -C "$TOP" cat-file -e "$FROM^{commit}" 2>/dev/null; then
	history=$OUT/history.git
	git init -q --bare "$history"
	# No fault of what is tested: told, and not counted.
	git -C "$history" fetch -q --depth=1 "$(git -C "$TOP" remote get-url origin)" "$FROM" || {
		printf 'skip  upgrade: this clone has no %s; get it by: %s (or git fetch origin %s)\n' \
			"${FROM:0:7}" 'git fetch --unshallow' "$FROM"
		finish
	}
fi
node_up
operator_up
namespace

# The other version as its own tree makes and installs it.
old=$OUT/${FROM:0:7}
mkdir -p "$old"
git -C "$history" archive "$FROM" | tar -x -C "$old"
installed() { # tree image
	local TOP=$1 archive
	archive=$(operator_archive "$2") && operator_push "$archive" "$2" &&
	(operator_install "$2")
}
again() {
	rm -f "$S/operator.sha256"
	operator_up
}
at_end again
export DEPS_DIR=$TOP/build/deps/archives
check "${FROM:0:7} is built and installed" installed "$old" mcp-operator:old
unset DEPS_DIR

# Its own samples, in one namespace.
python3 - "$old"/manifests/samples/*.yaml >"$OUT/samples.yaml" <<'P'
import re, sys
for file in sys.argv[1:]:
    for part in re.split(r"(?m)^---\s*$", open(file).read()):
        if not re.search(r"(?m)^kind: Namespace$", part):
            print("---\n" + re.sub(r"(?m)^  namespace: .*\n", "", part))
P
check "servers of all groups" k -n "$ns" apply -f "$OUT/samples.yaml"
n=$(grep -c '^kind: MCPServer' "$OUT/samples.yaml")
up() {
	[ "$(k -n "$ns" get deployments -o name | wc -l)" = "$n" ] &&
	k -n "$ns" wait --for=condition=Available deployment --all --timeout=5s >/dev/null &&
	[ "$(k -n "$ns" get pods --no-headers | awk '$3 != "Running"' | wc -l)" = 0 ]
}
check "all $n run" wait_for 120 up
sleep 5

# rows KIND PATH...: of all of a kind, a line each
rows() {
	local kind=$1 path=
	shift
	for p in "$@"; do path="$path{$p} "; done
	k -n "$ns" get "$kind" -o jsonpath="{range .items[*]}$path{\"\\n\"}{end}" | sort
}
state() {
	rows pods .metadata.uid '.status.containerStatuses[*].restartCount'
	rows replicasets .metadata.name .spec.replicas
	rows services .metadata.uid .spec.clusterIP
}
state >"$OUT/before"
audit_mark
again
settled() {
	[ -z "$(rows deployments .metadata.generation .status.observedGeneration | awk '$1 != $2')" ]
}
sleep 20
check "the Deployments are settled" wait_for 30 settled
state >"$OUT/after"
check "pods, ReplicaSets and Services are the same" diff "$OUT/before" "$OUT/after"
audit_table verb,resource agent='mcp-operator/.*' "verb=$WRITES" "namespace=$ns" | sed 's/^/      /'
same "nothing is deleted" 0 \
	"$(audit_count agent='mcp-operator/.*' 'verb=delete.*' "namespace=$ns")"

# What comes after it is acted on.
one=$(k -n "$ns" get mcpservers.mcp.allbeone.io -o jsonpath='{.items[0].metadata.name}')
k -n "$ns" patch mcpservers.mcp.allbeone.io "$one" --type=merge -p '{"spec":{"replicas":2}}' >/dev/null
check "an edit takes effect" wait_for 30 field_is 2 "deployment/$one" .spec.replicas
finish
