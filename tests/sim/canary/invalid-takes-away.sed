# file: src/control/plan.c
# The children of a server whose spec is not valid any more are deleted.
/^void plan_refused(/,/^}/s/^	ret->wanted = .*$/&\n	for (uint8_t k = 0; k < CHILD_KINDS; k++)\n		if (r->child[k].exists \&\& !r->child[k].going)\n			step_add(ret, STEP_DELETE, k, false, false);/
