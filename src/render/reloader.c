#include "render_int.h"

/*
 * spec.reload with policy Signal: a container of the operator's own image
 * beside the server, which looks at the volumes that the kubelet writes anew
 * and signals the server's process; see cli/reload.c.
 */

/* Each volume has a folder of its own there, whatever the server's paths:
 * some of these are files in the image. */
#define WATCH_DIR "/watch"

bool reloader_wanted(const struct render *r)
{
	return r->in->sidecar.n > 0 && server_has_reloader(r->spec);
}

static void args_write(struct render *r)
{
	char mem[64];
	struct buf args;

	buf_init(&args, mem, sizeof(mem));
	buf_fmt(&args, "[\"reload\",\"--signal=%s\",\"--watch=" WATCH_DIR
	    "\"]", schema_word(&reload_signal_words,
	    (uint32_t)r->spec->reload.signal));
	CHECK(!args.over);
	jw_kraw(r->w, "args", buf_view(&args));
}

/*
 * It takes half a megabyte and next to no time; what runs it needs more while
 * it starts.
 */
static const struct str resources = STR_INIT("{\"requests\":{\"cpu\":"
    "\"1m\",\"memory\":\"4Mi\"},\"limits\":{\"cpu\":\"50m\","
    "\"memory\":\"16Mi\"}}");

/*
 * The restricted Pod Security Standard, as the server's user and, so that it
 * may look at the server's environment, in its group; what the pod says of
 * these holds for both anyway.
 */
static void security_write(struct render *r)
{
	const struct security_context *its = &r->spec->security;
	struct jw *w = r->w;
	int64_t user = 0;

	CHECK(server_user(r->spec, &user));
	jw_kopen(w, "securityContext");
	jw_kbool(w, "allowPrivilegeEscalation", false);
	jw_kbool(w, "readOnlyRootFilesystem", true);
	jw_kbool(w, "runAsNonRoot", user != 0);
	jw_ki64(w, "runAsUser", user);
	if (HAS(its, security_context, run_as_group))
		jw_ki64(w, "runAsGroup", its->run_as_group);
	jw_kraw(w, "capabilities", STR("{\"drop\":[\"ALL\"]}"));
	if (HAS(its, security_context, selinux))
		jw_kraw(w, "seLinuxOptions", its->selinux);
	jw_close(w);
}

static void mount_write(void *ctx, struct str name)
{
	struct render *r = ctx;
	struct jw *w = r->w;

	if (str_is(name, VOLUME_CONFIG) && !config_mounted(r))
		return;
	jw_open(w);
	jw_kstr(w, "name", name);
	jw_kfmt(w, "mountPath", WATCH_DIR "/%S", name);
	jw_kbool(w, "readOnly", true);
	jw_close(w);
}

void reloader_write(struct render *r)
{
	struct jw *w = r->w;

	jw_open(w);
	jw_kcstr(w, "name", RELOADER_NAME);
	jw_kstr(w, "image", r->in->sidecar);
	args_write(r);
	jw_kraw(w, "resources", resources);
	security_write(r);
	jw_kopen_list(w, "volumeMounts");
	server_live_volumes(r->spec, mount_write, r);
	jw_close_list(w);
	jw_close(w);
}
