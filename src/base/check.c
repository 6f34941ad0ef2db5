#include "base_int.h"

_Noreturn void check_failed(const char *file, int line, const char *what)
{
	char mem[512];
	struct buf b;

	/* Only calls that hold no CHECK of their own. */
	buf_init(&b, mem, sizeof(mem) - 1);
	buf_cstr(&b, file);
	buf_char(&b, ':');
	buf_i64(&b, line);
	buf_cstr(&b, ": ");
	buf_cstr(&b, what);
	b.cap = sizeof(mem);
	b.over = false;
	buf_char(&b, '\n');
	io_linux_die(b.p, b.n);
}

static const struct {
	int value;
	const char *name, *text;
} errs[] = {
#define ERR(name, value, text) { value, "ERR_" #name, text },
#include "err.def"
#undef ERR
};

const char *err_text(int err)
{
	for (size_t i = 0; i < ARRAY_LEN(errs); i++)
		if (errs[i].value == err)
			return errs[i].text;
	return "unknown error";
}

const char *err_name(int err)
{
	for (size_t i = 0; i < ARRAY_LEN(errs); i++)
		if (errs[i].value == err)
			return errs[i].name;
	return "ERR_UNKNOWN";
}
