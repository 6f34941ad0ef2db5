#!/bin/bash
# The samples of the documents that the four groups' users know: each applies
# unmodified, by kubectl apply and with --server-side, comes to the state that
# its document describes, and does what the document's commands ask of it.
# budget: 1200
#
# REFERENCES names a folder with those documents, as Markdown. For groups that
# no document there has a sample of, tests/e2e/references/ has one of ours.
. "$(dirname "$0")/lib.sh"

theirs=${REFERENCES:-$TOP/../shared/reference}
R=$OUT/samples
mkdir -p "$R" "$OUT/home"
declare -A cells at_ns

# ---- the documents ----------------------------------------------------------

has_sample() { grep -qs "^apiVersion: *$1/" "${@:2}"; }

documents() {
	local file group
	for file in "$theirs"/*.md; do
		if grep -qsE '^kind: *MCPServer *$' "$file"; then echo "$file"; fi
	done
	for file in "$E2E"/references/*.md; do
		group=$(sed -n 's|^apiVersion: *\(.*\)/.*|\1|p' "$file" | head -n 1)
		has_sample "$group" "$theirs"/*.md || echo "$file"
	done
}

# facts ID: group version name fixed image replicas transport registry
facts() {
	. "$R/$1.facts"
	kind=mcpservers.$group
	label="$1 $name ($group)"
	ready=Ready phase=Running
	[ "$group" != mcp.n-takatsu.dev ] || ready=Available
	[ "$group" != mcp.example.com ] || phase=Ready
	state='{.metadata.generation} {.status.observedGeneration}'
	state+=' {.spec.replicas} {.status.phase}'
	state+=' {.status.replicas} {.status.readyReplicas} {.status.availableReplicas}'
	state+=" {.status.conditions[?(@.type=='$ready')].status}"
	state+=" {.status.conditions[?(@.type=='Degraded')].status}"
}

# cell ID COLUMN WHAT COMMAND...: a check for the table at the end
cell() {
	local at="$1 $2"
	if check "$label: $3" "${@:4}"; then
		cells[$at]=${cells[$at]:-ok}
	else
		cells[$at]=FAIL
	fi
}

json() { k apply --dry-run=client -o json -f "$1" >"${1%.yaml}.json"; }

# A part of a sample as JSON of its own.
part_json() {
	{
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: part}\n'
		cat "$1"
	} | k create --dry-run=client --validate=false -o json -f - >"${1%.yaml}.json"
}

# ---- what they need ---------------------------------------------------------

space() {
	printf -- '---\napiVersion: v1\nkind: Namespace\n'
	printf 'metadata: {name: %s, labels: {e2e: %s}}\n' "$1" "$TEST"
}

# A sample that names its namespace is applied there by one way, then by the
# other; all others in two namespaces at once.
namespaces() {
	for id in $ids; do
		facts "$id"
		at_ns[$id client]=${fixed:-e2e-ref-$id}
		at_ns[$id server]=${fixed:-e2e-ref-$id-server}
	done
	printf '%s\n' "${at_ns[@]}" | sort -u | grep -vx default |
		while read -r n; do space "$n"; done | k apply -f - >/dev/null
}

# Every image name is served by the sample server.
stand_ins() {
	local names
	names=$(for id in $ids; do facts "$id"; echo "$image"; done | sort -u |
	while read -r image; do
		case $image in
		''|*/*) echo "$image" ;;
		*) registry_has "library/$image" || echo "$image" ;;
		esac
	done)
	[ -z "$names" ] ||
		registry_push "$(ls "$MCP_LAB"/images/python-*.tar | head -n 1)" $names
}

no_namespaces() { [ -z "$(k get namespaces -l "e2e=$TEST" -o name)" ]; }

clean_up() {
	k delete namespace -l "e2e=$TEST" --wait=false
	for id in $ids; do
		facts "$id"
		[ -z "$fixed" ] || k -n "$fixed" delete "$kind" "$name"
	done
	k label node "$NODE" $(sed 's/=[^ ]*/-/g' <<<"$node_labels")
	crds_back
} >/dev/null 2>&1

crds_back() { k apply --server-side --force-conflicts -f "$TOP/crds/"; }

# ---- checks of one server ---------------------------------------------------

# steady REPLICAS: so many asked for and there, by a status of this very spec
steady() {
	local generation said
	read -r generation said <<<"$(get "$kind/$name" "$state")"
	[ "$said" = "$generation $1 $phase $1 $1 $1 True False" ]
}

