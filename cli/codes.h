/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exit codes that mean the same in every subcommand. */
#ifndef BIGFILE_CODES_H
#define BIGFILE_CODES_H

enum {
	CLI_OK = 0,
	CLI_FAILED = 1,   /* asked for, and not done */
	CLI_USAGE = 2,
	CLI_NO_PROCESS = 3, /* the process named has no marked file in use, or does not exist */
};

#endif
