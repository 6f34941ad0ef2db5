#!/bin/sh
# usage: tests/unit/net/certs/make.sh
#
# Makes the certificates that the tests of TLS and X.509 use, with openssl,
# beside itself.  They are committed: tests run with the clock at 2027-01-01
# and need no openssl.  Each file holds a certificate and its private key;
# roots hold only the certificate.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM

from=20260101000000Z
to=20560101000000Z
names=DNS:kubernetes.default.svc,DNS:*.wild.example.org,DNS:localhost
names=$names,IP:10.96.0.1,IP:127.0.0.1,IP:::1
server=extendedKeyUsage=serverAuth
san="subjectAltName=$names"
root=basicConstraints=critical,CA:true

key() {
	case $2 in
	P-*)	openssl genpkey -quiet -algorithm EC \
			-pkeyopt ec_paramgen_curve:"$2" -out "$tmp/$1.key" ;;
	ed25519) openssl genpkey -algorithm ED25519 -out "$tmp/$1.key" ;;
	pss)	openssl genpkey -quiet -algorithm RSA-PSS \
			-pkeyopt rsa_keygen_bits:2048 -out "$tmp/$1.key" ;;
	*)	openssl genpkey -quiet -algorithm RSA \
			-pkeyopt rsa_keygen_bits:"$2" -out "$tmp/$1.key" ;;
	esac
}

# cert NAME KEY ISSUER SUBJECT EXTENSIONS [HASH [FROM TO]]: certificate NAME;
# an ISSUER of the same name makes it self-signed; extensions split by ";".
cert() {
	key "$1" "$2"
	mkdir -p "$tmp/ca"
	: >"$tmp/ca/index"
	{
		echo '[ca]'
		echo 'default_ca = x'
		echo '[x]'
		echo "database = $tmp/ca/index"
		echo "new_certs_dir = $tmp/ca"
		echo 'policy = p'
		echo 'rand_serial = yes'
		echo 'unique_subject = no'
		echo '[p]'
		echo 'commonName = optional'
		echo '[e]'
		echo "$5" | tr ';' '\n'
	} >"$tmp/conf"
	openssl req -new -key "$tmp/$1.key" -subj "$4" -out "$tmp/req" \
		-config /dev/null
	sign="-cert $tmp/$3.crt -keyfile $tmp/$3.key"
	[ "$1" != "$3" ] || sign="-selfsign -keyfile $tmp/$1.key"
	openssl ca -batch -config "$tmp/conf" -extensions e -notext \
		-md "${6:-sha256}" -startdate "${7:-$from}" \
		-enddate "${8:-$to}" -in "$tmp/req" -out "$tmp/$1.crt" \
		$sign 2>"$tmp/log" || { cat "$tmp/log"; exit 1; }
}

# Roots: only the certificate is kept.
ca() {
	cert "$@"
	openssl x509 -in "$tmp/$1.crt" -out "$1.pem"
}

leaf() {
	cert "$@"
	openssl x509 -in "$tmp/$1.crt" >"$1.pem"
	cat "$tmp/$1.key" >>"$1.pem"
}

ca ca-ec P-256 ca-ec "/CN=test root ec" "$root"
ca ca-rsa 2048 ca-rsa "/CN=test root rsa" "$root"
ca ca-other P-256 ca-other "/CN=test root other" "$root"
# The same name as ca-ec with another key.
ca ca-twin P-256 ca-twin "/CN=test root ec" "$root"
ca ca-old P-256 ca-old "/CN=test root old" "$root" sha256 \
	20160101000000Z 20260601000000Z
ca ca-short P-256 ca-short "/CN=test root short" "$root" sha256 \
	20160101000000Z 20270601000000Z
ca ca-early P-256 ca-early "/CN=test root early" "$root" sha256 \
	20400101000000Z 20560101000000Z
ca ca-ed25519 ed25519 ca-ed25519 "/CN=test root ed25519" "$root" default

leaf ec P-256 ca-ec /CN=ec "$san;$server"
leaf p384 P-384 ca-ec /CN=p384 "$san;$server" sha384
leaf p521 P-521 ca-ec /CN=p521 "$san;$server" sha512
leaf rsa 2048 ca-rsa /CN=rsa "$san;$server"
leaf rsa4096 4096 ca-rsa /CN=rsa4096 "$san;$server"
leaf rsa1024 1024 ca-rsa /CN=rsa1024 "$san;$server"
leaf under-old P-256 ca-old /CN=under-old "$san;$server"
leaf under-short P-256 ca-short /CN=under-short "$san;$server"
leaf no-eku P-256 ca-ec /CN=no-eku "$san"
leaf any-eku P-256 ca-ec /CN=any-eku \
	"$san;extendedKeyUsage=clientAuth,anyExtendedKeyUsage"
