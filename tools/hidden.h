/* Included first where the compiler is to know that nothing comes from outside
 * of the file that is linked: all symbols, libc's as well, are in it. */
#pragma GCC visibility push(hidden)
