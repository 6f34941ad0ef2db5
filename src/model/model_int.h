#ifndef MODEL_INT_H
#define MODEL_INT_H

#include "model.h"

/* adapt_env.c: 0 or ERR_FULL */
int adapt_env(struct arena *a, struct server_spec *s);
int adapt_resources(enum group g, struct arena *a, struct server_spec *s);

/*
 * rules.c: a broken rule, with the value that breaks it unless empty; both
 * return ERR_INVALID. The second is for "spec.list[i].member".
 */
int rule_broken(struct diag *d, struct str path, struct str value,
    const char *rule);
int rule_broken_at(struct diag *d, const char *list, uint32_t i,
    const char *member, struct str value, const char *rule);

/* rules_pod.c: 0 or ERR_INVALID */
int check_env(const struct server_spec *s, struct diag *d);
int check_volumes(const struct server_spec *s, struct diag *d);
int check_probes(const struct server_spec *s, struct diag *d);
int check_resources(const struct server_spec *s, struct diag *d);

#endif
