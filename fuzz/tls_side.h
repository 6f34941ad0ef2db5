/*
 * One end of TLS, for the harnesses of both: what it sent, what it read, and
 * what came of it. Room for two, which are to come to the same.
 */
#ifndef FUZZ_TLS_SIDE_H
#define FUZZ_TLS_SIDE_H

#include "fuzz.h"
#include "net.h"

#define WALL_NS (INT64_C(1798761600) * NS_PER_S)

enum { OUT_MAX = 1 << 20 };

struct side {
	struct tls *tls;
	char *out;
	size_t out_n;
	size_t plain_n;
	uint64_t plain_hash;
	int end;
};

static inline struct str file(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "re");
	size_t n;

	FUZZ_CHECK(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return (struct str){ text, n };
}

static inline void side_init(struct side *s)
{
	s->tls = aligned_alloc(16, (tls_size() + 15) / 16 * 16);
	s->out = malloc(OUT_MAX);
	FUZZ_CHECK(s->tls && s->out);
}

/* Takes out all that the engine has to say, to the wire and to its user. */
static inline void drain(struct side *s)
{
	char buf[512];
	struct str out;
	int n;

	while ((out = tls_wire_out(s->tls)).n) {
		FUZZ_CHECK(s->out_n + out.n <= OUT_MAX);
		memcpy(s->out + s->out_n, out.p, out.n);
		s->out_n += out.n;
		tls_wire_sent(s->tls, out.n);
	}
	while ((n = tls_read(s->tls, buf, sizeof(buf))) > 0) {
		s->plain_n += (size_t)n;
		s->plain_hash = hash_more(s->plain_hash, buf, (size_t)n);
	}
}

#endif
