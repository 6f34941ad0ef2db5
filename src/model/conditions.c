#include "model.h"

static struct condition *find(struct conditions *cs, struct str type)
{
	for (uint32_t i = 0; i < cs->n; i++)
		if (str_eq(cs->c[i].type, type))
			return &cs->c[i];
	return NULL;
}

void cond_from(struct conditions *cs, const struct server_status *s)
{
	cs->n = 0;
	cs->set = 0;
	for (uint32_t i = 0; i < s->conditions.n; i++) {
		const struct condition *c = &s->conditions.p[i];

		if (cs->n < CONDITIONS_MAX && !find(cs, c->type))
			cs->c[cs->n++] = *c;
	}
}

static void remove_at(struct conditions *cs, uint32_t at)
{
	uint32_t below = cs->set & ((UINT32_C(1) << at) - 1);
	uint32_t above = cs->set >> at >> 1 << at;

	cs->set = below | above;
	cs->n--;
	for (; at < cs->n; at++)
		cs->c[at] = cs->c[at + 1];
}

/* A new one, in the place of the last that nobody set when there is none. */
static struct condition *add(struct conditions *cs, const char *type)
{
	struct condition *c;

	for (uint32_t i = cs->n; cs->n == CONDITIONS_MAX && i--;)
		if (!(cs->set >> i & 1))
			remove_at(cs, i);
	CHECK(cs->n < CONDITIONS_MAX);
	c = &cs->c[cs->n++];
	*c = (struct condition){ .type = str_from(type) };
	HAS_SET(c, condition, type);
	return c;
}

bool cond_set(struct conditions *cs, const char *type,
    enum cond_status status, const char *reason, struct str message,
    int64_t generation, int64_t now_ns)
{
	struct condition *c = find(cs, str_from(type));
	bool same;

	if (!c)
		c = add(cs, type);
	cs->set |= UINT32_C(1) << (c - cs->c);
	same = HAS(c, condition, status) && c->status == status;
	if (!same || !HAS(c, condition, changed)) {
		c->changed = now_ns;
		HAS_SET(c, condition, changed);
	}
	same = same && str_is(c->reason, reason) &&
	    str_eq(c->message, message) &&
	    HAS(c, condition, observed_generation) &&
	    c->observed_generation == generation;
	c->status = status;
	c->reason = str_from(reason);
	c->message = message;
	c->observed_generation = generation;
	HAS_SET(c, condition, status);
	HAS_SET(c, condition, reason);
	HAS_SET(c, condition, message);
	HAS_SET(c, condition, observed_generation);
	return !same;
}

void cond_keep(struct conditions *cs, const char *type)
{
	struct condition *c = find(cs, str_from(type));

	if (c)
		cs->set |= UINT32_C(1) << (c - cs->c);
}

const struct condition *cond_get(const struct conditions *cs,
    const char *type)
{
	for (uint32_t i = 0; i < cs->n; i++)
		if (str_is(cs->c[i].type, type))
			return &cs->c[i];
	return NULL;
}

void cond_drop(struct conditions *cs, const char *type)
{
	struct condition *c = find(cs, str_from(type));

	if (c)
		remove_at(cs, (uint32_t)(c - cs->c));
}

void cond_lend(struct conditions *cs, struct server_status *s)
{
	for (uint32_t i = cs->n; i--;)
		if (!(cs->set >> i & 1))
			remove_at(cs, i);
	s->conditions.p = cs->c;
	s->conditions.n = cs->n;
	HAS_SET(s, server_status, conditions);
}
