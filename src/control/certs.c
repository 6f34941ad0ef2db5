#include <string.h>

#include "control_int.h"

#define LOOK_NS (10 * NS_PER_S)
#define LOST_NS (60 * NS_PER_S)

int certs_init(struct certs *c, struct manager *m, struct mem *mem)
{
	c->m = m;
	timer_init(&c->timer, certs_look, c);
	c->cert = mem_reserve(mem, "certificate files", 2, CERT_FILE_MAX);
	if (c->cert == NULL || trust_new(mem, &c->trust) < 0)
		return ERR_FULL;
	c->key = c->cert + CERT_FILE_MAX;
	return 0;
}

/* ---- from files ---------------------------------------------------------- */

static int file_read(const struct certs *c, struct str name, char *mem,
    struct buf *ret, struct diag *d)
{
	const struct io *io = c->m->io;
	char path_mem[CERT_PATH_MAX];
	struct buf path;
	int n;

	buf_init(&path, path_mem, sizeof(path_mem));
	buf_fmt(&path, "%S/%S", c->dir, name);
	buf_char(&path, '\0');
	n = path.over ? ERR_LIMIT :
	    io->read_file(io->ctx, path_mem, mem, CERT_FILE_MAX);
	if (n < 0) {
		diag_set(d, STR_NONE, "%S/%S: %s", c->dir, name, err_text(n));
		return n;
	}
	buf_init(ret, mem, CERT_FILE_MAX);
	ret->n = (size_t)n;
	return 0;
}

/* Both files are replaced one after the other, or by one symbolic link. */
static int files_load(struct certs *c, struct diag *d)
{
	uint8_t digest[SHA256_LEN];
	struct buf cert, key;
	struct sha256 sum;
	int err;

	err = file_read(c, c->cert_name, c->cert, &cert, d);
	if (err == 0)
		err = file_read(c, c->key_name, c->key, &key, d);
	if (err < 0)
		return err;
	sha256_init(&sum);
	sha256_add(&sum, cert.p, cert.n);
	sha256_add(&sum, key.p, key.n);
	sha256_end(&sum, digest);
	if (c->loaded && memcmp(digest, c->digest, sizeof(digest)) == 0)
		return 0;
	err = trust_load_client(c->trust, buf_view(&cert), buf_view(&key), d);
	if (err < 0)
		return err;
	memcpy(c->digest, digest, sizeof(digest));
	log_line(&c->m->log, LOG_INFO, "certificate loaded", "path=%S/%S",
	    c->dir, c->cert_name);
	return 0;
}

/* ---- made here ----------------------------------------------------------- */

static void made_write(const struct certs *c, const struct cert_key *key,
    int64_t now_s, const uint8_t *serial, struct buf *cert, struct buf *out)
{
	char der_mem[CERT_MADE_MAX];
	struct cert_make how = {
		.name = STR("mcp-operator"), .issuer_name = STR("mcp-operator"),
		.key = key, .alt_name = c->name, .alt_names = c->names,
		.not_before_s = now_s > CERT_EARLY_S ?
		    now_s - CERT_EARLY_S : 0,
		.not_after_s = now_s + CERT_MADE_S
	};
	struct buf der;

	if (c->issuer.until_s) {
		how.issuer = &c->issuer.key;
		how.issuer_name = authority_name();
	}
	memcpy(how.serial, serial, sizeof(how.serial));
	buf_init(&der, der_mem, sizeof(der_mem));
	cert_write(&how, &der);
	pem_write(STR("CERTIFICATE"), buf_view(&der), cert);
	CHECK(!der.over && !cert->over);
	buf_clear(&der);
	cert_key_write(key, &der);
	pem_write(STR("EC PRIVATE KEY"), buf_view(&der), out);
	CHECK(!der.over && !out->over);
}

/*
 * Signed by itself, or by the issuer that there is; a new one, with a new
 * key, long before it expires.
 */
