#ifndef CODEC_H
#define CODEC_H

/*
 * codec: bytes to values and back, without I/O and without allocation.
 * Parsers take slices and return consumed >= 0, ERR_MORE or ERR_BAD; what
 * was wrong and where is told in a struct diag (may be NULL).
 */

#include "base.h"

/* json_read.c [json_] ------------------------------------------------- */

enum json_type {
	JSON_NONE, JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER,
	JSON_BOOL, JSON_NULL
};

/*
 * One token. Objects hold key, value, key, value, ...; `next` is the index
 * after the token's whole subtree, so that siblings are one step away.
 */
struct json_tok {
	uint32_t start, end;	/* into text; strings without their quotes */
	uint32_t size;		/* members, elements; 1 for a key */
	uint32_t next;
	uint8_t type;		/* enum json_type */
	uint8_t escaped;	/* a string that has backslashes */
};

/* A parsed document over text and tokens that the caller owns. */
struct json_doc {
	struct str text;
	struct json_tok *tok;
	uint32_t cap, n;
};
#define JSON_NIL UINT32_MAX	/* no such value */
#define JSON_ROOT 0U

/*
 * Parses one complete JSON text (RFC 8259; UTF-8 must be valid, escapes well
 * formed, surrogates paired). ERR_BAD with line and column in d, ERR_LIMIT
 * over JSON_DEPTH_MAX, the token cap or JSON_OBJECT_MAX. A key given twice
 * is not looked for: json_get finds the first. The doc points at text and
 * tok; on failure it is as before and the tokens are garbage.
 */
int json_parse(struct json_doc *doc, struct str text, struct json_tok *tok,
    uint32_t cap, struct diag *d);
/* With tokens of the arena; ERR_FULL when that is too small. */
int json_parse_in(struct json_doc *doc, struct str text, struct arena *a,
    struct diag *d);
enum json_type json_type(const struct json_doc *doc, uint32_t at);
/* The value's own text, with quotes and braces. */
struct str json_raw(const struct json_doc *doc, uint32_t at);
/* First child (key or element) or JSON_NIL; the next sibling or JSON_NIL. */
uint32_t json_first(const struct json_doc *doc, uint32_t at);
uint32_t json_next(const struct json_doc *doc, uint32_t parent, uint32_t at);
/* The value of a member, or JSON_NIL (also when at is not an object). */
uint32_t json_get(const struct json_doc *doc, uint32_t at, struct str key);
/* json_get along "a.b.c"; keys that hold dots cannot be named so. */
uint32_t json_path(const struct json_doc *doc, uint32_t at, const char *path);
/* Value of a key token: keys are followed by their value. */
uint32_t json_value(const struct json_doc *doc, uint32_t key);
bool json_key_is(const struct json_doc *doc, uint32_t key, struct str name);
/*
 * The string's text: a slice of the document where nothing is escaped, else
 * unescaped into the arena. ERR_BAD if not a string, ERR_FULL.
 */
int json_string(const struct json_doc *doc, uint32_t at, struct arena *a,
    struct str *ret);
/* The same, but of a text that does not fit as much as does. ERR_FULL only
 * when the arena was over before. */
int json_string_cut(const struct json_doc *doc, uint32_t at, struct arena *a,
    struct str *ret);
/*
 * Integral numbers only: "1e3" and "1.0" count, "1.5" and what is no number
 * is ERR_BAD. ERR_LIMIT out of range.
 */
int json_i64(const struct json_doc *doc, uint32_t at, int64_t *ret);
int json_bool(const struct json_doc *doc, uint32_t at, bool *ret);

/* json_scan.c [json_scan] -------------------------------------------- */

/*
 * Well-formed JSON text? json_parse's rules but for the size: a linear scan,
 * for slices to be passed through.
 */
int json_scan(struct str text, struct diag *d);

/* json_split.c [split_] ----------------------------------------------- */

/*
 * Cuts a Kubernetes list or a watch stream, arriving in pieces of any size,
 * into single objects, so that memory follows the largest object and not
 * the list. In list mode it emits each element of the top-level "items" and
 * the text of the top-level "metadata"; in watch mode each top-level value
 * (one line). metadata.managedFields of the object is left out of what is
 * emitted, with its comma. Keys are compared as they are written: the API
 * server escapes none of these.
 *
 * An item over the cap, or nested over JSON_DEPTH_MAX with what is around
 * it, is not emitted whole. SPLIT_OVERSIZE comes with a small object in its
 * place, of the same shape, that has only type, apiVersion, kind and of
 * metadata the name, namespace, uid, resourceVersion, generation and
 * deletionTimestamp; wherever in the item these stand. Members that do not
 * fit SPLIT_HEAD_MAX are missing.
 *
 * Brackets, commas and colons are checked everywhere down to that depth
 * (SPLIT_BAD, for good; outside items, too deep is bad as well); scalars and
 * the insides of strings are not, nor what is left out: what is emitted is
 * well-formed if the input is, and has to be parsed.
 */
