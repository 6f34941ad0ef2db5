#include "tls_int.h"

/* RFC 5246 section 7.2, RFC 6066, RFC 8446. */
static const struct {
	uint8_t code;
	const char *name;
} alerts[] = {
	{ 10, "unexpected_message" }, { 20, "bad_record_mac" },
	{ 22, "record_overflow" }, { 40, "handshake_failure" },
	{ 42, "bad_certificate" }, { 43, "unsupported_certificate" },
	{ 44, "certificate_revoked" }, { 45, "certificate_expired" },
	{ 46, "certificate_unknown" }, { 47, "illegal_parameter" },
	{ 48, "unknown_ca" }, { 49, "access_denied" },
	{ 50, "decode_error" }, { 51, "decrypt_error" },
	{ 70, "protocol_version" }, { 71, "insufficient_security" },
	{ 80, "internal_error" }, { 86, "inappropriate_fallback" },
	{ 90, "user_canceled" }, { 100, "no_renegotiation" },
	{ 112, "unrecognized_name" }, { 116, "certificate_required" },
};

static const char *alert_name(int code)
{
	for (size_t i = 0; i < ARRAY_LEN(alerts); i++)
		if (alerts[i].code == code)
			return alerts[i].name;
	return "unknown alert";
}

/* Alerts that speak of the certificate we sent, or did not. */
static bool alert_on_certificate(int code)
{
	return (code >= 42 && code <= 46) || code == 48 || code == 49 ||
	    code == 116;
}

static int explain_alert(const struct tls_failure *f, int code,
    struct diag *d)
{
	const char *name = alert_name(code);

	if (code == 70) {
		diag_set(d, STR_NONE, "server refuses TLS 1.2 (alert %s): "
		    "it seems to demand TLS 1.3, which is not spoken here",
		    name);
		return ERR_TLS_VERSION;
	}
	if (f->asked && (code == 40 || alert_on_certificate(code))) {
		diag_set(d, STR_NONE, "server demands a client certificate "
		    "(alert %s) and none is configured", name);
		return ERR_TLS;
	}
	if (alert_on_certificate(code)) {
		diag_set(d, STR_NONE, "server refuses our client certificate "
		    "(alert %s)", name);
		return ERR_TLS;
	}
	/* Go's server in FIPS mode finds out only when keys are derived. */
	if (code == 40 && f->hello) {
		diag_set(d, STR_NONE, "server ends the handshake (alert %s) "
		    "after agreeing on a cipher suite: it seems to run in "
		    "FIPS mode, which demands extended master secret; that "
		    "is not spoken here", name);
		return ERR_TLS_EMS;
	}
	if (code == 40 || code == 71) {
		diag_set(d, STR_NONE, "server refuses what is offered (alert "
		    "%s): ECDHE with AES-GCM or ChaCha20, P-256, P-384 "
		    "or P-521, an EC or RSA certificate, no extended "
		    "master secret (FIPS mode)", name);
		return ERR_TLS;
	}
	diag_set(d, STR_NONE, "server ends the connection (alert %d %s)",
	    code, name);
	return code == 112 ? ERR_TLS_NAME : ERR_TLS;
}

struct text {
	char mem[160];
	struct buf buf;
};

static void text_init(struct text *t)
{
	buf_init(&t->buf, t->mem, sizeof(t->mem));
}

void tls_time(struct buf *out, int64_t s)
{
	int64_t limit = INT64_MAX / NS_PER_S;

	s = s > limit ? limit : s < -limit ? -limit : s;
	time_rfc3339(out, s * NS_PER_S);
}

static void when(struct text *t, int64_t s)
{
	text_init(t);
	tls_time(&t->buf, s);
}

static int explain_time(const struct tls_failure *f, const struct x509 *c,
    struct diag *d)
{
	int64_t now_s = f->wall_ns / NS_PER_S;
	struct text now, at;

