/*
 * What the harnesses of files in /etc share: a system that has one file, its
 * words as somebody else would split them, and the same file with blank lines
 * and comments put in.
 */
#ifndef ETC_FILE_H
#define ETC_FILE_H

#include "fuzz.h"
#include "net/dns_int.h"

static const char *etc_path;
static struct str etc_text;
static char etc_scratch[LOOP_SCRATCH_MAX], etc_dressed[8 * LOOP_SCRATCH_MAX];

static int etc_read(void *ctx, const char *path, void *p, size_t cap)
{
	(void)ctx;
	FUZZ_CHECK(!strcmp(path, etc_path));
	if (etc_text.n > cap)
		return ERR_LIMIT;
	if (etc_text.n)
		memcpy(p, etc_text.p, etc_text.n);
	return (int)etc_text.n;
}

static const struct io etc_io = { .read_file = etc_read };
static struct loop etc_loop = { .io = &etc_io, .scratch = etc_scratch };

static inline void etc_set(const char *path, struct str text)
{
	etc_path = path;
	etc_text = text;
}

/* The next line's end, from at; the text's where it has none. */
static inline size_t etc_line_end(struct str text, size_t at)
{
	while (at < text.n && text.p[at] != '\n')
		at++;
	return at;
}

static inline bool etc_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A line's words before its comment into word[], at most cap. */
static inline size_t etc_words(struct str line, const char *comments,
    struct str *word, size_t cap)
{
	size_t n = 0, at = 0, end = 0, from;

	while (end < line.n && line.p[end] != comments[0] &&
	    line.p[end] != comments[strlen(comments) - 1])
		end++;
	while (end > 0 && etc_blank(line.p[end - 1]))
		end--;
	while (n < cap && at < end) {
		while (etc_blank(line.p[at]))
			at++;
		for (from = at; at < end && line.p[at] != ' ' &&
		    line.p[at] != '\t'; )
			at++;
		word[n++] = (struct str){ line.p + from, at - from };
	}
	return n;
}

/* The text again: what is added says nothing. */
static inline struct str etc_dress(struct str text, char comment,
    const char *said)
{
	struct buf b;
	size_t at = 0, end;

	buf_init(&b, etc_dressed, sizeof(etc_dressed));
	buf_char(&b, '\n');
	for (; at < text.n; at = end + 1) {
		end = etc_line_end(text, at);
		buf_fmt(&b, "%c%s\n\t \r\n\t", comment, said);
		buf_str(&b, (struct str){ text.p + at, end - at });
		buf_fmt(&b, " %c %s\n", comment, said);
	}
	return buf_view(&b);
}

#endif
