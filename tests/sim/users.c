#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define OTHERS_FINALIZER "example.org/keep"

static const char user[] = "user";

/*
 * 24 names over four groups and three namespaces; the few behind them are
 * of another group each, but have a name that is another server's too.  With
 * OPT_NAMESAKES each namespace has the same eight.
 */
void server_id(const struct sim *s, uint32_t i, struct server_id *ret)
{
	uint32_t twin = i < 24 ? i : i - 24, name = twin;

	if (s->sc.options & OPT_NAMESAKES)
		name = twin % GROUPS + twin / 12 * GROUPS;
	i %= SIM_SERVERS;
	ret->group = (enum group)((twin + (i >= 24)) % GROUPS);
	ret->kind = (enum api_kind)(API_ALLBEONE + ret->group);
	ret->ns = world_ns[twin / GROUPS % SIM_NAMESPACES];
	snprintf(ret->name, sizeof(ret->name), "srv-%u", (unsigned)name);
}

/* ---- specs ----------------------------------------------------------- */

static const char *image_word(struct rng *r)
{
	static const char *const words[] = {
		"slow", "missing", "crash", "oom", "flaky"
	};

	return roll(r, 100) < 70 ? "good" : words[roll(r, ARRAY_LEN(words))];
}

static void transport_text(enum group g, struct rng *r, struct text *out)
{
	static const char *const types[] = {
		"http", "http", "http", "stdio", "streamable-http", "sse"
	};
	const char *type = types[roll(r, g == GROUP_NTAKATSU ? 4 :
	    ARRAY_LEN(types))];

	if (g == GROUP_ALLBEONE)
		text_fmt(out, ",\"transport\":{\"type\":\"%s\"}", type);
	else
		text_fmt(out, ",\"transport\":\"%s\"", type);
}

static void refs_text(struct rng *r, struct text *out)
{
	if (roll(r, 4))
		return;
	text_fmt(out, ",\"envFrom\":[{\"configMapRef\":{\"name\":\"cm-%u\","
	    "\"optional\":%s}}", (unsigned)roll(r, 3),
	    roll(r, 3) ? "false" : "true");
	if (roll(r, 3) == 0)
		text_fmt(out, ",{\"secretRef\":{\"name\":\"sec-%u\"}}",
		    (unsigned)roll(r, 2));
	text_fmt(out, "]");
}

/* What is to be taken back is so before a run waits for all to be well. */
static void rollout_text(struct rng *r, struct text *out)
{
	bool soon = roll(r, 10) == 0, nowhere = roll(r, 20) == 0;
	bool rolls = roll(r, 4) == 0;

	if (soon || rolls)
		text_fmt(out, ",\"progressDeadlineSeconds\":30");
	if (nowhere)
		text_fmt(out, ",\"nodeSelector\":{\"nowhere\":\"x\"}");
	if (rolls)
		text_fmt(out, ",\"rollbackOnFailure\":true");
}

void server_spec_text(const struct server_id *id, uint32_t variant,
    struct text *out)
{
	struct rng r;

	rng_seed(&r, variant);
	text_fmt(out, "{\"image\":\"reg.example/%s:%u\",\"replicas\":%u",
	    image_word(&r), (unsigned)(variant % 7),
	    id->group == GROUP_NTAKATSU ? 1 + (unsigned)roll(&r, 3) :
	    (unsigned)roll(&r, 4));
	transport_text(id->group, &r, out);
	if (roll(&r, 2))
		text_fmt(out, ",\"port\":%u", 3000 + (unsigned)roll(&r, 4));
	if (roll(&r, 2))
		text_fmt(out, ",\"env\":[{\"name\":\"A\",\"value\":\"%u\"},"
		    "{\"name\":\"B\",\"value\":\"\\u00e9\\\"\"}]",
		    (unsigned)roll(&r, 4));
	if (roll(&r, 3) == 0)
		text_fmt(out, ",\"config\":{\"k\":\"%u\"}",
		    (unsigned)roll(&r, 4));
	refs_text(&r, out);
	if (id->group == GROUP_ALLBEONE)
		kids_ask(&r, out);
	if (roll(&r, 10) == 0)
		text_fmt(out, ",\"strategy\":{\"type\":\"Recreate\"}");
	rollout_text(&r, out);
	/* What comes by the environment rolls all the same. */
	if (roll(&r, 5) == 0)
		text_fmt(out, ",\"reload\":{\"policy\":\"Signal\"}");
	text_fmt(out, "}");
}

