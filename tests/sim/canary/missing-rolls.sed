# file: src/control/noted.c
# The end of a reference that they need makes pods anew, which cannot start.
s/^	if (ret->content == 0 && !name->optional)$/	if (0)/
