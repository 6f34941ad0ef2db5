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
/* What somebody else has found out about it, told with what the rules say. */
struct admit_tried {
	const struct diag *fault, *doubt;	/* refused for; warned of */
	uint32_t faults, doubts;
};
/*
 * Appends the answer to out, for status 200. The arena bounds what can be
 * looked at, nothing of it stays taken. tried: for ADMIT_VALIDATE, or NULL.
 * ERR_BAD: body is no review, d says why; ERR_LIMIT, ERR_FULL: it, or the
 * answer, is too large. Then out is as before, but for its `over`.
 */
int admit_review(enum admit_task task, struct str body,
    const struct admit_tried *tried, struct arena *a, struct buf *out,
    struct diag *d);

/* What a review is about. All of it is in the arena and in the body. */
struct admit_target {
	struct server server;
	struct json_doc doc;		/* the review */
	uint32_t object;		/* ... where it has the server */
};
/*
 * The server that is to be stored, where ADMIT_VALIDATE would look at it,
 * could refuse it, and finds no fault in it. ERR_NOENT: there is none.
 */
int admit_target(struct str body, struct arena *a, struct admit_target *ret);

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
