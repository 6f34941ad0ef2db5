#ifndef CLI_H
#define CLI_H

/*
 * cli: mcp-operator's main and its subcommands. Exit codes: 0 good, 100
 * wrong use, 111 something outside failed.
 */

#include "model.h"

#define EXIT_USAGE 100
#define EXIT_ENVIRONMENT 111

struct subcommand {
	const char *name, *help;
	int (*run)(const struct io *io, int argc, char **argv);
};

/* main_operator.c */
extern const char cli_version[];
/* "mcp-operator: text: more" on standard error. */
void cli_error(const struct io *io, const char *text, const char *more);

/* cmd_manager.c */
int cmd_manager(const struct io *io, int argc, char **argv);

/* cmd_reload.c */
int cmd_reload(const struct io *io, int argc, char **argv);

/* reload.c [reloader_]: signals a server when its files change ------------ */

/*
 * The folders in `dir` are volumes. One that is other than it was, and the
 * same for two looks, was written anew: then the server's process gets a
 * signal. What there is at the first look is taken for what the server began
 * with, but for a volume that was written after the server's start. No memory
 * but this struct.
 */
struct reloader_volume {
	uint64_t name;		/* its hash; 0: none */
	uint64_t known, last;	/* what was told of, and at the last look */
};
struct reloader {
	const struct peers *sys;
	struct log *log;
	const char *dir;
	const char *word;	/* "SIGHUP" */
	int signal;
	struct reloader_volume volume[RELOAD_VOLUMES_MAX];
	char changed[RELOAD_TEXT_MAX];	/* names, for the log */
	char text[RELOAD_CHUNK_MAX];	/* of a file in /proc */
};
void reloader_init(struct reloader *r, const struct peers *sys, struct log *log,
    const char *dir, enum reload_signal signal);
/* Once a second. */
void reloader_look(struct reloader *r);

#endif