/* ---- servers --------------------------------------------------------- */

static const struct api_object *find(struct sim *s,
    const struct server_id *id)
{
	return api_find(s->api, id->kind, str_from(id->ns),
	    str_from(id->name));
}

static void create(struct sim *s, const struct server_id *id,
    uint32_t variant)
{
	struct text body = { 0 };

	text_fmt(&body, "{\"apiVersion\":\"%s\",\"kind\":\"MCPServer\","
	    "\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\","
	    "\"labels\":{\"team\":\"t%u\"}},\"spec\":",
	    api_kind_api_version(id->kind), id->name, id->ns,
	    (unsigned)(variant % 3));
	server_spec_text(id, variant, &body);
	text_fmt(&body, "}");
	world_do(s, user, "POST", id->kind, str_from(id->ns), STR_NONE, "",
	    JSON, text_view(&body));
	free(body.p);
}

/* A whole new spec in place of the old one. */
static void edit(struct sim *s, const struct server_id *id,
    uint32_t variant)
{
	const struct api_object *o = find(s, id);
	struct tree *t = &s->around->tree;
	struct text spec = { 0 }, body = { 0 };
	struct node *copy;

	if (!o)
		return;
	server_spec_text(id, variant, &spec);
	copy = node_copy(t, o->root);
	node_set(t, copy, "spec", node_parse(t, text_view(&spec), NULL));
	node_write(copy, &body);
	world_do(s, user, "PUT", id->kind, o->ns, o->name, "", JSON,
	    text_view(&body));
	free(spec.p);
	free(body.p);
	tree_reset(t);
}

static void scale(struct sim *s, const struct server_id *id, uint32_t b)
{
	unsigned n = b / 2 % 4;

	if (!find(s, id))
		return;
	if (id->group == GROUP_NTAKATSU && n == 0)
		n = 1;
	world_merge(s, user, id->kind, str_from(id->ns), str_from(id->name),
	    b % 2 ? "scale" : "", "{\"spec\":{\"replicas\":%u}}", n);
}

static void annotate(struct sim *s, const struct server_id *id, uint32_t b)
{
	struct str ns = str_from(id->ns), name = str_from(id->name);

	if (!find(s, id))
		return;
	switch (b % 3) {
	case 0:
		world_merge(s, user, id->kind, ns, name, "",
		    "{\"metadata\":{\"annotations\":{\"note\":\"%u\"}}}",
		    b % 11);
		break;
	case 1:
		world_merge(s, user, id->kind, ns, name, "",
		    "{\"metadata\":{\"labels\":{\"team\":\"t%u\"}}}",
		    b % 5);
		break;
	default:
		world_merge(s, user, id->kind, ns, name, "",
		    "{\"spec\":{\"restartedAt\":\"%u\"}}", b % 1000);
	}
}

static void spoil(struct sim *s, const struct server_id *id, uint32_t b)
{
	if (!find(s, id))
		return;
	world_merge(s, user, id->kind, str_from(id->ns), str_from(id->name),
	    "", b % 4 ? "{\"spec\":{\"volumeMounts\":[{\"name\":\"nope\","
	    "\"mountPath\":\"/x\"}]}}" : "{\"spec\":{\"replicas\":-1}}");
}

