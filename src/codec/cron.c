#include <string.h>

#include "base.h"
#include "codec.h"

/* The next February 29 after 1896 or 2096 is this many years off. */
#define YEARS_MAX 8
#define EVERY_MIN_S 1

struct range { unsigned min, max; const char *const *names; };

static const char *const months[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
	"nov", "dec", NULL
};
static const char *const weekdays[] = {
	"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL
};
enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };
static const struct range ranges[FIELDS] = {
	{ 0, 59, NULL }, { 0, 23, NULL }, { 1, 31, NULL }, { 1, 12, months },
	{ 0, 6, weekdays }
};
static const char *const field_names[FIELDS] = {
	"minute", "hour", "day of the month", "month", "day of the week"
};
static const struct { const char *name, *means; } descriptors[] = {
	{ "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" },
	{ "@monthly", "0 0 1 * *" }, { "@weekly", "0 0 * * 0" },
	{ "@daily", "0 0 * * *" }, { "@midnight", "0 0 * * *" },
	{ "@hourly", "0 * * * *" },
};

/* ---- one field ---- */

static bool is_name(struct str s, const char *name)
{
	for (size_t i = 0; i < 3 && s.n == 3; i++)
		if ((s.p[i] | 0x20) != name[i])
			return false;
	return s.n == 3;
}

static bool number(struct str s, const struct range *r, unsigned *ret)
{
	uint64_t v;

	for (unsigned i = 0; r->names != NULL && r->names[i] != NULL; i++)
		if (is_name(s, r->names[i])) {
			*ret = r->min + i;
			return true;
		}
	if (str_u64(s, &v) < 0 || v < r->min || v > r->max)
		return false;
	*ret = (unsigned)v;
	return true;
}

/* "*", "3", "1-5", each with "/2"; a single number with a step goes on to the
 * end. *any: it is every value. */
static bool part(struct str s, const struct range *r, uint64_t *bits,
    bool *any)
{
	struct str which, from, step = str_cut(s, '/', &which);
	struct str to = str_cut(which, '-', &from);
	bool all = str_is(which, "*") || str_is(which, "?");
	unsigned first = r->min, last = r->max;
	uint64_t by = 1;

	if (which.n < s.n && (str_u64(step, &by) < 0 || by == 0))
		return false;
	if (!all && !number(from, r, &first))
		return false;
	if (!all && from.n < which.n && !number(to, r, &last))
		return false;
	if (!all && from.n == which.n && which.n == s.n)
		last = first;
	if (first > last)
		return false;
	*any = *any || (all && by == 1);
	for (; first <= last; first += (unsigned)by) {
		*bits |= UINT64_C(1) << first;
		if (by > r->max)
			break;
	}
	return true;
}

static bool field(struct str s, const struct range *r, uint64_t *bits,
    bool *any)
{
	struct str one;

	*bits = 0;
	*any = false;
	for (bool more = true; more;) {
		size_t n = s.n;

		s = str_cut(s, ',', &one);
		more = one.n < n;
		if (!part(one, r, bits, any))
			return false;
	}
	return true;
}

/* ---- all of it ---- */

static struct str word(struct str *s)
{
	struct str one;

	*s = str_trim(*s);
	*s = str_cut(*s, ' ', &one);
	return one;
}

static int fields(struct str s, struct cron *ret, struct diag *d)
{
	uint64_t bits[FIELDS];
	bool any[FIELDS];

	for (int i = 0; i < FIELDS; i++) {
		struct str one = word(&s);

		if (one.n == 0) {
			diag_set(d, STR_NONE, "has %d of five fields: "
			    "minute, hour, day of the month, month, day of "
			    "the week", i);
			return ERR_BAD;
		}
		if (!field(one, &ranges[i], &bits[i], &any[i])) {
			diag_set(d, STR_NONE, "%S is no %s", one,
			    field_names[i]);
			return ERR_BAD;
		}
	}
	if (str_trim(s).n > 0) {
		diag_set(d, STR_NONE, "has more than five fields");
		return ERR_BAD;
	}
	*ret = (struct cron){
		.minute = bits[MINUTE], .hour = (uint32_t)bits[HOUR],
		.day = (uint32_t)bits[DAY], .month = (uint32_t)bits[MONTH],
		.weekday = (uint32_t)bits[WEEKDAY], .any_day = any[DAY],
		.any_weekday = any[WEEKDAY]
	};
	return 0;
}

int cron_parse(struct str s, struct cron *ret, struct diag *d)
{
	struct str rest = s, first = word(&rest);
	int64_t ns;

	if (first.n == 0 || first.p[0] != '@')
		return fields(s, ret, d);
	rest = str_trim(rest);
	if (str_is(first, "@every")) {
		if (duration_parse(rest, &ns) == 0 &&
		    ns >= EVERY_MIN_S * NS_PER_S) {
			*ret = (struct cron){ .every_s = ns / NS_PER_S };
			return 0;
		}
		diag_set(d, STR_NONE, "%S is no duration of a "
		    "second or more, as 1h30m", rest);
		return ERR_BAD;
	}
	for (size_t i = 0; i < ARRAY_LEN(descriptors) && rest.n == 0; i++)
		if (str_is(first, descriptors[i].name))
			return fields(str_from(descriptors[i].means), ret, d);
	diag_set(d, STR_NONE, "%S is none of @yearly, @monthly, "
	    "@weekly, @daily, @hourly, @every DURATION", s);
	return ERR_BAD;
}

static bool day_matches(const struct cron *c, int64_t day)
{
	/* 1970-01-01 was a Thursday. */
	bool by_weekday = c->weekday >> ((day % 7 + 11) % 7) & 1;
	struct civil civil;
	bool by_day;

	time_civil_day(day, &civil);
	if (!(c->month >> civil.month & 1))
		return false;
	by_day = c->day >> civil.day & 1;
	return c->any_day || c->any_weekday ? by_day && by_weekday :
	    by_day || by_weekday;
}

/* The first minute of a day, from this one on, or -1. */
static int minute_from(const struct cron *c, int from)
{
	for (int m = from; m < 24 * 60; m++) {
		if (!(c->hour >> (m / 60) & 1))
			m += 59 - m % 60;
		else if (c->minute >> (m % 60) & 1)
			return m;
	}
	return -1;
}

int64_t cron_next(const struct cron *c, int64_t wall_ns)
{
	int64_t s = wall_ns / NS_PER_S - (wall_ns % NS_PER_S < 0), day;
	int64_t last = INT64_MAX / NS_PER_S;
	int from;

	if (c->every_s > 0)
		return c->every_s > last - s ? TIME_NEVER :
		    (s + c->every_s) * NS_PER_S;
	day = s / S_PER_DAY - (s % S_PER_DAY < 0);
	from = (int)((s - day * S_PER_DAY) / 60) + 1;
	for (int i = 0; i <= YEARS_MAX * 366; i++, day++, from = 0) {
		int m = day_matches(c, day) ? minute_from(c, from) : -1;

		if (m < 0)
			continue;
		s = day * S_PER_DAY + m * 60;
		return s > last ? TIME_NEVER : s * NS_PER_S;
	}
	return TIME_NEVER;
}
