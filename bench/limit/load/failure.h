/* The generator measures or stops: whatever goes wrong on its side ends it at once with a line and code 1. */
#ifndef FAILURE_H
#define FAILURE_H

/* Adds what errno says. */
_Noreturn void fail_errno(const char *what);

_Noreturn __attribute__((format(printf, 1, 2))) void fail(const char *format, ...);

#endif
