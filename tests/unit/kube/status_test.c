#include <string.h>

#include "check.h"
#include "kube.h"
#include "limits.h"

static struct kube_status status;
static struct diag d;

static void decode(uint16_t code, const char *body)
{
	diag_clear(&d);
	kube_status_decode(code, guard_copy(body, strlen(body)), &status, &d);
	EXPECT_EQ(status.code, code);
}

#define STATUS(code, reason, message, details) \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{}," \
	"\"status\":\"Failure\",\"message\":\"" message "\",\"reason\":\"" \
	reason "\",\"details\":{" details "},\"code\":" #code "}"

TEST(status_codes)
{
	static const struct { uint16_t code; int err; } rows[] = {
		{ 200, 0 }, { 201, 0 }, { 202, 0 }, { 400, ERR_INVALID },
		{ 401, ERR_DENIED }, { 403, ERR_FORBIDDEN },
		{ 404, ERR_NOENT }, { 409, ERR_CONFLICT }, { 410, ERR_GONE },
		{ 413, ERR_LIMIT }, { 415, ERR_UNSUPPORTED },
		{ 422, ERR_INVALID }, { 429, ERR_THROTTLED },
		{ 500, ERR_HTTP }, { 502, ERR_HTTP }, { 503, ERR_THROTTLED },
		{ 504, ERR_TIMEOUT }, { 302, ERR_HTTP }, { 0, ERR_HTTP },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		decode(rows[i].code, "{}");
		EXPECT_EQ(status.err, rows[i].err);
		EXPECT_EQ(status.retry_after_ns, -1);
		EXPECT_EQ(diag_is_set(&d), rows[i].err != 0);
	}
}

TEST(status_reasons)
{
	static const struct {
		const char *body;
		uint16_t code;
		int err;
		enum kube_why why;
	} rows[] = {
		{ STATUS(409, "AlreadyExists", "x already exists", ""), 409,
		  ERR_EXIST, KUBE_WHY_NONE },
		{ STATUS(409, "Conflict", "Apply failed with 1 conflict",
		  "\"causes\":[{\"reason\":\"FieldManagerConflict\","
		  "\"message\":\"m\",\"field\":\".spec.replicas\"}]"), 409,
		  ERR_CONFLICT, KUBE_WHY_OWNED },
		{ STATUS(409, "Conflict", "Precondition failed: UID in "
		  "precondition: a, UID in object meta: b", ""), 409,
		  ERR_CONFLICT, KUBE_WHY_UID },
		{ STATUS(409, "Conflict", "the UID in the precondition (a) "
		  "does not match the UID in record (b)", ""), 409,
		  ERR_CONFLICT, KUBE_WHY_UID },
		{ STATUS(422, "Invalid", "metadata.uid: Invalid value: field "
		  "is immutable",
		  "\"causes\":[{\"field\":\"metadata.uid\"}]"),
		  422, ERR_CONFLICT, KUBE_WHY_UID },
		{ STATUS(500, "", "failed to create typed patch object (/a; "
		  "/v1, Kind=ConfigMap): .data.k: expected string", ""), 500,
		  ERR_INVALID, KUBE_WHY_NONE },
		{ STATUS(403, "Forbidden", "pods x is forbidden: exceeded "
		  "quota: q, requested: pods=1", ""), 403, ERR_FORBIDDEN,
		  KUBE_WHY_QUOTA },
		{ STATUS(403, "Forbidden", "pods x is forbidden: violates "
		  "PodSecurity \\\"restricted:latest\\\"", ""), 403,
		  ERR_FORBIDDEN, KUBE_WHY_SECURITY },
		{ STATUS(403, "Forbidden", "deployments.apps is forbidden: "
		  "User \\\"u\\\" cannot create resource", ""), 403,
		  ERR_FORBIDDEN, KUBE_WHY_RBAC },
		{ STATUS(403, "Forbidden", "maximum cpu usage per Container "
		  "is 1, but limit is 2", ""), 403, ERR_FORBIDDEN,
		  KUBE_WHY_LIMITS },
		{ STATUS(403, "Forbidden", "unable to create new content in "
		  "namespace n because it is being terminated",
		  "\"causes\":[{\"reason\":\"NamespaceTerminating\"}]"), 403,
		  ERR_FORBIDDEN, KUBE_WHY_TERMINATING },
		{ STATUS(400, "BadRequest", "admission webhook "
		  "\\\"w.example.com\\\" denied the request: you cannot", ""),
		  400, ERR_INVALID, KUBE_WHY_ADMISSION },
		{ STATUS(404, "NotFound", "namespaces n not found",
		  "\"name\":\"n\",\"kind\":\"namespaces\""), 404, ERR_NOENT,
		  KUBE_WHY_NO_NAMESPACE },
		{ STATUS(404, "NotFound", "pods n not found",
		  "\"name\":\"n\",\"kind\":\"pods\""), 404, ERR_NOENT,
		  KUBE_WHY_NONE },
		{ STATUS(422, "Invalid", "spec.selector: field is immutable",
		  ""), 422, ERR_INVALID, KUBE_WHY_IMMUTABLE },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		decode(rows[i].code, rows[i].body);
		EXPECT_EQ(status.err, rows[i].err);
		EXPECT_EQ(status.why, rows[i].why);
	}
}

