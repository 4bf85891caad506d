/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program that users call: it does `run` itself, and becomes another for everything else: bigfile-COMMAND, or
 * bigfile-tool where there is none.  See launcher.h.
 */
#include "launcher.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"

#define TOOL "bigfile-tool"

static const char *const folders[] = { "", TOOLDIR, NULL };

static char *find_tool(const char *command)
{
	char *tool = NULL;

	if (command && !strchr(command, '/'))
		tool = find_beside(join("bigfile-", command, NULL), X_OK, folders);
	return tool ? tool : find_beside(TOOL, X_OK, folders);
}

void launcher_tell_tool(char **argv)
{
	char *tool = find_beside(TOOL, X_OK, folders);

	if (tool)
		execv(tool, argv);
}

int launcher_become_tool(char **argv)
{
	char *tool = find_tool(argv[0] ? argv[1] : NULL);

	if (!tool) {
		complain(TOOL, " is not found beside bigfile or in ", TOOLDIR);
		return CLI_FAILED;
	}
	environment_remove("LD_PRELOAD", LIBRARY);
	execv(tool, argv);
	complain(tool, ": ", strerror(errno));
	return CLI_FAILED;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "run"))
		return launcher_run(argc - 1, argv + 1);
	return launcher_become_tool(argv);
}
