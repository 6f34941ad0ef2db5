#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "tls_peer.h"

struct str tls_peer_file(const char *fixture)
{
	char path[256];

	snprintf(path, sizeof(path), "tests/unit/net/certs/%s", fixture);
	return guard_file(path);
}

struct str tls_peer_files(const char *fixtures)
{
	char names[512], *name, *save = NULL, *all = NULL;
	size_t n = 0;

	snprintf(names, sizeof(names), "%s", fixtures);
	for (name = strtok_r(names, " ", &save); name;
	     name = strtok_r(NULL, " ", &save)) {
		struct str one = tls_peer_file(name);

		all = realloc(all, n + one.n);
		memcpy(all + n, one.p, one.n);
		n += one.n;
	}
	return (struct str){ all, n };
}

/* The next block, decoded into p's bytes. */
static struct str block(struct tls_peer *p, struct str *file, struct str *label)
{
	unsigned char *at = p->bytes + p->used;
	struct pem pem;
	size_t n;

	if (pem_next(file, &pem))
		return STR_NONE;
	if (pem_decode(&pem, at, sizeof(p->bytes) - p->used, &n))
		test_stop(__FILE__, __LINE__, "fixture");
	p->used += n;
	*label = pem.label;
	return (struct str){ (char *)at, n };
}

static unsigned char *own(struct tls_peer *p, struct str s)
{
	return p->bytes + ((const unsigned char *)s.p - p->bytes);
}

static int curve(uint32_t bits)
{
	return bits == 256 ? 23 : bits == 384 ? 24 : 25;
}

static void key_set(struct tls_peer *p, const struct x509_key *k)
{
	if (k->type == X509_EC) {
		p->ec = (br_ec_private_key){ curve(k->bits), own(p, k->x),
					     k->x.n };
		br_ssl_server_init_full_ec(&p->sc, p->chain, p->chain_n,
					   BR_KEYTYPE_EC, &p->ec);
		return;
	}
	p->rsa = (br_rsa_private_key){
		k->bits, own(p, k->p), k->p.n, own(p, k->q), k->q.n,
		own(p, k->dp), k->dp.n, own(p, k->dq), k->dq.n,
		own(p, k->iq), k->iq.n
	};
	br_ssl_server_init_full_rsa(&p->sc, p->chain, p->chain_n, &p->rsa);
}

static void clients_demand(struct tls_peer *p, const char *fixture)
{
	struct str file = tls_peer_file(fixture), label, der;
	br_x509_trust_anchor *ca = &p->ca;
	struct x509 c;

	der = block(p, &file, &label);
	if (x509_parse(der, &c, NULL))
		test_stop(__FILE__, __LINE__, "fixture");
	ca->flags = BR_X509_TA_CA;
	ca->dn.data = own(p, c.subject);
	ca->dn.len = c.subject.n;
	ca->pkey.key_type = BR_KEYTYPE_EC;
	if (c.key.type == X509_EC) {
		ca->pkey.key.ec = (br_ec_public_key){
			curve(c.key.bits), own(p, c.key.point), c.key.point.n
		};
	} else {
		ca->pkey.key_type = BR_KEYTYPE_RSA;
		ca->pkey.key.rsa = (br_rsa_public_key){
			own(p, c.key.n), c.key.n.n, own(p, c.key.e), c.key.e.n
		};
	}
	br_x509_minimal_init_full(&p->xm, ca, 1);
	br_x509_minimal_set_time(&p->xm, PEER_WALL_S / 86400 + 719528, 0);
	br_ssl_engine_set_x509(&p->sc.eng, &p->xm.vtable);
	br_ssl_engine_set_default_rsavrfy(&p->sc.eng);
	br_ssl_engine_set_default_ecdsa(&p->sc.eng);
	br_ssl_server_set_trust_anchor_names_alt(&p->sc, ca, 1);
}

struct tls_peer *tls_peer_new(const char *fixture, const char *client_ca)
{
	struct tls_peer *p = calloc(1, sizeof(*p));
	struct str file = tls_peer_file(fixture), label, der;
	struct x509_key k;

	while ((der = block(p, &file, &label)).n) {
		if (str_is(label, "CERTIFICATE")) {
			p->chain[p->chain_n].data = own(p, der);
			p->chain[p->chain_n++].data_len = der.n;
		} else if (!x509_key_parse(label, der, &k, NULL)) {
			key_set(p, &k);
		} else {
			test_stop(__FILE__, __LINE__, "fixture's key");
		}
	}
	if (client_ca)
		clients_demand(p, client_ca);
	br_ssl_engine_set_buffers_bidi(&p->sc.eng, p->in, sizeof(p->in),
				       p->out, sizeof(p->out));
	br_ssl_engine_inject_entropy(&p->sc.eng, "server", 6);
	if (!br_ssl_server_reset(&p->sc))
		test_stop(__FILE__, __LINE__, "server");
	return p;
}

size_t tls_peer_wire_in(struct tls_peer *p, const void *from, size_t n)
{
	const char *s = from;
	size_t taken = 0, room;
	unsigned char *at;

	while (taken < n &&
	       (at = br_ssl_engine_recvrec_buf(&p->sc.eng, &room))) {
		if (room > n - taken)
			room = n - taken;
		memcpy(at, s + taken, room);
		br_ssl_engine_recvrec_ack(&p->sc.eng, room);
		taken += room;
	}
	return taken;
}

size_t tls_peer_wire_out(struct tls_peer *p, void *to, size_t cap)
{
	size_t n;
	unsigned char *at = br_ssl_engine_sendrec_buf(&p->sc.eng, &n);

	if (!at)
		return 0;
	if (n > cap)
		n = cap;
	memcpy(to, at, n);
	br_ssl_engine_sendrec_ack(&p->sc.eng, n);
	return n;
}

int tls_peer_move(struct tls_peer *p, struct tls *t, size_t n)
{
	struct str out = tls_wire_out(t);
	size_t moved = tls_peer_wire_in(p, out.p, out.n < n ? out.n : n), in;
	unsigned char *at;
	int taken;

	tls_wire_sent(t, moved);
	at = br_ssl_engine_sendrec_buf(&p->sc.eng, &in);
	if (!at)
		return (int)moved;
	taken = tls_wire_in(t, guard_copy(at, in < n ? in : n));
	guard_reset();
	if (taken < 0)
		return taken;
	if (taken)
		br_ssl_engine_sendrec_ack(&p->sc.eng, (size_t)taken);
	return (int)moved + taken;
}

int tls_peer_settle(struct tls_peer *p, struct tls *t, size_t piece)
{
	int n;

	do
		n = tls_peer_move(p, t, piece);
	while (n > 0);
	return n;
}

size_t tls_peer_read(struct tls_peer *p, void *to, size_t cap)
{
	size_t n;
	unsigned char *at = br_ssl_engine_recvapp_buf(&p->sc.eng, &n);

	if (!at)
		return 0;
	if (n > cap)
		n = cap;
	memcpy(to, at, n);
	br_ssl_engine_recvapp_ack(&p->sc.eng, n);
	return n;
}

size_t tls_peer_write(struct tls_peer *p, const void *from, size_t n)
{
	size_t room;
	unsigned char *at = br_ssl_engine_sendapp_buf(&p->sc.eng, &room);

	if (!at)
		return 0;
	if (n > room)
		n = room;
	memcpy(at, from, n);
	br_ssl_engine_sendapp_ack(&p->sc.eng, n);
	br_ssl_engine_flush(&p->sc.eng, 0);
	return n;
}
