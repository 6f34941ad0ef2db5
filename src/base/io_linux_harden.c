#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io_linux_int.h"

/*
 * From the kernel's interface (linux/seccomp.h, filter.h, audit.h,
 * landlock.h, capability.h, prctl.h), for musl does not bring these headers.
 */
struct bpf_insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};
struct bpf_prog {
	unsigned short len;
	struct bpf_insn *insn;
};
#define BPF_LOAD 0x20			/* BPF_LD | BPF_W | BPF_ABS */
#define BPF_JUMP_EQ 0x15		/* BPF_JMP | BPF_JEQ | BPF_K */
#define BPF_RETURN 0x06			/* BPF_RET | BPF_K */
#define SECCOMP_NR 0			/* offsets in struct seccomp_data */
#define SECCOMP_ARCH 4
#define SECCOMP_ARG0 16			/* its low half: all are LE */
#define SECCOMP_MODE 2			/* SECCOMP_MODE_FILTER */
#define SECCOMP_ALLOW 0x7fff0000u
#define SECCOMP_KILL 0x80000000u	/* the process */
#define SECCOMP_ERRNO 0x00050000u
#define SET_MDWE 65			/* PR_SET_MDWE, Linux 6.3 */
#define MDWE_REFUSE_EXEC_GAIN 1
#define AMBIENT 47			/* PR_CAP_AMBIENT, Linux 4.3 */
#define AMBIENT_CLEAR_ALL 4
#define CAP_VERSION_3 0x20080522
#define CAP_LAST 63			/* no kernel has more than 64 */
#define LANDLOCK_CREATE 444		/* Linux 5.13; on all architectures */
#define LANDLOCK_RESTRICT 446
#define LANDLOCK_VERSION 1u		/* a flag: which one is it */

#if defined(__x86_64__)
#define AUDIT_ARCH 0xc000003eu
#elif defined(__aarch64__)
#define AUDIT_ARCH 0xc00000b7u
#elif defined(__arm__)
#define AUDIT_ARCH 0x40000028u
#elif defined(__riscv) && __riscv_xlen == 64
#define AUDIT_ARCH 0xc00000f3u
#else
#error "no seccomp filter for this architecture"
#endif

/* What the loop needs after the start, under musl and glibc. */
static const uint16_t allowed[] = {
	/* Every turn of the loop. */
	SYS_read, SYS_write, SYS_close, SYS_epoll_ctl, SYS_epoll_pwait,
	SYS_accept4, SYS_connect, SYS_bind, SYS_listen, SYS_getsockopt,
	SYS_setsockopt, SYS_getsockname, SYS_getpeername, SYS_sendto,
	SYS_recvfrom, SYS_shutdown, SYS_ppoll, SYS_getrandom,
	/* Files: tokens and CAs that rotate, kubeconfig, /proc/self. */
	SYS_openat, SYS_readv, SYS_writev, SYS_fcntl, SYS_fsync,
	SYS_unlinkat, SYS_renameat2,
	/* Memory given back, and what malloc does in test builds. */
	SYS_madvise, SYS_munmap, SYS_brk, SYS_mremap,
	/* Ending: abort() and exit(). */
	SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigprocmask,
	SYS_rt_sigaction, SYS_getpid, SYS_gettid, SYS_tkill, SYS_tgkill,
	SYS_restart_syscall, SYS_futex,
	/* Those that only some architectures have. Clocks: without vdso. */
#ifdef SYS_clock_gettime
	SYS_clock_gettime,
#endif
#ifdef SYS_mmap
	SYS_mmap,
#endif
#ifdef SYS_mmap2
	SYS_mmap2,
#endif
#ifdef SYS_open
	SYS_open,
#endif
#ifdef SYS_unlink
	SYS_unlink,
#endif
#ifdef SYS_rename
	SYS_rename,
#endif
#ifdef SYS_renameat
	SYS_renameat,
#endif
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
#ifdef SYS_poll
	SYS_poll,
#endif
#ifdef SYS_send
	SYS_send,
#endif
#ifdef SYS_recv
	SYS_recv,
#endif
#ifdef SYS_fcntl64
	SYS_fcntl64,
#endif
#ifdef SYS_clock_gettime64
	SYS_clock_gettime64,
#endif
#ifdef SYS_ppoll_time64
	SYS_ppoll_time64,
#endif
#ifdef SYS_sigreturn
	SYS_sigreturn,
#endif
#ifdef BASE_ASAN
	SYS_sigaltstack,	/* before each call that does not return */
#endif
};

#define FILTER_MAX (ARRAY_LEN(allowed) + 12)

/*
 * Returns follow at the end: ALLOW, ERRNO, KILL. Jumps count from the next
 * instruction and have eight bits, hence the assertion.
 */
_Static_assert(FILTER_MAX < 256, "jumps have eight bits");

