#include <string.h>

#include "check.h"
#include "control/control_int.h"
#include "fake_io.h"

#define DAY INT64_C(86400)
#define START_S INT64_C(1798761600)	/* 2027-01-01 */

static struct fake_io f;
static struct authority a;
static struct json_tok tok[64];
static char room[1 << 18], text[1 << 16];

static void begin(void)
{
	fake_io_init(&f);
	f.wall_offset_ns = START_S * NS_PER_S - f.now_ns;
	memset(&a, 0, sizeof(a));
}

static void later(int64_t s)
{
	f.wall_offset_ns += s * NS_PER_S;
}

static int64_t now_s(void)
{
	return f.io.wall_ns(&f) / NS_PER_S;
}

static struct arena arena(void)
{
	struct arena r;

	arena_init(&r, room, sizeof(room));
	return r;
}

static struct str secret(void)
{
	struct arena s = arena();
	struct buf b;

	buf_init(&b, text, sizeof(text));
	REQUIRE(!authority_write(&a, STR("ns"), STR("x"), STR("7"), &s, &b));
	EXPECT_EQ(arena_mark(&s), 0);
	return buf_view(&b);
}

static int read_back(struct str from, struct authority *ret)
{
	struct arena s = arena();
	int err = authority_read(from, tok, ARRAY_LEN(tok), &s, ret);

	EXPECT_EQ(arena_mark(&s), 0);
	return err;
}

TEST(a_ca_is_made_and_stays_for_half_its_life)
{
	begin();
	EXPECT(authority_signer(&a, now_s()) == NULL);
	EXPECT_EQ(authority_renew(&a, &f.io), 1);
	EXPECT_EQ(a.n, 1);
	EXPECT(authority_signer(&a, now_s()) == &a.ca[0]);
	EXPECT_EQ(authority_renew(&a, &f.io), 0);
	later(AUTHORITY_S / 2 - CERT_EARLY_S - 10);
	EXPECT_EQ(authority_renew(&a, &f.io), 0);
	later(20);
	EXPECT_EQ(authority_renew(&a, &f.io), 1);
	EXPECT_EQ(a.n, 2);
	fake_io_free(&f);
}

/* Never is there a signer that was not in the bundle for a day, but for the
 * first, and what it signed stays in the bundle as long as it is shown. */
TEST(who_signs_was_known_before)
{
	struct authority before;
	const struct authority_ca *signer;

	begin();
	for (int day = 0; day < 1500; day++) {
		before = a;
		REQUIRE(authority_renew(&a, &f.io) >= 0);
		signer = authority_signer(&a, now_s());
		REQUIRE(signer);
		EXPECT(signer->until_s > now_s() + 90 * DAY);
		for (uint32_t i = 0; day > 0 && i <= before.n; i++)
			if (i == before.n)
				EXPECT(!"known the day before");
			else if (!memcmp(before.ca[i].der, signer->der,
			    signer->der_n))
				break;
		later(DAY);
	}
	EXPECT_EQ(a.n, 2);
	fake_io_free(&f);
}

TEST(a_clock_that_goes_back_makes_another)
{
	begin();
	REQUIRE(authority_renew(&a, &f.io) == 1);
	later(-30 * DAY);
	EXPECT_EQ(authority_renew(&a, &f.io), 1);
	EXPECT_EQ(a.n, 1);
	EXPECT(a.ca[0].from_s <= now_s());
	fake_io_free(&f);
}

TEST(a_secret_is_read_as_it_was_written)
{
	struct authority b = { .n = 0 };

	begin();
	for (int i = 0; i < AUTHORITIES_MAX; i++) {
		if (i)
			later(AUTHORITY_S / 2);
		REQUIRE(authority_renew(&a, &f.io) == 1);
		REQUIRE(!read_back(secret(), &b));
		REQUIRE(b.n == a.n);
		for (uint32_t k = 0; k < b.n; k++) {
			EXPECT_EQ(b.ca[k].from_s, a.ca[k].from_s);
			EXPECT_EQ(b.ca[k].until_s, a.ca[k].until_s);
			EXPECT_EQ(b.ca[k].der_n, a.ca[k].der_n);
			EXPECT_MEM(b.ca[k].der, a.ca[k].der, a.ca[k].der_n);
			EXPECT_MEM(b.ca[k].key.x, a.ca[k].key.x, 32);
			EXPECT_MEM(b.ca[k].key.point, a.ca[k].key.point, 65);
		}
	}
	fake_io_free(&f);
}

TEST(a_secret_of_something_else_is_not_taken)
{
	static const char *const bad[] = {
		"", "{}", "{\"data\":7}", "{\"data\":{}}",
		"{\"data\":{\"ca.crt\":\"\",\"ca.key\":\"\"}}",
		"{\"data\":{\"ca.crt\":\"!\",\"ca.key\":\"\"}}",
		"{\"data\":{\"ca.crt\":\"aGVsbG8=\",\"ca.key\":\"aGVsbG8=\"}}"
	};
	static char copy[1 << 16];
	struct authority b = { .n = 0 };
	struct str good;
	unsigned taken = 0;

	begin();
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		EXPECT(read_back(str_from(bad[i]), &b) < 0);
	REQUIRE(authority_renew(&a, &f.io) == 1);
	good = secret();
	for (size_t i = 0; i < good.n; i++) {
		memcpy(copy, good.p, good.n);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		if (!read_back((struct str){ copy, good.n }, &b))
			taken++;
	}
	/* Only where nothing of it is looked at: the signature, a name. */
	EXPECT(taken < good.n / 2);
	for (size_t n = 0; n < good.n; n += 7)
		EXPECT(read_back(str_sub(good, 0, n), &b) < 0);
	EXPECT_EQ(b.n, taken ? 1 : 0);
	fake_io_free(&f);
}
