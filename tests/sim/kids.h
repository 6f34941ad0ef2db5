#ifndef SIM_KIDS_H
#define SIM_KIDS_H

/*
 * Children: one row a kind, of what users write to have one, what others do
 * to it, and what it must say.  In the words of the README, and not by way of
 * the operator's own code.
 */

#include "sim.h"

struct expect;

/* Those from KID_FEW on are no reason for the others, when one cannot be. */
enum kid {
	KID_DEPLOYMENT, KID_SERVICE, KID_CONFIG,
	KID_HPA, KID_FEW = KID_HPA,
	KID_PDB, KID_VPA, KID_VIRTUAL_SERVICE, KID_DESTINATION_RULE,
	KID_PEER_AUTH, KID_INGRESS, KID_POLICY, KID_ROUTE,
	KID_SERVICE_MONITOR, KID_PROMETHEUS_RULE, KID_DASHBOARD, KID_QUOTA,
	KID_LIMIT_RANGE, KID_ROLE, KID_ROLE_BINDING,
	KIDS
};
_Static_assert((int)KIDS == CHILD_KINDS_ALL, "a row for each kind");

enum { KID_EDITS = 3, KID_ASKS = 4, KID_SAME = 5 };

/* What a checker looks at. */
struct kid_look {
	const struct sim *s;
	const struct api_object *server, *child;
	const struct node *spec;	/* of the server */
	const struct expect *e;
};

struct kid_info {
	enum api_kind kind;
	const char *suffix;		/* behind its server's name */
	/* How the area of the spec asks for it, and in how many of a hundred
	 * cases; a '#' is one of the digits 0 to 3, a '^' one of 1 to 3. */
	const char *area;
	const char *ask[KID_ASKS];
	uint8_t often;
	/* Those that must be there, and not false, for one to be wanted. */
	const char *on[2];
	bool serves;			/* leads to the Service */
	bool (*wanted)(const struct node *spec, const struct expect *e);
	/*
	 * Paths in the child, and what is there: "=text", "@name" and "@port"
	 * of the server, or a path in its spec, with "|" and what is meant by
	 * none.
	 */
	struct { const char *child, *says; } same[KID_SAME];
	/* Labels that are the pods', or those of the Service's object. */
	const char *selects, *selects_service;
	/* NULL, or what is wrong. */
	const char *(*wrong)(const struct kid_look *l);
	/* Merge patches; and a JSON patch that no apply goes together with,
	 * until it is taken out. NULL: users.c has its own. */
	const char *edit[KID_EDITS], *spoil;
	const char *stranger;		/* all but its metadata */
};
extern const struct kid_info kids[KIDS];

/* The areas of a spec that ask for kinds of children. */
void kids_ask(struct rng *r, struct text *out);
bool kid_wanted(const struct node *spec, const struct expect *e, enum kid k);
/* What is wrong with it, or NULL. */
const char *kid_wrong(const struct kid_look *l, enum kid k);
/* Is its API there? */
bool kid_served(const struct sim *s, enum kid k);
/* "srv-1-tenant" */
struct str kid_name(struct str server, enum kid k, char mem[static 300]);
bool is_kid_kind(enum api_kind kind);
/* Every pair of the selector is among the labels. */
bool labels_match(const struct node *selector, const struct node *labels);

#endif
