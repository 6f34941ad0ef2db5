#include "cli.h"
#include "control.h"

static void diag_print(const struct io *io, const struct diag *d, int err)
{
	const char *text = d->text[0] != '\0' ? d->text : err_text(err);

	if (d->path[0] != '\0')
		cli_error(io, d->path, text);
	else
		cli_error(io, text, "");
}

static void help_print(const struct io *io)
{
	static char mem[CLI_TEXT_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_cstr(&b, "usage: mcp-operator manager [FLAGS]\n\n"
	    "A flag wins over its environment variable, and that over the "
	    "default.\n\n");
	opts_help(manager_opts, manager_opts_n, &b);
	(void)io->std_write(io->ctx, 1, b.p, b.n);
}

static void memory_print(const struct io *io, const struct mem *m)
{
	static char mem[CLI_TEXT_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	mem_table(m, &b);
	(void)io->std_write(io->ctx, 1, b.p, b.n);
}

static int run(const struct io *io, struct mem *mem,
    const struct manager_options *o)
{
	struct diag d = { 0 };
	struct manager *m;
	char what_mem[256];
	struct buf what;
	int err;

	err = manager_new(mem, io, o, cli_version, &m, &d);
	if (err == 0 && o->print_memory) {
		memory_print(io, mem);
		return 0;
	}
	if (err == 0)
		err = manager_start(m, &d);
	if (err < 0) {
		diag_print(io, &d, err);
		return err == ERR_USAGE || err == ERR_LIMIT ? EXIT_USAGE :
		    EXIT_ENVIRONMENT;
	}
	mem_seal(mem);
	buf_init(&what, what_mem, sizeof(what_mem));
	io_linux_harden(&what);
	return manager_run(m);
}

int cmd_manager(const struct io *io, int argc, char **argv)
{
	static struct manager_options o;
	static struct mem mem;
	struct diag d = { 0 };
	int rest = 0, err;

	err = opts_parse(manager_opts, manager_opts_n, io, argc, argv, &o,
	    &rest, &d);
	if (err == 0 && rest > 0) {
		cli_error(io, "unexpected argument", argv[1]);
		return EXIT_USAGE;
	}
	if (err < 0) {
		cli_error(io, d.text, "");
		return EXIT_USAGE;
	}
	if (o.help) {
		help_print(io);
		return 0;
	}
	err = options_check(&o, &d);
	if (err < 0) {
		diag_print(io, &d, err);
		return EXIT_USAGE;
	}
	mem_init(&mem, io);
	return run(io, &mem, &o);
}
