#!/bin/sh
# usage: tools/overlays.sh TREE
#
# Writes below TREE the parts of manifests/overlays that are those of
# manifests/ but for a few lines: the Deployments, and for the install of one
# namespace its Role. Fails when the place of a change is not found.
set -eu
from=$(cd "$(dirname "$0")/.." && pwd)/manifests
to=$1/manifests/overlays
mkdir -p "$to/extensions" "$to/ha" "$to/namespaced" "$to/secrets" "$to/webhooks"

# changed FILE FROM TO [FROM TO]...: whole lines, each found once
changed() {
	file=$1
	shift
	awk 'BEGIN {
		for (i = 1; i < ARGC - 1; i += 2)
			to[ARGV[i]] = ARGV[i + 1]
		file = ARGV[ARGC - 1]
		while ((getline line <file) > 0) {
			if (!(line in to)) {
				print line
				continue
			}
			if (to[line] != "-")
				print to[line]
			found[line]++
		}
		for (line in to)
			if (found[line] != 1) {
				print "overlays.sh: \"" line "\" is " \
					found[line] + 0 " times in " file \
					>"/dev/stderr"
				exit 1
			}
	}' "$@" "$file"
}

changed "$from/20-operator.yaml" \
	'  replicas: 1' '  replicas: 2' \
	"  # One after the other: two releases at work at once would undo each other's" \
	'  # Of two releases only the one that leads writes.' \
	'  # writes. Servers run on meanwhile.' - \
	'    type: Recreate' '    type: RollingUpdate' \
	'        - --leader-elect=false' '        - --leader-elect' \
	'      securityContext:' \
'      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - weight: 100
            podAffinityTerm:
              topologyKey: kubernetes.io/hostname
              labelSelector:
                matchLabels:
                  app.kubernetes.io/name: mcp-operator
      securityContext:' >"$to/ha/20-operator.yaml"

changed "$from/20-operator.yaml" \
	'        - --leader-elect=false' \
'        - --leader-elect=false
        - --watch-secrets' >"$to/secrets/20-operator.yaml"

changed "$from/20-operator.yaml" \
	'        - --leader-elect=false' \
'        - --leader-elect=false
        - --enable-webhooks' \
	'        - name: health' \
'        - name: webhook
          containerPort: 9443
        - name: health' >"$to/webhooks/20-operator.yaml"

changed "$from/20-operator.yaml" \
	'        - --leader-elect=false' \
'        - --leader-elect=false
        - --extensions=/etc/mcp-operator/extensions/extensions.yaml' \
	'      containers:' \
'      volumes:
      - name: extensions
        configMap:
          name: mcp-operator-extensions
      - name: files
        secret:
          secretName: mcp-operator-extensions
          optional: true
      containers:' \
	'        resources:' \
'        volumeMounts:
        - name: extensions
          mountPath: /etc/mcp-operator/extensions
          readOnly: true
        - name: files
          mountPath: /etc/mcp-operator/files
          readOnly: true
        resources:' >"$to/extensions/20-operator.yaml"

changed "$from/20-operator.yaml" \
	'        - --leader-elect=false' \
'        - --leader-elect=false
        - --watch-namespaces=$(POD_NAMESPACE)
        - --watch-secrets' >"$to/namespaced/20-operator.yaml"
cp "$from/30-metrics.yaml" "$to/namespaced/30-metrics.yaml"

{
	cat <<-'END'
	---
	# kubectl apply -f crds/ -f manifests/00-namespace.yaml \
	#   -f manifests/overlays/namespaced
	#
	# Instead of manifests/: an operator with Roles only, which serves the
	# namespace that it runs in and follows that one's Secrets. In another
	# namespace, such as team-a:
	#
	#   sed s/mcp-system/team-a/ manifests/overlays/namespaced/*.yaml |
	#     kubectl apply -f -
	#
	# CustomResourceDefinitions are of the cluster, which a Role cannot
	# grant: a kind that is not installed is asked for every two minutes.
	END
	sed -e 's/ClusterRole/Role/' -e '/^# All that/,/^# overlays/d' \
		-e '/^# Metadata only, and/,/^  verbs/d' \
		-e '/^kind: Role/,/^  labels/s/^  name: .*/&\n  namespace: mcp-system/' \
		-e 1d "$from/10-rbac.yaml" |
	awk '/^---$/ && ++n == 2 {
		print "- apiGroups: [\"\"]"
		print "  resources: [secrets]"
		print "  verbs: [get, list, watch]"
	}
	{ print }'
} >"$to/namespaced/10-rbac.yaml"
