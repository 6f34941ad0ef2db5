#ifndef RENDER_INT_H
#define RENDER_INT_H

#include "render.h"

/* What all parts of one rendering share. */
struct render {
	const struct render_in *in;
	const struct server *s;
	const struct server_spec *spec;
	struct str key;			/* value of LABEL_KEY */
	struct str config_text;		/* what config.json will hold */
	struct str template;		/* of the pods */
	uint64_t template_digest;
	struct jw *w;
};

/* render.c */
/* The labels of our own, which children and pods have in common. */
void labels_write(struct render *r);
/* A user's labels but ours, and but those that `but` (may be NULL) has. */
void user_labels_write(struct jw *w, const struct pairs *m,
    const struct pairs *but);
/* A user's annotations but ours. */
void user_notes_write(struct jw *w, const struct pairs *m);

/* workload.c */
void deployment_write(struct render *r);
void template_write(struct render *r);

/* container.c */
void container_write(struct render *r);
bool mounts_at(const struct server_spec *spec, struct str path);
bool wants_tmp(const struct server_spec *spec);

/* service.c */
bool service_wanted(const struct server_spec *spec);
void service_write(struct render *r);

/* configmap.c */
bool config_wanted(const struct server_spec *spec);
bool config_mounted(const struct server_spec *spec);
/* Of what the user gave, not of what is made of it: see NOTE_CONFIG. */
uint64_t config_digest(const struct server_spec *spec);
struct str config_render(struct render *r, struct arena *a);
void config_write(struct render *r);

#endif
