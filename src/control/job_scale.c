#include "job_int.h"

/*
 * The number of pods goes from us to an HPA: before our apply leaves it out,
 * another manager applies the one that there is. Nobody's number changes by
 * that, and the manager goes with the first number that the HPA writes.
 *
 * It is written to what the watch has told of and nothing else, and says
 * nothing of all the rest: what others did there before is still to be undone.
 */
static struct str scale_body(struct job *j)
{
	const struct record *r = job_record(j);
	const struct child_state *have = &r->child[CHILD_DEPLOYMENT];
	const struct child_info *info = &child_info[CHILD_DEPLOYMENT];
	struct buf b = arena_buf(&j->arena), uid;
	char mem[40];
	struct jw w;

	buf_init(&uid, mem, sizeof(mem));
	uid_format(&have->uid, &uid);
	CHECK(!uid.over);
	jw_init(&w, &b);
	jw_open(&w);
	jw_kfmt(&w, "apiVersion", "%s/%s", info->group, info->version);
	jw_kcstr(&w, "kind", info->kind);
	jw_kopen(&w, "metadata");
	jw_kcstr(&w, "name", r->name);
	jw_kcstr(&w, "namespace", r->ns);
	jw_kstr(&w, "uid", buf_view(&uid));
	if (child_has_version(have))
		jw_kfmt(&w, "resourceVersion", "%U", have->told);
	jw_close(&w);
	jw_kopen(&w, "spec");
	jw_ki64(&w, "replicas", j->plan.scale_to);
	jw_close(&w);
	jw_close(&w);
	return arena_keep(&j->arena, &b);
}

void job_scale(struct job *j, const struct step *s)
{
	const struct record *r = job_record(j);
	const struct child_state *c = &r->child[CHILD_DEPLOYMENT];
	struct str body = scale_body(j);

	if (j->arena.over) {
		job_failed(j, "arena is full");
		return;
	}
	/* Another number is not what was rendered, should no apply follow. */
	j->edited_own = c->own != c->version ||
	    r->workload.asked != j->plan.scale_to ? c->own : 0;
	j->edited_meta = c->own_meta != c->meta ? c->own_meta : 0;
	job_call(j);
	kube_call_apply(&j->call, &child_gvr[CHILD_DEPLOYMENT],
	    str_from(r->ns), str_from(r->name), NULL, SCALE_MANAGER, s->force,
	    body);
	job_send(j, JOB_SCALE);
}

void job_scaled(struct job *j)
{
	struct record *r = job_record(j);
	struct child_state *c = &r->child[CHILD_DEPLOYMENT];
	int err = j->call.status.err;

	if (err == ERR_CONFLICT) {
		/* Another number, or another Deployment: the watch tells. */
		job_later(j, j->m->loop.now_ns + GHOST_WAIT_NS);
		return;
	}
	if (err < 0) {
		job_failed(j, "cannot hand over replicas");
		return;
	}
	if (!child_written(&j->m->records, r, CHILD_DEPLOYMENT,
	    j->call.reply)) {
		job_later(j, j->m->loop.now_ns + GHOST_WAIT_NS);
		return;
	}
	if (j->edited_own != 0)
		c->own = j->edited_own;
	if (j->edited_meta > META_AS_SEEN)
		c->own_meta = j->edited_meta;
	r->workload.asked = j->plan.scale_to;
	j->at++;
	job_next(j);
}
