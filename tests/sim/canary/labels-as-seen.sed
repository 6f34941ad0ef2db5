# file: src/control/children.c
# After a restart a child's labels are taken for right as they are.
s/^	if (str_u64(meta, &told) < 0)$/	if (told != 0)/
