#ifndef ASKED_INT_H
#define ASKED_INT_H

/* Who asks the operator, and whom it asks, before servers are stored and
 * children written. */

#include "admit.h"
#include "control.h"
#include "extend.h"
#include "record_int.h"

struct manager;

/* ---- certs.c: the certificate that our own server shows ---- */

enum { CERTS_NAMES = 5 };
/* ---- authority.c: who signs what is shown to the API server ---- */

struct authority_ca {
	struct cert_key key;
	int64_t from_s, until_s;
	size_t der_n;
	char der[AUTHORITY_DER_MAX];
};
/* Oldest first. */
struct authority {
	struct authority_ca ca[AUTHORITIES_MAX];
	uint32_t n;
};
/* Drops those that are over and makes the next one when it is due: 1 if
 * anything changed, 0, ERR_*. */
int authority_renew(struct authority *a, const struct io *io);
/* The last that the API server has known for long enough; NULL: none. */
const struct authority_ca *authority_signer(const struct authority *a,
    int64_t now_s);
struct str authority_name(void);	/* common name of each */
/* All of them as PEM, for a caBundle. */
void authority_bundle(const struct authority *a, struct buf *out);
/* The Secret; version empty: a new one. ERR_FULL. */
int authority_write(const struct authority *a, struct str ns,
    struct str name, struct str version, struct arena *scratch,
    struct buf *out);
/* ERR_BAD and others: it holds none of ours, *ret is unchanged. */
int authority_read(struct str secret, struct json_tok *tok, uint32_t toks,
    struct arena *scratch, struct authority *ret);

struct certs {
	struct manager *m;
	struct trust *trust;		/* for http_server_secure */
	/* Set between certs_init and certs_begin: folder and names of the
	 * files, or dir empty and the names to make one for. */
	struct str dir, cert_name, key_name;
	struct str name[CERTS_NAMES];
	uint32_t names;
	char name_mem[256];
	/* private */
	char *cert, *key;		/* CERT_FILE_MAX each */
	uint8_t digest[SHA256_LEN];	/* of the files that were loaded */
	int64_t made_s;			/* when the one shown was made */
	struct authority_ca issuer;	/* of those made; until_s 0: none */
	bool loaded, failing, untimely;
	struct timer timer;
	/* Handshakes that failed since one was told of, at told_ns. */
	uint32_t untold;
	int64_t told_ns;
};
int certs_init(struct certs *c, struct manager *m, struct mem *mem);
/* Loads or makes it, and looks after it from then on. ERR_* with d: there is
 * none that can be shown. */
int certs_begin(struct certs *c, struct diag *d);
void certs_look(void *ctx);
/* From now on those made are signed by it; of the first such call on. */
int certs_sign(struct certs *c, const struct authority_ca *by,
    struct diag *d);
/* For http_server_secure: counts, and tells of one a minute. */
void certs_lost(void *ctx, const struct net_addr *from, int err,
    const struct diag *d);

/* ---- webhooks.c: asked before an MCPServer is stored ---- */

#define WEBHOOK_SECRET "mcp-operator-webhook"
#define WEBHOOK_SERVICE "mcp-operator-webhook"
#define WEBHOOK_CONFIG "mcp-operator"
#define WEBHOOK_CONFIGS 2
struct review_wait;
struct trial;
struct webhooks {
	struct manager *m;
	struct http_server *server;
	struct http_post_route route[4];
	struct certs certs;
	struct authority known, wanted;	/* as read; to be written */
	struct kube_call call;
	struct timer timer;
	char *body;			/* of a write, WEBHOOKS_BODY_MAX */
	struct review_wait *waits;	/* a post each; with hooks only */
	uint32_t posts;			/* at once */
	uint32_t config;		/* which is looked at */
	bool shown;			/* a certificate others can trust */
	bool failing;
	struct trial *trial;		/* with --webhook-dry-run, or NULL */
};
/* With --enable-webhooks only: m->webhooks is NULL otherwise. */
int webhooks_init(struct manager *m, struct mem *mem);
int webhooks_begin(struct webhooks *h, struct diag *d);
void webhooks_look(void *ctx);
void webhooks_lead(struct webhooks *h);	/* we lead: look now */
void webhooks_stop(struct webhooks *h);
const char *webhooks_check(void *ctx);	/* a health_check's */

/* ---- trial.c: children that are tried before their server is stored ---- */

int trials_init(struct webhooks *h, struct mem *mem);
/* Answers a validation, at the latest in time for who waits for it. */
void trial_begin(struct webhooks *h, struct http_post *post);

/* ---- reviews.c: the questions themselves, with a manager ---- */

/* "timeout=5s": how long the API server waits, or TIME_NEVER: it is silent. */
int64_t reviews_timeout(struct str query);
int reviews_init(struct manager *m, struct webhooks *h, struct mem *mem);
void reviews_validate(void *ctx, struct http_post *post);
/* Answers a validation: with what was tried, or NULL; since begun_ns the API
 * server waits. */
void reviews_answer(struct manager *m, struct http_post *post,
    const struct admit_tried *tried, int64_t begun_ns);
void reviews_mutate(void *ctx, struct http_post *post);

/* ---- hooks.c: calls of extensions ---- */

/*
 * Somebody waits for an answer; owned by him and in place until done, which
 * comes once, from the loop. The answer is valid during that call only; an
 * err says, with d, why there is none: ERR_CANCELLED, the operator stops.
 */
struct ask {
	const struct ext *ext;
	/* When it is its turn; ERR_* with d: it is not asked. */
	int (*write)(void *ctx, const struct ext *e, struct buf *out,
	    struct diag *d);
	void (*done)(void *ctx, int err, struct str answer,
	    const struct diag *d);
	void *ctx;
	int64_t limit_ns;	/* its turn and the answer are before */
	bool low;		/* is told, and waited for by nobody */
	/* private to hooks.c from here */
	struct ask *next;
	int64_t until_ns;
	bool busy;
};
struct hook_slot;
struct hook_files;
struct notice;
struct hooks {
	struct manager *m;
	struct ext_set set;
	struct trust *trust[EXTENSIONS_MAX];
	struct hook_files *files;	/* one each */
	struct hook_slot *slot;		/* EXT_CALLS_MAX */
	struct conn_gate gate;
	struct ask *head, **tail;	/* wait for their turn */
	struct work feed;
	struct timer late;
	char *pem;
	struct json_ops work;		/* for the length of one call */
	/* notices.c */
	struct notice *notice;		/* EXT_NOTICES_MAX */
	uint32_t first, notices;
	struct ask told;
	bool dropping;
};
/* With --extensions only: m->hooks is NULL otherwise. */
int hooks_init(struct manager *m, struct mem *mem, struct diag *d);
/* Ends every call with ERR_CANCELLED; m->stopping is set. */
void hooks_stop(struct hooks *h);
void hooks_ask(struct hooks *h, struct ask *a);
/* The next one of this type from *at on that sees the server, or NULL. */
const struct ext *hooks_next(const struct hooks *h, enum ext_type type,
    const struct ext_who *who, uint32_t *at);
/* Of the PreReconcile ones that see it; 0: there are none. */
uint64_t hooks_salt(const struct manager *m, const struct server *s);

/* ---- notices.c: what has happened, for extensions ---- */

struct job;
int notices_init(struct hooks *h, struct mem *mem);
/* The job has written children. */
void notices_written(struct job *j, uint8_t phase);
/* It has written a status with this phase. */
void notices_phase(struct job *j, uint8_t phase);

#endif
