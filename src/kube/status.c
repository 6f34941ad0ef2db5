#include "kube_int.h"

static const struct code_row {
	uint16_t code;
	int16_t err;
} codes[] = {
	{ 400, ERR_INVALID },
	{ 401, ERR_DENIED },
	{ 403, ERR_FORBIDDEN },
	{ 404, ERR_NOENT },
	{ 406, ERR_UNSUPPORTED },
	{ 408, ERR_TIMEOUT },
	{ 409, ERR_CONFLICT },
	{ 410, ERR_GONE },
	{ 413, ERR_LIMIT },
	{ 415, ERR_UNSUPPORTED },
	{ 422, ERR_INVALID },
	{ 429, ERR_THROTTLED },
	{ 503, ERR_THROTTLED },
	{ 504, ERR_TIMEOUT },
};

static int code_err(uint16_t code)
{
	if (code >= 200 && code < 300)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return codes[i].err;
	return ERR_HTTP;
}

/*
 * The API server tells these apart only by a cause's reason or by its words.
 * They are its own (apiserver, pod-security-admission, resourcequota and
 * limitranger plugins), unchanged for years; an unknown wording is WHY_NONE,
 * never an error.
 */
static const struct why_row {
	const char *needle;
	int16_t err;			/* 0: with any */
	uint8_t why;
} whys[] = {
	{ "NamespaceTerminating", 0, KUBE_WHY_TERMINATING },
	{ "because it is being terminated", 0, KUBE_WHY_TERMINATING },
	{ "FieldManagerConflict", ERR_CONFLICT, KUBE_WHY_OWNED },
	{ "uid mismatch", ERR_CONFLICT, KUBE_WHY_UID },
	{ "UID in ", ERR_CONFLICT, KUBE_WHY_UID },
	{ "does not support dry run", 0, KUBE_WHY_NO_DRY_RUN },
	{ "denied the request", 0, KUBE_WHY_ADMISSION },
	{ "denied request", 0, KUBE_WHY_ADMISSION },
	{ "failed calling webhook", 0, KUBE_WHY_ADMISSION },
	{ "exceeded quota", ERR_FORBIDDEN, KUBE_WHY_QUOTA },
	{ "failed quota", ERR_FORBIDDEN, KUBE_WHY_QUOTA },
	{ "violates PodSecurity", ERR_FORBIDDEN, KUBE_WHY_SECURITY },
	{ " usage per ", ERR_FORBIDDEN, KUBE_WHY_LIMITS },
	{ "limit to request ratio", ERR_FORBIDDEN, KUBE_WHY_LIMITS },
	{ " cannot ", ERR_FORBIDDEN, KUBE_WHY_RBAC },
	{ "immutable", ERR_INVALID, KUBE_WHY_IMMUTABLE },
	{ "may not change once set", ERR_INVALID, KUBE_WHY_IMMUTABLE },
};

/*
 * The fields that the causes name: the message already holds their texts,
 * but the first field is what a condition points at.
 */
static struct str first_field(struct str body)
{
	struct str causes, cause, field;
	size_t at = 0;

	if (!peek_raw(body, "details.causes", &causes))
		return STR_NONE;
	while (peek_element(causes, &at, &cause))
		if (kube_peek(cause, "field", &field) && str_utf8(field))
			return field;
	return STR_NONE;
}

static enum kube_why find_why(int err, struct str body)
{
	struct str s;

	if (err == ERR_CONFLICT && str_is(first_field(body), "metadata.uid"))
		return KUBE_WHY_UID;
	if (err == ERR_NOENT)
		return kube_peek(body, "details.kind", &s) &&
		    str_is(s, "namespaces") ? KUBE_WHY_NO_NAMESPACE :
		    KUBE_WHY_NONE;
	for (size_t i = 0; i < ARRAY_LEN(whys); i++) {
		struct str needle = str_from(whys[i].needle);

		if ((!whys[i].err || whys[i].err == err) &&
		    str_search(body, needle) < body.n)
			return whys[i].why;
	}
	return KUBE_WHY_NONE;
}

enum kube_why kube_why_of(struct str message)
{
	return find_why(ERR_FORBIDDEN, message);
}

/*
 * Refusals whose code says something else than is meant: an apply that
 * carries another uid than the object's is told that uid is immutable, and
 * one whose types are wrong gets 500.
 */
