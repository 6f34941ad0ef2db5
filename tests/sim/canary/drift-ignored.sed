# file: src/control/record.c
# What others do to a child is nobody's business.
s/^	return wanted && child_edited(c);$/	return false;/
