#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io_linux_int.h"

/* Variables of the environment that a program is given. */
#define RUN_ENV_MAX 512
/* How often a program that closed its output is asked whether it ended. */
#define RUN_POLL_MS 10

static struct str env_name(const char *pair)
{
	struct str name;

	(void)str_cut(str_from(pair), '=', &name);
	return name;
}

/* The own environment with what `more` sets in front. */
static int env_merge(const char *const *more, char *ret[static RUN_ENV_MAX])
{
	size_t n = 0, set;

	for (; more && more[n]; n++) {
		if (n == RUN_ENV_MAX - 1)
			return ERR_LIMIT;
		ret[n] = (char *)(uintptr_t)more[n];
	}
	set = n;
	for (char **e = environ; e && *e; e++) {
		size_t i = 0;

		while (i < set && !str_eq(env_name(ret[i]), env_name(*e)))
			i++;
		if (i < set)
			continue;
		if (n == RUN_ENV_MAX - 1)
			return ERR_LIMIT;
		ret[n++] = *e;
	}
	ret[n] = NULL;
	return 0;
}

/* In the child: nothing here may return. */
static _Noreturn void run_child(const char *const *argv, char **env,
    int out_fd, int err_fd)
{
	sigset_t none;
	int rc, errnum;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	do
		rc = dup2(out_fd, 1);
	while (rc < 0 && errno == EINTR);
	if (rc == 1)
		execvpe(argv[0], (char *const *)(uintptr_t)argv, env);
	errnum = errno;
	(void)linux_write_all(err_fd, (const char *)&errnum, sizeof(errnum));
	_exit(127);
}

static int poll_one(int fd, int64_t deadline_ns)
{
	struct pollfd ready[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = linux_signal_fd(), .events = POLLIN },
	};
	int rc = poll(ready, 2, linux_timeout_ms(deadline_ns));

	if (rc < 0 && errno != EINTR)
		return linux_err(errno);
	if (rc <= 0)
		return linux_timeout_ms(deadline_ns) ? ERR_AGAIN : ERR_TIMEOUT;
	return ready[0].revents ? 0 : ERR_CANCELLED;
}

/* All that comes until the other ends are closed. */
static int run_output(int fd, char *p, size_t cap, int64_t deadline_ns)
{
	size_t n = 0;
	char more;

	for (;;) {
		int rc = poll_one(fd, deadline_ns);

		if (rc == ERR_AGAIN)
			continue;
		if (rc == 0)
			rc = n < cap ? linux_read(fd, p + n, cap - n) :
			    linux_read(fd, &more, 1);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return (int)n;
		if (n == cap)
			return ERR_LIMIT;
		n += (size_t)rc;
	}
}

static int run_reap(pid_t pid, int64_t deadline_ns, int *ret_status)
{
	int status, rc;

	for (;;) {
		rc = (int)waitpid(pid, &status, WNOHANG);
		if (rc == pid)
			break;
		if (rc < 0 && errno != EINTR)
			return linux_err(errno);
		if (!linux_timeout_ms(deadline_ns))
			return ERR_TIMEOUT;
		(void)poll(NULL, 0, RUN_POLL_MS);
	}
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status);
	return 0;
}

static void run_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

/* In the parent, with the child's ends of both pipes closed. */
static int run_parent(pid_t pid, int out_fd, int err_fd, void *p, size_t cap,
    int64_t deadline_ns, int *ret_status)
{
	int errnum, status = 0, n, err;

	/* Closes without a word when exec succeeds. */
	if (linux_read_whole(err_fd, (char *)&errnum, sizeof(errnum)) ==
	    (int)sizeof(errnum)) {
		run_kill(pid);
		return linux_err(errnum);
	}
	n = run_output(out_fd, p, cap, deadline_ns);
	if (n < 0) {
		run_kill(pid);
		return n;
	}
	err = run_reap(pid, deadline_ns, &status);
	if (err) {
		run_kill(pid);
		return err;
	}
	*ret_status = status;
	return n;
}

int linux_run(void *ctx, const char *const *argv, const char *const *env,
    void *p, size_t cap, int64_t timeout_ms, int *ret_status)
{
	int64_t deadline_ns = linux_mono_ns(NULL) + timeout_ms * NS_PER_MS;
	char *envp[RUN_ENV_MAX];
	int out[2], fail[2], err = env_merge(env, envp);
	pid_t pid;

	(void)ctx;
	CHECK(cap < INT_MAX && argv[0]);
	if (err)
		return err;
	if (pipe2(out, O_CLOEXEC))
		return linux_err(errno);
	if (pipe2(fail, O_CLOEXEC)) {
		err = linux_err(errno);
		close(out[0]);
		close(out[1]);
		return err;
	}
	pid = fork();
	if (pid == 0)
		run_child(argv, envp, out[1], fail[1]);
	err = pid < 0 ? linux_err(errno) : 0;
	close(out[1]);
	close(fail[1]);
	if (pid > 0)
		err = run_parent(pid, out[0], fail[0], p, cap, deadline_ns,
		    ret_status);
	close(out[0]);
	close(fail[0]);
	return err;
}
