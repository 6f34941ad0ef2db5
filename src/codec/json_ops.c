#include <string.h>

#include "codec.h"

/*
 * JSON Patch (RFC 6902): each operation is one or two edits of the text, so
 * that all it does not name stays as it was, byte by byte. A text is parsed
 * once more after each; patches are short.
 */

/* One part of a pointer, unescaped: a label's key is at most 317 bytes. */
#define PART_MAX 512

enum op_kind { OP_ADD, OP_REMOVE, OP_REPLACE, OP_MOVE, OP_COPY, OP_TEST };
static const char *const op_name[] = {
	"add", "remove", "replace", "move", "copy", "test"
};

struct editing {
	struct json_ops *work;
	struct arena *a;
	struct str text;
	struct json_doc doc;		/* of text */
	const struct json_doc *ops;
	uint32_t op;			/* at hand, the n-th */
	unsigned n, turn;
	struct diag *d;
};

/* Where a pointer leads. */
struct place {
	uint32_t in;		/* the object or list */
	uint32_t at;		/* the value, or JSON_NIL: there is none yet */
	uint32_t key, before;	/* its key or itself, and the one before */
	struct str part;	/* the last one */
	char mem[PART_MAX];
};

static int bad(struct editing *e, const char *member, const char *text)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "patch[%u]%s%s", e->n, member[0] != '\0' ? "." : "",
	    member);
	diag_set(e->d, buf_view(&b), "%s", text);
	return ERR_BAD;
}

/* ---- the text ---- */

static int reparse(struct editing *e)
{
	return json_parse(&e->doc, e->text, e->work->tok, e->work->toks,
	    NULL);
}

static size_t offset(const struct editing *e, const char *p)
{
	return (size_t)(p - e->text.p);
}

/* The text with pieces in the place of what stands from one offset to
 * another; none of them lies in the memory of the next turn but one. */
static int splice(struct editing *e, size_t from, size_t to,
    const struct str *piece, size_t pieces)
{
	struct buf b;
	size_t i;

	buf_init(&b, e->work->mem + e->turn * e->work->cap, e->work->cap);
	e->turn = (e->turn + 1) % JSON_OPS_TEXTS;
	buf_str(&b, str_sub(e->text, 0, from));
	for (i = 0; i < pieces; i++)
		buf_str(&b, piece[i]);
	buf_str(&b, str_sub(e->text, to, e->text.n));
	if (b.over) {
		diag_set(e->d, STR("patch"), "makes it too large");
		return ERR_LIMIT;
	}
	e->text = buf_view(&b);
	if (reparse(e) == 0)
		return 0;
	diag_set(e->d, STR("patch"), "makes it too large, or too deep");
	return ERR_LIMIT;
}

/* ---- pointers (RFC 6901) ---- */

static int part_next(struct editing *e, struct str *rest, const char *member,
    char mem[PART_MAX], struct str *ret)
{
	struct str part;
	struct buf b;
	size_t i;

	*rest = str_cut(*rest, '/', &part);
	buf_init(&b, mem, PART_MAX);
	for (i = 0; i < part.n; i++) {
		char c = part.p[i];

		if (c == '~') {
			c = ++i < part.n ? part.p[i] : '\0';
			if (c != '0' && c != '1')
				return bad(e, member, "has a ~ that is "
				    "neither ~0 nor ~1");
			c = c == '1' ? '/' : '~';
		}
		buf_char(&b, c);
	}
	*ret = buf_view(&b);
	return b.over ? bad(e, member, "has a part that is too long") : 0;
}

static void find_member(const struct editing *e, struct place *p)
{
	uint32_t k;

	for (k = json_first(&e->doc, p->in); k != JSON_NIL;
	    k = json_next(&e->doc, p->in, k)) {
		if (json_key_is(&e->doc, k, p->part)) {
			p->key = k;
			p->at = json_value(&e->doc, k);
			return;
		}
		p->before = k;
	}
}

