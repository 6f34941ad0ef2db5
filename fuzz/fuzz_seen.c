/*
 * The note of what a Deployment's references held, which whoever may edit the
 * Deployment may write: what is taken is what a plain reading of it says, at
 * most as many as there is room for, and written again it is the same text;
 * what cannot be read is as nothing, and leaves the digest as it was. The
 * first byte is how many were known of before.
 */
#include "control/control_int.h"
#include "fuzz.h"

enum { DIGITS = 16, BEFORE_REFS = 77 };

/* Room behind the struct's list would be the next members: they are looked
 * at as well. */
static struct workload w, before;

static void before_make(uint8_t n)
{
	memset(&before, 0, sizeof(before));
	before.note_refs = BEFORE_REFS;
	before.asked = 5;
	before.scaled = true;
	before.seen_n = n % (RECORD_REFS_MAX + 1);
	for (uint8_t i = 0; i < before.seen_n; i++)
		before.seen[i] = (struct ref_note){ i + 1U, 9 };
	w = before;
}

static bool is_digits(const char *p)
{
	for (int i = 0; i < DIGITS; i++)
		if (!memchr("0123456789abcdef", p[i], 16))
			return false;
	return true;
}

/* How many it holds, or -1: numbers of 16 digits with commas between them,
 * and maybe one at the end. */
static int plain_count(struct str note)
{
	size_t fields = (note.n + 1) / (DIGITS + 1);

	if (note.n < DIGITS || fields > RECORD_REFS_MAX + 1 ||
	    note.n - fields * DIGITS - (fields - 1) > 1)
		return -1;
	for (size_t i = 0, at = 0; i < fields; i++, at += DIGITS + 1)
		if (!is_digits(note.p + at) ||
		    (at + DIGITS < note.n && note.p[at + DIGITS] != ','))
			return -1;
	return (int)fields - 1;
}

static struct str write_again(char *mem, size_t cap)
{
	struct buf b;

	buf_init(&b, mem, cap);
	buf_hex64(&b, w.note_refs);
	for (uint8_t i = 0; i < w.seen_n; i++) {
		buf_char(&b, ',');
		buf_hex64(&b, (uint64_t)w.seen[i].ref << 32 |
		    w.seen[i].content);
	}
	FUZZ_CHECK(!b.over);
	return buf_view(&b);
}

/* All else in it is as it was. */
static void check_rest(void)
{
	struct workload rest = w;

	FUZZ_CHECK(w.seen_n <= RECORD_REFS_MAX);
	memcpy(rest.seen, before.seen, sizeof(rest.seen));
	rest.seen_n = before.seen_n;
	rest.note_refs = before.note_refs;
	FUZZ_CHECK(!memcmp(&rest, &before, sizeof(rest)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[(DIGITS + 1) * (RECORD_REFS_MAX + 1)];
	struct fuzz_input in = { data, size };
	struct str note, again;
	bool other;
	int n;

	before_make(fuzz_u8(&in));
	note = (struct str){ (const char *)in.p, in.n };
	n = plain_count(note);
	other = seen_take(&w, note);
	check_rest();
	FUZZ_CHECK(w.seen_n == (n > 0 ? n : 0));
	FUZZ_CHECK(other == (w.seen_n != before.seen_n ||
	    memcmp(w.seen, before.seen, w.seen_n * sizeof(w.seen[0]))));
	if (n <= 0) {
		FUZZ_CHECK(w.note_refs == BEFORE_REFS);
		return 0;
	}
	again = write_again(text, sizeof(text));
	FUZZ_CHECK(str_starts(note, again) && note.n - again.n <= 1);
	FUZZ_CHECK(!seen_take(&w, again));
	return 0;
}
