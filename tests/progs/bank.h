/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bank.c does the work and checks it, bank_drive.c kills and recovers. */
#ifndef BANK_H
#define BANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BANK_FILES 64
#define BANK_ACCOUNTS 64
#define BANK_LENGTH ((size_t)4096 + BANK_ACCOUNTS * 512)

struct bank {
	unsigned count;
	int fd[BANK_FILES];
	char *at[BANK_FILES];
	size_t size[BANK_FILES];
};

/* The number of the state that the files are in; -1: of none, said on stdout. */
int64_t bank_check(int count, char **files);
int bank_drive(const char *bigfile, int kills, int seed, const char *worker, int count, char **files);

#endif
