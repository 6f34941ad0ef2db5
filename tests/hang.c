#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hang.h"

void hang_limit(int seconds)
{
	struct rlimit cpu = {
		.rlim_cur = (rlim_t)seconds, .rlim_max = (rlim_t)seconds + 1
	};

	setrlimit(RLIMIT_CPU, &cpu);
	alarm(10 * (unsigned)seconds);
}

bool hung(int status)
{
	return WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU ||
	    WTERMSIG(status) == SIGALRM);
}
