# file: src/control/noted.c
# That a reference is followed from now on makes its pods anew.
s/^	if (was == NULL)$/	if (was == NULL \&\& (f->changed = true))/
