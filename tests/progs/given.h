/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See given.c. */
#ifndef GIVEN_H
#define GIVEN_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

struct row {
	const char *name;
	const void *bytes; /* what the other process puts where the call is to read it */
	size_t size;
	bool (*call)(char *at); /* false, or errno EFAULT in errno: it has not done what it does */
	void (*compose)(char *at); /* instead of bytes */
};

/* Of the function call_NAME: bytes, or a function that composes them. */
#define R(name, ...) { #name, &__VA_ARGS__, sizeof(__VA_ARGS__), call_##name, NULL }
#define C(name, how) { #name, NULL, 0, call_##name, how }
#define SOON(name) R(name, (const struct timespec){ 0, 1000 })

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* Those that are given names of files, times, and all others.  The last has no name. */
extern const struct row paths[], moments[], values[];

/* Closes fd, keeps errno, and says what it was told. */
bool ends(bool is, int fd);

/* Did a child that calls this end with status 7?  For calls that end the process, or make another. */
bool child_ends_with_7(void (*run)(char *at), char *at);
bool waits_for_7(pid_t child);

#endif
