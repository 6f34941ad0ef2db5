#ifndef CLI_H
#define CLI_H

/*
 * cli: mcp-operator's main and its subcommands. Exit codes: 0 good, 100
 * wrong use, 111 something outside failed.
 */

#include "base.h"

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

#endif
