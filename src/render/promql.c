#include "render_int.h"

/*
 * Kubernetes cuts what it makes a pod's name of, the Deployment's name and a
 * hash of up to ten characters with a '-' behind each, and then adds five.
 */
#define POD_NAME_CUT 58
#define HASH_MOST 10

/* Names hold letters, digits, '-' and '.', of which one means something. */
static void pattern_write(struct str name, struct buf *out)
{
	struct str seen = str_sub(name, 0, POD_NAME_CUT);
	size_t i;

	for (i = 0; i < seen.n; i++)
		if (seen.p[i] == '.')
			buf_cstr(out, "[.]");
		else
			buf_char(out, seen.p[i]);
	if (name.n + 2 + HASH_MOST <= POD_NAME_CUT)
		buf_cstr(out, "-[0-9a-z]+-[0-9a-z]+");
	else if (name.n < POD_NAME_CUT)
		buf_cstr(out, "(-[0-9a-z]+){1,2}");
	else
		buf_cstr(out, "[0-9a-z]{5}");
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
		CHECK(*p == 'n' || *p == 'd' || *p == 'p' || *p == 'g');
		if (*p == 'p')
			pattern_write(r->s->meta.name, out);
		else if (*p == 'g')
			buf_cstr(out, group_info(r->s->group)->group);
		else
			buf_str(out, *p == 'n' ? r->s->meta.ns :
			    r->s->meta.name);
	}
}
