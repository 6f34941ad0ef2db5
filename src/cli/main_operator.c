#include <string.h>

#include "cli.h"

#ifndef MCP_VERSION
#error "the Makefile defines MCP_VERSION"
#endif
const char cli_version[] = MCP_VERSION;

static int cmd_version(const struct io *io, int argc, char **argv);
static int cmd_help(const struct io *io, int argc, char **argv);

static const struct subcommand commands[] = {
	{ "manager", "run all controllers (also when only flags are given)",
	  cmd_manager },
	{ "reload", "signal a pod's server when its files change",
	  cmd_reload },
	{ "version", "print the version", cmd_version },
	{ "help", "print this text", cmd_help },
};

static void print(const struct io *io, int stream, const char *text)
{
	(void)io->std_write(io->ctx, stream, text, strlen(text));
}

void cli_error(const struct io *io, const char *text, const char *more)
{
	char mem[1024];
	struct buf b;

	buf_init(&b, mem, sizeof(mem) - 1);
	buf_fmt(&b, "mcp-operator: %s%s%s", text, more[0] != '\0' ? ": " : "",
	    more);
	buf_char(&b, '\n');
	(void)io->std_write(io->ctx, 2, b.p, b.n);
}

static int cmd_version(const struct io *io, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	print(io, 1, "mcp-operator ");
	print(io, 1, cli_version);
	print(io, 1, "\n");
	return 0;
}

static int cmd_help(const struct io *io, int argc, char **argv)
{
	char mem[1024];
	struct buf b;
	size_t i;

	(void)argc;
	(void)argv;
	buf_init(&b, mem, sizeof(mem));
	buf_cstr(&b, "mcp-operator keeps MCP servers on Kubernetes.\n\n"
	    "usage: mcp-operator COMMAND [FLAGS]\n\n");
	for (i = 0; i < ARRAY_LEN(commands); i++)
		buf_fmt(&b, "  %s\t%s\n", commands[i].name,
		    commands[i].help);
	buf_cstr(&b, "\n`mcp-operator manager --help` lists its flags.\n");
	(void)io->std_write(io->ctx, 1, b.p, b.n);
	return 0;
}

static const struct subcommand *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct io *io = io_linux();
	const struct subcommand *c;

	if (argc < 2)
		return cmd_help(io, argc, argv);
	if (strcmp(argv[1], "--version") == 0)
		return cmd_version(io, argc, argv);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return cmd_help(io, argc, argv);
	/* As the older systems' managers are called: flags alone. */
	if (argv[1][0] == '-')
		return cmd_manager(io, argc, argv);
	c = find(argv[1]);
	if (c == NULL) {
		cli_error(io, "unknown command", argv[1]);
		return EXIT_USAGE;
	}
	return c->run(io, argc - 1, argv + 1);
}