static int settle_err(int err, struct str body, struct str message)
{
	struct str reason;

	if (err == ERR_CONFLICT && kube_peek(body, "reason", &reason) &&
	    str_is(reason, "AlreadyExists"))
		return ERR_EXIST;
	if (err == ERR_INVALID && str_is(first_field(body), "metadata.uid"))
		return ERR_CONFLICT;
	if (err == ERR_HTTP && str_starts(message,
	    STR("failed to create typed patch object")))
		return ERR_INVALID;
	return err;
}

static void quote_body(uint16_t code, struct str body, struct diag *d)
{
	struct str line;

	str_cut(body, '\n', &line);
	line = str_trim(line);
	if (line.n && str_utf8(line))
		diag_set(d, STR_NONE, "HTTP %u: %S", (unsigned)code, line);
	else
		diag_set(d, STR_NONE, "HTTP %u", (unsigned)code);
}

static bool is_status(struct str body)
{
	struct str kind;

	return kube_peek(body, "kind", &kind) && str_is(kind, "Status");
}

static void describe(uint16_t code, struct str body, struct diag *d)
{
	char mem[DIAG_TEXT_MAX * 8];
	struct buf text;

	buf_init(&text, mem, sizeof(mem));
	if (peek_string(body, "message", &text) == 0 && text.n) {
		diag_set(d, first_field(body), "%S", buf_view(&text));
		return;
	}
	buf_clear(&text);
	(void)peek_string(body, "reason", &text);
	diag_set(d, first_field(body), "HTTP %u %S", (unsigned)code,
	    buf_view(&text));
}

void kube_status_decode(uint16_t code, struct str body,
    struct kube_status *ret, struct diag *d)
{
	struct kube_status s = {
		.err = code_err(code), .code = code, .retry_after_ns = -1,
	};
	struct str message;
	int64_t seconds;

	if (s.err == 0) {
		*ret = s;
		return;
	}
	body = str_sub(body, 0, KUBE_ERROR_BODY_MAX);
	if (!is_status(body)) {
		quote_body(code, body, d);
		*ret = s;
		return;
	}
	if (!kube_peek(body, "message", &message))
		message = STR_NONE;
	s.err = settle_err(s.err, body, message);
	if (peek_i64(body, "details.retryAfterSeconds", &seconds) == 0 &&
	    seconds >= 0)
		s.retry_after_ns = seconds >
		    KUBE_RETRY_AFTER_MAX_NS / NS_PER_S ?
		    KUBE_RETRY_AFTER_MAX_NS : seconds * NS_PER_S;
	s.why = find_why(s.err, body);
	describe(code, body, d);
	*ret = s;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" as RFC 3339, to be read as such. */
static int http_date(struct str s, int64_t *ret_wall_ns)
{
	const struct str months = STR("JanFebMarAprMayJunJulAugSepOctNovDec");
	struct str month, tail;
	char mem[24];
	struct buf b;
	size_t at;

	if (s.n != 29 || s.p[3] != ',' || s.p[4] != ' ' || s.p[7] != ' ' ||
	    s.p[11] != ' ' || s.p[16] != ' ')
		return ERR_BAD;
	month = str_sub(s, 8, 11);
	at = str_search(months, month);
	tail = str_sub(s, 25, 29);
	if (at % 3 || at >= months.n || !str_is(tail, " GMT"))
		return ERR_BAD;
	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "%S-%s%u-%ST%SZ", str_sub(s, 12, 16),
	    at / 3 + 1 < 10 ? "0" : "", (unsigned)(at / 3 + 1),
	    str_sub(s, 5, 7), str_sub(s, 17, 25));
	return b.over ? ERR_BAD : time_parse(buf_view(&b), ret_wall_ns);
}

int kube_retry_after(struct str value, int64_t wall_ns, int64_t *ret_ns)
{
	uint64_t seconds;
	int64_t when, left;
	int err;

	value = str_trim(value);
	err = str_u64(value, &seconds);
	if (err == 0 && seconds <= KUBE_RETRY_AFTER_MAX_NS / NS_PER_S) {
		*ret_ns = (int64_t)seconds * NS_PER_S;
		return 0;
	}
	if (err == 0 || err == ERR_LIMIT) {
		*ret_ns = KUBE_RETRY_AFTER_MAX_NS;
		return 0;
	}
	if (http_date(value, &when))
		return ERR_BAD;
	left = when > wall_ns ? when - wall_ns : 0;
	*ret_ns = left > KUBE_RETRY_AFTER_MAX_NS ?
	    KUBE_RETRY_AFTER_MAX_NS : left;
	return 0;
}
