#include "base_int.h"

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ns", 1 }, { "us", 1000 },
	{ "\xc2\xb5s", 1000 },		/* U+00B5 micro sign */
	{ "\xce\xbcs", 1000 },		/* U+03BC mu */
	{ "ms", 1000000 }, { "s", 1000000000 },
	{ "m", 60 * UINT64_C(1000000000) },
	{ "h", 3600 * UINT64_C(1000000000) },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits_len(struct str s)
{
	size_t n = 0;

	while (n < s.n && is_digit(s.p[n]))
		n++;
	return n;
}

/* The unit at the head of s, up to the next digit or dot, or 0. */
static uint64_t unit_cut(struct str *s)
{
	size_t n = 0;

	while (n < s->n && !is_digit(s->p[n]) && s->p[n] != '.')
		n++;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (str_is(str_sub(*s, 0, n), units[i].name)) {
			*s = str_sub(*s, n, s->n);
			return units[i].ns;
		}
	}
	return 0;
}

/*
 * The fraction's share of a unit, rounded down. From the last digit to the
 * first: floors of quotients nest, so this is exact for any length.
 */
static uint64_t fraction_of(struct str digits, uint64_t unit)
{
	uint64_t v = 0;

	for (size_t i = digits.n; i > 0; i--)
		v = (v + (uint64_t)(digits.p[i - 1] - '0') * unit) / 10;
	return v;
}

/* One "1.5h" at the head of *s: ERR_BAD, ERR_LIMIT or 0. */
static int term_cut(struct str *s, uint64_t *ret_ns)
{
	size_t n = digits_len(*s);
	struct str whole = str_sub(*s, 0, n), part = STR_NONE;
	uint64_t v = 0, unit;
	int err = 0;

	*s = str_sub(*s, n, s->n);
	if (s->n && s->p[0] == '.') {
		n = digits_len(str_sub(*s, 1, s->n));
		part = str_sub(*s, 1, 1 + n);
		*s = str_sub(*s, 1 + n, s->n);
	}
	unit = unit_cut(s);
	if (!unit || (!whole.n && !part.n))
		return ERR_BAD;
	if (whole.n)
		err = str_u64(whole, &v);
	if (err)
		return err;
	/* Leaves room for the fraction, so that nothing wraps. */
	if (v > (UINT64_C(1) << 63) / unit)
		return ERR_LIMIT;
	*ret_ns = v * unit + fraction_of(part, unit);
	return 0;
}

int duration_parse(struct str s, int64_t *ret_ns)
{
	bool minus = s.n && s.p[0] == '-', over = false;
	uint64_t sum = 0, term, most = (uint64_t)INT64_MAX + minus;

	if (minus || (s.n && s.p[0] == '+'))
		s = str_sub(s, 1, s.n);
	if (!s.n)
		return ERR_BAD;
	if (str_is(s, "0"))
		s.n = 0;
	while (s.n) {
		int err = term_cut(&s, &term);

		if (err == ERR_BAD)
			return ERR_BAD;
		over = over || err || term > most || sum > most - term;
		sum = over ? 0 : sum + term;
	}
	if (over)
		return ERR_LIMIT;
	*ret_ns = minus && sum ? -(int64_t)(sum - 1) - 1 : (int64_t)sum;
	return 0;
}

/* v thousandths of something, without trailing zeros. */
static void put_decimal(struct buf *b, uint64_t v, uint64_t one)
{
	uint64_t rest = v % one;

	buf_u64(b, v / one);
	if (rest)
		buf_char(b, '.');
	while (rest) {
		one /= 10;
		buf_char(b, (char)('0' + rest / one));
		rest %= one;
	}
}

void duration_format(struct buf *b, int64_t ns)
{
	const uint64_t minute = 60 * (uint64_t)NS_PER_S;
	uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

	if (!v) {
		buf_cstr(b, "0s");
		return;
	}
	if (ns < 0)
		buf_char(b, '-');
	if (v < NS_PER_S) {
		/* ns, micro sign, ms: rows 0, 2 and 4. */
		int unit = v < 1000 ? 0 : v < 1000000 ? 2 : 4;

		put_decimal(b, v, units[unit].ns);
		buf_cstr(b, units[unit].name);
		return;
	}
	if (v >= 60 * minute)
		buf_fmt(b, "%Uh", v / (60 * minute));
	if (v >= minute)
		buf_fmt(b, "%Um", v / minute % 60);
	put_decimal(b, v % minute, (uint64_t)NS_PER_S);
	buf_char(b, 's');
}

/* A decimal with at most three places, times 1000. */
static int float3_parse(struct str s, int64_t *ret)
{
	bool minus = s.n && s.p[0] == '-';
	struct str whole, part;
	uint64_t v = 0, thousandths = 0;

	s = str_sub(s, minus, s.n);
	part = str_cut(s, '.', &whole);
	if (whole.n < s.n && (!part.n || part.n > 3))
		return ERR_BAD;
	if (str_u64(whole, &v) || (part.n && str_u64(part, &thousandths)))
		return ERR_BAD;
	for (size_t i = part.n; i < 3; i++)
		thousandths *= 10;
	if (v > ((uint64_t)INT64_MAX - thousandths) / 1000)
		return ERR_LIMIT;
	*ret = (int64_t)(v * 1000 + thousandths) * (minus ? -1 : 1);
	return 0;
}

