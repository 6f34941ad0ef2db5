# file: src/control/record.c
# What others do to a child is nobody's business.
s/^	return wanted && c->version != c->own;$/	return false;/
