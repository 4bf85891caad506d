/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See files.h. */
#include "files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "aside.h"
#include "cli.h"
#include "companions.h"
#include "journal_find.h"
#include "marks.h"
#include "restore.h"

struct collection {
	GPtrArray *files;
	GHashTable *known; /* by their real paths, or what would be that */
};

/* given: as the user wrote it, or NULL. */
static void add(struct collection *c, const char *path, const char *given)
{
	char real[PATH_MAX];
	const char *key = restore_resolve(path, real) ? path : real;

	if (!g_hash_table_contains(c->known, key)) {
		g_hash_table_add(c->known, g_strdup(key));
		g_ptr_array_add(c->files, g_strdup(given ? given : key));
		journal_find_also_beside(key);
	}
}

static gboolean has_journal(const char *path)
{
	char *real = realpath(path, NULL);
	gboolean has = real && restore_is_needed(real);

	free(real);
	return has;
}

/* path: of a file that is aside, or was, or of the journal of one.  FALSE: it is not. */
static gboolean add_unlinked(struct collection *c, const char *path)
{
	gsize n = strlen(path) - (g_str_has_suffix(path, JOURNAL_SUFFIX) ? strlen(JOURNAL_SUFFIX) : 0);
	g_autofree char *aside = g_strndup(path, n);
	char name[PATH_MAX];

	if (!aside_original(aside, name, sizeof name))
		return FALSE;
	add(c, name, name);
	return TRUE;
}

static void add_companion(void *arg, const char *path)
{
	if (g_file_test(path, G_FILE_TEST_EXISTS) && add_unlinked(arg, path))
		return;
	if (g_file_test(path, G_FILE_TEST_IS_REGULAR) && has_journal(path))
		add(arg, path, NULL);
}

/* Moved away, or deleted - or the journal is kept for others to ask.  One that says nothing is what a crash has left of a rename. */
static void add_if_alone(struct collection *c, const char *journal)
{
	g_autofree char *file = NULL;
	struct recovery report;

	if (!g_str_has_suffix(journal, JOURNAL_SUFFIX))
		return;
	file = g_strndup(journal, strlen(journal) - strlen(JOURNAL_SUFFIX));
	if (g_file_test(file, G_FILE_TEST_EXISTS))
		return;
	if (!restore_file(file, RECOVER_LOOK, &report))
		add(c, file, file);
	else
		cli_complain("%s: its file is not beside it", journal);
}

static void add_folder(struct collection *c, const char *folder)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
	const char *name;

	if (!dir) {
		cli_complain("%s", error->message);
		return;
	}
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		struct stat st;

		if (lstat(path, &st) || (S_ISREG(st.st_mode) && add_unlinked(c, path)))
			continue;
		add_if_alone(c, path);
		if (S_ISDIR(st.st_mode))
			add_folder(c, path);
		else if (S_ISREG(st.st_mode) && !g_str_has_suffix(name, JOURNAL_SUFFIX) && has_journal(path))
			add(c, path, path);
	}
}

GPtrArray *files_named(char **arguments)
{
	struct collection c = { g_ptr_array_new_with_free_func(g_free),
				g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };

	for (char **a = arguments; *a; a++) {
		if (g_file_test(*a, G_FILE_TEST_IS_DIR))
			add_folder(&c, *a);
		else
			add(&c, *a, *a);
	}
	/* It grows meanwhile. */
	for (guint i = 0; i < c.files->len; i++)
		companions_each(c.files->pdata[i], add_companion, &c);
	g_hash_table_unref(c.known);
	return c.files;
}
