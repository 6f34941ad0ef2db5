# file: src/control/job.c
# The children of a server whose spec is not valid any more are deleted.
/^static bool job_make_plan(/,/^}/s/^		j->plan.wanted = r->wanted;$/&\n		for (uint8_t k = 0; k < CHILD_KINDS; k++)\n			if (r->child[k].exists \&\& !r->child[k].going)\n				j->plan.step[j->plan.steps++] = (struct step){\n				    .what = STEP_DELETE, .child = k };/
