#include "model.h"

void volume_write(const struct volume *v, struct jw *w)
{
	/* Without its text it was respelled: then its rows say all of it,
	 * since a volume has one source. */
	if (HAS(v, volume, raw))
		jw_raw(w, v->raw);
	else
		schema_encode(&volume_schema, IN_ALL, v, w);
}
