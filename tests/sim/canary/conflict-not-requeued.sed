# file: src/control/job_status.c
# A child that was refused is not tried again.
/job_back_off(j, j->hold.reason/{
N
s/.*/\t\tjob_done(j);\n\t\treturn;/
}
