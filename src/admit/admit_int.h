#ifndef ADMIT_INT_H
#define ADMIT_INT_H

#include "admit.h"

/*
 * patch.c: the defaults that are to be written down as a list of JSON patch
 * operations; returns how many there are. at: the object in doc, which s is.
 */
uint32_t patch_write(const struct json_doc *doc, uint32_t at,
    const struct server *s, struct jw *w);

#endif
