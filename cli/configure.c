/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configuration files for bigfile run: what they say becomes variables, unless they are set already; then the launcher goes on, with
 * --no-config.
 *
 * The group [bigfile] is for all programs, [NAME] for the program whose file name is NAME.  The user's file is stronger
 * than the system's, and in a file the program's group than the common one.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "configure.h"
#include "settings.h"

#define COMMON CONFIGURE_ALL
#define PATHS "path"

static const struct {
	const char *option, *variable;
	gboolean is_path;
	const char *words;
} settings[] = {
#define X(option, variable, is_path, words) { option, variable, is_path, words },
	SETTINGS_OF_RUN(X)
#undef X
};

static const char *variable_of(const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
		if (!strcmp(key, settings[i].option))
			return settings[i].variable;
	}
	return strcmp(key, PATHS) ? NULL : "BIGFILE_PATHS";
}

static gboolean must_be_absolute(const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
		if (!strcmp(key, settings[i].option))
			return settings[i].is_path;
	}
	return !strcmp(key, PATHS);
}

/* NULL: any. */
static const char *words_of(const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
		if (!strcmp(key, settings[i].option))
			return settings[i].words;
	}
	return NULL;
}

/* A pattern that begins where the program starts would mean another file each time. */
static gboolean check_value(const char *file, const char *group, const char *key, char **values)
{
	const char *words = words_of(key);

	for (char **v = values; *v; v++) {
		if (!setting_takes(words, *v)) {
			cli_complain("%s: [%s] %s=%s: must be one of %s", file, group, key, *v, words);
			return FALSE;
		}
		if (!must_be_absolute(key) || **v == '/')
			continue;
		cli_complain("%s: [%s] %s=%s: must begin with a slash", file, group, key, *v);
		return FALSE;
	}
	if (*values && (!values[1] || !strcmp(key, PATHS)))
		return TRUE;
	cli_complain("%s: [%s] %s: takes %s", file, group, key, strcmp(key, PATHS) ? "one value" : "patterns, separated by ;");
	return FALSE;
}

/* What the environment has already is stronger. */
static gboolean apply(GKeyFile *keys, const char *file, const char *group)
{
	g_auto(GStrv) names = g_key_file_get_keys(keys, group, NULL, NULL);

	for (char **name = names; name && *name; name++) {
		const char *variable = variable_of(*name), *separator = strcmp(*name, PATHS) ? "" : ":";
		g_auto(GStrv) values = g_key_file_get_string_list(keys, group, *name, NULL, NULL);
		g_autofree char *joined = NULL;

		if (!variable) {
			cli_complain("%s: [%s] %s: there is no such setting; see bigfile.conf(5)", file, group, *name);
			return FALSE;
		}
		if (!values || !check_value(file, group, *name, values))
			return FALSE;
		joined = g_strjoinv(separator, values);
		g_setenv(variable, joined, FALSE);
	}
	return TRUE;
}

static gboolean read_file(const char *file, const char *program)
{
	g_autoptr(GKeyFile) keys = g_key_file_new();
	g_autoptr(GError) error = NULL;

	if (!g_key_file_load_from_file(keys, file, G_KEY_FILE_NONE, &error)) {
		cli_complain("%s: %s", file, error->message);
		return FALSE;
	}
	return apply(keys, file, program) && (!strcmp(program, COMMON) || apply(keys, file, COMMON));
}

GStrv configure_files(void)
{
	const char *only = g_getenv(CONFIG_VARIABLE);
	g_autofree char *own = g_build_filename(g_get_user_config_dir(), CONFIG_NAME, NULL);
	GStrvBuilder *all = g_strv_builder_new();
	GStrv files;

	if (only && *only && strcmp(only, "none"))
		g_strv_builder_add(all, only);
	if (!(only && *only) && !access(own, F_OK))
		g_strv_builder_add(all, own);
	if (!(only && *only) && !access(CONFIG_SYSTEM, F_OK))
		g_strv_builder_add(all, CONFIG_SYSTEM);
	files = g_strv_builder_end(all);
	g_strv_builder_unref(all);
	return files;
}

gboolean configure_for(const char *command)
{
	g_autofree char *program = g_path_get_basename(command);
	g_auto(GStrv) files = configure_files();

	for (char **file = files; *file; file++) {
		if (!read_file(*file, program))
			return FALSE;
	}
	return TRUE;
}

/* argv: the command that is run, then the arguments of run. */
int cli_configure(int argc, char **argv)
{
	g_autofree char *launcher = cli_launcher();
	g_autoptr(GPtrArray) words = g_ptr_array_new();

	if (argc < 2 || !configure_for(argv[1]))
		return CLI_USAGE;
	g_ptr_array_add(words, (gpointer)"bigfile");
	g_ptr_array_add(words, (gpointer)"run");
	g_ptr_array_add(words, (gpointer)"--no-config");
	for (char **word = argv + 2; *word; word++)
		g_ptr_array_add(words, *word);
	g_ptr_array_add(words, NULL);
	execv(launcher, (char **)words->pdata);
	cli_complain("%s: %s", launcher, g_strerror(errno));
	return CLI_FAILED;
}
