/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment of the command to be: changed without setenv, which allocates. */
#ifndef BIGFILE_ENVIRONMENT_H
#define BIGFILE_ENVIRONMENT_H

/* For getenv and exec alike. */
void environment_set(const char *name, const char *value);
/* Before what is there, separated by a colon. */
void environment_prepend(const char *name, const char *value);
/* Takes the files of this name, in whatever folder, out of a list of paths, which colons or spaces separate. */
void environment_remove(const char *name, const char *file);

#endif
