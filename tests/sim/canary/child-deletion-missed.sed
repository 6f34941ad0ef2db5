# file: src/control/children.c
# That a child was deleted is not seen.
s/^			child_gone(m, i, k);$/			(void)i;/
