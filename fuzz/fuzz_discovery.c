/*
 * Discovery's APIResourceList: a row is found if an element's name is its
 * plural, as the JSON reader has it; rows of another version are left alone,
 * and what is refused is told and changes none.
 */
#include "fuzz.h"
#include "kube.h"

static const struct gvr rows_of[] = {
	{ "a.io", "v1", "things", true }, { "a.io", "v1", "others", true },
	{ "a.io", "v2", "things", true },
};
static struct json_tok tok[FUZZ_MAX];

static bool named(const struct json_doc *doc, const char *plural)
{
	uint32_t list = json_get(doc, JSON_ROOT, STR("resources")), at;
	char mem[64];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "\"%s\"", plural);
	if (json_type(doc, list) != JSON_ARRAY)
		return false;
	for (at = json_first(doc, list); at != JSON_NIL;
	    at = json_next(doc, list, at))
		if (str_eq(json_raw(doc, json_get(doc, at, STR("name"))),
		    buf_view(&b)))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct discovery_row rows[ARRAY_LEN(rows_of)] = { { 0 } };
	struct json_doc doc;
	struct diag d;
	int err;

	if (size > FUZZ_MAX)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rows[i].gvr = &rows_of[i];
		rows[i].found = i == 2;
	}
	diag_clear(&d);
	err = discovery_decode(text, &rows_of[0], rows, ARRAY_LEN(rows), &d);
	FUZZ_CHECK((err == 0 || err == ERR_BAD) && !err == !diag_is_set(&d));
	FUZZ_CHECK(rows[2].found);
	FUZZ_CHECK(!err || (!rows[0].found && !rows[1].found));
	/* Keys and names are compared as they are written. */
	if (err || str_find(text, '\\') < text.n)
		return 0;
	FUZZ_CHECK(!json_parse(&doc, text, tok, FUZZ_MAX, NULL));
	for (size_t i = 0; i < 2; i++)
		FUZZ_CHECK(rows[i].found == named(&doc, rows_of[i].plural));
	return 0;
}
