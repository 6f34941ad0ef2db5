/* JSON patches (RFC 6902) of "add" operations, as the operator makes them. */
#ifndef JSON_PATCH_H
#define JSON_PATCH_H

#include "codec.h"

/*
 * Writes to out what doc becomes; false when doc or patch is no JSON, or the
 * patch does not fit doc. doc must not lie in out.
 */
bool json_patch_apply(struct str doc, struct str patch, struct buf *out);

#endif
