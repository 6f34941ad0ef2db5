#include "render_int.h"

/* Names hold letters, digits, '-' and '.', of which one means something. */
static void pattern_write(struct str name, struct buf *out)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (name.p[i] == '.')
			buf_cstr(out, "[.]");
		else
			buf_char(out, name.p[i]);
	buf_cstr(out, "-[0-9a-z]+-[0-9a-z]+");
}

void promql_write(const struct render *r, const char *template,
    struct buf *out)
{
	const char *p;

	for (p = template; *p != '\0'; p++) {
		if (*p != '$') {
			buf_char(out, *p);
			continue;
		}
		p++;
		CHECK(*p == 'n' || *p == 'd' || *p == 'p');
		if (*p == 'p')
			pattern_write(r->s->meta.name, out);
		else
			buf_str(out, *p == 'n' ? r->s->meta.ns :
			    r->s->meta.name);
	}
}
