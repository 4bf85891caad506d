/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See arrivals.c. */
#ifndef ARRIVALS_H
#define ARRIVALS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

struct kind {
	const char *name;
	void (*setup)(void);
	void (*send)(int round);           /* NULL: it is there at once */
	void (*take)(int round, char *to); /* by one call, into the window; checks it */
};

/* What comes once only, and what is told to whoever asks; the last has no name. */
extern const struct kind messages[], counts[], answers[];

/* Says so, with errno, and ends the process. */
void give_up(const char *what) __attribute__((noreturn));

/* Returns when one has begun since, and ended. */
void await_commit(void);

/* The n bytes of a round, and whether a call that has answered `came` has brought them to p. */
void compose(int round, char *p, size_t n);
void check(int round, const char *p, size_t n, ssize_t came);

#endif
