# file: src/control/job.c
# A server that goes while it is worked on keeps its references.
s/^		refs_leave(j->m, r);$/		;/
