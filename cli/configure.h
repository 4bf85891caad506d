/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration files of bigfile run, bigfile.conf(5). */
#ifndef BIGFILE_CONFIGURE_H
#define BIGFILE_CONFIGURE_H

#include <glib.h>

/* The group of settings that is for all programs, and so no program's name. */
#define CONFIGURE_ALL "bigfile"

/* Those that are read, the strongest first; to be freed. */
GStrv configure_files(void);
/* Sets the variables that they have for this command and that are not set yet.  FALSE: one cannot be understood, and a line says why. */
gboolean configure_for(const char *command);

#endif
