#include <string.h>

#include "codec.h"
#include "x509.h"

size_t der_begin(struct buf *out, unsigned tag)
{
	buf_char(out, (char)tag);
	return out->n;
}

void der_end(struct buf *out, size_t began)
{
	size_t n, octets;

	if (out->over)
		return;
	n = out->n - began;
	octets = n < 0x80 ? 1 : n < 0x100 ? 2 : 3;
	CHECK(n < 0x10000);
	/* Makes room for the length in front of what it counts. */
	buf_put(out, "\0\0", octets);
	if (out->over)
		return;
	memmove(out->p + began + octets, out->p + began, n);
	if (octets == 1) {
		out->p[began] = (char)n;
		return;
	}
	out->p[began] = (char)(0x80 | (octets - 1));
	if (octets == 3)
		out->p[began + 1] = (char)(n >> 8);
	out->p[began + octets - 1] = (char)n;
}

void der_put(struct buf *out, unsigned tag, struct str body)
{
	size_t at = der_begin(out, tag);

	buf_str(out, body);
	der_end(out, at);
}

void der_put_unsigned(struct buf *out, struct str magnitude)
{
	size_t at = der_begin(out, DER_INT);

	while (magnitude.n > 1 && magnitude.p[0] == '\0')
		magnitude = str_sub(magnitude, 1, magnitude.n);
	/* Else it would be negative; and it has one octet at least. */
	if (!magnitude.n || (uint8_t)magnitude.p[0] & 0x80)
		buf_char(out, '\0');
	buf_str(out, magnitude);
	der_end(out, at);
}

void der_put_bits(struct buf *out, struct str octets)
{
	size_t at = der_begin(out, DER_BITS);

	buf_char(out, '\0');
	buf_str(out, octets);
	der_end(out, at);
}

/* RFC 5280 section 4.1.2.5: two digits of the year until 2049. */
void der_put_time(struct buf *out, int64_t at_s)
{
	char text[32];
	struct buf b;
	struct str t;
	size_t at;
	bool utc;

	CHECK(at_s >= 0 && at_s <= INT64_MAX / NS_PER_S);
	buf_init(&b, text, sizeof(text));
	time_rfc3339(&b, at_s * NS_PER_S);
	CHECK(!b.over);
	t = buf_view(&b);		/* "2026-11-21T17:13:40Z" */
	utc = t.p[0] == '1' || (t.p[0] == '2' && t.p[1] == '0' &&
	    t.p[2] < '5');
	at = der_begin(out, utc ? DER_UTC_TIME : DER_TIME);
	buf_fmt(out, "%S%S%S%S%S%SZ", str_sub(t, utc ? 2 : 0, 4),
	    str_sub(t, 5, 7), str_sub(t, 8, 10), str_sub(t, 11, 13),
	    str_sub(t, 14, 16), str_sub(t, 17, 19));
	der_end(out, at);
}
