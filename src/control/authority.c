#include <string.h>

#include "control_int.h"

/*
 * All instances of the operator show certificates that one CA has signed,
 * which they find in a Secret; so the API server, which asks any of them, has
 * to know that CA only. The next one is made when the last is half its life
 * old, and signs a day after it was told to the API server, so that at every
 * moment what is shown is known there.
 */

#define DATA_CERTS "ca.crt"
#define DATA_KEYS "ca.key"
#define COMMON_NAME "mcp-operator-webhook-ca"

/* ---- the CAs themselves ---- */

static int ca_make(struct authority_ca *ca, const struct io *io,
    int64_t now_s)
{
	uint8_t random[CERT_SEED_LEN + 16];
	struct cert_make how = {
		.name = STR(COMMON_NAME), .issuer_name = STR(COMMON_NAME),
		.key = &ca->key, .ca = true,
		.not_before_s = now_s - CERT_EARLY_S,
		.not_after_s = now_s + AUTHORITY_S
	};
	struct buf der;
	int err = io->random(io->ctx, random, sizeof(random));

	if (err < 0)
		return err;
	cert_key_make(&ca->key, random);
	memcpy(how.serial, random + CERT_SEED_LEN, sizeof(how.serial));
	buf_init(&der, ca->der, sizeof(ca->der));
	cert_write(&how, &der);
	CHECK(!der.over);
	ca->der_n = der.n;
	ca->from_s = how.not_before_s;
	ca->until_s = how.not_after_s;
	return 0;
}

static void ca_drop(struct authority *a, uint32_t i)
{
	a->n--;
	memmove(&a->ca[i], &a->ca[i + 1], (a->n - i) * sizeof(a->ca[0]));
}

int authority_renew(struct authority *a, const struct io *io)
{
	int64_t now_s = io->wall_ns(io->ctx) / NS_PER_S;
	bool changed = false;
	uint32_t i = 0;
	int err;

	while (i < a->n) {
		/* A clock that was put back makes another, too. */
		if (now_s < a->ca[i].until_s && now_s >= a->ca[i].from_s) {
			i++;
			continue;
		}
		ca_drop(a, i);
		changed = true;
	}
	if (a->n && now_s < a->ca[a->n - 1].from_s + AUTHORITY_S / 2)
		return changed;
	if (a->n == AUTHORITIES_MAX)
		ca_drop(a, 0);
	err = ca_make(&a->ca[a->n], io, now_s);
	if (err < 0)
		return err;
	a->n++;
	return 1;
}

const struct authority_ca *authority_signer(const struct authority *a,
    int64_t now_s)
{
	uint32_t i = a->n;

	while (i > 1 && now_s < a->ca[i - 1].from_s + CERT_EARLY_S +
	    AUTHORITY_KNOWN_S)
		i--;
	return i ? &a->ca[i - 1] : NULL;
}

struct str authority_name(void)
{
	return STR(COMMON_NAME);
}

/* ---- as text ---- */

void authority_bundle(const struct authority *a, struct buf *out)
{
	for (uint32_t i = 0; i < a->n; i++)
		pem_write(STR("CERTIFICATE"), (struct str){ a->ca[i].der,
		    a->ca[i].der_n }, out);
}

static void keys_write(const struct authority *a, struct buf *out)
{
	char mem[KEY_MADE_MAX];
	struct buf der;

	for (uint32_t i = 0; i < a->n; i++) {
		buf_init(&der, mem, sizeof(mem));
		cert_key_write(&a->ca[i].key, &der);
		CHECK(!der.over);
		pem_write(STR("EC PRIVATE KEY"), buf_view(&der), out);
	}
}

static int put_b64(struct jw *w, const char *key, struct str text,
    struct arena *a)
{
	struct buf b = arena_buf(a);

	b64_encode(&b, text.p, text.n);
	if (b.over)
		return ERR_FULL;
	jw_kstr(w, key, arena_keep(a, &b));
	return 0;
}

static int data_write(const struct authority *a, struct arena *scratch,
    struct jw *w)
{
	struct buf b = arena_buf(scratch);
	struct str certs, keys;
	int err;

	authority_bundle(a, &b);
	if (b.over)
		return ERR_FULL;
	certs = arena_keep(scratch, &b);
	b = arena_buf(scratch);
	keys_write(a, &b);
	if (b.over)
		return ERR_FULL;
	keys = arena_keep(scratch, &b);
	jw_kopen(w, "data");
	err = put_b64(w, DATA_CERTS, certs, scratch);
	if (err == 0)
		err = put_b64(w, DATA_KEYS, keys, scratch);
	jw_close(w);
	return err;
}

int authority_write(const struct authority *a, struct str ns,
    struct str name, struct str version, struct arena *scratch,
    struct buf *out)
{
	size_t mark = arena_mark(scratch);
	struct jw w;
	int err;