# settles REPLICAS: the same, after a wait that costs little
settles() {
	k -n "$ns" wait --for="jsonpath={.status.availableReplicas}=$1" \
		"$kind/$name" --timeout=$((120 * ${MCP_LAB_PATIENCE:-1}))s
	wait_for 30 steady "$1"
}

apply_as() { # ID client|server
	ns=${at_ns[$1 $2]}
	facts "$1"
	[ ! -s "$R/$1.needs.json" ] || k -n "$ns" apply -f "$R/$1.needs.json" >/dev/null
	case $2 in
	client) cell "$1" apply "kubectl apply" k -n "$ns" apply -f "$R/$1.yaml" ;;
	server) cell "$1" server-side "kubectl apply --server-side" \
		k -n "$ns" apply --server-side -f "$R/$1.yaml" ;;
	esac
}

unchanged() { k -n "$ns" apply -f "$R/$1.yaml" | grep ' unchanged$' >/dev/null; }
unchanged_by_server() {
	local before
	before=$(get "$kind/$name" .metadata.generation)
	k -n "$ns" apply --server-side -f "$R/$1.yaml" &&
	[ "$before" = "$(get "$kind/$name" .metadata.generation)" ]
}

said() { [ -n "$(k -n "$ns" "$@" | tee /dev/stderr)" ]; }

# kubectl lists pods and then reads their logs: one that was still ending when
# it was listed may be gone by then.
none_goes() {
	local ending
	ending=$(get pods '.items[*].metadata.deletionTimestamp') &&
	[ -z "$ending" ]
}

comes_up() { # ID
	cell "$1" wait "kubectl wait --for=condition=$ready" \
		k -n "$ns" wait --for=condition=$ready "$kind/$name" --timeout=240s
	cell "$1" state "$phase with $replicas ready" settles "$replicas"
	for part in "$R/$1".status-*.json; do
		[ ! -e "$part" ] || cell "$1" state "the status that its document shows" \
			status_has "$part"
	done
}

status_has() {
	k -n "$ns" get "$kind/$name" -o json >"$OUT/live.json"
	"$E2E/references.py" within "$1" "$OUT/live.json"
}

shows() { # ID
	cell "$1" get "kubectl get" said get "$kind" "$name"
	cell "$1" describe "kubectl describe" said describe "$kind" "$name"
	[ "$transport" = stdio ] || {
		cell "$1" logs "kubectl logs -l app=" said logs -l "app=$name"
		cell "$1" logs "kubectl logs -l app.kubernetes.io/instance=" \
			said logs -l "app.kubernetes.io/instance=$name"
		cell "$1" state "its Service answers an MCP call" \
			wait_for 20 mcp_call "$(K=k service_url "$ns" "$name")"
	}
}

gone() {
	local left
	left=$(k -n "$ns" get deployment,service,configmap -o name \
		-l "app.kubernetes.io/instance=$name") && [ -z "$left" ]
}
deleted() { # ID
	cell "$1" delete "kubectl delete" k -n "$ns" delete -f "$R/$1.yaml" --timeout=60s
	cell "$1" delete "what belonged to it goes, too" wait_for 40 gone
}

# One more, by the scale subresource; a stdio server has one, or none.
scale_to() { [ "$transport" = stdio ] && echo 0 || echo $((replicas + 1)); }
scaled() {
	if [ "$1" = 0 ]; then
		wait_for 60 field_is 0 "$kind/$name" .status.replicas
	else
		settles "$1"
	fi
}
patch_back() {
	k -n "$ns" patch "$kind" "$name" --type=json -p '[
		{"op": "test", "path": "/spec/replicas", "value": '"$1"'},
		{"op": "replace", "path": "/spec/replicas", "value": '"$replicas"'}]' &&
	k -n "$ns" patch "$kind" "$name" --type=merge -p '
metadata: {annotations: {e2e: patched}}' &&
	[ "$(get "$kind/$name" .metadata.annotations.e2e)" = patched ]
}

# Each field that the group's samples have says something, on the page of what
# it stands in.
explained() {
	local page fields field bad=0
	while read -r page fields; do
		k explain "mcpservers.$page" --api-version="$version" |
			awk '/^  [^ ]/ && $1 != "enum:" { field = $1 }
			/^    [^ ]/ { print field }' >"$OUT/explained"
		for field in $fields; do
			grep -qx "$field" "$OUT/explained" && continue
			echo "$page.$field: says nothing"
			bad=1
		done
	done <"$R/$group.fields"
	return $bad
}

# ---- what the documents' commands do ----------------------------------------