static int find_item(struct editing *e, struct place *p, const char *member)
{
	uint64_t index, i = 0;
	uint32_t k = json_first(&e->doc, p->in);

	if (str_is(p->part, "-"))
		index = UINT64_MAX;
	else if (str_u64(p->part, &index) < 0 ||
	    (p->part.n > 1 && p->part.p[0] == '0'))
		return bad(e, member, "has a part that is no index of a list");
	for (; k != JSON_NIL && i < index; i++) {
		p->before = k;
		k = json_next(&e->doc, p->in, k);
	}
	if (k == JSON_NIL && index != UINT64_MAX && i < index)
		return bad(e, member, "has an index behind the list's end");
	p->key = p->at = k;
	return 0;
}

static int find(struct editing *e, const char *member, struct str pointer,
    struct place *p)
{
	struct str rest;
	int err;

	if (pointer.n == 0)
		return bad(e, member, "names the whole object, of which only "
		    "parts can be patched");
	if (pointer.p[0] != '/')
		return bad(e, member, "must begin with /");
	rest = str_sub(pointer, 1, pointer.n);
	p->at = JSON_ROOT;
	for (;;) {
		/* "/a/" ends with a part that is empty. */
		bool last = str_find(rest, '/') == rest.n;

		p->in = p->at;
		p->at = p->key = p->before = JSON_NIL;
		err = part_next(e, &rest, member, p->mem, &p->part);
		if (err < 0)
			return err;
		if (json_type(&e->doc, p->in) == JSON_OBJECT)
			find_member(e, p);
		else if (json_type(&e->doc, p->in) != JSON_ARRAY)
			return bad(e, member, "goes into what is neither an "
			    "object nor a list");
		else
			err = find_item(e, p, member);
		if (err < 0 || last)
			return err;
		if (p->at == JSON_NIL)
			return bad(e, member, "goes through what is not "
			    "there");
	}
}

static int find_there(struct editing *e, const char *member,
    struct str pointer, struct place *p)
{
	int err = find(e, member, pointer, p);

	if (err == 0 && p->at == JSON_NIL)
		return bad(e, member, "is not there");
	return err;
}

/* ---- operations ---- */

static int put(struct editing *e, const struct place *p, struct str value)
{
	struct str in = json_raw(&e->doc, p->in), old;
	bool list = json_type(&e->doc, p->in) == JSON_ARRAY;
	bool empty = json_first(&e->doc, p->in) == JSON_NIL;
	struct str comma = empty ? STR_NONE : STR(","), piece[5];
	char key_mem[6 * PART_MAX];
	struct buf key;
	size_t at;

	if (p->at != JSON_NIL && !list) {
		old = json_raw(&e->doc, p->at);
		at = offset(e, old.p);
		return splice(e, at, at + old.n, &value, 1);
	}
	if (p->at != JSON_NIL) {
		at = offset(e, json_raw(&e->doc, p->at).p);
		piece[0] = value;
		piece[1] = STR(",");
		return splice(e, at, at, piece, 2);
	}
	at = offset(e, in.p) + in.n - 1;
	if (list) {
		piece[0] = comma;
		piece[1] = value;
		return splice(e, at, at, piece, 2);
	}
	buf_init(&key, key_mem, sizeof(key_mem));
	json_escape(&key, p->part);
	piece[0] = comma;
	piece[1] = STR("\"");
	piece[2] = buf_view(&key);
	piece[3] = STR("\":");
	piece[4] = value;
	return splice(e, at, at, piece, 5);
}

static int take(struct editing *e, const struct place *p)
{
	struct str value = json_raw(&e->doc, p->at);
	size_t from = offset(e, json_raw(&e->doc, p->key).p);
	size_t to = offset(e, value.p) + value.n;
	uint32_t next = json_next(&e->doc, p->in, p->key);

	/* With the comma behind it, or of the last the one before. */
	if (next != JSON_NIL) {
		to = offset(e, json_raw(&e->doc, next).p);
	} else if (p->before != JSON_NIL) {
		uint32_t v = json_type(&e->doc, p->in) == JSON_OBJECT ?
		    json_value(&e->doc, p->before) : p->before;
		struct str before = json_raw(&e->doc, v);

		from = offset(e, before.p) + before.n;
	}
	return splice(e, from, to, NULL, 0);
}