	when(&now, now_s);
	if (now_s >= c->not_before_s && now_s <= c->not_after_s) {
		diag_set(d, STR_NONE, "a CA certificate that the server sends "
		    "is expired or not yet valid; the clock here says %S",
		    buf_view(&now.buf));
	} else if (now_s > c->not_after_s) {
		when(&at, c->not_after_s);
		diag_set(d, STR_NONE, "the server's certificate expired at "
		    "%S; the clock here says %S", buf_view(&at.buf),
		    buf_view(&now.buf));
	} else {
		when(&at, c->not_before_s);
		diag_set(d, STR_NONE, "the server's certificate is not valid "
		    "before %S; the clock here says %S", buf_view(&at.buf),
		    buf_view(&now.buf));
	}
	return ERR_TLS_TIME;
}

static int explain_name(const struct verify *v, const struct x509 *c,
    struct diag *d)
{
	struct text names;

	text_init(&names);
	switch (v->result) {
	case VERIFY_NO_NAME:
		diag_set(d, STR_NONE, "the server's certificate names no host "
		    "(subjectAltName is empty; a common name does not count)");
		return ERR_TLS_NAME;
	case VERIFY_NAME:
		x509_names(c, &names.buf);
		diag_set(d, STR_NONE, "the server's certificate does not name "
		    "\"%S\" but: %S%s", v->name, buf_view(&names.buf),
		    names.buf.over ? ", ..." : "");
		return ERR_TLS_NAME;
	case VERIFY_PURPOSE:
		diag_set(d, STR_NONE, "the server's certificate is not meant "
		    "for servers (its extended key usage lacks serverAuth)");
		return ERR_TLS_TRUST;
	default:
		diag_set(d, STR_NONE, "the server's certificate cannot be "
		    "read");
		return ERR_TLS;
	}
}

static int explain_key(const struct x509 *c, struct diag *d)
{
	struct text size;

	text_init(&size);
	if (c->key.bits)
		buf_fmt(&size.buf, " of %u bits", c->key.bits);
	diag_set(d, STR_NONE, "the server's certificate has %s%S and is "
	    "signed by %s, or one above it is such; EC (P-256, P-384, P-521) "
	    "and RSA of 2048 to 4096 bits with SHA-256, 384 or 512 are taken",
	    c->key.type == X509_RSA ? "an RSA key" :
	    c->key.type == X509_EC ? "an EC key" :
	    c->key.type == X509_ED25519 ? "an Ed25519 key" : "a key",
	    buf_view(&size.buf), x509_signature_name(c));
	return ERR_TLS_KEY;
}

static int explain_trust(const struct verify *v, const struct x509 *c,
    struct diag *d)
{
	struct text issuer;
	struct x509 ca = { .subject = c->issuer };

	text_init(&issuer);
	x509_subject(&ca, &issuer.buf);
	if (!v->minimal.trust_anchors_num)
		diag_set(d, STR_NONE, "no CA certificate is given that is "
		    "valid today");
	else
		diag_set(d, STR_NONE, "the server's certificate, issued by "
		    "\"%S\", does not lead to a CA that is trusted here",
		    buf_view(&issuer.buf));
	return ERR_TLS_TRUST;
}

static int explain_certificate(const struct tls_failure *f,
    const struct verify *v, struct diag *d)
{
	struct x509 c;

	if (v->result == VERIFY_TOO_LARGE) {
		diag_set(d, STR_NONE, "the server's certificate is larger "
		    "than %d bytes", TLS_PEER_CERT_MAX);
		return ERR_TLS_KEY;
	}
	if (verify_peer(v, &c)) {
		diag_set(d, STR_NONE, "the server's certificate cannot be "
		    "read");
		return ERR_TLS;
	}
	switch (f->code) {
	case BR_ERR_X509_EXPIRED:
		return explain_time(f, &c, d);
	case BR_ERR_X509_BAD_SERVER_NAME:
		return explain_name(v, &c, d);
	case BR_ERR_X509_UNSUPPORTED:
	case BR_ERR_X509_LIMIT_EXCEEDED:
	case BR_ERR_X509_WEAK_PUBLIC_KEY:
	case BR_ERR_X509_WRONG_KEY_TYPE:
		return explain_key(&c, d);
	case BR_ERR_X509_CRITICAL_EXTENSION:
		diag_set(d, STR_NONE, "a certificate of the server has a "
		    "critical extension that is not supported (%s)",
		    c.critical & X509_EXT_EKU ? "extended key usage" :
		    c.critical & X509_EXT_NAME_CONSTRAINTS ?
		    "name constraints" : "unknown");
		return ERR_TLS;
	case BR_ERR_X509_BAD_SIGNATURE:
	case BR_ERR_X509_DN_MISMATCH:
	case BR_ERR_X509_NOT_CA:
	case BR_ERR_X509_FORBIDDEN_KEY_USAGE:
	case BR_ERR_X509_NOT_TRUSTED:
		return explain_trust(v, &c, d);
	default:
		diag_set(d, STR_NONE, "the server's certificate is malformed "
		    "(%d)", f->code);
		return ERR_TLS;
	}
}

