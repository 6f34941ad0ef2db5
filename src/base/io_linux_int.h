#ifndef IO_LINUX_INT_H
#define IO_LINUX_INT_H

/*
 * What the io_linux*.c files share. Between them they hold all system calls
 * of the program.
 */

#include "base_int.h"

/* io_linux.c */

/* The ERR_* code that an errno stands for. */
int linux_err(int errnum);
/* A descriptor for reading, or ERR_*. */
int linux_open(const char *path, int flags);
int64_t linux_mono_ns(void *ctx);
/* read(2) and write(2) that never see EINTR; bytes or ERR_*. */
int linux_read(int fd, void *p, size_t n);
/* All there is until the end, ERR_LIMIT when that is more than cap. */
int linux_read_whole(int fd, char *p, size_t cap);
int linux_write_all(int fd, const char *p, size_t n);
/* For poll and epoll_wait, rounded up: 0 when due, -1 for TIME_NEVER. */
int linux_timeout_ms(int64_t deadline_ns);
/* Readable when a signal waits to be taken. */
int linux_signal_fd(void);

/* io_linux_harden.c */

/*
 * What only relocations write is read-only from now on. A dynamic linker
 * does that; a static program of musl has none.
 */
void linux_relro_protect(void);

/* io_linux_run.c */

/* io->run */
int linux_run(void *ctx, const char *const *argv, const char *const *env,
    void *p, size_t cap, int64_t timeout_ms, int *ret_status);

#endif
