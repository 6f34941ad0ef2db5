#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics_text.h"

enum { FAMILIES = 1024, SAMPLES = 65536 };

struct text {
	struct str family[FAMILIES], type, help_of;
	int families;
	struct str sample[SAMPLES];	/* name with labels */
	int samples;
	bool typed;			/* the last family has its TYPE */
	/* of the histogram series being read */
	struct str series;
	double le, count;
	bool in_series, inf_seen;
};

static bool name_ok(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '_' || (i && c >= '0' && c <= '9')))
			return false;
	}
	return s.n > 0;
}

static struct str family_of(const struct text *t)
{
	return t->families ? t->family[t->families - 1] : STR_NONE;
}

/* ---- comments ------------------------------------------------------------ */

static bool help_escapes_ok(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == '\\' &&
		    (++i == s.n || (s.p[i] != '\\' && s.p[i] != 'n')))
			return false;
	return true;
}

static const char *help_line(struct text *t, struct str s)
{
	struct str name, help = str_cut(s, ' ', &name);
	int i;

	if (!name_ok(name) || !help.n || !help_escapes_ok(help))
		return "malformed HELP";
	if (t->families && !t->typed)
		return "the family before has no TYPE";
	for (i = 0; i < t->families; i++)
		if (str_eq(t->family[i], name))
			return "a family comes twice";
	if (t->families == FAMILIES)
		return "too many families";
	t->family[t->families++] = name;
	t->typed = false;
	return NULL;
}

static const char *type_line(struct text *t, struct str s)
{
	struct str name, type = str_cut(s, ' ', &name);
	bool total = str_ends(name, STR("_total"));

	if (!str_eq(name, family_of(t)) || t->typed)
		return "TYPE does not follow its HELP";
	if (!str_is(type, "counter") && !str_is(type, "gauge") &&
	    !str_is(type, "histogram") && !str_is(type, "untyped"))
		return "unknown type";
	if (!str_is(type, "untyped") && total != str_is(type, "counter"))
		return "counters, and nothing else, end with _total";
	t->type = type;
	t->typed = true;
	return NULL;
}

/* ---- samples ------------------------------------------------------------- */

/* The index behind a quoted value that begins at `at`, or 0. */
static size_t quoted_end(struct str s, size_t at)
{
	if (at >= s.n || s.p[at] != '"')
		return 0;
	for (at++; at < s.n && s.p[at] != '"'; at++)
		if (s.p[at] == '\\' &&
		    (++at == s.n || !strchr("\\\"n", s.p[at])))
			return 0;
	return at < s.n ? at + 1 : 0;
}

/* Behind the closing brace, or 0.  *ret_le is the value of le, if any. */
static size_t labels_end(struct str s, size_t at, struct str *ret_le)
{
	struct str names[64];
	size_t n = 0, end, i;

	while (n < 64) {
		struct str rest = str_sub(s, at, s.n);

		names[n] = str_sub(rest, 0, str_find(rest, '='));
		if (!name_ok(names[n]))
			return 0;
		for (i = 0; i < n; i++)
			if (str_eq(names[i], names[n]))
				return 0;
		at += names[n].n + 1;
		end = quoted_end(s, at);
		if (!end)
			return 0;
		if (str_is(names[n++], "le"))
			*ret_le = str_sub(s, at + 1, end - 1);
		at = end;
		if (at < s.n && s.p[at] == '}')
			return at + 1;
		if (at >= s.n || s.p[at++] != ',')
			return 0;
	}
	return 0;
}

static bool number_parse(struct str s, double *ret)
{
	char text[64], *end;

	if (!s.n || s.n >= sizeof(text) || s.p[0] == ' ')
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*ret = strtod(text, &end);
	return *end == '\0' && end != text;
}

/* A series is a histogram's samples with the same labels but le. */
static struct str series_of(struct str key, struct str le)
{
	size_t end = le.p ? (size_t)(le.p - key.p) - 4 : key.n;

