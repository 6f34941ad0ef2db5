#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "tls_ends.h"
#include "tls_peer.h"

static void make_key(struct ends *e, struct cert_key *ret)
{
	uint8_t seed[CERT_SEED_LEN] = { ++e->rng };

	cert_key_make(ret, seed);
}

struct ends *ends_new(void)
{
	static struct fake_io *io;
	struct ends *e = calloc(1, sizeof(*e));
	size_t n = (tls_size() + 15) / 16 * 16;

	if (!io) {
		io = calloc(1, sizeof(*io));
		fake_io_init(io);
	}
	mem_init(&e->mem, &io->io);
	REQUIRE(!trust_new(&e->mem, &e->ca) && !trust_new(&e->mem, &e->shown));
	e->client = aligned_alloc(16, n);
	e->server = aligned_alloc(16, n);
	make_key(e, &e->key);
	return e;
}

void ends_free(struct ends *e)
{
	mem_free_all(&e->mem);
	free(e->client);
	free(e->server);
	free(e);
}

/* A CA's certificate into the client's trust; its key. */
static int new_ca(struct ends *e, struct cert_key *ret_key)
{
	char der_mem[CERT_MADE_MAX], pem_mem[2 * CERT_MADE_MAX];
	struct cert_make how = {
		.name = STR("our CA"), .issuer_name = STR("our CA"),
		.key = ret_key, .not_after_s = PEER_WALL_S * 2, .ca = true,
		.serial = { e->rng },
	};
	struct buf der, pem;

	make_key(e, ret_key);
	buf_init(&der, der_mem, sizeof(der_mem));
	buf_init(&pem, pem_mem, sizeof(pem_mem));
	cert_write(&how, &der);
	pem_write(STR("CERTIFICATE"), buf_view(&der), &pem);
	REQUIRE(!pem.over);
	return trust_load_anchors(e->ca, buf_view(&pem), PEER_WALL_NS, NULL);
}

int ends_serve(struct ends *e, const char *name, int64_t not_after_s)
{
	const struct str names[] = { str_from(name), STR("10.96.0.7") };
	char der_mem[CERT_MADE_MAX], mem[2][2 * CERT_MADE_MAX];
	struct cert_key ca;
	struct cert_make how = {
		.name = STR("server"), .issuer_name = STR("our CA"),
		.key = &e->key, .issuer = &ca, .alt_name = names,
		.alt_names = ARRAY_LEN(names), .not_after_s = not_after_s,
	};
	struct buf der, cert, key;
	int err = new_ca(e, &ca);

	buf_init(&der, der_mem, sizeof(der_mem));
	buf_init(&cert, mem[0], sizeof(mem[0]));
	buf_init(&key, mem[1], sizeof(mem[1]));
	cert_write(&how, &der);
	pem_write(STR("CERTIFICATE"), buf_view(&der), &cert);
	buf_clear(&der);
	cert_key_write(&e->key, &der);
	pem_write(STR("EC PRIVATE KEY"), buf_view(&der), &key);
	REQUIRE(!cert.over && !key.over);
	return err ? err : trust_load_client(e->shown, buf_view(&cert),
	    buf_view(&key), NULL);
}

int ends_distrust(struct ends *e)
{
	struct cert_key other;

	return new_ca(e, &other);
}

static size_t carry(struct ends *e, struct tls *from, struct tls *to)
{
	struct str out = tls_wire_out(from);
	int n;

	if (e->piece && out.n > e->piece)
		out.n = e->piece;
	n = out.n ? tls_wire_in(to, out) : 0;
	/* What an end that failed does not take is lost. */
	if (n < 0)
		n = (int)out.n;
	tls_wire_sent(from, (size_t)n);
	return (size_t)n;
}

int ends_move(struct ends *e)
{
	int err;

	while (carry(e, e->client, e->server) + carry(e, e->server, e->client))
		continue;
	err = tls_error(e->client, NULL);
	return err ? err : tls_error(e->server, NULL);
}

int ends_meet(struct ends *e, const char *name, int64_t later_s)
{
	struct tls_start how = {
		.trust = e->ca, .name = str_from(name),
		.wall_ns = PEER_WALL_NS + later_s * NS_PER_S,
		.seed = { ++e->rng },
	};
	int err = tls_begin(e->client, &how);

	how.trust = e->shown;
	how.seed[1] = 1;
	if (!err)
		err = tls_accept(e->server, &how);
	if (!err)
		err = ends_move(e);
	if (!err)
		EXPECT(tls_is_open(e->client) && tls_is_open(e->server));
	return err;
}