static bool same_scalar(struct arena *scratch, const struct json_doc *a,
    uint32_t i, const struct json_doc *b, uint32_t k)
{
	size_t mark = arena_mark(scratch);
	struct str x, y;
	int64_t n, m;
	bool same;

	if (str_eq(json_raw(a, i), json_raw(b, k)))
		return true;
	if (json_type(a, i) == JSON_NUMBER)
		return json_i64(a, i, &n) == 0 && json_i64(b, k, &m) == 0 &&
		    n == m;
	if (json_type(a, i) != JSON_STRING)
		return false;
	same = json_string(a, i, scratch, &x) == 0 &&
	    json_string(b, k, scratch, &y) == 0 && str_eq(x, y);
	arena_reset(scratch, mark);
	return same;
}

struct compared { uint32_t a, b, i, k; };

/* The next pair below, in whatever order the members of b stand. */
static bool pair_next(struct arena *scratch, const struct json_doc *a,
    const struct json_doc *b, struct compared *c, uint32_t *ret_a,
    uint32_t *ret_b)
{
	size_t mark = arena_mark(scratch);
	struct str key;

	if (json_type(a, c->a) == JSON_ARRAY) {
		*ret_a = c->i;
		*ret_b = c->k;
		c->k = json_next(b, c->b, c->k);
	} else {
		*ret_a = json_value(a, c->i);
		*ret_b = json_string(a, c->i, scratch, &key) < 0 ? JSON_NIL :
		    json_get(b, c->b, key);
		arena_reset(scratch, mark);
	}
	c->i = json_next(a, c->a, c->i);
	return *ret_b != JSON_NIL &&
	    json_type(a, *ret_a) == json_type(b, *ret_b);
}

static bool same(struct arena *scratch, const struct json_doc *a, uint32_t i,
    const struct json_doc *b, uint32_t k)
{
	struct compared level[JSON_DEPTH_MAX + 1] = { { 0 } };
	unsigned depth = 0;

	if (json_type(a, i) != json_type(b, k))
		return false;
	for (;;) {
		enum json_type type = json_type(a, i);

		if (type != JSON_OBJECT && type != JSON_ARRAY) {
			if (!same_scalar(scratch, a, i, b, k))
				return false;
		} else if (a->tok[i].size != b->tok[k].size) {
			return false;
		} else {
			CHECK(depth < ARRAY_LEN(level));
			level[depth++] = (struct compared){
				i, k, json_first(a, i), json_first(b, k)
			};
		}
		while (depth > 0 && level[depth - 1].i == JSON_NIL)
			depth--;
		if (depth == 0)
			return true;
		if (!pair_next(scratch, a, b, &level[depth - 1], &i, &k))
			return false;
	}
}

/* Of a key given twice readers take one or the other: there is none. */
static int check_keys(struct editing *e, uint32_t object)
{
	const struct json_doc *doc = e->ops;
	uint32_t k, other, n = 0;

	for (k = json_first(doc, object); k != JSON_NIL;
	    k = json_next(doc, object, k)) {
		if (doc->tok[k].escaped)
			return bad(e, "value", "has a name with an escape");
		if (++n > JSON_OPS_MEMBERS_MAX)
			return bad(e, "value", "has an object of too many "
			    "members");
		for (other = json_first(doc, object); other != k;
		    other = json_next(doc, object, other))
			if (str_eq(json_raw(doc, other), json_raw(doc, k)))
				return bad(e, "value", "has the same name "
				    "twice in one object");
	}
	return 0;
}

static int value_of(struct editing *e, uint32_t *ret)
{
	uint32_t v = json_get(e->ops, e->op, STR("value")), i;
	int err = 0;

	if (v == JSON_NIL)
		return bad(e, "value", "is required");
	for (i = v; i < e->ops->tok[v].next && err == 0; i++)
		if (json_type(e->ops, i) == JSON_OBJECT)
			err = check_keys(e, i);
	*ret = v;
	return err;
}

