/*
 * Two bytes of code, then the body of an answer: the error and its text are
 * there exactly when the code is no success, the text is whole. The body
 * taken as a Retry-After gives a time within the limit, and a number gives
 * itself.
 */
#include "fuzz.h"
#include "kube.h"

static void check_retry_after(struct str text)
{
	int64_t wall_ns = INT64_C(784111777) * NS_PER_S, ns = -1;
	uint64_t seconds;
	int err = kube_retry_after(text, wall_ns, &ns);

	FUZZ_CHECK(err == 0 || (err == ERR_BAD && ns == -1));
	FUZZ_CHECK(err || (ns >= 0 && ns <= KUBE_RETRY_AFTER_MAX_NS));
	if (str_u64(text, &seconds) == 0 && seconds < 300)
		FUZZ_CHECK(ns == (int64_t)seconds * NS_PER_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint16_t code = (uint16_t)(200 + fuzz_below(&in, 400));
	struct str body = { (const char *)in.p, in.n };
	struct kube_status s;
	struct diag d;

	diag_clear(&d);
	kube_status_decode(code, body, &s, &d);
	FUZZ_CHECK(s.code == code && s.err <= 0);
	FUZZ_CHECK((s.err == 0) == (code < 300));
	FUZZ_CHECK(diag_is_set(&d) == (s.err != 0));
	FUZZ_CHECK(s.retry_after_ns >= -1 &&
	    s.retry_after_ns <= KUBE_RETRY_AFTER_MAX_NS);
	FUZZ_CHECK(memchr(d.text, 0, sizeof(d.text)));
	FUZZ_CHECK(memchr(d.path, 0, sizeof(d.path)));
	FUZZ_CHECK(str_utf8(str_from(d.text)) && str_utf8(str_from(d.path)));
	check_retry_after(body);
	return 0;
}