static int explain_protocol(const struct tls_failure *f, struct diag *d)
{
	/* Record types: change_cipher_spec, alert, handshake, data. */
	if (f->first >= 0 && (f->first < 20 || f->first > 23)) {
		diag_set(d, STR_NONE, "server does not speak TLS here");
		return ERR_PROTO;
	}
	if (f->code == BR_ERR_UNSUPPORTED_VERSION ||
	    f->code == BR_ERR_BAD_VERSION) {
		diag_set(d, STR_NONE, "server chose a TLS version other than "
		    "1.2");
		return ERR_TLS_VERSION;
	}
	diag_set(d, STR_NONE, "%s (%d)", f->code == BR_ERR_BAD_MAC ?
	    "a TLS record was damaged on its way" :
	    f->code == BR_ERR_BAD_SIGNATURE ?
	    "the server's key exchange is not signed by its certificate" :
	    f->code == BR_ERR_NO_RANDOM ? "no random numbers" :
	    "the server broke the TLS protocol", f->code);
	return ERR_TLS;
}

int tls_explain(const struct tls_failure *f, const struct verify *v,
    struct diag *d)
{
	if (f->code >= BR_ERR_SEND_FATAL_ALERT) {
		diag_set(d, STR_NONE, "the server broke the TLS protocol "
		    "(alert sent: %s)",
		    alert_name(f->code - BR_ERR_SEND_FATAL_ALERT));
		return ERR_TLS;
	}
	if (f->code >= BR_ERR_RECV_FATAL_ALERT)
		return explain_alert(f, f->code - BR_ERR_RECV_FATAL_ALERT, d);
	if (f->code >= BR_ERR_X509_OK)
		return explain_certificate(f, v, d);
	return explain_protocol(f, d);
}

/* ---- the server's end ---------------------------------------------------- */

static int explain_client_alert(int code, struct diag *d)
{
	if (code == 42 || code == 45 || code == 46 || code == 48) {
		diag_set(d, STR_NONE, "client does not trust our certificate "
		    "(alert %s)", alert_name(code));
		return ERR_TLS_TRUST;
	}
	diag_set(d, STR_NONE, "client ends the connection (alert %d %s)",
	    code, alert_name(code));
	return ERR_TLS;
}

int tls_explain_client(const struct tls_failure *f, struct diag *d)
{
	int code = f->code;

	if (code >= BR_ERR_SEND_FATAL_ALERT)
		code -= BR_ERR_SEND_FATAL_ALERT;
	else if (code >= BR_ERR_RECV_FATAL_ALERT)
		return explain_client_alert(code - BR_ERR_RECV_FATAL_ALERT,
		    d);
	if (f->first >= 0 && (f->first < 20 || f->first > 23)) {
		diag_set(d, STR_NONE, "client does not speak TLS");
		return ERR_PROTO;
	}
	if (code == BR_ERR_UNSUPPORTED_VERSION || code == BR_ERR_BAD_VERSION ||
	    code == 70) {
		diag_set(d, STR_NONE, "client does not take TLS 1.2");
		return ERR_TLS_VERSION;
	}
	diag_set(d, STR_NONE, f->code >= BR_ERR_SEND_FATAL_ALERT ?
	    "client has no cipher suite, curve or signature in common with "
	    "us, or broke the TLS protocol (%d)" :
	    "client broke the TLS protocol (%d)", f->code);
	return ERR_TLS;
}
