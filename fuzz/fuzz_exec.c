/*
 * The answer of a credential plugin: what is taken has credentials, and
 * written again it is taken for the same.
 */
#include "fuzz.h"
#include "kube.h"

static const struct str version =
	STR_INIT("client.authentication.k8s.io/v1");
static struct json_tok tok[FUZZ_MAX];
static char arena_mem[4 * FUZZ_MAX], again_mem[4 * FUZZ_MAX],
	text_mem[16 * FUZZ_MAX];

static struct str write_again(const struct kube_exec_credential *c)
{
	struct buf b;
	struct jw w;

	buf_init(&b, text_mem, sizeof(text_mem));
	jw_init(&w, &b);
	jw_open(&w);
	jw_kcstr(&w, "kind", "ExecCredential");
	jw_kstr(&w, "apiVersion", version);
	jw_kopen(&w, "status");
	if (c->token.n)
		jw_kstr(&w, "token", c->token);
	if (c->cert.n)
		jw_kstr(&w, "clientCertificateData", c->cert);
	if (c->key.n)
		jw_kstr(&w, "clientKeyData", c->key);
	jw_close(&w);
	jw_close(&w);
	FUZZ_CHECK(!b.over);
	return buf_view(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct kube_exec_credential c, again;
	struct arena a, b;
	struct diag d;
	int err;

	if (size > FUZZ_MAX)
		return 0;
	diag_clear(&d);
	arena_init(&a, arena_mem, sizeof(arena_mem));
	err = kube_exec_decode(text, version, tok, FUZZ_MAX, &a, &c, &d);
	FUZZ_CHECK(err <= 0 && (!err || err == ERR_LIMIT || diag_is_set(&d)));
	if (!err) {
		FUZZ_CHECK(c.token.n || c.cert.n);
		FUZZ_CHECK(!c.cert.n == !c.key.n);
		arena_init(&b, again_mem, sizeof(again_mem));
		FUZZ_CHECK(!kube_exec_decode(write_again(&c), version, tok,
		    FUZZ_MAX, &b, &again, NULL));
		FUZZ_CHECK(str_eq(c.token, again.token));
		FUZZ_CHECK(str_eq(c.cert, again.cert));
		FUZZ_CHECK(str_eq(c.key, again.key));
		(void)arena_buf(&b);
	}
	(void)arena_buf(&a);
	return 0;
}
