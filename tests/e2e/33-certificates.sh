#!/bin/bash
# The webhooks with a certificate of one's own: a Secret in a volume, which
# somebody else renews. It is taken up while servers are offered all the time;
# what is no good stays out of sight, and is told of; and the flags for versions
# and suites mean what they say.
# budget: 420
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
overlay=$TOP/manifests/overlays/webhooks
C=$OUT/certs
mkdir -p "$C"

# A restart leaves its time, and nothing else.
deployed() {
	k -n mcp-system get deployment mcp-operator -o 'jsonpath={.spec}' |
		sed 's|"annotations":{"kubectl.kubernetes.io/restartedAt":"[^"]*"},||'
}
rolled() { k -n mcp-system rollout status deployment/mcp-operator --timeout=90s; }
found=$(deployed)
at_end 'kube -n mcp-system delete secret webhook-own --ignore-not-found >/dev/null
	rm -f "$S/operator.sha256"; touch "$OUT"/stop.*; wait'
# The next test finds the operator that this one did.
leave() {
	kube delete --ignore-not-found -f "$overlay/40-webhooks.yaml" >/dev/null
	kube -n mcp-system delete deployment mcp-operator --ignore-not-found --timeout=60s >/dev/null
	(operator_install mcp-operator:e2e) >/dev/null 2>&1
}
at_end leave

# ---- certificates -----------------------------------------------------------

# authority: as somebody keeps one beside the cluster
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj /CN=ours -keyout "$C/ca.key" -out "$C/ca.crt" 2>/dev/null &&
	printf '%s\n' '[ca]' 'default_ca=c' '[c]' "database=$C/index" "new_certs_dir=$C" \
		'rand_serial=yes' 'default_md=sha256' 'policy=p' 'copy_extensions=copy' \
		'unique_subject=no' '[p]' 'commonName=supplied' >"$C/ca.conf" && : >"$C/index"
}
# pair NAME FROM TO: a key and a certificate for it, in times of openssl
pair() {
	local name=mcp-operator-webhook.mcp-system.svc
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
		-addext "subjectAltName=DNS:$name" -keyout "$C/$1.key" -out "$C/$1.csr" &&
	openssl ca -batch -notext -config "$C/ca.conf" -cert "$C/ca.crt" -keyfile "$C/ca.key" \
		-startdate "$2" -enddate "$3" -in "$C/$1.csr" -out "$C/$1.crt"
}
serial() { openssl x509 -in "$C/$1.crt" -noout -serial | cut -d= -f2; }
past=20200101000000Z
future=$(($(date +%Y) + 2))0101000000Z
check "there is an authority" authority
for name in first second third; do
	pair $name $past $future 2>/dev/null
done
pair old $past 20210101000000Z 2>/dev/null
check "and certificates of it" [ -s "$C/old.crt" -a -s "$C/third.crt" ]

# ---- the operator -----------------------------------------------------------

# secret CERTIFICATE KEY: into the Secret, and from there into the volume, at
# once: a kubelet looks at a pod whose annotations have changed
secret() {
	k -n mcp-system create secret generic webhook-own --dry-run=client -o yaml \
		--from-file=tls.crt="$C/$1.crt" --from-file=tls.key="$C/$2.key" |
		k apply -f - >/dev/null
	k -n mcp-system annotate pods -l app.kubernetes.io/name=mcp-operator --overwrite \
		"certificate=$1-$2" >/dev/null 2>&1
}
# with FLAG...: the overlay's Deployment with these, and the Secret mounted
with() {
	python3 - "$overlay/20-operator.yaml" "$@" <<-'P'
	import sys
	flags = "".join(f"        - {flag}\n" for flag in sys.argv[2:])
	text = open(sys.argv[1]).read()
	for before, more in (
	        ("        - --enable-webhooks\n", flags),
	        ("        env:\n", None),
	        ("      containers:\n", None)):
	    assert text.count(before) == 1, before
	    if before.startswith("        env"):
	        text = text.replace(before, "        volumeMounts:\n"
	            "        - {name: own, mountPath: /certs, readOnly: true}\n" + before)
	    elif more is None:
	        text = text.replace(before, "      volumes:\n"
	            "      - {name: own, secret: {secretName: webhook-own}}\n" + before)
	    else:
	        text = text.replace(before, before + more)
	print(text)
	P
}
operator_push "$(operator_archive mcp-operator:e2e)" mcp-operator:0.1.0
k -n mcp-system delete secret mcp-operator-webhook --ignore-not-found >/dev/null
secret first first
with --webhook-cert-dir=/certs --webhook-tls-min-version=VersionTLS12 \
	--webhook-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 >"$OUT/operator.yaml"
check "it installs" k apply -f "$OUT/operator.yaml" -f "$overlay/40-webhooks.yaml"
bundle=$(base64 -w 0 <"$C/ca.crt")
for kind in validatingwebhookconfigurations mutatingwebhookconfigurations; do
	k patch $kind mcp-operator --type=json -p "[{\"op\":\"add\",
		\"path\":\"/webhooks/0/clientConfig/caBundle\",\"value\":\"$bundle\"}]" >/dev/null
done
check "the operator becomes available" rolled
address=$(k -n mcp-system get service mcp-operator-webhook -o 'jsonpath={.spec.clusterIP}')

# ---- versions and suites ----------------------------------------------------

