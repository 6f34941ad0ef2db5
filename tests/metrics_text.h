/*
 * A strict reader of the Prometheus text format 0.0.4, for the tests of
 * everything that writes it.  Stricter than Prometheus: HELP and TYPE come
 * first and once, samples of a family stand together and never twice, there
 * are no timestamps, no spaces but the one, counters end with _total and
 * nothing else but untyped does, histograms add up.
 */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

#include "base.h"

/* NULL, or what is wrong and in which line; static text. */
const char *metrics_text_check(struct str page);
/* The value of the sample written so, "name" or "name{a=\"b\"}", as text;
 * p is NULL when there is none. */
struct str metrics_text_value(struct str page, const char *sample);

#endif
