#ifndef HANG_H
#define HANG_H

#include <stdbool.h>

/*
 * Ends this process when it has computed for so many seconds, or has not
 * ended after ten times as many: a machine with much else to do must not
 * fail a test.  hung(): was that why it ended?
 */
void hang_limit(int seconds);
bool hung(int status);

#endif