logs() { k -n mcp-system logs deployment/mcp-operator --tail=-1; }
told() { logs | grep -qF -- "$1"; }
# meets OPTION...: a handshake of openssl's, what it says in $said
meets() {
	said=$(inside timeout 10 openssl s_client -connect "$address:443" -CAfile "$C/ca.crt" \
		-verify_return_error -servername mcp-operator-webhook.mcp-system.svc "$@" \
		</dev/null 2>&1)
}
shown() { inside timeout 10 openssl s_client -connect "$address:443" </dev/null 2>/dev/null |
	openssl x509 -noout -serial | cut -d= -f2; }
shows() { [ "$(shown)" = "$(serial "$1")" ]; }
check "it shows the certificate that it was given" wait_for 30 shows first
check "to a client of TLS 1.2" meets -tls1_2
same "with the suite that it was told" ECDHE-ECDSA-AES256-GCM-SHA384 \
	"$(sed -n 's/^ *Cipher *: //p' <<<"$said" | head -n 1)"
meets -tls1_1 -cipher ALL:@SECLEVEL=0
says() { echo "$said"; grep -q "$1" <<<"$said"; }
check "one of TLS 1.1 is refused" says 'Cipher is (NONE)'
check "for that" wait_for 10 told 'client does not take TLS 1.2'
meets -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256
check "another suite, too" says 'alert handshake failure'

# ---- another certificate, while servers are offered -------------------------

# offer NAME, offered: between them servers are offered; then $OUT/NAME has it
offer() {
	offering=$1
	"$NODE_DIR/node.sh" x env PYTHONDONTWRITEBYTECODE=1 "BENCH_AUDIT=$S/audit.log" BENCH_PIDS= \
		python3 "$E2E/certificates.py" "$ns" "$address" "$C/ca.crt" \
		"$OUT/stop.$1" "$OUT/$1" >"$OUT/$1.log" 2>&1 &
}
offered() {
	touch "$OUT/stop.$offering"
	wait
	sed 's/^/      /' "$OUT/$offering" "$OUT/$offering.log"
}
of() { sed -n "s/^$2 //p" "$OUT/$1"; }
# What the CRD cannot say. The API server asks by whatever was installed last, a
# moment later.
refuses() {
	! k -n "$ns" create --dry-run=server -f - <<-'Y'
	apiVersion: mcp.allbeone.io/v1
	kind: MCPServer
	metadata: {name: faulty}
	spec: {image: "x:1", replicas: 0, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}
	Y
}
check "the API server takes its word" wait_for 40 refuses

offer renewed
sleep 3
secret second second
check "another certificate is taken up" wait_for 120 shows second
sleep 2
offered
same "faulty servers that were let in meanwhile" 0 "$(of renewed 'faulty let in')"
check "though many were offered" [ "$(of renewed 'faulty refused')" -gt 30 ]
same "good ones that were refused" 0 "$(of renewed 'good refused')"
at_most "ms that one was held up" 10000 "$(of renewed slowest)"
same "reviews without an answer, or with a wrong one" "0 0" \
	"$(of renewed 'asked failed') $(of renewed 'asked let in')"
same "certificates that were shown" "$(serial first) $(serial second)" "$(of renewed serials)"

# ---- half a pair ------------------------------------------------------------

offer half
secret third second
check "a certificate with another's key is told of" wait_for 120 told \
	'the private key is not that of the certificate'
sleep 12
same "once" 1 "$(logs | grep -c 'cannot load a certificate; the one before is shown')"
check "the pair before it is shown" shows second
secret third third
check "until both are there" wait_for 120 shows third
offered
same "faulty servers that were let in meanwhile" 0 "$(of half 'faulty let in')"
same "reviews without an answer, or with a wrong one" "0 0" \
	"$(of half 'asked failed') $(of half 'asked let in')"
same "certificates that were shown" "$(serial second) $(serial third)" "$(of half serials)"

# ---- one that has expired ---------------------------------------------------

failures() { k get --raw /api/v1/namespaces/mcp-system/services/mcp-operator-metrics:metrics/proxy/metrics |
	sed -n 's/^mcp_operator_served_tls_failures_total //p'; }
secret old old
check "one that has expired is told of" wait_for 120 told \
	'clients refuse the certificate that is shown'
check "with the time" told 'expired at 2021-01-01T00:00:00Z'
meets
check "clients do refuse it" says 'certificate has expired'
# Over a connection that the API server has, nothing is shown to it.
k -n mcp-system rollout restart deployment mcp-operator >/dev/null
check "a restart is none the worse for it" rolled
held=$SECONDS
check "nobody is held up meanwhile" wait_for 30 eval '! refuses'
at_most "seconds that it took" 30 $((SECONDS - held))
counted() { ! refuses && [ "$(failures)" -gt 0 ]; }
check "the failed handshakes are counted" wait_for 60 counted
secret first first
check "a good one mends it" wait_for 120 shows first
check "faulty servers are refused again" wait_for 40 refuses

same "caBundle is left alone" "$bundle" "$(k get validatingwebhookconfigurations mcp-operator \
	-o 'jsonpath={.webhooks[0].clientConfig.caBundle}')"
same "no Secret is made" "" "$(k -n mcp-system get secret mcp-operator-webhook -o name --ignore-not-found)"

leave
same "the Deployment is as it was found" "$found" "$(deployed)"
finish
