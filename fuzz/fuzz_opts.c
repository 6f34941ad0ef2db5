/*
 * Lines of the input are arguments; those before an empty line are the
 * environment, one NAME=value each. Bounds hold, a refusal changes nothing and
 * says why, argv stays a permutation with the rest in front and in order, and
 * what was read, written out as flags, reads back the same.
 */
#include "base.h"
#include "fuzz.h"

struct options {
	bool on;
	int64_t n, wait_ns, rate;
	struct str text;
};

static const struct opt table[] = {
	{ "on", "ON", "true", OPT_BOOL, offsetof(struct options, on), 0, 0,
	  "" },
	{ "n", "N", "10", OPT_I64, offsetof(struct options, n), -5, 100, "" },
	{ "wait", "WAIT", "1s", OPT_DURATION,
	  offsetof(struct options, wait_ns), 0, 3600 * NS_PER_S, "" },
	{ "rate", "RATE", "1.5", OPT_FLOAT3, offsetof(struct options, rate),
	  -2000, 100000, "" },
	{ "text", "TEXT", NULL, OPT_STR, offsetof(struct options, text), 0, 0,
	  "" },
};

enum { WORDS_MAX = 32 };
static char *words[WORDS_MAX];
static int env_n, argc;
static char **argv;

static const char *fake_env(void *ctx, const char *name)
{
	size_t n = strlen(name);

	(void)ctx;
	for (int i = 0; i < env_n; i++)
		if (!strncmp(words[i], name, n) && words[i][n] == '=')
			return words[i] + n + 1;
	return NULL;
}

static const struct io fake = { .env = fake_env };

/* Cuts text into words; argv starts with what stands for the program. */
static void split(char *text)
{
	int n = 0;

	env_n = -1;
	for (char *line = text; line && n < WORDS_MAX - 2;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (!*line && env_n < 0)
			env_n = n;
		words[n++] = line;
		line = end ? end + 1 : NULL;
	}
	if (env_n < 0)
		env_n = 0;
	words[n] = NULL;
	argv = words + env_n;
	argc = n - env_n;
}

static void check_permuted(char *const *before, int rest)
{
	int at = 0;

	FUZZ_CHECK(rest >= 0 && rest < argc);
	for (int i = 0; i < argc; i++) {
		int seen = 0;

		for (int j = 0; j < argc; j++)
			seen += before[j] == argv[i];
		FUZZ_CHECK(seen == 1);
	}
	for (int i = 1; i <= rest; i++) {
		while (before[at] != argv[i])
			FUZZ_CHECK(++at < argc);
	}
}

static void check_again(const struct options *o)
{
	char text[4][64], *flags[12] = { text[0], text[0], text[1], text[2] };
	char name[] = "--text", dashes[] = "--", value[FUZZ_MAX + 1];
	char rate_name[] = "--rate";
	int64_t rate = o->rate < 0 ? -o->rate : o->rate;
	struct buf b[4];
	struct options again = { 0 };
	struct diag d;
	int rest;

	for (int i = 0; i < 4; i++)
		buf_init(&b[i], text[i], sizeof(text[i]) - 1);
	buf_cstr(&b[0], o->on ? "--on" : "--on=false");
	buf_fmt(&b[1], "-n=%D", o->n);
	buf_cstr(&b[2], "--wait=");
	duration_format(&b[2], o->wait_ns);
	buf_fmt(&b[3], "%s%D.%D%D%D", o->rate < 0 ? "-" : "", rate / 1000,
	    rate / 100 % 10, rate / 10 % 10, rate % 10);
	for (int i = 0; i < 4; i++)
		text[i][b[i].n] = '\0';
	memcpy(value, o->text.p ? o->text.p : "", o->text.n);
	value[o->text.n] = '\0';
	flags[4] = name;
	flags[5] = value;
	flags[6] = rate_name;
	flags[7] = text[3];
	flags[8] = dashes;
	diag_clear(&d);
	FUZZ_CHECK(!opts_parse(table, ARRAY_LEN(table), NULL, 9, flags,
	    &again, &rest, &d));
	FUZZ_CHECK(rest == 0 && again.on == o->on && again.n == o->n);
	FUZZ_CHECK(again.wait_ns == o->wait_ns && again.rate == o->rate);
	FUZZ_CHECK(str_eq(again.text, o->text));
}

static void check_parse(void)
{
	struct options o = { .n = 77, .rate = 78 };
	char *before[WORDS_MAX];
	struct diag d;
	int rest = -1, rc;

	memcpy(before, argv, sizeof(*argv) * (size_t)argc);
	diag_clear(&d);
	rc = opts_parse(table, ARRAY_LEN(table), &fake, argc, argv, &o,
	    &rest, &d);
	FUZZ_CHECK(rc == 0 || rc == ERR_USAGE);
	FUZZ_CHECK(diag_is_set(&d) == (rc != 0));
	if (rc) {
		FUZZ_CHECK(o.n == 77 && o.rate == 78 && rest == -1);
		FUZZ_CHECK(d.text[0]);
		FUZZ_CHECK(!memcmp(before, argv,
		    sizeof(*argv) * (size_t)argc));
		return;
	}
	FUZZ_CHECK(o.n >= -5 && o.n <= 100);
	FUZZ_CHECK(o.wait_ns >= 0 && o.wait_ns <= 3600 * NS_PER_S);
	FUZZ_CHECK(o.rate >= -2000 && o.rate <= 100000);
	check_permuted(before, rest);
	check_again(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text || size > FUZZ_MAX) {
		free(text);
		return 0;
	}
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	split(text);
	check_parse();
	free(text);
	return 0;
}
