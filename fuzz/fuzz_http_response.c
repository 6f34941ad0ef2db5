/*
 * The first byte tells whether the request was HEAD, the second one is the
 * step between prefixes; the rest is a response.
 */
#include "http_head.h"
#include "net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };

	head_fuzz(&in, false);
	return 0;
}
