# file: src/control/intake.c
# The record of a deleted server is kept.
/^void record_release/,/^}/s/^	record_drop(&m->records, i);$//