/* One of the systems replaced has left its own, or somebody else has. */
static void finalizer_add(struct sim *s, const struct server_id *id,
    uint32_t b)
{
	static const char *const lists[] = {
		"\"mcp.example.com/finalizer\"",
		"\"mcp.allbeone.io/finalizer\",\"mcp.mcp.dev/finalizer\"",
		"\"mcp.n-takatsu.dev/finalizer\",\"" OTHERS_FINALIZER "\"",
	};
	const struct api_object *o = find(s, id);

	if (o && !node_path(o->root, "metadata.deletionTimestamp"))
		world_merge(s, user, id->kind, o->ns, o->name, "",
		    "{\"metadata\":{\"finalizers\":[%s]}}", lists[b % 3]);
}

void users_release(struct sim *s)
{
	struct server_id id;

	for (uint32_t i = 0; i < SIM_SERVERS; i++) {
		const struct api_object *o;
		const struct node *list;

		server_id(s, i, &id);
		o = find(s, &id);
		list = o ? node_path(o->root, "metadata.finalizers") : NULL;
		for (uint32_t k = 0; node_is(list, NODE_LIST) &&
		    k < list->n; k++) {
			char path[80];

			if (!str_is(list->item[k]->text, OTHERS_FINALIZER))
				continue;
			snprintf(path, sizeof(path), "[{\"op\":\"remove\","
			    "\"path\":\"/metadata/finalizers/%u\"}]", k);
			world_do(s, user, "PATCH", id.kind, o->ns, o->name,
			    "", "application/json-patch+json",
			    str_from(path));
			break;
		}
	}
}

static void again(struct sim *s, void *ctx, uint64_t arg)
{
	struct server_id id;

	(void)ctx;
	server_id(s, (uint32_t)(arg & 0xff), &id);
	create(s, &id, (uint32_t)(arg >> 8));
}

/* ---- children, as somebody else sees them ---------------------------- */

struct kid_ref { enum kid kid; enum api_kind kind; char name[300]; };

static bool kid_find(struct sim *s, const struct server_id *id, enum kid k,
    struct kid_ref *ret)
{
	ret->kid = k;
	ret->kind = kids[k].kind;
	ret->name[kid_name(str_from(id->name), k, ret->name).n] = '\0';
	return api_find(s->api, ret->kind, str_from(id->ns),
	    str_from(ret->name)) != NULL;
}

/* Of those that few have one that is there; else one that most have. */
static bool kid_of(struct sim *s, const struct server_id *id, uint32_t b,
    struct kid_ref *ret)
{
	uint32_t k = b % KIDS;

	for (; k >= KID_FEW && k < KIDS; k++)
		if (kid_find(s, id, (enum kid)k, ret))
			return true;
	return kid_find(s, id, (enum kid)(k < KID_FEW ? k :
	    b / KIDS % KID_FEW), ret);
}

#define CONTAINER "/spec/template/spec/containers/0"

/* One of the list's elements by its name; its value or source another. */
static void named_text(struct text *out, const char *path,
    const struct node *list, uint32_t b, const char *other, const char *same)
{
	const struct node *v;

	if (!node_is(list, NODE_LIST) || !list->n)
		return;
	v = list->item[b % list->n];
	text_fmt(out, "{\"op\":\"replace\",\"path\":\"%s/%u\","
	    "\"value\":{\"name\":\"%.*s\",%s}}", path,
	    (unsigned)(b % list->n), (int)node_text(v, "name").n,
	    node_text(v, "name").p, node_get(v, "value") ||
	    node_get(v, "emptyDir") ? other : same);
}

