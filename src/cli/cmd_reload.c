#include "cli.h"

struct reload_options {
	struct str signal, watch;
};

#define AT(member) offsetof(struct reload_options, member)
static const struct opt opts[] = {
	{ "signal", NULL, "SIGHUP", OPT_STR, AT(signal), 0, 0,
	  "what the server's process gets: SIGHUP, SIGUSR1, SIGUSR2, SIGINT or "
	  "SIGTERM" },
	{ "watch", NULL, "/watch", OPT_STR, AT(watch), 0, 0,
	  "folder of the volumes, each a folder in it" },
};

/* True: it is to end. */
static bool pause_or_end(const struct io *io)
{
	int64_t until = io->mono_ns(io->ctx) + RELOAD_LOOK_NS;
	struct io_event event;

	do {
		(void)io->wait(io->ctx, &event, 1, until);
		if (io->signals(io->ctx) & IO_SIGNAL_TERM)
			return true;
	} while (io->mono_ns(io->ctx) < until);
	return false;
}

int cmd_reload(const struct io *io, int argc, char **argv)
{
	static struct reloader reloader;
	struct reload_options o;
	struct diag d = { 0 };
	struct log log;
	int rest = 0, signal;

	if (opts_parse(opts, ARRAY_LEN(opts), io, argc, argv, &o, &rest,
	    &d) < 0) {
		cli_error(io, d.text, "");
		return EXIT_USAGE;
	}
	signal = schema_word_find(&reload_signal_words, o.signal);
	if (rest > 0 || signal < 0) {
		cli_error(io, rest > 0 ? "unexpected argument" :
		    "--signal: not one that a server is told by",
		    rest > 0 ? argv[1] : o.signal.p);
		return EXIT_USAGE;
	}
	log_init(&log, io);
	reloader_init(&reloader, peers_linux(), &log, o.watch.p,
	    (enum reload_signal)signal);
	do
		reloader_look(&reloader);
	while (!pause_or_end(io));
	return 0;
}
