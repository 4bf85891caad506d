/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the texts of numbers mean in the settings of bigfile(7): one meaning for the engine, which takes the default for what is none, and
 * for bigfile run, which refuses it.  Pure functions, of any libc: the launcher's may be another than the library's.
 *
 * Each returns false, and stores nothing, where the text has no such meaning.
 */
#ifndef BIGFILE_VALUES_H
#define BIGFILE_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds with a fraction: "0.25" is 250. */
bool value_milliseconds(const char *text, unsigned *ms);
/* At least one byte; with K, M, G, T: powers of 1024. */
bool value_bytes(const char *text, uint64_t *bytes);
/* A number or a name, with or without SIG, of a signal that can ask for something; 0 for "none". */
bool value_signal(const char *text, int *signal);

#endif