static void deployment_spoil(struct text *out, const struct node *d,
    uint32_t b)
{
	const struct node *pod = node_path(d, "spec.template.spec");
	const char *probe = b / 5 % 2 ? "livenessProbe" : "readinessProbe";

	switch (b % 5) {
	case 0:
		/* One that is not there is anybody's to add. */
		if (node_get(node_path(pod, "containers.0"), probe))
			text_fmt(out, "{\"op\":\"add\",\"path\":\"" CONTAINER
			    "/%s\",\"value\":{\"exec\":{\"command\":["
			    "\"x\"]}}}", probe);
		break;
	case 1:
		named_text(out, CONTAINER "/env", node_path(pod,
		    "containers.0.env"), b / 5, "\"valueFrom\":{"
		    "\"fieldRef\":{\"fieldPath\":\"metadata.uid\"}}",
		    "\"value\":\"x\"");
		break;
	case 2:
		named_text(out, "/spec/template/spec/volumes",
		    node_get(pod, "volumes"), b / 5,
		    "\"hostPath\":{\"path\":\"/x\"}",
		    "\"emptyDir\":{}");
		break;
	case 3:
		if (node_path(pod, "containers.0.ports.0"))
			text_fmt(out, "{\"op\":\"replace\",\"path\":\""
			    CONTAINER "/ports/0/containerPort\","
			    "\"value\":%u}", 9000 + (unsigned)(b % 7));
		break;
	default:
		text_fmt(out, "{\"op\":\"replace\",\"path\":"
		    "\"/spec/strategy\",\"value\":{\"type\":"
		    "\"RollingUpdate\",\"rollingUpdate\":{"
		    "\"maxSurge\":2}}}");
	}
}

static void config_spoil(struct text *out, uint32_t b)
{
	if (b % 2)
		text_fmt(out, "{\"op\":\"remove\",\"path\":\"/data\"},{"
		    "\"op\":\"add\",\"path\":\"/binaryData\",\"value\":{"
		    "\"config.json\":\"eA==\"}}");
	else
		text_fmt(out, "{\"op\":\"add\",\"path\":\"/data\","
		    "\"value\":{\"config.json\":\"x\"}},{\"op\":\"add\","
		    "\"path\":\"/immutable\",\"value\":true}");
}

/* Edits that no apply goes together with, until they are taken out. */
static void kid_spoil(struct sim *s, const struct server_id *id,
    const struct kid_ref *kid, uint32_t b, const char *who)
{
	const struct api_object *o = api_find(s->api, kid->kind,
	    str_from(id->ns), str_from(kid->name));
	struct text out = { 0 };

	if (kids[kid->kid].spoil) {
		text_fmt(&out, "%s", kids[kid->kid].spoil);
	} else {
		text_fmt(&out, "[");
		if (kid->kid == KID_DEPLOYMENT)
			deployment_spoil(&out, o->root, b);
		else
			config_spoil(&out, b);
		text_fmt(&out, "]");
	}
	if (out.n > 2)
		world_do(s, who, "PATCH", kid->kind, o->ns, o->name, "",
		    "application/json-patch+json", text_view(&out));
	free(out.p);
}

static void kid_edit(struct sim *s, const struct server_id *id, uint32_t b,
    const char *who)
{
	struct kid_ref kid;

	if (!kid_of(s, id, b, &kid))
		return;
	switch (b / (KID_EDITS * KIDS) % 4) {
	case 0:
		world_merge(s, who, kid.kind, str_from(id->ns),
		    str_from(kid.name), "", "{\"metadata\":{\"labels\":{"
		    "\"app\":\"other\",\"team\":\"other\"}}}");
		break;
	case 1:
		world_do(s, who, "PATCH", kid.kind, str_from(id->ns),
		    str_from(kid.name), "", MERGE, str_from(
		    kids[kid.kid].edit[b / KIDS % KID_EDITS]));
		break;
	default:
		kid_spoil(s, id, &kid, b / (4 * KID_EDITS * KIDS), who);
	}
}

void server_unlabel(struct sim *s, const struct server_id *id)
{
	struct kid_ref kid;

	for (int k = 0; k < KIDS; k++)
		if (kid_find(s, id, (enum kid)k, &kid))
			world_merge(s, user, kid.kind, str_from(id->ns),
			    str_from(kid.name), "", "{\"metadata\":{"
			    "\"labels\":{\"mcp.allbeone.io/server-key\":"
			    "null}}}");
}

