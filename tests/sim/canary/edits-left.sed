# file: src/control/job_disown.c
# Of what others added to a child, nothing is ever taken out.
s/^	    !j->disowns && j->call.status.code == 422 &&$/	    !j->disowns \&\& j->call.status.code == 0 \&\&/
