#ifndef CONTROL_JUDGE_INT_H
#define CONTROL_JUDGE_INT_H

/* judge.c finds out what is wrong; judge_conditions.c says it, by type. */

#include "control_int.h"

/* What the parts of one judgement share. */
struct view {
	const struct judge_in *in;
	const struct workload *w;
	struct arena *a;
	struct conditions *cs;
	int64_t generation;
	int32_t desired;
	bool exists, current, complete, ready, deleting;
	/* The one thing that is most wrong; reason NULL: nothing is. */
	const char *reason;
	struct str message;
	bool hard;		/* nothing will come of waiting */
	/* Why it is not ready yet, which is nothing wrong; or NULL. */
	const struct trouble *slow;
	bool up;		/* ready but for what it says of itself */
	uint32_t lacking;	/* kinds it asks for that are left alone */
	bool rolled;		/* to pods of before, for these failed */
	struct str rolled_text;
	const char *lacks;	/* reason of ChildrenComplete=False, or NULL */
	struct str lack;
};

/* A text for as long as the arena; %S: arg. */
struct str judge_text(struct view *v, const char *fmt, struct str arg);
/* The reason for what an answer said, or this other one. */
const char *judge_refusal(enum kube_why why, const char *other);
bool judge_not_written(const struct view *v, enum child_kind k);
/* One that is not asked for by all servers: they run without. */
bool judge_extra_failed(const struct view *v);
bool judge_core_failed(const struct view *v);
/* What became of the last write; there was one. */
struct str judge_failure(struct view *v);
struct str judge_verified(struct view *v);
/* Before all else, unless what is asked for cannot even be written. */
bool judge_tells_rollback(const struct view *v);

/* Every condition that the server is to have. Fills lacks and lacking. */
void judge_conditions(struct view *v);

#endif