/* Where a value came from, for messages: "--x" or "environment ... X". */
struct source {
	const char *kind, *name;
};

static const char *type_text(enum opt_type type)
{
	switch (type) {
	case OPT_BOOL:
		return "true or false";
	case OPT_I64:
		return "an integer";
	case OPT_STR:
		return "a string";
	case OPT_DURATION:
		return "a duration like 300ms or 1h30m";
	case OPT_FLOAT3:
		return "a number with at most three decimals";
	}
	UNREACHABLE();
}

static void put_i64(struct buf *b, enum opt_type type, int64_t v)
{
	if (type == OPT_DURATION) {
		duration_format(b, v);
	} else if (type == OPT_FLOAT3) {
		buf_cstr(b, v < 0 ? "-" : "");
		put_decimal(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 1000);
	} else {
		buf_i64(b, v);
	}
}

static void put_range(struct buf *b, const struct opt *o)
{
	put_i64(b, o->type, o->min);
	buf_cstr(b, " to ");
	put_i64(b, o->type, o->max);
}

static int range_check(const struct opt *o, int64_t v, struct source from,
    struct str text, struct diag *d)
{
	char mem[80];
	struct buf b;

	if ((!o->min && !o->max) || (v >= o->min && v <= o->max))
		return 0;
	buf_init(&b, mem, sizeof(mem));
	put_range(&b, o);
	diag_set(d, str_from(from.name), "%s%s: \"%S\" is not in the range %S",
	    from.kind, from.name, text, buf_view(&b));
	return ERR_USAGE;
}

static int i64_parse(enum opt_type type, struct str text, int64_t *ret)
{
	if (type == OPT_DURATION)
		return duration_parse(text, ret);
	if (type == OPT_FLOAT3)
		return float3_parse(text, ret);
	return str_i64(text, ret);
}

/* Checks one value and, when opts is there, stores it. */
static int value_take(const struct opt *o, struct str text,
    struct source from, void *opts, struct diag *d)
{
	char *at = opts ? (char *)opts + o->offset : NULL;
	int64_t v = 0;
	bool on = false;
	int err = 0;

	if (o->type == OPT_STR) {
		if (at)
			*(struct str *)(void *)at = text;
		return 0;
	}
	if (o->type == OPT_BOOL)
		err = str_bool(text, &on);
	else
		err = i64_parse(o->type, text, &v);
	if (err) {
		diag_set(d, str_from(from.name), "%s%s: \"%S\" is %s%s",
		    from.kind, from.name, text,
		    err == ERR_LIMIT ? "out of range for " : "not ",
		    type_text(o->type));
		return ERR_USAGE;
	}
	if (o->type == OPT_BOOL) {
		if (at)
			*(bool *)(void *)at = on;
		return 0;
	}
	err = range_check(o, v, from, text, d);
	if (!err && at)
		*(int64_t *)(void *)at = v;
	return err;
}

/* Walks argv: one flag with its value, or one other argument, a step. */
struct args {
	const struct opt *table;
	size_t n;
	char **argv;
	int argc, i;
	bool ended;			/* "--" was met */
};

enum arg_kind { ARG_END, ARG_REST, ARG_FLAG };

struct arg {
	const struct opt *opt;
	struct str value;
	int at;				/* in argv */
};

#define NAME_MAX_LEN 63