# user COMMAND: as it stands, from a shell whose kubectl is at $ns
user() {
	local config=$OUT/kubeconfig-$ns
	[ -e "$config" ] || k config view --raw --minify -o json |
		sed 's/"context": {/&"namespace": "'"$ns"'",/' >"$config"
	inside env "PATH=$KUBE:$PATH" "HOME=$OUT/home" "KUBECONFIG=$config" \
		"KUBECACHEDIR=$OUT/cache-$stage" "KUBE_EDITOR=$OUT/editor" \
		bash -c "$1"$'\nexit "${PIPESTATUS[0]}"'
}

user_says() {
	user "$1" >"$OUT/said" && cat "$OUT/said" && [ -s "$OUT/said" ]
}

# The table below the command, without the last column, an age; documents are
# about the namespace default.
user_shows() {
	user "$1" | awk '{ $NF = ""; $1 = $1; print }' >"$OUT/said"
	printf '%s\n' "$2" | sed "s/\.default\./.$ns./" |
		awk '{ $NF = ""; $1 = $1; print }' | diff - "$OUT/said"
}

# document_of ID COMMAND ROWS
document_of() {
	local id=$1 command=$2 rows=$3 what column=get
	label="$group's document"
	command=${command//<name>/$name}
	what=$(tr -s '\n ' ' ' <<<"$command")
	command=$(sed "s|-f [^ ]*\.yaml|-f $R/$id.yaml|" <<<"$command")
	case $command in
	*" explain "*) column=explain ;;
	*" scale "*) column=scale ;;
	*" patch "*|*" edit "*|*" annotate "*|*" label "*) column="patch" ;;
	*" logs "*) column=logs; wait_for 90 none_goes ;;
	*" describe "*) column=describe ;;
	*" wait "*) column="wait" ;;
	*" --dry-run"*) column=apply ;;
	esac
	if [ -n "$rows" ]; then
		cell "$id" $column "$what" user_shows "$command" "$rows"
	elif [[ $command =~ jsonpath|grep|app.kubernetes.io/name=mcp-operator ]]; then
		cell "$id" $column "$what" user "$command"
	else
		cell "$id" $column "$what" user_says "$command"
	fi
	case $column in
	scale|patch)
		replicas=$(get "$kind/$name" .spec.replicas)
		[[ ! $command =~ replicas=([0-9]+) ]] || replicas=${BASH_REMATCH[1]}
		cell "$id" $column "    and it comes to that" settles "$replicas" ;;
	esac
}

# The sample that a command is about: the first that it names, else the first.
about() {
	local id first=
	for id in $ids; do
		facts "$id"
		if [ "$group" != "$2" ] || [ -n "$registry" ]; then continue; fi
		first=${first:-$id}
		[[ " ${1//[!a-z0-9-]/ } " != *" $name "* ]] || { echo "$id"; return; }
	done
	echo "$first"
}

# Parts of a spec are merged into the first server of their group.
spec_part() { # ID PART
	facts "$1"
	ns=${at_ns[$1 client]}
	local key labels
	for key in $("$E2E/references.py" keys "$2"); do
		k explain "$kind.spec.$key" >/dev/null 2>&1 || {
			echo "      part of another kind: $key"
			return
		}
	done
	labels=$("$E2E/references.py" node-labels "$2")
	[ -z "$labels" ] || k label --overwrite node "$NODE" $labels >/dev/null
	node_labels+=" $labels"
	cell "$1" patch "the part ${2##*/} of a spec, merged in" \
		k -n "$ns" patch "$kind" "$name" --type=merge --patch-file "${2%.json}.yaml"
	cell "$1" patch "    and it comes to that" settles "$replicas"
}

group_commands() { # GROUP
	local part id file
	for part in "$R"/??.spec-*.json; do
		[ -e "$part" ] || continue
		id=${part##*/}
		facts "${id%%.*}"
		[ "$group" != "$1" ] || spec_part "$(about '' "$1")" "$part"
	done
	for file in "$R/$1".command-??; do
		id=$(about "$(cat "$file")" "$1")
		facts "$id"
		ns=${at_ns[$id client]}
		document_of "$id" "$(cat "$file")" "$(cat "$file.rows" 2>/dev/null)"
	done
}

# ---- the run ----------------------------------------------------------------

node_up
operator_up
crds_back >/dev/null
mapfile -t files < <(documents)
"$E2E/references.py" extract "$R" "${files[@]}" || finish
for file in "$R"/??.yaml; do json "$file"; done
for part in "$R"/??.*-?.yaml; do [ ! -e "$part" ] || part_json "$part"; done
"$E2E/references.py" facts "$R" || finish
ids=$(basename -s .yaml "$R"/??.yaml)
for file in "${files[@]}"; do
	case $file in
	"$E2E"/*) echo "from our own samples: references/${file##*/}" ;;
	*) echo "from the documents: ${file##*/}" ;;
	esac