static size_t filter_make(struct bpf_insn f[static FILTER_MAX])
{
	const uint8_t allow = ARRAY_LEN(allowed) + 7;
	const uint8_t deny = allow + 1, kill_it = allow + 2;
	size_t n = 0;

	f[n++] = (struct bpf_insn){ BPF_LOAD, 0, 0, SECCOMP_ARCH };
	f[n] = (struct bpf_insn){ BPF_JUMP_EQ, 0,
	    (uint8_t)(kill_it - n - 1), AUDIT_ARCH };
	n++;
	f[n++] = (struct bpf_insn){ BPF_LOAD, 0, 0, SECCOMP_NR };
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++, n++)
		f[n] = (struct bpf_insn){ BPF_JUMP_EQ,
		    (uint8_t)(allow - n - 1), 0, allowed[i] };
	/* Sockets of the internet only. */
	f[n] = (struct bpf_insn){ BPF_JUMP_EQ, 0, (uint8_t)(deny - n - 1),
	    SYS_socket };
	n++;
	f[n++] = (struct bpf_insn){ BPF_LOAD, 0, 0, SECCOMP_ARG0 };
	f[n] = (struct bpf_insn){ BPF_JUMP_EQ, (uint8_t)(allow - n - 1), 0,
	    AF_INET };
	n++;
	f[n] = (struct bpf_insn){ BPF_JUMP_EQ, (uint8_t)(allow - n - 1),
	    (uint8_t)(deny - n - 1), AF_INET6 };
	n++;
	CHECK(n == allow);
	f[n++] = (struct bpf_insn){ BPF_RETURN, 0, 0, SECCOMP_ALLOW };
	/* As on a kernel too old for the call: libc knows what to do. */
	f[n++] = (struct bpf_insn){ BPF_RETURN, 0, 0,
	    SECCOMP_ERRNO | ENOSYS };
	f[n++] = (struct bpf_insn){ BPF_RETURN, 0, 0, SECCOMP_KILL };
	return n;
}

/* The kernel looks at whole words, also of arguments it has no use for. */
static bool process_set(int option, unsigned long a, unsigned long b)
{
	return !prctl(option, a, b, 0UL, 0UL);
}

static bool seccomp_on(void)
{
	struct bpf_insn f[FILTER_MAX];
	struct bpf_prog prog = { .insn = f };

	prog.len = (unsigned short)filter_make(f);
	return process_set(PR_SET_SECCOMP, SECCOMP_MODE, (uintptr_t)&prog);
}

/*
 * Files can be read, as they rotate, and nothing else: not run, written, made
 * or removed. A later version of Landlock knows more rights.
 */
static bool landlock_on(void)
{
	enum { READ = 2, READ_DIR, MAKE_SYM = 12, REFER, TRUNCATE, IOCTL };
	const uint64_t reading = 1u << READ | 1u << READ_DIR;
	long version = syscall(LANDLOCK_CREATE, NULL, 0ul, LANDLOCK_VERSION);
	int last = version >= 5 ? IOCTL : version >= 3 ? TRUNCATE :
	    version == 2 ? REFER : MAKE_SYM;
	uint64_t taken = ((2u << last) - 1) & ~reading;
	bool took;
	int fd;

	if (version < 1)
		return false;
	fd = (int)syscall(LANDLOCK_CREATE, &taken, sizeof(taken), 0u);
	if (fd < 0)
		return false;
	took = !syscall(LANDLOCK_RESTRICT, fd, 0u);
	close(fd);
	return took;
}

static bool capabilities_drop(void)
{
	struct {
		uint32_t version;
		int pid;
	} head = { CAP_VERSION_3, 0 };
	uint32_t none[2][3] = { { 0 } };	/* effective, permitted, ... */

	/* The bounding set needs a capability that is about to go. */
	for (unsigned long cap = 0; cap <= CAP_LAST; cap++)
		if (!process_set(PR_CAPBSET_DROP, cap, 0))
			break;
	(void)process_set(AMBIENT, AMBIENT_CLEAR_ALL, 0);
	return !syscall(SYS_capset, &head, none);
}

static void measure(struct buf *ret_what, const char *word, bool took)
{
	if (!took)
		return;
	if (ret_what->n)
		buf_char(ret_what, ' ');
	buf_cstr(ret_what, word);
}

/* The first image is the program's own. */
static int relro_of(struct dl_phdr_info *image, size_t size, void *ctx)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	unsigned i;

	(void)size, (void)ctx;
	for (i = 0; i < image->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &image->dlpi_phdr[i];
		uintptr_t from = image->dlpi_addr + h->p_vaddr;
		uintptr_t end = (from + h->p_memsz) & -page;

		if (h->p_type != PT_GNU_RELRO)
			continue;
		from &= -page;
		/* Pages larger than the linker's may hold none of it alone. */
		if (from < end)
			CHECK(mprotect((void *)from, end - from,
			    PROT_READ) == 0);
	}
	return 1;
}

void linux_relro_protect(void)
{
	(void)dl_iterate_phdr(relro_of, NULL);
}

void io_linux_harden(struct buf *ret_what)
{
	measure(ret_what, "no_new_privs",
	    process_set(PR_SET_NO_NEW_PRIVS, 1, 0));
	measure(ret_what, "undumpable", process_set(PR_SET_DUMPABLE, 0, 0));
	measure(ret_what, "no_capabilities", capabilities_drop());
	measure(ret_what, "mdwe",
	    process_set(SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0));
	measure(ret_what, "landlock", landlock_on());
	measure(ret_what, "seccomp", seccomp_on());
}