/* Levenshtein's distance, one row at a time. */
static size_t distance(struct str a, struct str b)
{
	size_t row[NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t best = diagonal + (a.p[i - 1] != b.p[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.n];
}

static int unknown_flag(const struct args *a, struct str name, struct diag *d)
{
	const char *nearest = NULL;
	size_t least = 3;

	for (size_t i = 0; i < a->n && name.n <= NAME_MAX_LEN; i++) {
		struct str other = str_from(a->table[i].name);
		size_t far = other.n <= NAME_MAX_LEN ?
		    distance(name, other) : least;

		if (far < least && far < name.n) {
			least = far;
			nearest = a->table[i].name;
		}
	}
	if (nearest)
		diag_set(d, name, "unknown flag --%S, did you mean --%s?",
		    name, nearest);
	else
		diag_set(d, name, "unknown flag --%S", name);
	return ERR_USAGE;
}

static const struct opt *opt_find(const struct args *a, struct str name)
{
	if (str_is(name, "h"))
		name = STR("help");
	for (size_t i = 0; i < a->n; i++)
		if (str_is(name, a->table[i].name))
			return &a->table[i];
	return NULL;
}

static int arg_flag(struct args *a, struct str s, struct arg *ret,
    struct diag *d)
{
	struct str name, value = str_cut(s, '=', &name);
	const struct opt *o = opt_find(a, name);

	if (!o)
		return unknown_flag(a, name, d);
	if (name.n == s.n) {
		if (o->type == OPT_BOOL) {
			value = STR("true");
		} else if (a->i < a->argc) {
			value = str_from(a->argv[a->i++]);
		} else {
			diag_set(d, name, "--%S needs a value", name);
			return ERR_USAGE;
		}
	}
	ret->opt = o;
	ret->value = value;
	return ARG_FLAG;
}

static int arg_next(struct args *a, struct arg *ret, struct diag *d)
{
	while (a->i < a->argc) {
		struct str s = str_from(a->argv[a->i]);

		ret->at = a->i++;
		if (a->ended || s.n < 2 || s.p[0] != '-')
			return ARG_REST;
		if (str_is(s, "--")) {
			a->ended = true;
			continue;
		}
		s = str_sub(s, s.p[1] == '-' ? 2 : 1, s.n);
		return arg_flag(a, s, ret, d);
	}
	return ARG_END;
}

static int args_check(struct args a, struct diag *d)
{
	struct arg arg;
	int kind, err;

	while ((kind = arg_next(&a, &arg, d)) != ARG_END) {
		if (kind < 0)
			return kind;
		if (kind != ARG_FLAG)
			continue;
		err = value_take(arg.opt, arg.value,
		    (struct source){ "--", arg.opt->name }, NULL, d);
		if (err)
			return err;
	}
	return 0;
}

/* The flag's last value on the command line: the last one wins, as in Go. */
static bool flag_given(struct args a, const struct opt *o, struct str *ret)
{
	bool given = false;
	struct arg arg = { 0 };
	int kind;

	while ((kind = arg_next(&a, &arg, NULL)) != ARG_END) {
		if (kind == ARG_FLAG && arg.opt == o) {
			*ret = arg.value;
			given = true;
		}
	}
	return given;
}

static int opt_take(const struct args *a, const struct opt *o,
    const struct io *io, void *opts, struct diag *d)
{
	struct source from = { "--", o->name };
	const char *env = NULL;
	struct str text;

	if (flag_given(*a, o, &text))
		return value_take(o, text, from, opts, d);
	if (o->env && io)
		env = io->env(io->ctx, o->env);
	if (env && *env) {
		from = (struct source){ "environment variable ", o->env };
		return value_take(o, str_from(env), from, opts, d);
	}
	text = o->def ? str_from(o->def) :
	    o->type == OPT_STR ? STR_NONE : STR("0");
	CHECK(!value_take(o, text, from, opts, NULL));
	return 0;
}

/* Moves what is no flag to the front, in its order: how many there are. */
static int args_permute(struct args a)
{
	struct arg arg;
	int kind, rest = 0;

	while ((kind = arg_next(&a, &arg, NULL)) != ARG_END) {
		char *moved = a.argv[arg.at];

		if (kind != ARG_REST)
			continue;
		rest++;
		for (int i = arg.at; i > rest; i--)
			a.argv[i] = a.argv[i - 1];
		a.argv[rest] = moved;
	}
	return rest;
}

int opts_parse(const struct opt *table, size_t n, const struct io *io,
    int argc, char **argv, void *opts, int *ret_rest, struct diag *d)
{
	struct args a = { .table = table, .n = n, .argc = argc, .argv = argv,
			  .i = 1 };
	int err = args_check(a, d);

	/* All is checked before anything is written. */
	for (size_t i = 0; i < n && !err; i++)
		err = opt_take(&a, &table[i], io, NULL, d);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		CHECK(!opt_take(&a, &table[i], io, opts, NULL));
	*ret_rest = args_permute(a);
	return 0;
}

static const char *type_name(enum opt_type type)
{
	static const char *const name[] = {
		[OPT_BOOL] = "", [OPT_I64] = " int", [OPT_STR] = " string",
		[OPT_DURATION] = " duration", [OPT_FLOAT3] = " number",
	};

	return name[type];
}

static size_t help_width(const struct opt *o)
{
	return str_from(o->name).n + str_from(type_name(o->type)).n;
}

void opts_help(const struct opt *table, size_t n, struct buf *out)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		if (help_width(&table[i]) > width)
			width = help_width(&table[i]);
	for (size_t i = 0; i < n; i++) {
		const struct opt *o = &table[i];

		buf_fmt(out, "  --%s%s", o->name, type_name(o->type));
		for (size_t w = help_width(o); w < width + 2; w++)
			buf_char(out, ' ');
		buf_cstr(out, o->help);
		if (o->min || o->max) {
			buf_cstr(out, " (");
			put_range(out, o);
			buf_char(out, ')');
		}
		if (o->def && *o->def)
			buf_fmt(out, " (default %s)", o->def);
		if (o->env)
			buf_fmt(out, " [%s]", o->env);
		buf_char(out, '\n');
	}
}
