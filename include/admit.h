#ifndef ADMIT_H
#define ADMIT_H

/*
 * admit: what an API server asks before it stores an MCPServer, and the
 * answer, as bytes in and bytes out. No I/O. The questions are AdmissionReview
 * objects of admission.k8s.io/v1.
 */

#include "model.h"

/* review.c [admit_] ------------------------------------------------------ */

/*
 * ADMIT_MUTATE: a JSON patch (RFC 6902) that writes down defaults where they
 * cannot contradict a later edit of another field; they hold without it, too.
 * What cannot be read is left to the validation that follows, so that the
 * user reads of everything at once.
 *
 * ADMIT_VALIDATE: 422 with every fault, each a cause with its path, value and
 * rule; warnings of what is legal but unwise.
 *
 * Whatever is no MCPServer of a known group being created or updated is
 * allowed as it is: others' kinds (with a warning), subresources, deletions
 * and what is being deleted. So is an update that leaves the spec alone, for
 * an object stored before there was this rule must still lose its finalizers;
 * its faults come as warnings.
 */
enum admit_task { ADMIT_MUTATE, ADMIT_VALIDATE };
/*
 * Appends the answer to out, for status 200. The arena bounds what can be
 * looked at, nothing of it stays taken. ERR_BAD: body is no review, d says
 * why; ERR_LIMIT, ERR_FULL: it, or the answer, is too large. Then out is as
 * before, but for its `over`.
 */
int admit_review(enum admit_task task, struct str body, struct arena *a,
    struct buf *out, struct diag *d);

/* The object of a review, for who else has a word on it. */
struct admit_subject {
	enum group group;
	struct str uid;			/* of the review */
	struct str object;		/* as JSON */
	struct str ns, name;		/* name may be empty: generateName */
	struct pairs labels;
	bool update, dry_run;
};
/*
 * False where nobody has: see what admit_review allows as it is. Texts lie in
 * body or in the arena.
 */
bool admit_subject(struct str body, struct arena *a,
    struct admit_subject *ret);
/* Appends the answer that refuses it: 422, with this message. */
void admit_refuse(const struct admit_subject *s, struct str message,
    struct buf *out);

#endif
