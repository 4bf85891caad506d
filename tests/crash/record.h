/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records what a program does to a watched folder. */
#ifndef CRASH_RECORD_H
#define CRASH_RECORD_H

#include "watch.h"

/*
 * The trace of w gets its events.  Lines with a number that a process writes to stdout are acknowledgements; an exit status of 0
 * acknowledges `last`.  Returns the exit status.
 */
int record_program(struct watch *w, char **argv, char **environment, size_t last);

#endif
