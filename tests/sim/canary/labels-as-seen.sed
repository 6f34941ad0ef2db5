# file: src/control/children.c
# After a restart a child's labels are taken for right as they are.
s/^	if (has_status(k) && str_u64(text, &meta) == 0) {$/	if (0 \&\& str_u64(text, \&meta) == 0) {/