static void kid_delete(struct sim *s, const struct server_id *id,
    uint32_t b)
{
	static const char *const how[] = {
		"{\"propagationPolicy\":\"Background\"}",
		"{\"propagationPolicy\":\"Foreground\"}",
		"{\"propagationPolicy\":\"Orphan\"}",
	};
	struct kid_ref kid;

	if (kid_of(s, id, b, &kid))
		world_do(s, user, "DELETE", kid.kind, str_from(id->ns),
		    str_from(kid.name), "", JSON,
		    str_from(how[b / KIDS % 3]));
}

/* One that it asks for, rather than a name that nobody wants. */
static enum kid wanted_of(struct sim *s, const struct server_id *id,
    uint32_t b)
{
	const struct api_object *o = find(s, id);
	uint32_t k = b % KIDS;
	struct expect e;

	if (!o || k < KID_FEW)
		return (enum kid)k;
	expect_of(s, o, &e);
	for (; k < KIDS; k++)
		if (kid_wanted(node_get(o->root, "spec"), &e, (enum kid)k))
			return (enum kid)k;
	return (enum kid)(b / KIDS % KID_FEW);
}

/* Somebody else's object under a name that a server wants. */
static void stranger(struct sim *s, const struct server_id *id, uint32_t b)
{
	enum kid k = wanted_of(s, id, b);
	struct text body = { 0 };
	struct kid_ref kid;

	if (kid_find(s, id, k, &kid))
		return;
	text_fmt(&body, "{\"apiVersion\":\"%s\",\"kind\":\"%s\","
	    "\"metadata\":{\"name\":\"%s\",\"labels\":{\"stranger\":\"yes\""
	    "}},%s}", api_kind_api_version(kid.kind),
	    api_kind_name(kid.kind), kid.name, kids[k].stranger);
	world_do(s, "stranger", "POST", kid.kind, str_from(id->ns), STR_NONE,
	    "", JSON, text_view(&body));
	free(body.p);
}

static void stranger_go(struct sim *s, const struct server_id *id)
{
	struct kid_ref kid;

	for (int k = 0; k < KIDS; k++) {
		const struct api_object *o;

		if (!kid_find(s, id, (enum kid)k, &kid))
			continue;
		o = api_find(s->api, kid.kind, str_from(id->ns),
		    str_from(kid.name));
		if (node_path(o->root, "metadata.labels.stranger"))
			world_delete(s, "stranger", kid.kind, o->ns, o->name);
	}
}

struct fight { uint32_t server, b; int64_t until_ns; };

static void fight(struct sim *s, void *ctx, uint64_t arg)
{
	struct fight *f = ctx;
	struct server_id id;

	(void)arg;
	if (s->calm || s->now_ns >= f->until_ns) {
		free(f);
		return;
	}
	server_id(s, f->server, &id);
	kid_edit(s, &id, f->b % 2, "fighter");
	sim_at(s, s->now_ns + roll_ns(&s->world, 500 * MS, 4 * SEC), fight,
	    f, 0);
}

/* ---- pods and references --------------------------------------------- */

static struct pod *some_pod(struct sim *s, uint32_t b)
{
	struct pod *p = s->around->pods;
	uint32_t n = s->around->live_pods;

	if (!n)
		return NULL;
	for (b %= n; p; p = p->next)
		if (!p->gone && b-- == 0)
			return p;
	return NULL;
}

/* Valid as base64, too. */
static void ref_value(struct sim *s, uint32_t b, char ret[static 5])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";
	uint32_t n = ++s->around->values;

	snprintf(ret, 5, "%s", b & 512 ? "eA==" : "eQ==");
	for (int i = 0; s->sc.options & OPT_FRESH && i < 4; i++, n >>= 5)
		ret[i] = letters[n & 31];
}

