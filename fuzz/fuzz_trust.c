/*
 * Loading replaces everything or nothing: a load that fails leaves generation
 * and contents, one that succeeds loads the same again; what BearSSL is then
 * given lies within our own bytes. Input: CA certificates, a NUL, the client
 * certificate, a NUL, its key.
 */
#include "fuzz.h"
#include "net.h"
#include "net/tls_int.h"

#define WALL_NS (INT64_C(1798761600) * NS_PER_S)

static struct mem mem;
static struct trust *trust;

static void check_within(const void *all, size_t n, const void *p, size_t m)
{
	const char *from = all, *at = p;

	FUZZ_CHECK(at >= from && m <= n && at + m <= from + n);
}

static void check_anchors(const struct trust_anchors *a)
{
	FUZZ_CHECK(a->n && a->n <= TLS_ANCHORS_MAX);
	FUZZ_CHECK(trust_anchors_valid(a, WALL_NS) == a->n);
	FUZZ_CHECK(trust_anchors_valid(a, INT64_MAX) <= a->n);
	for (uint32_t i = 0; i < a->n; i++) {
		const br_x509_trust_anchor *t = &a->anchor[i];

		FUZZ_CHECK(!i || a->not_after_s[i - 1] >= a->not_after_s[i]);
		check_within(a->bytes, a->used, t->dn.data, t->dn.len);
		if (t->pkey.key_type == BR_KEYTYPE_EC) {
			check_within(a->bytes, a->used, t->pkey.key.ec.q,
			    t->pkey.key.ec.qlen);
			continue;
		}
		FUZZ_CHECK(t->pkey.key_type == BR_KEYTYPE_RSA);
		check_within(a->bytes, a->used, t->pkey.key.rsa.n,
		    t->pkey.key.rsa.nlen);
		FUZZ_CHECK(t->pkey.key.rsa.nlen <= 512);
	}
}

static void check_client(const struct trust_client *c)
{
	for (uint32_t i = 0; i < c->chain_n; i++)
		check_within(c->bytes, c->used, c->chain[i].data,
		    c->chain[i].data_len);
	if (c->chain_n && c->key_type == BR_KEYTYPE_RSA)
		check_within(c->bytes, sizeof(c->bytes), c->rsa.iq,
		    c->rsa.iqlen);
	else if (c->chain_n)
		check_within(c->bytes, sizeof(c->bytes), c->ec.x,
		    c->ec.xlen);
}

static void run_anchors(struct str pem)
{
	struct trust_use before = trust_use(trust);
	uint32_t generation = trust_generation(trust);
	struct diag d;
	int rc;

	diag_clear(&d);
	rc = trust_load_anchors(trust, pem, WALL_NS, &d);
	FUZZ_CHECK(!rc == !diag_is_set(&d));
	FUZZ_CHECK(trust_unchanged(&before));
	FUZZ_CHECK(trust_generation(trust) == generation + !rc);
	FUZZ_CHECK((trust_use(trust).anchors == before.anchors) == !!rc);
	if (rc)
		return;
	check_anchors(trust_use(trust).anchors);
	before = trust_use(trust);
	FUZZ_CHECK(!trust_load_anchors(trust, pem, WALL_NS, NULL));
	FUZZ_CHECK(trust_use(trust).anchors->n == before.anchors->n);
	FUZZ_CHECK(trust_use(trust).anchors->used == before.anchors->used);
}

/* Told of its leaf's days, and of nothing else: the rest was looked at. */
static void check_days(const struct trust_client *c)
{
	struct x509 leaf;
	struct diag d;
	int64_t now_s;
	int rc;

	diag_clear(&d);
	rc = trust_client_check(trust, WALL_NS, &d);
	FUZZ_CHECK((rc == ERR_NOENT) == !c->chain_n);
	FUZZ_CHECK(diag_is_set(&d) == (rc != 0 && rc != ERR_NOENT));
	if (!c->chain_n || x509_parse((struct str){
	    (const char *)c->chain[0].data, c->chain[0].data_len }, &leaf,
	    NULL))
		return;
	now_s = WALL_NS / NS_PER_S;
	FUZZ_CHECK(rc == (now_s >= leaf.not_before_s &&
	    now_s <= leaf.not_after_s ? 0 : ERR_TLS_TIME));
}

static void run_client(struct str cert, struct str key)
{
	struct trust_use before = trust_use(trust);
	struct diag d;
	int rc;

	diag_clear(&d);
	rc = trust_load_client(trust, cert, key, &d);
	FUZZ_CHECK(!rc == !diag_is_set(&d));
	FUZZ_CHECK(trust_unchanged(&before));
	FUZZ_CHECK((trust_use(trust).client == before.client) == !!rc);
	check_client(trust_use(trust).client);
	check_days(trust_use(trust).client);
	if (!rc)
		FUZZ_CHECK(!trust_use(trust).client->chain_n ==
		    (!cert.n && !key.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, anchors, cert;

	if (!trust) {
		mem_init(&mem, io_linux());
		FUZZ_CHECK(!trust_new(&mem, &trust));
		trust_set_suites(trust, 1);
		FUZZ_CHECK(trust_use(trust).suites == 1);
	}
	in = str_cut(in, '\0', &anchors);
	run_anchors(anchors);
	in = str_cut(in, '\0', &cert);
	run_client(cert, in);
	return 0;
}
