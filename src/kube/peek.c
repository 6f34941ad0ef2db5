#include <string.h>

#include "kube_int.h"

static size_t skip_space(struct str s, size_t at)
{
	while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\n' ||
	    s.p[at] == '\r' || s.p[at] == '\t'))
		at++;
	return at;
}

/* The offset after the string that begins at `at`, or 0 when it is cut. */
static size_t skip_string(struct str s, size_t at)
{
	for (at++; at < s.n; at++) {
		if (s.p[at] == '"')
			return at + 1;
		if (s.p[at] == '\\')
			at++;
	}
	return 0;
}

static size_t skip_container(struct str s, size_t at)
{
	size_t depth = 0;

	while (at < s.n) {
		char c = s.p[at];

		if (c == '"') {
			at = skip_string(s, at);
			if (!at)
				return 0;
			continue;
		}
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return at;
	}
	return 0;
}

/* A number or a word; one that touches the end of the text may be cut. */
static size_t skip_word(struct str s, size_t at)
{
	size_t from = at;

	while (at < s.n && !memchr(",]} \t\r\n", s.p[at], 7))
		at++;
	return at < s.n && at > from ? at : 0;
}

/* The offset after the value that begins at `at`; 0: cut or malformed. */
static size_t skip_value(struct str s, size_t at)
{
	if (at >= s.n)
		return 0;
	if (s.p[at] == '"')
		return skip_string(s, at);
	if (s.p[at] == '{' || s.p[at] == '[')
		return skip_container(s, at);
	return skip_word(s, at);
}

/* Steps over the opening bracket or the comma before the next entry. */
static bool next_entry(struct str s, char open, size_t *at)
{
	size_t i = skip_space(s, *at);

	if (i >= s.n || s.p[i] != (*at ? ',' : open))
		return false;
	*at = skip_space(s, i + 1);
	return true;
}

bool peek_element(struct str array, size_t *at, struct str *ret_value)
{
	size_t end;

	if (!next_entry(array, '[', at))
		return false;
	end = skip_value(array, *at);
	if (!end)
		return false;
	*ret_value = str_sub(array, *at, end);
	*at = end;
	return true;
}

/* The key at *at, which moves to where the value begins. */
static bool member_key(struct str object, size_t *at, struct str *ret_key)
{
	size_t end;

	if (!next_entry(object, '{', at) || *at >= object.n ||
	    object.p[*at] != '"')
		return false;
	end = skip_string(object, *at);
	if (!end)
		return false;
	*ret_key = str_sub(object, *at + 1, end - 1);
	end = skip_space(object, end);
	if (end >= object.n || object.p[end] != ':')
		return false;
	*at = skip_space(object, end + 1);
	return true;
}

bool peek_member(struct str object, size_t *at, struct str *ret_key,
    struct str *ret_value)
{
	struct str key;
	size_t end;

	if (!member_key(object, at, &key))
		return false;
	end = skip_value(object, *at);
	if (!end)
		return false;
	*ret_key = key;
	*ret_value = str_sub(object, *at, end);
	*at = end;
	return true;
}

/*
 * Narrows *object to what stands from the value of `key` on: the value may
 * itself be cut, and still hold the member that is looked for.
 */
static bool descend(struct str *object, struct str key)
{
	size_t at = 0;
	struct str name;

	while (member_key(*object, &at, &name)) {
		if (str_eq(name, key)) {
			*object = str_sub(*object, at, object->n);
			return true;
		}
		at = skip_value(*object, at);
		if (!at)
			return false;
	}
	return false;
}

bool peek_raw(struct str object, const char *path, struct str *ret_value)
{
	struct str rest = str_from(path), key;
	size_t end;

	object = str_sub(object, skip_space(object, 0), object.n);
	do {
		rest = str_cut(rest, '.', &key);
		if (!descend(&object, key))
			return false;
	} while (rest.n);
	end = skip_value(object, 0);
	if (!end)
		return false;
	*ret_value = str_sub(object, 0, end);
	return true;
}

bool kube_peek(struct str object, const char *path, struct str *ret)
{
	struct str raw;

	if (!peek_raw(object, path, &raw))
		return false;
	if (raw.p[0] == '"')
		raw = str_sub(raw, 1, raw.n - 1);
	*ret = raw;
	return true;
}

int peek_string(struct str object, const char *path, struct buf *out)
{
	struct json_tok tok;
	struct json_doc doc;
	struct arena a;
	struct str raw, text;
	int err;

	if (!peek_raw(object, path, &raw))
		return ERR_NOENT;
	if (json_parse(&doc, raw, &tok, 1, NULL) ||
	    json_type(&doc, JSON_ROOT) != JSON_STRING)
		return ERR_BAD;
	/* An arena over what is left of out: text with escapes is made
	 * there, other text is copied there. */
	arena_init(&a, out->p + out->n, out->cap - out->n);
	err = json_string(&doc, JSON_ROOT, &a, &text);
	(void)arena_buf(&a);		/* nothing stays poisoned */
	if (err)
		return err;
	if (text.n > out->cap - out->n)
		return ERR_FULL;
	if (text.n)
		memmove(out->p + out->n, text.p, text.n);
	out->n += text.n;
	return 0;
}

int peek_i64(struct str object, const char *path, int64_t *ret)
{
	struct str raw;

	if (!peek_raw(object, path, &raw))
		return ERR_NOENT;
	return str_i64(raw, ret);
}
