#include <string.h>

#include "tls_int.h"

#define RSA_BITS_MIN 2048

struct trust {
	struct trust_anchors anchors[2];
	struct trust_client client[2];
	uint8_t anchors_at, client_at;		/* the half in use */
	uint32_t generation;
	uint8_t suites;				/* left out, a bit each */
	uint8_t der[CERT_DER_MAX];
};

int trust_new(struct mem *m, struct trust **ret)
{
	struct trust *t = mem_reserve(m, "tls trust", 1, sizeof(*t));

	if (!t)
		return ERR_FULL;
	*ret = t;
	return 0;
}

uint32_t trust_generation(const struct trust *t)
{
	return t->generation;
}

struct trust_use trust_use(const struct trust *t)
{
	const struct trust_anchors *a = &t->anchors[t->anchors_at];
	const struct trust_client *c = &t->client[t->client_at];

	return (struct trust_use){ a, c, a->written, c->written,
		(uint8_t)~t->suites };
}

void trust_set_suites(struct trust *t, uint8_t suites)
{
	CHECK(suites != 0);
	t->suites = (uint8_t)~suites;
}

bool trust_unchanged(const struct trust_use *u)
{
	return u->anchors->written == u->anchors_written &&
	    u->client->written == u->client_written;
}

static int64_t seconds_of(int64_t wall_ns)
{
	return wall_ns / NS_PER_S;
}

uint32_t trust_anchors_valid(const struct trust_anchors *a, int64_t wall_ns)
{
	uint32_t n = 0;

	while (n < a->n && a->not_after_s[n] >= seconds_of(wall_ns))
		n++;
	return n;
}

/* The next CERTIFICATE of *pem, decoded; ERR_NOENT: no more. */
static int certificate_next(struct trust *t, struct str *pem, struct x509 *c,
    struct diag *d)
{
	struct pem block;
	size_t n;
	int err;

	do {
		err = pem_next(pem, &block);
		if (err == ERR_NOENT)
			return err;
		if (err) {
			diag_set(d, STR_NONE, "certificates: not PEM");
			return err;
		}
	} while (!str_is(block.label, "CERTIFICATE"));
	err = pem_decode(&block, t->der, sizeof(t->der), &n);
	if (err) {
		diag_set(d, STR_NONE, "certificate: %s", err_text(err));
		return err;
	}
	return x509_parse((struct str){ (char *)t->der, n }, c, d);
}

/* Bytes of ours that live as long as what they are kept in. */
static unsigned char *keep(uint8_t *bytes, size_t cap, size_t *used,
    struct str s)
{
	unsigned char *at = bytes + *used;

	if (cap - *used < s.n)
		return NULL;
	memcpy(at, s.p, s.n);
	*used += s.n;
	return at;
}

static int curve_of(uint32_t bits)
{
	return bits == 256 ? BR_EC_secp256r1 :
	    bits == 384 ? BR_EC_secp384r1 : BR_EC_secp521r1;
}

static bool anchor_fill(struct trust_anchors *a, const struct x509 *c,
    br_x509_trust_anchor *ret)
{
	const struct x509_public *k = &c->key;
	size_t cap = sizeof(a->bytes);

	memset(ret, 0, sizeof(*ret));
	/* A certificate that is no CA's is trusted for itself alone. */
	ret->flags = c->ca ? BR_X509_TA_CA : 0;
	ret->dn.data = keep(a->bytes, cap, &a->used, c->subject);
	ret->dn.len = c->subject.n;
	if (k->type == X509_EC) {
		ret->pkey.key_type = BR_KEYTYPE_EC;
		ret->pkey.key.ec.curve = curve_of(k->bits);
		ret->pkey.key.ec.q = keep(a->bytes, cap, &a->used, k->point);
		ret->pkey.key.ec.qlen = k->point.n;
		return ret->dn.data && ret->pkey.key.ec.q;
	}
	ret->pkey.key_type = BR_KEYTYPE_RSA;
	ret->pkey.key.rsa.n = keep(a->bytes, cap, &a->used, k->n);
	ret->pkey.key.rsa.nlen = k->n.n;
	ret->pkey.key.rsa.e = keep(a->bytes, cap, &a->used, k->e);
	ret->pkey.key.rsa.elen = k->e.n;
	return ret->dn.data && ret->pkey.key.rsa.n && ret->pkey.key.rsa.e;
}

/* Latest expiry first, so that what has not expired comes first. */
static int anchor_add(struct trust_anchors *a, const struct x509 *c,
    struct diag *d)
{
	br_x509_trust_anchor anchor;
	uint32_t at = a->n;