TEST(status_tells_message_and_field)
{
	decode(422, STATUS(422, "Invalid", "a \\\"b\\\" is bad\\u0021",
	    "\"causes\":[{\"reason\":\"x\",\"message\":\"m\","
	    "\"field\":\"spec.port\"},{\"field\":\"spec.x\"}]"));
	EXPECT_STR(str_from(d.text), "a \"b\" is bad!");
	EXPECT_STR(str_from(d.path), "spec.port");
	decode(422, "{\"kind\":\"Status\",\"reason\":\"Invalid\"}");
	EXPECT_STR(str_from(d.text), "HTTP 422 Invalid");
}

TEST(status_with_a_message_beyond_measure_tells_its_reason)
{
	char text[DIAG_TEXT_MAX * 40];
	struct buf b;
	size_t i;

	buf_init(&b, text, sizeof(text) - 1);
	buf_cstr(&b, "{\"kind\":\"Status\",\"reason\":\"InternalError\","
	    "\"message\":\"");
	for (i = 0; i < DIAG_TEXT_MAX * 9; i++)
		buf_cstr(&b, i % 2 ? "m" : "\\u006d");
	buf_cstr(&b, "\"}");
	REQUIRE(!b.over);
	text[b.n] = '\0';
	decode(500, text);
	EXPECT_STR(str_from(d.text), "HTTP 500 InternalError");
}

TEST(status_retry_after_seconds)
{
	decode(429, STATUS(429, "TooManyRequests", "slow down",
	    "\"retryAfterSeconds\":3"));
	EXPECT_EQ(status.retry_after_ns, 3 * NS_PER_S);
	decode(429, STATUS(429, "TooManyRequests", "slow down",
	    "\"retryAfterSeconds\":99999999999"));
	EXPECT_EQ(status.retry_after_ns, KUBE_RETRY_AFTER_MAX_NS);
	decode(429, STATUS(429, "TooManyRequests", "slow down",
	    "\"retryAfterSeconds\":-1"));
	EXPECT_EQ(status.retry_after_ns, -1);
}

TEST(status_of_what_is_not_one)
{
	decode(502, "Bad gateway\r\n<html>");
	EXPECT_STR(str_from(d.text), "HTTP 502: Bad gateway");
	decode(502, "");
	EXPECT_STR(str_from(d.text), "HTTP 502");
	decode(502, "\xff\xfe");
	EXPECT_STR(str_from(d.text), "HTTP 502");
	decode(500, "{\"kind\":\"Status\",\"message\":\"cut in the mid");
	EXPECT_STR(str_from(d.text), "HTTP 500 ");
}

TEST(status_of_an_endless_body)
{
	static char body[2 * KUBE_ERROR_BODY_MAX];

	memset(body, 'x', sizeof(body));
	memcpy(body, "{\"kind\":\"Status\",\"message\":\"", 28);
	diag_clear(&d);
	kube_status_decode(422, guard_copy(body, sizeof(body)), &status, &d);
	EXPECT_EQ(status.err, ERR_INVALID);
	EXPECT(diag_is_set(&d));
}

static int64_t after(const char *value)
{
	int64_t ns = -7;
	/* Sun, 06 Nov 1994 08:49:30 GMT */
	int64_t wall = INT64_C(784111770) * NS_PER_S;
	int err = kube_retry_after(guard_copy(value, strlen(value)), wall,
	    &ns);

	EXPECT_EQ(err != 0, ns == -7);
	return err ? err : ns / NS_PER_S;
}

TEST(retry_after_forms)
{
	EXPECT_EQ(after("0"), 0);
	EXPECT_EQ(after(" 12 "), 12);
	EXPECT_EQ(after("300"), 300);
	EXPECT_EQ(after("301"), 300);
	EXPECT_EQ(after("99999999999999999999999"), 300);
	EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:37 GMT"), 7);
	EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:00 GMT"), 0);
	EXPECT_EQ(after("Sun, 06 Nov 2094 08:49:37 GMT"), 300);
	EXPECT_EQ(after(""), ERR_BAD);
	EXPECT_EQ(after("-1"), ERR_BAD);
	EXPECT_EQ(after("1.5"), ERR_BAD);
	EXPECT_EQ(after("Sun, 06 Foo 1994 08:49:37 GMT"), ERR_BAD);
	EXPECT_EQ(after("Sun, 06 anF 1994 08:49:37 GMT"), ERR_BAD);
	EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:37 CET"), ERR_BAD);
	EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:37 GM"), ERR_BAD);
	EXPECT_EQ(after("Sun, 99 Nov 1994 08:49:37 GMT"), ERR_BAD);
}
