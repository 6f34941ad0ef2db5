# file: src/control/job_child.c
# Whatever bears the wanted name is taken for an orphan of ours.
s/^	if (err == 0 && claim == CLAIM_NONE) {$/	if (err == 0 \&\& claim == CLAIM_NONE)\n		claim = CLAIM_MADE;\n	if (0) {/
