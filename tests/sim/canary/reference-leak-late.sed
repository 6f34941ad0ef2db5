# file: src/control/intake.c
# A server that goes while it is worked on keeps its references.
/^void record_release/,/^}/s/^	refs_leave(m, r);$//
