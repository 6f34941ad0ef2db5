# file: src/model/conditions.c
# A condition gets a new time whenever its message changes.
/^bool cond_set(/,/^}/s/^	if (!same || !HAS(c, condition, changed)) {$/	if (!same || !str_eq(c->message, message) ||\n	    !HAS(c, condition, changed)) {/