	if (a->n == TLS_ANCHORS_MAX || !anchor_fill(a, c, &anchor)) {
		diag_set(d, STR_NONE, "certificates: more than %d CAs or "
		    "%d bytes of them", TLS_ANCHORS_MAX,
		    TLS_ANCHOR_BYTES_MAX);
		return ERR_FULL;
	}
	for (; at > 0 && a->not_after_s[at - 1] < c->not_after_s; at--) {
		a->anchor[at] = a->anchor[at - 1];
		a->not_after_s[at] = a->not_after_s[at - 1];
	}
	a->anchor[at] = anchor;
	a->not_after_s[at] = c->not_after_s;
	a->n++;
	return 0;
}

static int refuse_time(const char *whose, const struct x509 *c,
    int64_t now_s, struct diag *d)
{
	char mem[3][64];
	struct buf name, now, when;
	bool expired = now_s > c->not_after_s;
	int64_t at_s = expired ? c->not_after_s : c->not_before_s;

	buf_init(&name, mem[0], sizeof(mem[0]));
	buf_init(&now, mem[1], sizeof(mem[1]));
	buf_init(&when, mem[2], sizeof(mem[2]));
	x509_subject(c, &name);
	tls_time(&now, now_s);
	tls_time(&when, at_s);
	diag_set(d, STR_NONE, "%s \"%S\" %s %S; the clock here "
	    "says %S", whose, buf_view(&name),
	    expired ? "expired at" : "is not valid before", buf_view(&when),
	    buf_view(&now));
	return ERR_TLS_TIME;
}

/* 0, or why this certificate cannot be an anchor. */
static int anchor_check(const struct x509 *c, int64_t now_s, struct diag *d)
{
	bool key = c->key.type == X509_EC || (c->key.type == X509_RSA &&
	    c->key.bits >= RSA_BITS_MIN && c->key.bits <= X509_RSA_BITS_MAX);

	if (now_s > c->not_after_s || now_s < c->not_before_s)
		return refuse_time("CA certificate", c, now_s, d);
	if (!key) {
		diag_set(d, STR_NONE, "CA certificate: its key is neither "
		    "EC (P-256, P-384, P-521) nor RSA of 2048 to 4096 bits");
		return ERR_TLS_KEY;
	}
	return 0;
}

/*
 * A bundle may hold roots that are no use (any more); it is refused when
 * none is left, with what was wrong with the first.
 */
int trust_load_anchors(struct trust *t, struct str pem, int64_t wall_ns,
    struct diag *d)
{
	struct trust_anchors *a = &t->anchors[!t->anchors_at];
	struct diag skipped;
	struct x509 c;
	int err, why = ERR_NOENT;

	diag_clear(&skipped);
	diag_set(&skipped, STR_NONE, "no CA certificate in it");
	a->written++;
	a->n = 0;
	a->used = 0;
	while (!(err = certificate_next(t, &pem, &c, d))) {
		struct diag reason;
		int bad;

		diag_clear(&reason);
		bad = anchor_check(&c, seconds_of(wall_ns), &reason);
		if (bad && why == ERR_NOENT) {
			why = bad;
			skipped = reason;
		}
		if (!bad && (err = anchor_add(a, &c, d)))
			break;
	}
	if (err != ERR_NOENT)
		return err;
	if (!a->n) {
		diag_set(d, STR_NONE, "%s", skipped.text);
		return why;
	}
	t->anchors_at = !t->anchors_at;
	t->generation++;
	return 0;
}

static int chain_load(struct trust *t, struct trust_client *c,
    struct str pem, struct x509 *leaf, struct diag *d)
{
	struct x509 cert;
	int err;

	while (!(err = certificate_next(t, &pem, &cert, d))) {
		unsigned char *at = keep(c->bytes, sizeof(c->bytes) -
		    KEY_DER_MAX, &c->used, cert.der);

		if (c->chain_n == TLS_CHAIN_MAX || !at) {
			diag_set(d, STR_NONE, "certificate: chain of "
			    "more than %d certificates or %d bytes",
			    TLS_CHAIN_MAX, CERT_DER_MAX);
			return ERR_FULL;
		}
		c->chain[c->chain_n].data = at;
		c->chain[c->chain_n++].data_len = cert.der.n;
	}
	if (err != ERR_NOENT)
		return err;
	if (!c->chain_n) {
		diag_set(d, STR_NONE, "certificate: none in it");
		return ERR_NOENT;
	}
	return x509_parse((struct str){ (const char *)c->chain[0].data,
	    c->chain[0].data_len }, leaf, d);
}

