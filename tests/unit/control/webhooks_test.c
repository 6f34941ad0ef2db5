#include <string.h>

#include "check.h"
#include "manager_world.h"

#define DAY (86400 * NS_PER_S)

/* What the API server holds. */
static struct {
	char data[32768];		/* of the Secret; empty: none */
	unsigned version;
	char bundle[2][16384];		/* of the webhook configurations */
	bool absent;			/* those are not installed */
	bool late;			/* another makes the Secret first */
	char other[32768];
} api;

static const char *const flags[] = {
	"--enable-webhooks", "--namespace=mcp-system", "--webhook-port=9443",
	NULL
};

static void data_keep(struct str body)
{
	size_t at = str_search(body, STR("\"data\":"));

	REQUIRE(at < body.n && body.n - at < sizeof(api.data));
	memcpy(api.data, body.p + at, body.n - at - 1);
	api.data[body.n - at - 1] = '\0';
	api.version++;
}

static void secret_serve(const struct world_request *r)
{
	static char text[sizeof(api.data) + 256];
	char version[64];
	struct buf b;

	if (str_is(r->method, "POST")) {
		if (api.late)
			strcpy(api.data, api.other);
		if (*api.data) {
			world_reply(mw.w, r->peer, 409, NULL, world_status(
			    409, "AlreadyExists", "it is there"));
			return;
		}
		data_keep(r->body);
	} else if (str_is(r->method, "PUT")) {
		cut_fmt(version, sizeof(version), "\"resourceVersion\":\"%u\"",
		    api.version);
		EXPECT(str_search(r->body, str_from(version)) < r->body.n);
		data_keep(r->body);
	} else if (!*api.data) {
		world_reply(mw.w, r->peer, 404, NULL, world_status(404,
		    "NotFound", "not found"));
		return;
	}
	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"resourceVersion\":\"%u\"},%s}",
	    api.version, api.data);
	text[b.n] = '\0';
	world_reply(mw.w, r->peer, 200, NULL, text);
}

static void config_serve(const struct world_request *r, unsigned i)
{
	static const struct str key = STR_INIT("\"caBundle\":\"");
	static char text[32768];
	size_t at = str_search(r->body, key), n;
	struct buf b;

	if (api.absent) {
		world_reply(mw.w, r->peer, 404, NULL, world_status(404,
		    "NotFound", "not found"));
		return;
	}
	if (str_is(r->method, "PATCH")) {
		REQUIRE(at < r->body.n);
		at += key.n;
		n = str_find(str_sub(r->body, at, r->body.n), '"');
		memcpy(api.bundle[i], r->body.p + at, n);
		api.bundle[i][n] = '\0';
		EXPECT(str_search(r->body, STR("\"uid\":\"w\"")) <
		    r->body.n);
		EXPECT(str_search(r->body, STR("\"name\":\"a.b.c\"")) <
		    r->body.n);
	}
	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"uid\":\"w\"},\"webhooks\":[{\"name\":"
	    "\"a.b.c\",\"clientConfig\":{\"service\":{},\"caBundle\":"
	    "\"%s\"}}]}", api.bundle[i]);
	REQUIRE(!b.over);
	text[b.n] = '\0';
	world_reply(mw.w, r->peer, 200, NULL, text);
}

static void serve(const struct world_request *r, struct str path)
{
	if (str_search(path, STR("/secrets")) < path.n)
		secret_serve(r);
	else if (str_search(path, STR("/validatingwebhook")) < path.n)
		config_serve(r, 0);
	else if (str_search(path, STR("/mutatingwebhook")) < path.n)
		config_serve(r, 1);
	else if (str_search(path, STR("/leases")) < path.n)
		world_reply(mw.w, r->peer, 403, NULL, world_status(403,
		    "Forbidden", "it is another's"));
	else
		world_reply(mw.w, r->peer, 404, NULL, world_status(404,
		    "NotFound", "not found"));
}

static void begin(const char *const *with)
{
	mw.serve = serve;
	mw_begin(with);
	/* Certificates have dates. */
	mw.w->io.wall_offset_ns = INT64_C(1798761600) * NS_PER_S -
	    mw.w->io.now_ns;
}

static const char *not_ready(void)
{
	return webhooks_check(mw.m->webhooks);
}

/* CAs in what the API server was told. */
static unsigned bundled(unsigned i)
{
	static char pem[16384];
	struct str s;
	struct pem p;
	size_t n;
	unsigned cas = 0;

	REQUIRE(!b64_decode(str_from(api.bundle[i]), false, pem, sizeof(pem),
	    &n));
	s = (struct str){ pem, n };
	while (pem_next(&s, &p) == 0)
		cas++;
	return cas;
}

