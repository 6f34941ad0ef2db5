#include "codec.h"

static const struct str dashes = STR_INIT("-----");

/* The next line of *in without its end; *in is then what follows it. */
static struct str line_next(struct str *in)
{
	struct str line;

	*in = str_cut(*in, '\n', &line);
	return str_trim(line);
}

/* Is line "-----<word> <label>-----"? */
static bool boundary(struct str line, struct str word, struct str *ret_label)
{
	size_t head = dashes.n + word.n;

	if (line.n < head + dashes.n || !str_starts(line, dashes) ||
	    !str_ends(line, dashes) ||
	    !str_starts(str_sub(line, dashes.n, line.n), word))
		return false;
	*ret_label = str_sub(line, head, line.n - dashes.n);
	return true;
}

int pem_next(struct str *in, struct pem *ret)
{
	struct str rest = *in, label = STR_NONE, end;
	const char *body, *line_start;

	do {
		if (!rest.n)
			return ERR_NOENT;
	} while (!boundary(line_next(&rest), STR("BEGIN "), &label));
	body = rest.p;
	for (;;) {
		struct str line;

		line_start = rest.p;
		if (!rest.n)
			return ERR_BAD;
		line = line_next(&rest);
		if (boundary(line, STR("END "), &end))
			break;
		if (boundary(line, STR("BEGIN "), &end))
			return ERR_BAD;
	}
	if (!str_eq(label, end))
		return ERR_BAD;
	ret->label = label;
	ret->body = (struct str){ body, (size_t)(line_start - body) };
	*in = rest;
	return 0;
}

int pem_decode(const struct pem *p, void *out, size_t cap, size_t *ret_n)
{
	/* RFC 1421 headers, as in "Proc-Type: 4,ENCRYPTED". */
	if (str_find(p->body, ':') < p->body.n)
		return ERR_UNSUPPORTED;
	return b64_decode(p->body, true, out, cap, ret_n);
}

void pem_write(struct str label, struct str der, struct buf *out)
{
	/* RFC 7468 section 2: 64 characters, of 48 octets. */
	enum { LINE = 48 };

	buf_fmt(out, "-----BEGIN %S-----\n", label);
	for (size_t at = 0; at < der.n; at += LINE) {
		struct str line = str_sub(der, at,
		    at + LINE < der.n ? at + LINE : der.n);

		b64_encode(out, line.p, line.n);
		buf_char(out, '\n');
	}
	buf_fmt(out, "-----END %S-----\n", label);
}