leaf cn-only P-256 ca-ec /CN=kubernetes.default.svc "$server"
leaf client-eku P-256 ca-ec /CN=client-eku \
	"$san;extendedKeyUsage=clientAuth"
leaf critical-eku P-256 ca-ec /CN=critical-eku \
	"$san;extendedKeyUsage=critical,serverAuth"
leaf critical-san P-256 ca-ec /CN=critical-san \
	"subjectAltName=critical,$names;$server"
leaf expired P-256 ca-ec /CN=expired "$san;$server" sha256 \
	20200101000000Z 20260601000000Z
leaf early P-256 ca-ec /CN=early "$san;$server" sha256 \
	20400101000000Z 20560101000000Z
leaf sha1 P-256 ca-ec /CN=sha1 "$san;$server" sha1
leaf self P-256 self /CN=self "$san"
leaf client-ec P-256 ca-ec /O=system:masters/CN=client-ec \
	extendedKeyUsage=clientAuth
leaf client-p384 P-384 ca-ec /CN=client-p384 extendedKeyUsage=clientAuth
leaf client-rsa 2048 ca-rsa /CN=client-rsa extendedKeyUsage=clientAuth
leaf client-rsa4096 4096 ca-rsa /CN=client-rsa4096 extendedKeyUsage=clientAuth
leaf client-rsa5120 5120 ca-rsa /CN=client-rsa5120 extendedKeyUsage=clientAuth
leaf client-ed25519 ed25519 ca-ec /CN=client-ed25519 extendedKeyUsage=clientAuth
leaf pss pss ca-rsa /CN=pss "$san;$server"

# A chain of three; the file holds leaf, intermediate, key of the leaf.
cert middle P-256 ca-ec "/CN=test intermediate" \
	"basicConstraints=critical,CA:true,pathlen:0"
cert chain P-256 middle /CN=chain "$san;$server"
openssl x509 -in "$tmp/chain.crt" >chain.pem
openssl x509 -in "$tmp/middle.crt" >>chain.pem
cat "$tmp/chain.key" >>chain.pem
# An intermediate that is no CA.
cert not-ca P-256 ca-ec "/CN=test not ca" "$san"
cert under-not-ca P-256 not-ca /CN=under-not-ca "$san;$server"
openssl x509 -in "$tmp/under-not-ca.crt" >under-not-ca.pem
openssl x509 -in "$tmp/not-ca.crt" >>under-not-ca.pem
cat "$tmp/under-not-ca.key" >>under-not-ca.pem
# That leaf without its intermediate, and with another one.
openssl x509 -in "$tmp/chain.crt" >alone.pem
cat "$tmp/chain.key" >>alone.pem
openssl x509 -in "$tmp/chain.crt" >crossed.pem
openssl x509 -in "$tmp/not-ca.crt" >>crossed.pem
cat "$tmp/chain.key" >>crossed.pem

# What is out of date below a root that is not.
ca ca-more P-256 ca-more "/CN=test root more" "$root"
leaf client-expired P-256 ca-more /CN=client-expired \
	extendedKeyUsage=clientAuth sha256 20200101000000Z 20260601000000Z
leaf client-early P-256 ca-more /CN=client-early \
	extendedKeyUsage=clientAuth sha256 20400101000000Z 20560101000000Z
cert old-middle P-256 ca-more "/CN=test intermediate old" \
	"basicConstraints=critical,CA:true,pathlen:0" sha256 \
	20160101000000Z 20260601000000Z
cert under-old-middle P-256 old-middle /CN=under-old-middle "$san;$server"
openssl x509 -in "$tmp/under-old-middle.crt" >under-old-middle.pem
openssl x509 -in "$tmp/old-middle.crt" >>under-old-middle.pem
cat "$tmp/under-old-middle.key" >>under-old-middle.pem

# The key of ec and of rsa in every form.
openssl ec -in "$tmp/ec.key" -out key-sec1.pem 2>/dev/null
openssl ec -in "$tmp/ec.key" -param_enc explicit -out key-explicit.pem \
	2>/dev/null
openssl rsa -in "$tmp/rsa.key" -traditional -out key-pkcs1.pem 2>/dev/null
openssl pkcs8 -topk8 -in "$tmp/ec.key" -passout pass:x -out key-encrypted.pem
openssl rsa -in "$tmp/rsa.key" -traditional -aes128 -passout pass:x \
	-out key-encrypted-pkcs1.pem 2>/dev/null
