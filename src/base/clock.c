#include "base_int.h"

/* Days from 0000-03-01, where the 400-year cycle starts, to 1970-01-01. */
#define EPOCH_DAYS 719468
#define CYCLE_DAYS 146097

/*
 * Years here begin in March, so that the leap day is a year's last; the
 * months from there have 31 30 31 30 31 days, twice over, and then the rest:
 * (153 m + 2) / 5 days lie before month m.
 */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month < 3);
	int64_t m = month < 3 ? month + 9 : month - 3;

	return y * 365 + y / 4 - y / 100 + y / 400 +
	    (153 * m + 2) / 5 + day - 1 - EPOCH_DAYS;
}

void time_civil_day(int64_t days, struct civil *ret)
{
	int64_t cycle, d, y, m;

	/* An int64_t of ns is after 1677, so this is not negative. */
	days += EPOCH_DAYS;
	cycle = days / CYCLE_DAYS;
	d = days % CYCLE_DAYS;
	/* Takes out the leap days of the cycle before dividing by 365. */
	y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	d -= y * 365 + y / 4 - y / 100;
	m = (5 * d + 2) / 153;
	ret->day = (unsigned)(d - (153 * m + 2) / 5 + 1);
	ret->month = (unsigned)(m < 10 ? m + 3 : m - 9);
	ret->year = cycle * 400 + y + (m >= 10);
}

static void put_padded(struct buf *b, uint64_t v, unsigned width)
{
	char text[20];

	for (unsigned i = width; i > 0; i--, v /= 10)
		text[i - 1] = (char)('0' + v % 10);
	buf_put(b, text, width);
}

/* Seconds since 1970 and the rest in ns, rounded down. */
static int64_t split_s(int64_t ns, int64_t *ret_rest)
{
	int64_t s = ns / NS_PER_S, rest = ns % NS_PER_S;

	*ret_rest = rest < 0 ? rest + NS_PER_S : rest;
	return s - (rest < 0);
}

static void put_time(struct buf *b, int64_t s)
{
	int64_t days = s / S_PER_DAY - (s % S_PER_DAY < 0);
	unsigned in_day = (unsigned)(s - days * S_PER_DAY);
	struct civil c;

	time_civil_day(days, &c);
	put_padded(b, (uint64_t)c.year, 4);
	buf_char(b, '-');
	put_padded(b, c.month, 2);
	buf_char(b, '-');
	put_padded(b, c.day, 2);
	buf_char(b, 'T');
	put_padded(b, in_day / 3600, 2);
	buf_char(b, ':');
	put_padded(b, in_day / 60 % 60, 2);
	buf_char(b, ':');
	put_padded(b, in_day % 60, 2);
}

void time_rfc3339(struct buf *b, int64_t wall_ns)
{
	int64_t rest;

	put_time(b, split_s(wall_ns, &rest));
	buf_char(b, 'Z');
}

void time_rfc3339_micro(struct buf *b, int64_t wall_ns)
{
	int64_t rest;

	put_time(b, split_s(wall_ns, &rest));
	buf_char(b, '.');
	put_padded(b, (uint64_t)rest / 1000, 6);
	buf_char(b, 'Z');
}

/* A cursor; ok falls once and stays down. */
struct scan {
	struct str s;
	bool ok;
};

static unsigned scan_number(struct scan *in, unsigned width)
{
	unsigned v = 0;

	if (in->s.n < width) {
		in->ok = false;
		return 0;
	}
	for (unsigned i = 0; i < width; i++) {
		unsigned d = (unsigned char)in->s.p[i] - (unsigned)'0';

		in->ok = in->ok && d <= 9;
		v = v * 10 + d % 10;
	}
	in->s = str_sub(in->s, width, in->s.n);
	return v;
}

static bool scan_is(const struct scan *in, char c)
{
	return in->s.n && in->s.p[0] == c;
}

static void scan_char(struct scan *in, char c)
{
	in->ok = in->ok && scan_is(in, c);
	in->s = str_sub(in->s, 1, in->s.n);
}

static int64_t scan_fraction(struct scan *in)
{
	size_t n = 0;
	int64_t ns;

	if (!scan_is(in, '.'))
		return 0;
	scan_char(in, '.');
	while (n < in->s.n && in->s.p[n] >= '0' && in->s.p[n] <= '9')
		n++;
	in->ok = in->ok && n >= 1 && n <= 9;
	if (!in->ok)
		return 0;
	ns = scan_number(in, (unsigned)n);
	for (; n < 9; n++)
		ns *= 10;
	return ns;
}

/* The seconds that the local time is ahead of UTC. */
static int64_t scan_offset(struct scan *in)
{
	bool minus = scan_is(in, '-');
	unsigned h, m;

	if (scan_is(in, 'Z')) {
		scan_char(in, 'Z');
		return 0;
	}
	scan_char(in, minus ? '-' : '+');
	h = scan_number(in, 2);
	scan_char(in, ':');
	m = scan_number(in, 2);
	in->ok = in->ok && h <= 23 && m <= 59;
	return (minus ? -1 : 1) * (int64_t)(h * 3600 + m * 60);
}

static unsigned days_of_month(int64_t year, unsigned month)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month == 2)
		return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void scan_civil(struct scan *in, struct civil *c)
{
	c->year = scan_number(in, 4);
	scan_char(in, '-');
	c->month = scan_number(in, 2);
	scan_char(in, '-');
	c->day = scan_number(in, 2);
	scan_char(in, 'T');
	c->hour = scan_number(in, 2);
	scan_char(in, ':');
	c->minute = scan_number(in, 2);
	scan_char(in, ':');
	c->second = scan_number(in, 2);
	in->ok = in->ok && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	    c->day <= days_of_month(c->year, c->month) && c->hour <= 23 &&
	    c->minute <= 59 && c->second <= 59;
}

int time_parse(struct str s, int64_t *ret_wall_ns)
{
	struct scan in = { s, true };
	struct civil c;
	int64_t at, ns;

	scan_civil(&in, &c);
	if (!in.ok)
		return ERR_BAD;
	ns = scan_fraction(&in);
	at = days_from_civil(c.year, c.month, c.day) * S_PER_DAY +
	    c.hour * 3600 + c.minute * 60 + c.second;
	at -= scan_offset(&in);
	if (!in.ok || in.s.n)
		return ERR_BAD;
	if (at < 0 || at > (INT64_MAX - ns) / NS_PER_S)
		return ERR_BAD;
	*ret_wall_ns = at * NS_PER_S + ns;
	return 0;
}

int64_t time_backoff(int64_t first_ns, uint32_t tries, int64_t most_ns)
{
	int64_t delay = first_ns;

	for (; tries > 1 && delay < most_ns; tries--)
		delay *= 2;
	return delay < most_ns ? delay : most_ns;
}
