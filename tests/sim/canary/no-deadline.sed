# file: src/control/job.c
# A request may take as long as it likes.
s/^	kube_send(&m->client, &j->call);$/	j->call.deadline_ns += 3600 * NS_PER_S;\n&/
