# file: src/control/job.c
# Memory is taken from libc.
s/^	j->start_ns = m->loop.now_ns;$/&\n	extern void *malloc(size_t);\n	if (malloc(1) == NULL)\n		return;/
