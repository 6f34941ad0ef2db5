#include <string.h>

#include "model.h"

int server_area(const struct server *s, size_t row, struct arena *a,
    void *ret)
{
	const struct schema_field *f;
	struct str text;
	int err;

	CHECK(row < server_spec_schema.n);
	f = &server_spec_schema.row[row];
	CHECK(f->type == FIELD_RAW_OBJ && f->of.table != NULL);
	if (!(s->spec.has >> row & 1)) {
		memset(ret, 0, f->of.table->size);
		return 0;
	}
	memcpy(&text, (const char *)&s->spec + f->offset, sizeof(text));
	err = schema_decode_text(f->of.table, group_mode(s->group), text, a,
	    ret, NULL);
	CHECK(err == 0 || err == ERR_FULL);
	return err;
}