TEST(a_ca_is_made_kept_and_told)
{
	begin(flags);
	EXPECT(not_ready() != NULL);
	mw_run(2 * SEC);
	EXPECT(not_ready() == NULL);
	EXPECT_EQ(mw_count("POST /api/v1/namespaces/mcp-system/secrets"), 1);
	EXPECT_EQ(mw_count("PATCH /apis/admissionregistration.k8s.io"), 2);
	EXPECT_EQ(bundled(0), 1);
	EXPECT(!strcmp(api.bundle[0], api.bundle[1]));
	EXPECT_EQ(mw.m->webhooks->known.n, 1);
	EXPECT(mw.m->webhooks->certs.issuer.until_s > 0);
	/* Then it only looks. */
	mw_forget();
	mw_run(121 * SEC);
	EXPECT_EQ(mw_count("/secrets/mcp-operator-webhook"), 2);
	EXPECT_EQ(mw_count("webhookconfigurations/mcp-operator"), 4);
	EXPECT_EQ(mw_count("PATCH"), 0);
	EXPECT_EQ(mw_count("PUT"), 0);
	EXPECT_EQ(mw_count("POST"), 0);
}

TEST(what_another_made_is_used)
{
	uint8_t x[32];

	begin(flags);
	mw_run(2 * SEC);
	memcpy(x, mw.m->webhooks->known.ca[0].key.x, sizeof(x));
	begin(flags);
	mw_run(2 * SEC);
	EXPECT_EQ(mw_count("POST /api/v1/namespaces/mcp-system/secrets"), 0);
	EXPECT_EQ(mw_count("PATCH"), 0);
	EXPECT_MEM(mw.m->webhooks->known.ca[0].key.x, x, sizeof(x));
	EXPECT(not_ready() == NULL);
}

TEST(who_comes_second_reads_what_was_first)
{
	uint8_t x[32];

	begin(flags);
	mw_run(2 * SEC);
	memcpy(x, mw.m->webhooks->known.ca[0].key.x, sizeof(x));
	strcpy(api.other, api.data);
	*api.data = '\0';
	api.late = true;
	begin(flags);
	mw_run(2 * SEC);
	EXPECT_EQ(mw_count("POST /api/v1/namespaces/mcp-system/secrets"), 1);
	EXPECT_MEM(mw.m->webhooks->known.ca[0].key.x, x, sizeof(x));
	EXPECT(not_ready() == NULL);
}

TEST(what_others_undo_is_put_right)
{
	static char before[sizeof(api.data)];

	begin(flags);
	mw_run(2 * SEC);
	strcpy(before, api.data);
	*api.data = *api.bundle[1] = '\0';
	mw_run(61 * SEC);
	EXPECT(!strcmp(before, api.data));
	EXPECT(!strcmp(api.bundle[0], api.bundle[1]));
	/* A Secret that holds something else. */
	strcpy(api.data, "\"data\":{\"ca.crt\":\"aGVsbG8=\"}");
	mw_run(61 * SEC);
	EXPECT(!strcmp(before, api.data));
	EXPECT_EQ(mw_count("PUT"), 1);
}

TEST(the_next_ca_is_told_before_it_signs)
{
	struct webhooks *h;
	uint8_t first[32];

	begin(flags);
	mw_run(2 * SEC);
	h = mw.m->webhooks;
	memcpy(first, h->certs.issuer.key.x, sizeof(first));
	mw.w->io.wall_offset_ns += 183 * DAY;
	mw_run(61 * SEC);
	EXPECT_EQ(h->known.n, 2);
	EXPECT_EQ(bundled(0), 2);
	EXPECT_EQ(bundled(1), 2);
	EXPECT_MEM(h->certs.issuer.key.x, first, sizeof(first));
	mw.w->io.wall_offset_ns += DAY;
	mw_run(61 * SEC);
	EXPECT(memcmp(h->certs.issuer.key.x, first, sizeof(first)) != 0);
	EXPECT_MEM(h->certs.issuer.key.x, h->known.ca[1].key.x, 32);
	/* The first goes when it is over. */
	mw.w->io.wall_offset_ns += 182 * DAY;
	mw_run(61 * SEC);
	EXPECT_EQ(bundled(0), 2);
	EXPECT(not_ready() == NULL);
}

TEST(without_configurations_it_serves_all_the_same)
{
	api.absent = true;
	begin(flags);
	mw_run(2 * SEC);
	EXPECT(not_ready() == NULL);
	EXPECT_EQ(mw_count("PATCH"), 0);
	api.absent = false;
	mw_run(61 * SEC);
	EXPECT_EQ(mw_count("PATCH"), 2);
}

/* Who does not lead writes nothing and waits for who does. */
TEST(who_does_not_lead_only_reads)
{
	static const char *const with[] = {
		"--enable-webhooks", "--namespace=mcp-system",
		"--leader-elect", NULL
	};
	static char kept[sizeof(api.data)];

	begin(flags);
	mw_run(2 * SEC);
	strcpy(kept, api.data);
	*api.data = '\0';
	begin(with);
	mw_run(30 * SEC);
	EXPECT(not_ready() != NULL);
	EXPECT_EQ(mw_count("POST /api/v1/namespaces/mcp-system/secrets"), 0);
	strcpy(api.data, kept);
	mw_run(6 * SEC);
	EXPECT(not_ready() == NULL);
	EXPECT_EQ(mw_count("webhookconfigurations"), 0);
}

TEST(it_is_off_unless_asked_for)
{
	begin(NULL);
	mw_run(2 * SEC);
	EXPECT(mw.m->webhooks == NULL);
	EXPECT_EQ(mw_count("secrets"), 0);
}
