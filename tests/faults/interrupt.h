#ifndef FAULTS_INTERRUPT_H
#define FAULTS_INTERRUPT_H

/*
 * The system calls of src/base/io_linux*.c, one of which is interrupted by a
 * signal or does less than it was asked to. These stand between only because
 * the objects of those files are copied with other names for what they call
 * (interrupt.syms): tests and harness call the system itself.
 */

#include <stdbool.h>
#include <stdint.h>

enum interrupt {
	INTERRUPT_NOT,		/* only count */
	INTERRUPT_EINTR,
	INTERRUPT_MEANWHILE,	/* somebody else does something before it */
	INTERRUPT_ONE,		/* one byte of a read, write, getrandom */
	INTERRUPT_HALF		/* half of it */
};

/* From here on the n-th call that how can happen to, counted from 0. */
void interrupt_arm(enum interrupt how, uint32_t n);
/* What is done before it, for INTERRUPT_MEANWHILE. */
void interrupt_do(void (*meanwhile)(void));
/* How many calls there were that it could have happened to. */
uint32_t interrupt_calls(void);

#endif
