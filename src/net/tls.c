#include <string.h>

#include "tls_int.h"

#define NAME_MAX_BYTES 255

/*
 * Asked for a certificate by a server while there is none: it gets an empty
 * answer, and that it asked is kept, since it may explain what comes next.
 */
struct asked {
	const br_ssl_client_certificate_class *vtable;
	bool asked;
};

struct tls {
	/* First: BearSSL's T0 code knows no other. Each begins with eng. */
	union {
		br_ssl_engine_context eng;
		br_ssl_client_context client;
		br_ssl_server_context server;
	} ssl;
	struct verify verify;
	struct asked asked;
	struct trust_use use;
	int64_t wall_ns;
	bool open, stale;
	int first;			/* byte that came; -1: none yet */
	bool server;
	char name[NAME_MAX_BYTES + 1];
	uint8_t out[TLS_OUT_MAX];
	/* Last: pages that no record reached are never touched. */
	uint8_t in[TLS_IN_MAX];
};

size_t tls_size(void)
{
	return sizeof(struct tls);
}

static void asked_names(const br_ssl_client_certificate_class **ctx)
{
	(void)ctx;
}

static void asked_name(const br_ssl_client_certificate_class **ctx, size_t n)
{
	(void)ctx;
	(void)n;
}

static void asked_append(const br_ssl_client_certificate_class **ctx,
    const unsigned char *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
}

static void asked_choose(const br_ssl_client_certificate_class **ctx,
    const br_ssl_client_context *cc, uint32_t types,
    br_ssl_client_certificate *ret)
{
	struct asked *a = (struct asked *)(void *)ctx;

	(void)cc;
	(void)types;
	a->asked = true;
	memset(ret, 0, sizeof(*ret));
}

/* The last two are not called without a chain. */
static const br_ssl_client_certificate_class asked_class = {
	sizeof(struct asked), asked_names, asked_name, asked_append,
	asked_names, asked_names, asked_choose, NULL, NULL
};