	return str_sub(key, 0, end);
}

static const char *bucket_line(struct text *t, struct str key, struct str le,
			       double value)
{
	struct str series = series_of(key, le);
	double bound;

	if (!le.p || !number_parse(le, &bound))
		return "a bucket without a good le";
	if (t->in_series && !t->inf_seen && !str_eq(series, t->series))
		return "buckets without +Inf";
	if (t->in_series && str_eq(series, t->series)) {
		if (bound <= t->le || value < t->count)
			return "buckets do not rise";
	}
	t->in_series = true;
	t->series = series;
	t->le = bound;
	t->count = value;
	t->inf_seen = isinf(bound);
	return NULL;
}

static const char *histogram_line(struct text *t, struct str suffix,
				  struct str key, struct str le, double value)
{
	if (str_is(suffix, "_bucket"))
		return bucket_line(t, key, le, value);
	if (!t->in_series || !t->inf_seen)
		return "sum or count before the buckets' end";
	if (str_is(suffix, "_sum"))
		return NULL;
	if (!str_is(suffix, "_count"))
		return "a histogram has no such sample";
	t->in_series = false;
	return value == t->count ? NULL : "count is not that of +Inf";
}

static const char *sample_line(struct text *t, struct str s)
{
	struct str le = STR_NONE, name, key, suffix;
	size_t at = 0;
	double value;
	int i;

	while (at < s.n && s.p[at] != '{' && s.p[at] != ' ')
		at++;
	name = str_sub(s, 0, at);
	if (at < s.n && s.p[at] == '{')
		at = labels_end(s, at + 1, &le);
	if (!at || at >= s.n || s.p[at] != ' ' || !name_ok(name))
		return "malformed sample";
	key = str_sub(s, 0, at);
	if (!number_parse(str_sub(s, at + 1, s.n), &value))
		return "malformed value";
	if (!t->typed || !str_starts(name, family_of(t)))
		return "a sample outside its family";
	for (i = 0; i < t->samples; i++)
		if (str_eq(t->sample[i], key))
			return "a sample comes twice";
	if (t->samples == SAMPLES)
		return "too many samples";
	t->sample[t->samples++] = key;
	suffix = str_sub(name, family_of(t).n, name.n);
	if (str_is(t->type, "histogram"))
		return histogram_line(t, suffix, key, le, value);
	return suffix.n ? "a sample outside its family" : NULL;
}

const char *metrics_text_check(struct str page)
{
	static char message[256];
	static struct text t;
	const char *wrong = NULL;
	struct str line;
	int row = 0;

	memset(&t, 0, sizeof(t));
	if (page.n && page.p[page.n - 1] != '\n')
		return "the last line has no end";
	if (!str_utf8(page))
		return "not UTF-8";
	while (page.n && !wrong) {
		row++;
		page = str_cut(page, '\n', &line);
		if (str_starts(line, STR("# HELP ")))
			wrong = help_line(&t, str_sub(line, 7, line.n));
		else if (str_starts(line, STR("# TYPE ")))
			wrong = type_line(&t, str_sub(line, 7, line.n));
		else
			wrong = sample_line(&t, line);
		if (!wrong && t.in_series && str_starts(line, STR("# ")))
			wrong = "a histogram has no count";
	}
	if (!wrong && (t.in_series || (t.families && !t.typed)))
		wrong = "the page ends in the middle";
	if (wrong)
		snprintf(message, sizeof(message), "line %d: %s", row, wrong);
	return wrong ? message : NULL;
}

struct str metrics_text_value(struct str page, const char *sample)
{
	size_t n = strlen(sample);
	struct str line;

	while (page.n) {
		page = str_cut(page, '\n', &line);
		if (str_starts(line, str_from(sample)) && line.n > n &&
		    line.p[n] == ' ')
			return str_sub(line, n + 1, line.n);
	}
	return STR_NONE;
}
