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

static const struct setting {
	const char *option, *variable;
	enum setting_kind kind;
	const char *words;
} settings[] = {
	{ PATHS, "BIGFILE_PATHS", SETTING_PATH, "" },
#define X(option, variable, kind, words) { option, variable, kind, words },
	SETTINGS_OF_RUN(X)
#undef X
};

static const struct setting *setting_named(const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
		if (!strcmp(key, settings[i].option))
			return &settings[i];
	}
	return NULL;
}

static gboolean check_value(const char *file, const char *group, const struct setting *setting, char **values)
{
	const char *key = setting->option;

	for (char **v = values; *v; v++) {
		if (!setting_takes(setting->kind, setting->words, *v)) {
			cli_complain("%s: [%s] %s=%s: must be %s%s", file, group, key, *v, setting_must_be(setting->kind), setting->words);
			return FALSE;
		}
		/* One that begins where the program starts would mean another file each time. */
		if (setting->kind != SETTING_PATH || **v == '/')
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
		const struct setting *setting = setting_named(*name);
		g_auto(GStrv) values = g_key_file_get_string_list(keys, group, *name, NULL, NULL);
		g_autofree char *joined = NULL;

		if (!setting) {
			cli_complain("%s: [%s] %s: there is no such setting; see bigfile.conf(5)", file, group, *name);
			return FALSE;
		}
		if (!values || !check_value(file, group, setting, values))
			return FALSE;
		joined = g_strjoinv(":", values);
		g_setenv(setting->variable, joined, FALSE);
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
