# file: src/control/intake.c
# A deleted server still counts among the users of its references.
s/^	refs_leave(m, r);$//