	jw_init(&w, out);
	jw_open(&w);
	jw_kcstr(&w, "apiVersion", "v1");
	jw_kcstr(&w, "kind", "Secret");
	jw_kcstr(&w, "type", "Opaque");
	jw_kopen(&w, "metadata");
	jw_kstr(&w, "name", name);
	jw_kstr(&w, "namespace", ns);
	if (version.n)
		jw_kstr(&w, "resourceVersion", version);
	jw_kopen(&w, "labels");
	jw_kcstr(&w, "app.kubernetes.io/name", "mcp-operator");
	jw_close(&w);
	jw_close(&w);
	err = data_write(a, scratch, &w);
	jw_close(&w);
	arena_reset(scratch, mark);
	return out->over ? ERR_FULL : err;
}

/* ---- from text ---- */

/* The next block of this kind, decoded into the arena; empty at the end. */
static int block_next(struct str *in, struct str label, struct arena *a,
    struct str *ret)
{
	struct pem p;
	char *mem;
	size_t n;
	int err = pem_next(in, &p);

	*ret = STR_NONE;
	if (err == ERR_NOENT)
		return 0;
	if (err < 0 || !str_eq(p.label, label))
		return ERR_BAD;
	mem = arena_alloc(a, p.body.n, 1);
	if (mem == NULL)
		return ERR_FULL;
	err = pem_decode(&p, mem, p.body.n, &n);
	*ret = (struct str){ mem, n };
	return err;
}

/* Only what ca_make makes is taken. */
static int ca_read(struct str cert, struct str key, struct authority_ca *ret)
{
	struct x509 c;
	struct x509_key k;
	char name_mem[64];
	struct buf name;

	if (cert.n > sizeof(ret->der) || x509_parse(cert, &c, NULL) ||
	    x509_key_parse(STR("EC PRIVATE KEY"), key, &k, NULL))
		return ERR_BAD;
	buf_init(&name, name_mem, sizeof(name_mem));
	x509_subject(&c, &name);
	if (!c.ca || k.type != X509_EC || !str_eq(c.issuer, c.subject) ||
	    !str_is(buf_view(&name), COMMON_NAME) ||
	    cert_key_load(&ret->key, k.x) < 0 ||
	    !str_eq(c.key.point, (struct str){
	    (const char *)ret->key.point,
	    sizeof(ret->key.point) }))
		return ERR_BAD;
	memcpy(ret->der, cert.p, cert.n);
	ret->der_n = cert.n;
	ret->from_s = c.not_before_s;
	ret->until_s = c.not_after_s;
	return 0;
}

static int all_read(struct str certs, struct str keys, struct arena *a,
    struct authority *ret)
{
	struct str cert = STR_NONE, key = STR_NONE;
	int err;

	for (ret->n = 0;; ret->n++) {
		err = block_next(&certs, STR("CERTIFICATE"), a, &cert);
		if (err == 0)
			err = block_next(&keys, STR("EC PRIVATE KEY"), a,
			    &key);
		if (err < 0)
			return err;
		if (cert.n == 0 || key.n == 0)
			return cert.n == key.n && ret->n ? 0 : ERR_BAD;
		if (ret->n == AUTHORITIES_MAX)
			return ERR_BAD;
		err = ca_read(cert, key, &ret->ca[ret->n]);
		if (err < 0)
			return err;
	}
}

static int data_read(const struct json_doc *doc, uint32_t data,
    const char *key, struct arena *a, struct str *ret)
{
	struct str text;
	char *mem;
	size_t n;
	int err = json_string(doc, json_get(doc, data, str_from(key)), a,
	    &text);

	if (err < 0)
		return err;
	mem = arena_alloc(a, text.n + 1, 1);
	if (mem == NULL)
		return ERR_FULL;
	err = b64_decode(text, false, mem, text.n, &n);
	*ret = (struct str){ mem, n };
	return err;
}

int authority_read(struct str secret, struct json_tok *tok, uint32_t toks,
    struct arena *scratch, struct authority *ret)
{
	size_t mark = arena_mark(scratch);
	struct authority read;
	struct str certs, keys;
	struct json_doc doc;
	uint32_t data;
	int err;

	err = json_parse(&doc, secret, tok, toks, NULL);
	if (err == 0) {
		data = json_get(&doc, JSON_ROOT, STR("data"));
		err = data_read(&doc, data, DATA_CERTS, scratch, &certs);
		if (err == 0)
			err = data_read(&doc, data, DATA_KEYS, scratch, &keys);
		if (err == 0)
			err = all_read(certs, keys, scratch, &read);
	}
	arena_reset(scratch, mark);
	if (err == 0)
		*ret = read;
	return err;
}
