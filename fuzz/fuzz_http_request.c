/*
 * The first byte is not used, the second one is the step between prefixes;
 * the rest is a request.
 */
#include "http_head.h"
#include "net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };

	head_fuzz(&in, true);
	return 0;
}