/* The first private key among the blocks, kept in c. */
static int key_find(struct trust_client *c, struct str pem,
    struct x509_key *ret, struct diag *d)
{
	uint8_t *at = c->bytes + c->used;
	struct pem block;
	size_t n;
	int err;

	do {
		if (pem_next(&pem, &block)) {
			diag_set(d, STR_NONE, "private key: none in it");
			return ERR_NOENT;
		}
	} while (!str_ends(block.label, STR("PRIVATE KEY")));
	err = pem_decode(&block, at, KEY_DER_MAX, &n);
	if (err) {
		diag_set(d, STR_NONE, "private key: %s",
		    err == ERR_UNSUPPORTED ? "encrypted" :
		    err == ERR_FULL ? "too large; RSA keys of up to 4096 "
		    "bits are taken" : err_text(err));
		return err == ERR_BAD ? err : ERR_TLS_KEY;
	}
	err = x509_key_parse(block.label, (struct str){ (char *)at, n }, ret,
	    d);
	if (err == ERR_LIMIT || err == ERR_UNSUPPORTED)
		return ERR_TLS_KEY;
	return err;
}

/* A slice of the key that lies in c's bytes, as BearSSL wants it. */
static unsigned char *own(struct trust_client *c, struct str s)
{
	return c->bytes + ((const uint8_t *)s.p - c->bytes);
}

static void rsa_fill(struct trust_client *c, const struct x509_key *k)
{
	c->key_type = BR_KEYTYPE_RSA;
	c->rsa = (br_rsa_private_key){ k->bits, own(c, k->p), k->p.n,
		own(c, k->q), k->q.n, own(c, k->dp), k->dp.n,
		own(c, k->dq), k->dq.n, own(c, k->iq), k->iq.n };
}

static bool ec_matches(const br_ec_private_key *sk, struct str point)
{
	unsigned char kbuf[BR_EC_KBUF_PUB_MAX_SIZE];
	br_ec_public_key pk;
	size_t n = br_ec_compute_pub(&tls_curves, &pk, kbuf, sk);

	return n && n == point.n && !memcmp(pk.q, point.p, n);
}

/* Takes the key over; ERR_BAD when it is not the certificate's. */
static int key_fill(struct trust_client *c, const struct x509_key *k,
    const struct x509 *leaf)
{
	if (k->type != leaf->key.type || k->bits != leaf->key.bits)
		return ERR_BAD;
	if (k->type == X509_RSA) {
		rsa_fill(c, k);
		return str_eq(k->n, leaf->key.n) ? 0 : ERR_BAD;
	}
	c->key_type = BR_KEYTYPE_EC;
	c->ec = (br_ec_private_key){ curve_of(k->bits), own(c, k->x),
		k->x.n };
	return ec_matches(&c->ec, leaf->key.point) ? 0 : ERR_BAD;
}

static int client_load(struct trust *t, struct trust_client *c,
    struct str cert_pem, struct str key_pem, struct diag *d)
{
	struct x509 leaf;
	struct x509_key k;
	int err = chain_load(t, c, cert_pem, &leaf, d);

	if (!err)
		err = key_find(c, key_pem, &k, d);
	if (!err)
		err = key_fill(c, &k, &leaf);
	if (err == ERR_BAD)
		diag_set(d, STR_NONE, "certificate: the private key "
		    "is not that of the certificate");
	return err;
}

int trust_load_client(struct trust *t, struct str cert_pem,
    struct str key_pem, struct diag *d)
{
	struct trust_client *c = &t->client[!t->client_at];
	int err;

	c->written++;
	c->chain_n = 0;
	c->used = 0;
	if (cert_pem.n || key_pem.n) {
		err = client_load(t, c, cert_pem, key_pem, d);
		if (err)
			return err;
	}
	t->client_at = !t->client_at;
	t->generation++;
	return 0;
}

int trust_client_check(const struct trust *t, int64_t wall_ns,
    struct diag *d)
{
	const struct trust_client *c = &t->client[t->client_at];
	struct x509 leaf;
	int64_t now_s = seconds_of(wall_ns);
	int err;

	if (!c->chain_n)
		return ERR_NOENT;
	err = x509_parse((struct str){ (const char *)c->chain[0].data,
	    c->chain[0].data_len }, &leaf, d);
	if (!err && (now_s > leaf.not_after_s || now_s < leaf.not_before_s))
		return refuse_time("certificate", &leaf, now_s, d);
	return err;
}