static int made_load(struct certs *c, struct diag *d)
{
	const struct io *io = c->m->io;
	int64_t now_s = io->wall_ns(io->ctx) / NS_PER_S;
	uint8_t random[CERT_SEED_LEN + 16];
	struct cert_key key;
	struct buf cert, out;
	int err;

	/* A clock that was put back makes another, too. */
	if (c->loaded && now_s >= c->made_s - CERT_EARLY_S &&
	    now_s < c->made_s + CERT_MADE_S / 3 * 2)
		return 0;
	err = io->random(io->ctx, random, sizeof(random));
	if (err < 0)
		return err;
	cert_key_make(&key, random);
	buf_init(&cert, c->cert, CERT_FILE_MAX);
	buf_init(&out, c->key, CERT_FILE_MAX);
	made_write(c, &key, now_s, random + CERT_SEED_LEN, &cert, &out);
	err = trust_load_client(c->trust, buf_view(&cert), buf_view(&out), d);
	if (err == 0)
		c->made_s = now_s;
	return err;
}

/* ---- calls --------------------------------------------------------------- */

static int load(struct certs *c, struct diag *d)
{
	int err = c->dir.n ? files_load(c, d) : made_load(c, d);

	if (err == 0)
		c->loaded = true;
	return err;
}

/*
 * One whose time is over, or has not come, is shown all the same: the clock
 * may be what is wrong, and without one nobody could connect at all. Told
 * once, whether it was brought so or became so.
 */
static void look_at_time(struct certs *c)
{
	const struct io *io = c->m->io;
	struct diag d;
	int err;

	diag_clear(&d);
	err = trust_client_check(c->trust, io->wall_ns(io->ctx), &d);
	if (err < 0 && !c->untimely)
		log_line(&c->m->log, LOG_WARN, "clients refuse the "
		    "certificate that is shown", "error=%s", d.text[0] ?
		    d.text : err_text(err));
	c->untimely = err < 0;
}

int certs_begin(struct certs *c, struct diag *d)
{
	struct loop *l = &c->m->loop;
	int err = load(c, d);

	if (err == 0) {
		look_at_time(c);
		timer_set(l, &c->timer, l->now_ns + LOOK_NS);
	}
	return err;
}

int certs_sign(struct certs *c, const struct authority_ca *by,
    struct diag *d)
{
	CHECK(by != NULL && c->dir.n == 0);
	if (memcmp(c->issuer.key.x, by->key.x, sizeof(by->key.x)) == 0)
		return 0;
	c->issuer = *by;
	c->loaded = false;
	return load(c, d);
}

/* What is shown stays when what came in its place is no good; told once. */
void certs_look(void *ctx)
{
	struct certs *c = ctx;
	struct loop *l = &c->m->loop;
	struct diag d;
	int err;

	diag_clear(&d);
	err = load(c, &d);
	if (err < 0 && !c->failing)
		log_line(&c->m->log, LOG_WARN, "cannot load a certificate; "
		    "the one before is shown", "error=%s", d.text[0] ?
		    d.text : err_text(err));
	c->failing = err < 0;
	look_at_time(c);
	timer_set(l, &c->timer, l->now_ns + LOOK_NS);
}

/* ---- clients ------------------------------------------------------------- */

void certs_lost(void *ctx, const struct net_addr *from, int err,
    const struct diag *d)
{
	struct certs *c = ctx;
	struct manager *m = c->m;
	char mem[80];
	struct buf addr;

	count_add(&m->counts, COUNT_SERVED_TLS_FAILURES, 1);
	if (c->told_ns != 0 && m->loop.now_ns - c->told_ns < LOST_NS) {
		c->untold++;
		return;
	}
	buf_init(&addr, mem, sizeof(mem));
	addr_format(&addr, from);
	log_line(&m->log, LOG_WARN, "TLS handshake of a client failed",
	    "client=%S error=%s code=%s untold=%u", buf_view(&addr), d->text,
	    err_text(err), c->untold);
	c->told_ns = m->loop.now_ns;
	c->untold = 0;
}