enum split_mode { SPLIT_LIST, SPLIT_WATCH };
enum split_event {
	SPLIT_MORE,		/* all input eaten, nothing to tell yet */
	SPLIT_ITEM,		/* an element, or a watch line */
	SPLIT_META,		/* the list's metadata */
	SPLIT_OVERSIZE,		/* an item over the cap; its head */
	SPLIT_END,		/* the list's closing brace */
	SPLIT_BAD
};
struct split {
	enum split_mode mode;
	struct buf out;		/* memory for one object, given at init */
	/* private to json_split.c from here */
	uint64_t objects;	/* bit per level: an object, not a list */
	uint32_t deep;		/* levels open below the deepest */
	char key[24];
	char head[SPLIT_HEAD_MAX];
	uint16_t head_n, head_mark;
	uint8_t state, action, emit;
	uint8_t depth, path, emit_depth, head_depth, key_n;
	bool escape, key_over, held, has_members, copying, keeping;
};
void split_init(struct split *s, enum split_mode mode, void *mem, size_t cap);
/*
 * Eats from *in (advancing it) until there is an event. The emitted text is
 * valid until the next call. Events and texts never depend on how the input
 * is cut into pieces; a number at the top level ends with the byte after it.
 */
enum split_event split_push(struct split *s, struct str *in,
    struct str *ret_text);

/* json_write.c [jw_] -------------------------------------------------- */

/*
 * A streaming writer of one JSON value over a buf, behind what the buf
 * already holds; commas and colons come by themselves. Wrong nesting, over
 * JSON_DEPTH_MAX too, is a CHECK; running out of room is the buf's sticky
 * `over`.
 */
struct jw {
	struct buf *out;
	/* private to json_write.c from here */
	uint64_t objects;	/* bit per level: an object, not a list */
	uint8_t depth, due;
};
void jw_init(struct jw *w, struct buf *out);
bool jw_done(const struct jw *w);	/* the value is complete */
void jw_open(struct jw *w);		/* { */
void jw_close(struct jw *w);		/* } */
void jw_open_list(struct jw *w);	/* [ */
void jw_close_list(struct jw *w);	/* ] */
void jw_key(struct jw *w, struct str key);
/* As it stands in a document, with its quotes and escapes. */
void jw_raw_key(struct jw *w, struct str quoted);
void jw_str(struct jw *w, struct str s);   /* invalid UTF-8: U+FFFD */
void jw_i64(struct jw *w, int64_t v);
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);
/* Text that is known to be one well-formed JSON value. */
void jw_raw(struct jw *w, struct str json);
/*
 * key + value in one. jw_kfmt: a string value by buf_fmt's rules; one over
 * JW_FMT_MAX bytes does not fit.
 */
void jw_kstr(struct jw *w, const char *key, struct str v);
void jw_kcstr(struct jw *w, const char *key, const char *v);
void jw_ki64(struct jw *w, const char *key, int64_t v);
void jw_kbool(struct jw *w, const char *key, bool v);
void jw_kraw(struct jw *w, const char *key, struct str json);
void jw_kopen(struct jw *w, const char *key);
void jw_kopen_list(struct jw *w, const char *key);
void jw_kfmt(struct jw *w, const char *key, const char *fmt, ...);
/* Escapes s as the inside of a JSON string; invalid UTF-8: U+FFFD. */
void json_escape(struct buf *out, struct str s);

/* json_patch.c [json_patch_] -------------------------------------------- */

/* The items of lists of that name are known by that key; the last is NULL. */
struct json_list_key {
	const char *list, *key;
};
/*
 * Is it a strategic merge patch of ours? The items of keyed lists have their
 * key, no two the same; "$patch" is the only directive; no name is escaped.
 * ERR_BAD with the path, below `path`, in d.
 */
int json_patch_check(const struct json_doc *patch,
    const struct json_list_key *keys, struct str path, struct diag *d);
/*
 * Writes base with the patch merged into it, as Kubernetes defines it: null
 * takes a member away, items of keyed lists are merged with those of the same
 * key, others are put behind, lists without a key are replaced. What
 * json_patch_check refuses gives well-formed JSON all the same.
 */
void json_patch_write(const struct json_doc *base,
    const struct json_doc *patch, const struct json_list_key *keys,
    struct jw *w);

/* json_ops.c [json_ops_] ------------------------------------------------ */

/* Where texts are put together, three of cap bytes one behind the other. */
#define JSON_OPS_TEXTS 3
struct json_ops {
	struct json_tok *tok;
	uint32_t toks;
	char *mem;
	size_t cap;
};
/*
 * A JSON Patch (RFC 6902), the list at `list` of ops, applied to a text that
 * is an object: all of it or nothing. *ret is text itself or lies in
 * work->mem. Stricter than the RFC: the whole object cannot be named, and
 * values have no name with an escape, nor one twice in an object. What no
 * operation names stays as it was, byte by byte, and new members stand behind
 * those that there were. ERR_BAD with the path below "patch" in d; ERR_LIMIT:
 * what comes out is too large.
 */
int json_ops_apply(struct str text, const struct json_doc *ops, uint32_t list,
    struct json_ops *work, struct arena *scratch, struct str *ret,
    struct diag *d);

