#include "base.h"

enum { EXIT_OK = 0, EXIT_USAGE = 100 };

struct gateway_opts {
	bool help;
	bool version;
};

static const struct opt gateway_opts_table[] = {
	{ "help", NULL, NULL, OPT_BOOL, offsetof(struct gateway_opts, help),
	  0, 0, "print this text and end" },
	{ "version", NULL, NULL, OPT_BOOL,
	  offsetof(struct gateway_opts, version),
	  0, 0, "print the version and end" },
};

static void gateway_print(const struct io *io, int stream, const struct buf *b)
{
	struct str s = buf_view(b);

	CHECK(!b->over);
	io->std_write(io->ctx, stream, s.p, s.n);
}

static int gateway_usage_error(const struct io *io, const char *why)
{
	char mem[DIAG_TEXT_MAX + 128];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "mcp-gateway: %s; see mcp-gateway --help\n", why);
	gateway_print(io, 2, &b);
	return EXIT_USAGE;
}

static int gateway_help(const struct io *io)
{
	char mem[2048];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_cstr(&b, "usage: mcp-gateway [FLAG]...\n"
		 "The sidecar of mcp-operator in an MCP server's pod.\n\n");
	opts_help(gateway_opts_table, ARRAY_LEN(gateway_opts_table), &b);
	gateway_print(io, 1, &b);
	return EXIT_OK;
}

static int gateway_version(const struct io *io)
{
	char mem[128];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_cstr(&b, "mcp-gateway " MCP_VERSION "\n");
	gateway_print(io, 1, &b);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	const struct io *io = io_linux();
	struct gateway_opts opts;
	struct diag why;
	int rest;

	diag_clear(&why);
	if (opts_parse(gateway_opts_table, ARRAY_LEN(gateway_opts_table), io,
		       argc, argv, &opts, &rest, &why))
		return gateway_usage_error(io, why.text);
	if (opts.help)
		return gateway_help(io);
	if (opts.version)
		return gateway_version(io);
	if (rest)
		return gateway_usage_error(io, "no argument is taken");
	return gateway_usage_error(io, "a flag is needed");
}