done
plain=$(for id in $ids; do facts "$id"; [ -n "$registry" ] || echo "$id"; done)
node_labels=
printf '#!/bin/sh\nsed -i "s/^  replicas: .*/  replicas: 3/" "$1"\n' >"$OUT/editor"
chmod +x "$OUT/editor"
trap clean_up EXIT
clean_up
wait_for 90 no_namespaces
namespaces
stand_ins

# All at once.
for id in $ids; do
	apply_as "$id" client
	[ -n "$fixed" ] || apply_as "$id" server
done
for id in $plain; do
	for how in client server; do
		facts "$id"
		ns=${at_ns[$id $how]}
		[ "$how" = client ] || [ -z "$fixed" ] || continue
		comes_up "$id"
	done
done
for id in $plain; do
	facts "$id"
	ns=${at_ns[$id client]}
	shows "$id"
	cell "$id" apply "applied again it is as it was" unchanged "$id"
done

# The second half ends, and is applied the other way where it has to wait.
for id in $plain; do
	facts "$id"
	ns=${at_ns[$id server]}
	[ -n "$fixed" ] || cell "$id" server-side "applied again it is as it was" \
		unchanged_by_server "$id"
	deleted "$id"
	[ -z "$fixed" ] || apply_as "$id" server
done
for id in $plain; do
	facts "$id"
	ns=${at_ns[$id client]}
	[ -z "$fixed" ] || comes_up "$id"
done

for id in $plain; do
	facts "$id"
	ns=${at_ns[$id client]}
	cell "$id" scale "kubectl scale" \
		k -n "$ns" scale "$kind" "$name" --replicas="$(scale_to)"
done
for id in $plain; do
	facts "$id"
	ns=${at_ns[$id client]}
	cell "$id" scale "there are $(scale_to)" scaled "$(scale_to)"
	cell "$id" patch "kubectl patch" patch_back "$(scale_to)"
done
for id in $plain; do
	facts "$id"
	ns=${at_ns[$id client]}
	cell "$id" patch "as many as before" settles "$replicas"
done
for file in "$R"/*.fields; do
	facts "$(about '' "$(basename "$file" .fields)")"
	shown=$group
	explains=ok
	check "$group: kubectl explain of $(wc -w <"$file") fields and their parents" explained ||
		explains=FAIL
	for id in $ids; do
		facts "$id"
		[ "$group" != "$shown" ] || cells[$id explain]=$explains
	done
done

# A document's commands say mcpserver, without a group. So each group is the
# one that kubectl means by it once, while the CRDs go one by one.
ns=default turns=0
for stage in 1 2 3 4; do
	shown=$(user "kubectl explain mcpserver" 2>/dev/null | sed -n 's/^GROUP: *//p')
	[ -n "$shown" ] || break
	turns=$((turns + 1))
	group_commands "$shown"
	check "$shown: its CRD goes" \
		k delete -f "$TOP/crds/${shown}_mcpservers.yaml" --timeout=90s
	for id in $plain; do
		facts "$id"
		[ "$group" = "$shown" ] || continue
		ns=${at_ns[$id client]}
		cell "$id" delete "it goes with its CRD" wait_for 40 gone
	done
done
same "groups that had their turn" 4 "$turns"

# And they come back.
check "the CRDs come back" crds_back
firsts=$(for file in "$R"/*.fields; do about '' "$(basename "$file" .fields)"; done)
for id in $firsts; do
	facts "$id"
	ns=${at_ns[$id client]}
	check "$label: applied again" wait_for 20 k -n "$ns" apply -f "$R/$id.yaml"
done
for id in $firsts; do
	facts "$id"
	ns=${at_ns[$id client]}
	check "$label: and kept again" settles "$replicas"
done

# ---- what was measured ------------------------------------------------------

columns="apply server-side state wait get describe logs explain scale patch delete"
printf '\n%-44s' sample
printf ' %s' $columns
echo
for id in $ids; do
	facts "$id"
	printf '%-44s' "$id $group $name"
	for column in $columns; do
		printf " %${#column}s" "${cells[$id $column]:--}"
	done
	echo "${registry:+  needs a registry}"
done
finish