/* Those with AES first; by turns for keys on curves and for RSA. */
static const struct suite { uint16_t id; const char *name; } suites[] = {
#define SUITE(name) { BR_TLS_##name, #name }
	SUITE(ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
	SUITE(ECDHE_RSA_WITH_AES_128_GCM_SHA256),
	SUITE(ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
	SUITE(ECDHE_RSA_WITH_AES_256_GCM_SHA384),
	SUITE(ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
	SUITE(ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)
#undef SUITE
};
#define SUITES_AES 4U
#define SUITES_ALL ((1U << ARRAY_LEN(suites)) - 1)
#define SUITES_ECDSA 0x15U

int tls_suites_parse(struct str list, uint8_t *ret, uint8_t *ret_ecdsa,
    struct diag *d)
{
	unsigned set = list.n ? 0 : SUITES_ALL;
	struct str name;
	size_t i;

	while (list.n) {
		list = str_cut(list, ',', &name);
		name = str_trim(name);
		for (i = 0; i < ARRAY_LEN(suites); i++)
			if (str_starts(name, STR("TLS_")) &&
			    str_is(str_sub(name, 4, name.n), suites[i].name))
				break;
		if (i == ARRAY_LEN(suites)) {
			diag_set(d, STR_NONE, "\"%S\" is not among the suites "
			    "that are spoken here: TLS 1.2 with ECDHE and "
			    "AES-GCM or ChaCha20-Poly1305", name);
			return ERR_BAD;
		}
		set |= 1U << i;
	}
	*ret = (uint8_t)set;
	*ret_ecdsa = (uint8_t)(set & SUITES_ECDSA);
	return 0;
}

static void suites_set(br_ssl_engine_context *eng, uint8_t set)
{
	uint16_t order[ARRAY_LEN(suites)];
	size_t at, i, n = 0, from = 0;

	/* AES where the CPU has it, else ChaCha20 is 4 times as fast. */
	if (!br_aes_x86ni_ctr_get_vtable() || !br_ghash_pclmul_get())
		from = SUITES_AES;
	for (i = 0; i < ARRAY_LEN(suites); i++) {
		at = (from + i) % ARRAY_LEN(suites);
		if (set >> at & 1)
			order[n++] = suites[at].id;
	}
	br_ssl_engine_set_suites(eng, order, n);
}

/* What br_ssl_engine_set_default_chapol does, with one Poly1305. */
static void chapol_set(br_ssl_engine_context *eng)
{
	br_chacha20_run chacha20 = br_chacha20_sse2_get();

	br_ssl_engine_set_chapol(eng, &br_sslrec_in_chapol_vtable,
	    &br_sslrec_out_chapol_vtable);
	br_ssl_engine_set_chacha20(eng, chacha20 ? chacha20 :
	    br_chacha20_ct_run);
	br_ssl_engine_set_poly1305(eng, sizeof(size_t) == 8 ?
	    br_poly1305_ctmulq_get() : br_poly1305_ctmul_run);
}

/*
 * What br_ssl_client_init_full does, without MD5, SHA-1, CBC, 3DES, static
 * RSA and every version but 1.2.
 */
static void engine_set(br_ssl_engine_context *eng, uint8_t set)
{
	br_ssl_engine_set_versions(eng, BR_TLS12, BR_TLS12);
	suites_set(eng, set);
	br_ssl_engine_set_default_rsavrfy(eng);
	br_ssl_engine_set_ec(eng, &tls_curves);
	br_ssl_engine_set_ecdsa(eng, br_ecdsa_vrfy_asn1_get_default());
	br_ssl_engine_set_hash(eng, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(eng, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(eng, br_sha512_ID, &br_sha512_vtable);
	br_ssl_engine_set_prf_sha256(eng, &br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(eng, &br_tls12_sha384_prf);
	br_ssl_engine_set_default_aes_gcm(eng);
	chapol_set(eng);
	br_ssl_engine_add_flags(eng, BR_OPT_NO_RENEGOTIATION);
}

static void client_set(struct tls *t)
{
	const struct trust_client *c = t->use.client;

	t->asked = (struct asked){ &asked_class, false };
	if (!c->chain_n)
		br_ssl_client_set_client_certificate(&t->ssl.client,
		    &t->asked.vtable);
	else if (c->key_type == BR_KEYTYPE_RSA)
		br_ssl_client_set_single_rsa(&t->ssl.client, c->chain,
		    c->chain_n, &c->rsa, br_rsa_pkcs1_sign_get_default());
	else
		br_ssl_client_set_single_ec(&t->ssl.client, c->chain,
		    c->chain_n, &c->ec, BR_KEYTYPE_SIGN, 0,
		    &tls_curves, br_ecdsa_sign_asn1_get_default());
}

/* The name to verify; *ret_sni is what is told to the server, or NULL. */
static int name_set(struct tls *t, struct str name, const char **ret_sni)
{
	struct net_addr ip = { 0 };
	bool is_ip = !addr_parse(name, &ip);

	if (!is_ip && str_ends(name, STR(".")))
		name = str_sub(name, 0, name.n - 1);
	if (!name.n || name.n > NAME_MAX_BYTES ||
	    str_find(name, '\0') < name.n)
		return ERR_BAD;
	memcpy(t->name, name.p, name.n);
	t->name[name.n] = '\0';
	*ret_sni = is_ip ? NULL : t->name;	/* RFC 6066 section 3 */
	return 0;
}

/* What is common to both ends, after the context was zeroed. */
static void begin(struct tls *t, const struct tls_start *how)
{
	br_ssl_engine_context *eng = &t->ssl.eng;

	t->open = t->stale = false;
	t->first = -1;
	t->wall_ns = how->wall_ns;
	t->use = trust_use(how->trust);
	engine_set(eng, t->use.suites);
	br_ssl_engine_set_buffers_bidi(eng, t->in, sizeof(t->in), t->out,
	    sizeof(t->out));
	br_ssl_engine_inject_entropy(eng, how->seed, sizeof(how->seed));
}

int tls_begin(struct tls *t, const struct tls_start *how)
{
	const char *sni;
	int err;

	br_ssl_client_zero(&t->ssl.client);
	t->server = false;
	begin(t, how);
	err = name_set(t, how->name, &sni);
	if (err)
		return err;
	/* None comes once records are encrypted: see tls_wire_room. */
	verify_init(&t->verify, t->use.anchors, str_from(t->name),
	    how->wall_ns, t->in + TLS_IN_MAX - TLS_PEER_CERT_MAX,
	    TLS_PEER_CERT_MAX);
	br_ssl_engine_set_x509(&t->ssl.eng, &t->verify.vtable);
	client_set(t);
	return br_ssl_client_reset(&t->ssl.client, sni, 0) ? 0 : ERR_TLS;
}

int tls_accept(struct tls *t, const struct tls_start *how)
{
	br_ssl_server_context *sc = &t->ssl.server;
	const struct trust_client *c;

	br_ssl_server_zero(sc);
	t->server = true;
	begin(t, how);
	c = t->use.client;
	if (!c->chain_n)
		return ERR_NOENT;
	if (c->key_type == BR_KEYTYPE_RSA)
		br_ssl_server_set_single_rsa(sc, c->chain, c->chain_n,
		    &c->rsa, BR_KEYTYPE_SIGN, NULL,
		    br_rsa_pkcs1_sign_get_default());
	else
		br_ssl_server_set_single_ec(sc, c->chain, c->chain_n, &c->ec,
		    BR_KEYTYPE_SIGN, 0, &tls_curves,
		    br_ecdsa_sign_asn1_get_default());
	br_ssl_engine_add_flags(&sc->eng,
	    BR_OPT_ENFORCE_SERVER_PREFERENCES);
	return br_ssl_server_reset(sc) ? 0 : ERR_TLS;
}

static bool engine_closed(const struct tls *t)
{
	return t->stale ||
	    br_ssl_engine_current_state(&t->ssl.eng) == BR_SSL_CLOSED;
}

/* The peer's close_notify was read; ours may still have to go out. */
static bool peer_closed(const struct tls *t)
{
	return t->ssl.eng.shutdown_recv != 0;
}

/* Why nothing goes on: ERR_CLOSED after a close_notify, or what failed. */
static int closed_error(const struct tls *t)
{
	int err = tls_error(t, NULL);

	return err ? err : ERR_CLOSED;
}

/*
 * Before any step of a handshake: what it refers to must still be there.
 * Once it is done the engine refers to no trust any more.
 */
static bool usable(struct tls *t)
{
	if (!t->open && !trust_unchanged(&t->use))
		t->stale = true;
	return !engine_closed(t);
}

/*
 * While records are in the clear they are taken in small pieces, of which
 * the engine leaves nothing behind: so the rest of the buffer is free to
 * hold the peer's certificate, which only comes in that time.
 */
void *tls_wire_room(struct tls *t, size_t *ret_n)
{
	uint8_t *at = NULL, *end = t->in + 5 + TLS_HELLO_PIECE;

	*ret_n = 0;
	if (usable(t))
		at = br_ssl_engine_recvrec_buf(&t->ssl.eng, ret_n);
	if (!at || t->ssl.eng.incrypt)
		return at;
	CHECK(at < end);
	if (*ret_n > (size_t)(end - at))
		*ret_n = (size_t)(end - at);
	return at;
}

/* A client's last step is to hear the other end, a server's to answer. */
static void note_open(struct tls *t)
{
	if (br_ssl_engine_current_state(&t->ssl.eng) & BR_SSL_SENDAPP)
		t->open = true;
}

int tls_wire_got(struct tls *t, size_t n)
{
	size_t room;
	const uint8_t *at = tls_wire_room(t, &room);

	CHECK(!n || (at && n <= room));
	if (n && t->first < 0)
		t->first = at[0];
	if (n)
		br_ssl_engine_recvrec_ack(&t->ssl.eng, n);
	note_open(t);
	return engine_closed(t) || peer_closed(t) ? closed_error(t) : 0;
}

int tls_wire_in(struct tls *t, struct str in)
{
	size_t taken = 0, room;
	void *at;
	int err = 0;

	if (!usable(t) || peer_closed(t))
		return closed_error(t);
	while (!err && taken < in.n && (at = tls_wire_room(t, &room))) {
		if (room > in.n - taken)
			room = in.n - taken;
		memcpy(at, in.p + taken, room);
		taken += room;
		err = tls_wire_got(t, room);
	}
	return err ? err : (int)taken;
}

struct str tls_wire_out(struct tls *t)
{
	size_t n = 0;
	const uint8_t *p = NULL;

	if (usable(t))
		p = br_ssl_engine_sendrec_buf(&t->ssl.eng, &n);
	return (struct str){ (const char *)p, n };
}

void tls_wire_sent(struct tls *t, size_t n)
{
	CHECK(n <= tls_wire_out(t).n);
	if (n)
		br_ssl_engine_sendrec_ack(&t->ssl.eng, n);
	note_open(t);
}

bool tls_in_ready(const struct tls *t)
{
	size_t n;

	return br_ssl_engine_recvapp_buf(&t->ssl.eng, &n) != NULL;
}

int tls_read(struct tls *t, void *p, size_t cap)
{
	size_t n;
	const uint8_t *at = br_ssl_engine_recvapp_buf(&t->ssl.eng, &n);

	if (!at)
		return engine_closed(t) || peer_closed(t) ?
		    closed_error(t) : ERR_AGAIN;
	if (n > cap)
		n = cap;
	memcpy(p, at, n);
	if (n)
		br_ssl_engine_recvapp_ack(&t->ssl.eng, n);
	return (int)n;
}

int tls_write(struct tls *t, const void *p, size_t n)
{
	const char *from = p;
	size_t taken = 0, room;
	uint8_t *at;

	if (engine_closed(t) || peer_closed(t))
		return closed_error(t);
	while (taken < n &&
	    (at = br_ssl_engine_sendapp_buf(&t->ssl.eng, &room))) {
		if (room > n - taken)
			room = n - taken;
		memcpy(at, from + taken, room);
		br_ssl_engine_sendapp_ack(&t->ssl.eng, room);
		taken += room;
	}
	return taken || !n ? (int)taken : ERR_AGAIN;
}

void tls_flush(struct tls *t)
{
	br_ssl_engine_flush(&t->ssl.eng, 0);
}

bool tls_is_open(const struct tls *t)
{
	return t->open;
}

void tls_close(struct tls *t)
{
	if (t->open)
		br_ssl_engine_close(&t->ssl.eng);
}

int tls_error(const struct tls *t, struct diag *d)
{
	struct tls_failure f = {
		.code = br_ssl_engine_last_error(&t->ssl.eng),
		.hello = t->ssl.eng.session.cipher_suite != 0,
		.asked = !t->server && t->asked.asked,
		.first = t->first,
		.wall_ns = t->wall_ns,
	};

	if (t->stale) {
		diag_set(d, STR_NONE, "the certificates were replaced twice "
		    "while the handshake went on");
		return ERR_TLS;
	}
	if (!f.code)
		return 0;
	return t->server ? tls_explain_client(&f, d) :
	    tls_explain(&f, &t->verify, d);
}
