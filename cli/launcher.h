/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the launcher is made of.  It stands between the user and every program that is run, so what it costs is added
 * to each start: it is linked statically where that is possible, uses libc alone, and on its way to the exec neither
 * allocates nor prints.
 */
#ifndef BIGFILE_LAUNCHER_H
#define BIGFILE_LAUNCHER_H

#include <stddef.h>

#include "codes.h"

#define LIBRARY "libbigfile.so"

/* bigfile run; gets its own name as argv[0].  Returns only when the command was not started. */
int launcher_run(int argc, char **argv);

/* argv[1] is the command, which looks at files and folders as they are: not under Bigfile.  Returns only when that failed, which is said. */
int launcher_become_tool(char **argv);
/* The same for what the tool itself does, without a word when it fails. */
void launcher_tell_tool(char **argv);

/* Memory that is kept until the exec. */
void *room_for(size_t size);
/* The strings one after the other, up to a NULL. */
char *join(const char *first, ...) __attribute__((sentinel));

/*
 * "bigfile: ..." on stderr, in one write: strings one after the other.  warn: the command is started all the same.  With
 * BIGFILE_LOG_FORMAT=json the tool is run to say it, for it knows how to put it.
 */
void say(const char *level, const char *text);
#define complain(...) say("error", join(__VA_ARGS__, NULL))
#define warn(...) say("warn", join(__VA_ARGS__, NULL))

/*
 * folder/name for the first of the folders where it can be accessed in this way (R_OK, X_OK), NULL for none.  A folder
 * that begins with '/' is taken as it is, others are below the one that holds this program; ends at a NULL.
 */
char *find_beside(const char *name, int mode, const char *const *folders);
/* From the root, without looking whether it exists. */
char *absolute_path(const char *path);

#endif
