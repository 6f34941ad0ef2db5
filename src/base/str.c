#include <string.h>

#include "base_int.h"

struct str str_from(const char *cstr)
{
	return (struct str){ cstr, cstr ? strlen(cstr) : 0 };
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

bool str_is(struct str a, const char *cstr)
{
	return str_eq(a, str_from(cstr));
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	    str_eq(str_sub(s, s.n - suffix.n, s.n), suffix);
}

size_t str_find(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

size_t str_rfind(struct str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return i - 1;
	return s.n;
}

size_t str_search(struct str s, struct str needle)
{
	size_t at = 0;

	if (!needle.n)
		return 0;
	while (s.n - at >= needle.n) {
		at += str_find(str_sub(s, at, s.n), needle.p[0]);
		if (str_starts(str_sub(s, at, s.n), needle))
			return at;
		if (at == s.n)
			break;
		at++;
	}
	return s.n;
}

struct str str_sub(struct str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from >= to)
		return (struct str){ s.p, 0 };
	return (struct str){ s.p + from, to - from };
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	size_t from = 0, to = s.n;

	while (from < to && is_space(s.p[from]))
		from++;
	while (to > from && is_space(s.p[to - 1]))
		to--;
	return str_sub(s, from, to);
}

struct str str_cut(struct str s, char c, struct str *ret_head)
{
	size_t at = str_find(s, c);

	*ret_head = str_sub(s, 0, at);
	return str_sub(s, at + 1, s.n);
}

int str_u64(struct str s, uint64_t *ret)
{
	uint64_t v = 0;
	bool over = false;

	if (!s.n)
		return ERR_BAD;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9)
			return ERR_BAD;
		over |= v > (UINT64_MAX - digit) / 10;
		v = v * 10 + digit;
	}
	if (over)
		return ERR_LIMIT;
	*ret = v;
	return 0;
}

int str_hex64(struct str s, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.n != 16)
		return ERR_BAD;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		v <<= 4;
		if (c >= '0' && c <= '9')
			v |= (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v |= (uint64_t)(c - 'a' + 10);
		else
			return ERR_BAD;
	}
	*ret = v;
	return 0;
}

int str_i64(struct str s, int64_t *ret)
{
	bool minus = s.n && s.p[0] == '-';
	uint64_t v;
	int err = str_u64(str_sub(s, minus, s.n), &v);

	if (err)
		return err;
	if (v > (uint64_t)INT64_MAX + minus)
		return ERR_LIMIT;
	if (minus)
		*ret = v ? -(int64_t)(v - 1) - 1 : 0;
	else
		*ret = (int64_t)v;
	return 0;
}

int str_bool(struct str s, bool *ret)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE",
		"True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE",
		"False" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_is(s, yes[i]) || str_is(s, no[i])) {
			*ret = str_is(s, yes[i]);
			return 0;
		}
	}
	return ERR_BAD;
}

uint64_t hash_more(uint64_t seed, const void *p, size_t n)
{
	const unsigned char *c = p;

	for (size_t i = 0; i < n; i++)
		seed = (seed ^ c[i]) * 0x100000001b3ULL;
	return seed;
}

uint64_t str_hash(struct str s)
{
	return hash_more(HASH_SEED, s.p, s.n);
}

size_t utf8_head(struct str s)
{
	unsigned char c, lo = 0x80, hi = 0xbf;
	size_t n;

	if (!s.n)
		return 0;
	c = (unsigned char)s.p[0];
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (s.n < n)
		return 0;
	/* The second byte's range keeps out what RFC 3629 section 4 does:
	 * over-long forms, surrogates, and what lies over U+10FFFF. */
	if (c == 0xe0)
		lo = 0xa0;
	else if (c == 0xed)
		hi = 0x9f;
	else if (c == 0xf0)
		lo = 0x90;
	else if (c == 0xf4)
		hi = 0x8f;
	for (size_t i = 1; i < n; i++) {
		c = (unsigned char)s.p[i];
		if (c < lo || c > hi)
			return 0;
		lo = 0x80;
		hi = 0xbf;
	}
	return n;
}

bool str_utf8(struct str s)
{
	while (s.n) {
		size_t n = utf8_head(s);

		if (!n)
			return false;
		s = str_sub(s, n, s.n);
	}
	return true;
}

static bool is_alpha_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alpha(char c)
{
	return is_alpha_lower(lower(c));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])?, of any length. */
static bool label_chars(struct str s)
{
	if (!s.n || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alpha_lower(s.p[i]) && !is_digit(s.p[i]) &&
		    s.p[i] != '-')
			return false;
	return true;
}

bool str_dns1123_label(struct str s)
{
	return s.n <= 63 && label_chars(s);
}

/* As Kubernetes has it: only the whole is bounded, not each label. */
bool str_dns1123_subdomain(struct str s)
{
	size_t dot;

	if (s.n > 253)
		return false;
	while ((dot = str_find(s, '.')) < s.n) {
		if (!label_chars(str_sub(s, 0, dot)))
			return false;
		s = str_sub(s, dot + 1, s.n);
	}
	return label_chars(s);
}

bool str_dns1035_label(struct str s)
{
	return str_dns1123_label(s) && is_alpha_lower(s.p[0]);
}

bool str_label_value(struct str s)
{
	if (!s.n)
		return true;
	if (s.n > 63)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool edge = i == 0 || i == s.n - 1;
		char c = s.p[i];

		if (is_alpha(c) || is_digit(c))
			continue;
		if (edge || (c != '-' && c != '_' && c != '.'))
			return false;
	}
	return true;
}

bool str_label_key(struct str s)
{
	size_t slash = str_find(s, '/');

	if (slash < s.n) {
		if (!str_dns1123_subdomain(str_sub(s, 0, slash)))
			return false;
		s = str_sub(s, slash + 1, s.n);
	}
	return s.n && str_label_value(s);
}

bool str_env_name(struct str s)
{
	/* Kubernetes refuses what could be taken for a folder. */
	if (!s.n || is_digit(s.p[0]) || str_is(s, ".") ||
	    str_starts(s, STR("..")))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!is_alpha(c) && !is_digit(c) && c != '_' && c != '-' &&
		    c != '.')
			return false;
	}
	return true;
}