static void ref_write(struct sim *s, const struct sim_step *st)
{
	bool secret = st->b % 3 == 2;
	enum api_kind kind = secret ? API_SECRET : API_CONFIG_MAP;
	struct str ns = str_from(world_ns[st->b / 3 % SIM_NAMESPACES]);
	char name[16], value[5], body[256];

	snprintf(name, sizeof(name), "%s-%u", secret ? "sec" : "cm",
	    st->a % (secret ? 2 : 3));
	if (st->op == OP_REF_DELETE) {
		if (api_find(s->api, kind, ns, str_from(name)))
			world_delete(s, user, kind, ns, str_from(name));
		return;
	}
	ref_value(s, st->b, value);
	snprintf(body, sizeof(body), "{\"apiVersion\":\"v1\",\"kind\":"
	    "\"%s\",\"metadata\":{\"name\":\"%s\"},\"data\":{\"k\":"
	    "\"%s\"}}", api_kind_name(kind), name, value);
	if (api_find(s->api, kind, ns, str_from(name)))
		world_merge(s, user, kind, ns, str_from(name), "",
		    "{\"data\":{\"k\":\"%s\"}}", value);
	else
		world_do(s, user, "POST", kind, ns, STR_NONE, "", JSON,
		    str_from(body));
}

void users_take_refs(struct sim *s)
{
	struct sim_step st = { .op = OP_REF_DELETE };

	for (uint32_t i = 0; i < 2 * 3 * SIM_NAMESPACES; i++) {
		st.a = (uint16_t)(i % 3);
		st.b = i / 3 % SIM_NAMESPACES * 3 + i / 9 * 2;
		ref_write(s, &st);
	}
}

/* ---- all of it ------------------------------------------------------- */

static void pods_run(struct sim *s, const struct sim_step *st)
{
	struct pod *p = some_pod(s, st->b);

	if (!p)
		return;
	if (st->op == OP_POD_EVICT)
		kubelet_evict(s, p);
	else if (st->op == OP_POD_DELETE)
		world_delete(s, user, API_POD, str_from(p->ns),
		    str_from(p->name));
	else
		kubelet_crash(s, p, st->op == OP_POD_OOM);
}

static void fight_begin(struct sim *s, const struct sim_step *st)
{
	struct fight *f = calloc(1, sizeof(*f));

	*f = (struct fight){ st->a, st->b, s->now_ns + st->len_ns };
	fight(s, f, 0);
}

void user_run(struct sim *s, const struct sim_step *st)
{
	struct server_id id;
	const struct api_object *o;

	server_id(s, st->a, &id);
	o = find(s, &id);
	switch ((enum step_op)st->op) {
	case OP_CREATE:
		if (!o)
			create(s, &id, st->b);
		break;
	case OP_EDIT:
		edit(s, &id, st->b);
		break;
	case OP_SCALE:
		scale(s, &id, st->b);
		break;
	case OP_DELETE:
		if (o)
			world_do(s, user, "DELETE", id.kind, o->ns, o->name,
			    "", JSON, STR("{\"propagationPolicy\":"
			    "\"Background\"}"));
		break;
	case OP_RECREATE:
		if (o)
			world_delete(s, user, id.kind, o->ns, o->name);
		sim_at(s, s->now_ns + (st->b % 2 ? 0 : st->len_ns / 20),
		    again, NULL, st->a | (uint64_t)st->b << 8);
		break;
	case OP_ANNOTATE:
		annotate(s, &id, st->b);
		break;
	case OP_INVALID:
		spoil(s, &id, st->b);
		break;
	case OP_CHILD_EDIT:
		kid_edit(s, &id, st->b, user);
		break;
	case OP_UNLABEL:
		server_unlabel(s, &id);
		break;
	case OP_CHILD_DELETE:
		kid_delete(s, &id, st->b);
		break;
	case OP_REF_WRITE:
	case OP_REF_DELETE:
		ref_write(s, st);
		break;
	case OP_FINALIZER:
		finalizer_add(s, &id, st->b);
		break;
	case OP_FIGHT:
		fight_begin(s, st);
		break;
	case OP_STRANGER:
		stranger(s, &id, st->b);
		break;
	case OP_STRANGER_GO:
		stranger_go(s, &id);
		break;
	default:
		pods_run(s, st);
	}
}