/* yaml.c [yaml_] ------------------------------------------------------ */

/*
 * YAML (libyaml) to JSON text behind what out holds, for kubeconfig and
 * command-line input. Plain scalars mean what they mean to kubectl: besides
 * the core schema, yes/no, on/off and y/n are booleans, 0644 is octal and
 * underscores in numbers are skipped. Keys are strings as written. Refused
 * are anchors, aliases, tags, merge keys, .inf and .nan (ERR_UNSUPPORTED),
 * duplicate keys (ERR_BAD), and more than YAML_DEPTH_MAX levels,
 * YAML_KEYS_MAX keys or YAML_INPUT_MAX bytes (ERR_LIMIT).
 *
 * One document a call: *in advances past it, so that "---" streams are read
 * in a loop; ERR_NOENT when there is none left. An empty document is null.
 * Lines in d count from *in. Memory for libyaml comes from the scratch
 * arena (YAML_SCRATCH_MAX does for anything reasonable) and is given back;
 * ERR_FULL when it or out is too small. On failure out is as before, but
 * for its `over`.
 */
int yaml_to_json(struct str *in, struct arena *scratch, struct buf *out,
    struct diag *d);

/* b64.c [b64_] ---------------------------------------------------------- */

/*
 * RFC 4648: padded to whole groups, the bits left over zero; ERR_BAD
 * otherwise. lax: line breaks and blanks are skipped. b64url_decode: the
 * alphabet of section 5, without padding. ERR_FULL when there is more than
 * cap. out may be in.p, which is never behind; on failure it is garbage.
 */
int b64_decode(struct str in, bool lax, void *out, size_t cap,
    size_t *ret_n);
int b64url_decode(struct str in, void *out, size_t cap, size_t *ret_n);
void b64_encode(struct buf *out, const void *p, size_t n);
void b64url_encode(struct buf *out, const void *p, size_t n); /* no '=' */

/* url.c [url_] ----------------------------------------------------------- */

/*
 * The address of a server (RFC 3986): http or https, a DNS name, an IPv4
 * address or an IPv6 one in brackets without a zone, a port, a path. No user
 * name, query or fragment; ERR_BAD, and d says why. Slices of the input.
 */
struct url {
	bool tls;
	struct str host;	/* without brackets */
	bool host_is_ip;
	struct net_addr ip;	/* when host_is_ip, with the port */
	uint16_t port;		/* as given, or the scheme's own */
	struct str path;	/* "" or starts with '/', no trailing '/' */
};
int url_parse(struct str s, struct url *ret, struct diag *d);
void url_escape(struct buf *out, struct str s);	/* query component */
/* '+' is a blank. ERR_BAD on a bad %XX, ERR_FULL. */
int url_unescape(struct str s, struct buf *out);

/* cron.c [cron_] --------------------------------------------------------- */

/*
 * When something is due, as CronJobs have it: minute, hour, day of the month,
 * month, day of the week (0-6 from Sunday; names in any case), each with
 * lists, ranges and steps; "?" for "*"; of two days that are both restricted
 * either will do. Or @yearly, @annually, @monthly, @weekly, @daily,
 * @midnight, @hourly, or "@every 1h30m" with a Go duration in whole seconds
 * after the last time. In UTC; "TZ=" is refused.
 */
struct cron {
	uint64_t minute;		/* a bit each, as all of these */
	uint32_t hour, day, month, weekday;
	bool any_day, any_weekday;
	int64_t every_s;		/* not 0: nothing else counts */
};
/* ERR_BAD: d says what is wrong, without a path. */
int cron_parse(struct str s, struct cron *ret, struct diag *d);
/*
 * The first time after this one, in ns of the wall clock; TIME_NEVER: there
 * is none within eight years, as of February 30.
 */
int64_t cron_next(const struct cron *c, int64_t wall_ns);

/* quantity.c [quantity_] ------------------------------------------------- */

/*
 * A Kubernetes quantity ("100m", "1.5Gi", "2e3", "128974848"), in
 * thousandths, rounded away from zero as there, and INT64_MAX, or as much
 * below zero, of what is more. ERR_BAD on malformed text, ERR_LIMIT over
 * QUANTITY_MAX bytes.
 */
int quantity_parse(struct str s, int64_t *ret_milli);

/* digest.c [sha256_] -------------------------------------------------- */

/* FIPS 180-4, over BearSSL. */
#define SHA256_LEN 32
void sha256(const void *p, size_t n, uint8_t ret[SHA256_LEN]);
struct sha256 { uint64_t opaque[16]; };
void sha256_init(struct sha256 *c);
void sha256_add(struct sha256 *c, const void *p, size_t n);
/* The digest so far: more may be added afterwards. */
void sha256_end(const struct sha256 *c, uint8_t ret[SHA256_LEN]);
/* RFC 2104 over the parts, one behind the other. */
void hmac_sha256(struct str key, const struct str *part, size_t parts,
    uint8_t ret[SHA256_LEN]);

#include "schema.h"
#include "x509.h"

#endif
