#include <string.h>

#include "sim.h"

/*
 * The name server of the cluster, which knows one name, and what happens to
 * its answers. Only some scenarios ask it: others know the address.
 */

enum { HEAD = 12, ANSWER = 16, QUERY_MAX = 300 };
enum rcode { NAMES_WELL = 0, NAMES_FAILED = 2, NAMES_NO_SUCH = 3 };

/* Where the question ends: a name, its type and its class. */
static size_t question_end(struct str q)
{
	size_t at = HEAD;

	while (at < q.n && q.p[at])
		at += 1 + (uint8_t)q.p[at];
	return at + 5;
}

static void answer_add(uint8_t *out, uint8_t last)
{
	static const uint8_t head[ANSWER] = {
		0xc0, HEAD, 0, DNS_TYPE_A, 0, 1, 0, 0, 0, 5, 0, 4, 127
	};

	memcpy(out, head, ANSWER);
	out[ANSWER - 1] = last;
}

/* Where nobody listens comes first, at times: the next one is tried. */
static void reply(struct inst *in, int peer, struct str q, enum rcode code,
    int64_t delay_ns)
{
	struct rng *r = &in->s->net;
	uint8_t out[QUERY_MAX + 2 * ANSWER] = { 0 };
	size_t n = question_end(q), answers = 0;

	memcpy(out, q.p, n);
	out[2] |= 0x80;
	out[3] = (uint8_t)(0x80 | code);
	if (code == NAMES_WELL && out[n - 3] == DNS_TYPE_A) {
		if (roll(r, 4) == 0)
			answer_add(out + n + ANSWER * answers++, 2);
		answer_add(out + n + ANSWER * answers++, 1);
	}
	out[7] = (uint8_t)answers;
	inst_clock(in);
	fake_send(&in->f, peer, delay_ns,
	    (struct str){ (char *)out, n + ANSWER * answers });
}

/* It fails, does not know, says nothing, or is not who was asked. */
static void ill(struct inst *in, int peer, struct str q)
{
	struct rng *r = &in->s->net;
	char other[QUERY_MAX];

	switch (roll(r, 6)) {
	case 0:
		reply(in, peer, q, NAMES_FAILED, roll_ns(r, 0, SEC));
		break;
	case 1:
		reply(in, peer, q, NAMES_NO_SUCH, roll_ns(r, 0, SEC));
		break;
	case 2:
		break;
	case 3:
		reply(in, peer, q, NAMES_WELL, roll_ns(r, SEC, 8 * SEC));
		break;
	case 4:
		memcpy(other, q.p, q.n);
		other[0] ^= 1;
		reply(in, peer, (struct str){ other, q.n }, NAMES_NO_SUCH, MS);
		reply(in, peer, q, NAMES_WELL, 2 * MS);
		break;
	default:
		fake_send(&in->f, peer, MS, str_sub(q, 0, roll(r, q.n)));
		reply(in, peer, q, NAMES_WELL, 2 * MS);
	}
}

void names_react(struct inst *in, int peer)
{
	struct str q = fake_got(&in->f, peer);

	if (fake_gone(&in->f, peer) || !q.n)
		return;
	CHECK(q.n <= QUERY_MAX && question_end(q) == q.n);
	sim_trace(in->s, inst_name(in), "asks for a name, of type %d",
	    q.p[q.n - 3]);
	if (fault_now(in->s, FAULT_NAMES, in))
		ill(in, peer, q);
	else
		reply(in, peer, q, NAMES_WELL,
		    roll_ns(&in->s->net, MS, 5 * MS));
	fake_take(&in->f, peer, q.n);
}
