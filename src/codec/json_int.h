#ifndef JSON_INT_H
#define JSON_INT_H

#include "codec.h"

/* json_scan.c */

/* json_scan; tells on success whether some string has a backslash. */
int json_scan_text(struct str text, bool *ret_escapes, struct diag *d);
/* The four hex digits at p, or -1. */
int32_t json_hex4(const unsigned char *p, const unsigned char *end);

/* Halves of a surrogate pair. */
static inline bool json_is_high(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static inline bool json_is_low(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

#endif
