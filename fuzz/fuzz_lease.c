/*
 * A Lease that is decoded and written again is the same Lease.
 */
#include "fuzz.h"
#include "kube.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct lease_options o = {
		.namespace = STR_INIT("ns"), .name = STR_INIT("l"),
		.identity = STR_INIT("me"),
	};
	static struct lease_record r, again;
	char text[4096];
	struct diag d;
	struct buf b;
	int err;

	if (size > FUZZ_MAX)
		return 0;
	diag_clear(&d);
	err = lease_decode((struct str){ (const char *)data, size }, &r, &d);
	FUZZ_CHECK(err <= 0 && (err != 0) == diag_is_set(&d));
	if (err)
		return 0;
	FUZZ_CHECK(r.version[0]);
	buf_init(&b, text, sizeof(text));
	lease_encode(&b, &o, &r);
	FUZZ_CHECK(!b.over);
	FUZZ_CHECK(!lease_decode(buf_view(&b), &again, NULL));
	FUZZ_CHECK(!strcmp(r.holder, again.holder));
	FUZZ_CHECK(!strcmp(r.version, again.version));
	FUZZ_CHECK(r.duration_s == again.duration_s);
	FUZZ_CHECK(r.transitions == again.transitions);
	/* Written with six decimals. */
	FUZZ_CHECK(r.renew_wall_ns / 1000 == again.renew_wall_ns / 1000);
	FUZZ_CHECK(r.acquire_wall_ns / 1000 == again.acquire_wall_ns / 1000);
	return 0;
}
