#include "kube.h"

static const char *const methods[KUBE_TALLY_METHODS] = {
	"GET", "POST", "PUT", "PATCH", "DELETE",
};

/* 0: no answer; those that are not here are counted as the last. */
static const uint16_t codes[KUBE_TALLY_CODES] = {
	0, 200, 201, 202, 400, 401, 403, 404, 406, 408, 409, 410, 413, 415,
	422, 429, 500, 502, 503, 504, UINT16_MAX,
};

static size_t code_at(uint16_t code)
{
	for (size_t i = 0; i < KUBE_TALLY_CODES - 1; i++)
		if (codes[i] == code)
			return i;
	return KUBE_TALLY_CODES - 1;
}

void kube_tally_add(struct kube_tally *t, const char *method, uint16_t code)
{
	size_t i = 0;

	while (!str_is(str_from(method), methods[i]))
		CHECK(++i < KUBE_TALLY_METHODS);
	t->n[i][code_at(code)]++;
}

bool kube_tally_next(const struct kube_tally *t, uint32_t *cursor,
    const char **ret_method, uint16_t *ret_code, uint64_t *ret_n)
{
	while (*cursor < KUBE_TALLY_METHODS * KUBE_TALLY_CODES) {
		uint32_t i = *cursor / KUBE_TALLY_CODES;
		uint32_t k = *cursor % KUBE_TALLY_CODES;

		++*cursor;
		if (!t->n[i][k])
			continue;
		*ret_method = methods[i];
		*ret_code = codes[k];
		*ret_n = t->n[i][k];
		return true;
	}
	return false;
}