static int pointer_of(struct editing *e, const char *member, struct str *ret)
{
	uint32_t v = json_get(e->ops, e->op, str_from(member));
	int err;

	if (v == JSON_NIL || json_type(e->ops, v) != JSON_STRING)
		return bad(e, member, "is required, and a string");
	err = json_string(e->ops, v, e->a, ret);
	return err < 0 ? err : 0;
}

/* What is moved into itself would be gone. */
static int check_move(struct editing *e, struct str from, struct str path)
{
	if (path.n > from.n && str_starts(path, from) &&
	    path.p[from.n] == '/')
		return bad(e, "path", "lies in what is moved");
	return 0;
}

static int op_from(struct editing *e, enum op_kind kind, struct str path,
    struct place *p)
{
	struct str from = STR_NONE, value;
	int err = pointer_of(e, "from", &from);

	if (err == 0 && kind == OP_MOVE)
		err = check_move(e, from, path);
	if (err == 0)
		err = find_there(e, "from", from, p);
	if (err < 0)
		return err;
	value = json_raw(&e->doc, p->at);
	if (kind == OP_MOVE)
		err = take(e, p);
	if (err == 0)
		err = find(e, "path", path, p);
	return err < 0 ? err : put(e, p, value);
}

static int op_value(struct editing *e, enum op_kind kind, struct str path,
    struct place *p)
{
	uint32_t v = JSON_NIL;
	struct str value;
	size_t at;
	int err = value_of(e, &v);

	if (err == 0)
		err = kind == OP_ADD ? find(e, "path", path, p) :
		    find_there(e, "path", path, p);
	if (err < 0)
		return err;
	if (kind == OP_TEST)
		return same(e->a, e->ops, v, &e->doc, p->at) ? 0 :
		    bad(e, "value", "is not what stands there");
	if (kind == OP_ADD)
		return put(e, p, json_raw(e->ops, v));
	value = json_raw(&e->doc, p->at);
	at = offset(e, value.p);
	value = json_raw(e->ops, v);
	return splice(e, at, at + json_raw(&e->doc, p->at).n, &value, 1);
}

static int op_apply(struct editing *e)
{
	struct str name = json_raw(e->ops, json_get(e->ops, e->op,
	    STR("op"))), path = STR_NONE;
	unsigned kind = 0;
	struct place p = { .at = JSON_NIL };
	int err;

	if (json_type(e->ops, e->op) != JSON_OBJECT)
		return bad(e, "", "must be an object");
	name = str_sub(name, 1, name.n - (name.n > 0));
	while (kind < ARRAY_LEN(op_name) && !str_is(name, op_name[kind]))
		kind++;
	if (kind == ARRAY_LEN(op_name))
		return bad(e, "op", "is none of add, remove, replace, move, "
		    "copy and test");
	err = pointer_of(e, "path", &path);
	if (err < 0)
		return err;
	if (kind == OP_MOVE || kind == OP_COPY)
		return op_from(e, (enum op_kind)kind, path, &p);
	if (kind != OP_REMOVE)
		return op_value(e, (enum op_kind)kind, path, &p);
	err = find_there(e, "path", path, &p);
	return err < 0 ? err : take(e, &p);
}

int json_ops_apply(struct str text, const struct json_doc *ops, uint32_t list,
    struct json_ops *work, struct arena *scratch, struct str *ret,
    struct diag *d)
{
	struct editing e = {
		.work = work, .a = scratch, .text = text, .ops = ops, .d = d
	};
	size_t mark = arena_mark(scratch);
	int err = reparse(&e);

	if (err == 0 && json_type(ops, list) != JSON_ARRAY) {
		diag_set(d, STR("patch"), "must be a list of operations");
		err = ERR_BAD;
	}
	if (err < 0)
		return err;
	for (e.op = json_first(ops, list); e.op != JSON_NIL && err == 0;
	    e.op = json_next(ops, list, e.op), e.n++)
		err = e.n < JSON_OPS_MAX ? op_apply(&e) :
		    bad(&e, "", "is one operation too many");
	if (err == 0)
		*ret = e.text;
	arena_reset(scratch, mark);
	return err;
}
