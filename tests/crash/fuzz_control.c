/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: the control page of a process that has gone mad, as the tool reads it (status, commit), from a fuzzer (libFuzzer).
 *
 * The page is laid out as a healthy one; the input bends fields of it.  What must hold: no crash, no reading beyond a field, no endless
 * wait; an answer is 0 or an errno.
 */
#include <errno.h>
#include <glib.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "client.h"
#include "controlfile.h"
#include "fuzz_image.h"
#include "log.h"
#include "must.h"
#include "proc.h"

extern char *fuzz_tool_arguments[2];

static char folder[] = "/dev/shm/bigfile-fuzz-XXXXXX";
static struct control_page *page, healthy;
static pid_t owner; /* a process that only exists */

static void sweep(void)
{
	char path[100];

	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
	snprintf(path, sizeof path, "%s/bigfile/%d", folder, owner);
	unlink(path);
	snprintf(path, sizeof path, "%s/bigfile", folder);
	rmdir(path);
	rmdir(folder);
}

/* What is printed must be text: it is read to its end here. */
static void swallow(const char *text)
{
	must(g_utf8_validate(text, -1, NULL) || strlen(text) < 1 << 20);
}

/* Those of other processes of this user are not to be disturbed: they would be asked things. */
static void hide_others(void)
{
	char path[100];

	snprintf(path, sizeof path, "/dev/shm/bigfile-%u", geteuid());
	if (access(path, F_OK))
		return;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("none", path, "tmpfs", 0, "mode=700")) {
		fprintf(stderr, "%s cannot be hidden: run this as root, or where no marked file is in use\n", path);
		exit(1);
	}
}

/* As its owner does; what was swept away because it looked like that of a dead one, anew. */
static void make_page(void)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof path, "%s/bigfile/%d", folder, owner);
	if (page && !access(path, F_OK))
		return;
	if (page)
		munmap(page, CONTROL_PAGE_SIZE);
	f = fopen(path, "w+");
	must(f && !ftruncate(fileno(f), CONTROL_PAGE_SIZE) && !fchmod(fileno(f), 0600));
	page = mmap(NULL, CONTROL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
	must(page != MAP_FAILED);
	fclose(f);
}

static void start(void)
{
	char path[100];
	struct stat st;

	hide_others();
	must(mkdtemp(folder));
	setenv("XDG_RUNTIME_DIR", folder, 1);
	snprintf(path, sizeof path, "%s/bigfile", folder);
	must(!mkdir(path, 0700));
	owner = fork();
	if (!owner) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	atexit(sweep);
	must(!stat("/proc/self/ns/pid", &st));
	healthy.magic = CONTROL_MAGIC;
	healthy.version = CONTROL_VERSION;
	healthy.pid = (uint32_t)owner;
	healthy.engine = (uint32_t)owner;
	healthy.pid_namespace = st.st_ino;
	healthy.start_time = proc_start_time((uint32_t)owner);
	healthy.session_fd = -1;
	healthy.file_count = 2;
	healthy.ids[0] = control_id(5, 6, true);
	strcpy(healthy.comm, "program");
	strcpy(healthy.files[0].path, "/some/file");
	log_set_level(LOG_QUIET);
	g_set_print_handler(swallow);
}

/* A run of bytes anywhere before the list of ids, or a number at a multiple of 4. */
static void bend(struct input *in)
{
	size_t at = input_short(in) % (offsetof(struct control_page, files) + 3 * sizeof(struct control_file));
	uint8_t n = input_byte(in);

	if (n & 1) {
		uint32_t number = (uint32_t)input_number(in);

		memcpy((char *)page + at / 4 * 4, &number, sizeof number);
	} else {
		memset((char *)page + at, input_byte(in), n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *arguments[] = { "status", NULL };
	static char number[16];
	struct input in = { data, size };
	const char *why;
	struct client *c;

	if (!owner)
		start();
	make_page();
	snprintf(number, sizeof number, "%d", owner);
	fuzz_tool_arguments[0] = number;
	memcpy(page, &healthy, sizeof healthy);
	while (in.left)
		bend(&in);
	/* Who waits for an even one gives up after a tenth of a second: too long for each. */
	page->sequence &= ~1u;
	c = client_open(owner, &why);
	if (c) {
		/* What is asked for here is answered already, or never: the tool would wait two seconds. */
		page->requested[CONTROL_STATUS] = page->answered[CONTROL_STATUS] - 1;
		cli_status(1, arguments);
		must(client_ask(c, CONTROL_COMMIT, 0) <= 0);
		client_close(c);
	}
	return 0;
}
