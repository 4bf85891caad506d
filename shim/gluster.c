/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See network.h: what a GlusterFS client says of itself.
 *
 * MOUNT/.meta/graphs/active/volfile is a list of translators,
 *
 *   volume NAME
 *       type protocol/client
 *       option strict-locks on
 *       subvolumes A B
 *   end-volume
 *
 * as the volume's settings have made them; MOUNT/.meta/cmdline has the options of the mount.
 */
#include "network.h"

#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "lines.h"
#include "sys.h"

#define LONGEST_WAIT 10 /* seconds */

struct looking {
	network_finding_fn fn;
	void *arg;
	/* The translator that is being read. */
	char type[64];
	bool strict, quorum_off, arbiter;
	unsigned ping, tcp, parts;
	/* All of them. */
	unsigned clients, lax, slow, deaf;
	bool times;
};

static void say(struct looking *l, bool needed, const char *setting, const char *why)
{
	l->fn(l->arg, needed, setting, why);
}

static bool is_on(const char *value)
{
	return !strcmp(value, "on") || !strcmp(value, "yes") || !strcmp(value, "true") || !strcmp(value, "enable") ||
	       !strcmp(value, "1");
}

static void end_replicate(struct looking *l)
{
	if (l->parts == 2 && !l->arbiter)
		say(l, true, "replica 3, or an arbiter", "of two copies each can take itself for the right one");
	if (l->quorum_off)
		say(l, true, "cluster.quorum-type auto", "a minority of the servers goes on by itself");
}

static void end_performance(struct looking *l)
{
	const char *name = l->type + strlen("performance/");
	char setting[96];

	if (!strcmp(name, "io-threads"))
		return;
	fmt_print(setting, sizeof setting, "performance.%s off", strcmp(name, "md-cache") ? name : "stat-prefetch");
	say(l, true, setting, "the client answers from memory what another machine has changed");
}

static void end_translator(struct looking *l)
{
	if (!strcmp(l->type, "protocol/client")) {
		l->clients++;
		l->lax += !l->strict;
		l->slow += l->ping == 0 || l->ping > LONGEST_WAIT;
		l->deaf += l->tcp == 0 || l->tcp > LONGEST_WAIT;
	} else if (!strcmp(l->type, "cluster/replicate")) {
		end_replicate(l);
	} else if (!strcmp(l->type, "cluster/disperse")) {
		say(l, true, "a replicated volume", "what a dispersed one does to a machine that was cut off was not tested");
	} else if (!strcmp(l->type, "features/shard")) {
		say(l, true, "features.shard off", "the pieces of a file are written without its lock");
	} else if (!strcmp(l->type, "features/utime")) {
		l->times = true;
	} else if (!strncmp(l->type, "performance/", 12)) {
		end_performance(l);
	}
}

static unsigned count_words(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text != ' ' && (text[1] == ' ' || !text[1]);
	return n;
}

static void take_option(struct looking *l, const char *name, const char *value)
{
	if (!strncmp(name, "strict-locks ", 13))
		l->strict = is_on(value);
	else if (!strncmp(name, "ping-timeout ", 13))
		l->ping = (unsigned)strtoul(value, NULL, 10);
	else if (!strncmp(name, "transport.tcp-user-timeout ", 27))
		l->tcp = (unsigned)strtoul(value, NULL, 10);
	else if (!strncmp(name, "quorum-type ", 12))
		l->quorum_off = strcmp(value, "auto") != 0;
	else if (!strncmp(name, "arbiter-count ", 14))
		l->arbiter = strtoul(value, NULL, 10) > 0;
}

static void take_line(struct looking *l, const char *line)
{
	while (*line == ' ' || *line == '\t')
		line++;
	if (!strncmp(line, "volume ", 7)) {
		l->type[0] = '\0';
		l->strict = l->quorum_off = l->arbiter = false;
		l->ping = l->tcp = l->parts = 0;
	} else if (!strncmp(line, "type ", 5)) {
		fmt_print(l->type, sizeof l->type, "%s", line + 5);
	} else if (!strncmp(line, "option ", 7)) {
		const char *value = strchr(line + 7, ' ');

		if (value)
			take_option(l, line + 7, value + 1);
	} else if (!strncmp(line, "subvolumes ", 11)) {
		l->parts = count_words(line + 11);
	} else if (!strcmp(line, "end-volume")) {
		end_translator(l);
	}
}

static int look_at_volume(const struct network *n, struct looking *l, struct lines *lines)
{
	char path[PATH_MAX + 64];
	const char *line;
	int err;

	fmt_print(path, sizeof path, "%s/.meta/graphs/active/volfile", n->mount);
	err = lines_open(lines, path);
	if (err)
		return err;
	while ((line = lines_next(lines)))
		take_line(l, line);
	lines_close(lines);
	if (!l->clients)
		return -EPROTO;
	if (l->lax)
		say(l, true, "client.strict-locks on", "a machine that was cut off goes on writing when another has taken over");
	if (l->slow)
		say(l, false, "network.ping-timeout 4", "a machine that is gone keeps the file locked for so much longer");
	/* What the servers wait for is not told here; who has set the one has set the other. */
	if (l->deaf)
		say(l, false, "client.tcp-user-timeout 4, server.tcp-user-timeout 4", "the same, where the network is gone and not the machine");
	if (!l->times)
		say(l, false, "features.ctime on", "the copies differ in their times: recovery may take that for a stranger's change");
	return 0;
}

/* The last one counts.  NULL: not given.  The value goes up to a space or a quote. */
static const char *mount_option(const char *line, const char *name)
{
	const char *found = NULL;

	for (const char *p = line; (p = strstr(p, name)); p += strlen(name))
		found = p + strlen(name);
	return found;
}

static bool begins_with_off(const char *value)
{
	return !strncmp(value, "off", 3) || !strncmp(value, "no", 2) || !strncmp(value, "false", 5) || !strncmp(value, "disable", 7) ||
	       *value == '0';
}

static bool is_immediate(const char *value)
{
	return value && strtoul(value, NULL, 10) == 0 && *value == '0' && (value[1] != '.' || strtoul(value + 2, NULL, 10) == 0);
}

static int look_at_mount(const struct network *n, struct looking *l, struct lines *lines)
{
	const char *kept = NULL, *late = NULL, *attributes = NULL, *entries = NULL, *line;
	char path[PATH_MAX + 64];
	int err;

	fmt_print(path, sizeof path, "%s/.meta/cmdline", n->mount);
	err = lines_open(lines, path);
	if (err)
		return err;
	while ((line = lines_next(lines))) {
		if (!strstr(line, "\"Cmdlinestr\""))
			continue;
		kept = mount_option(line, "--fopen-keep-cache=");
		late = mount_option(line, "--kernel-writeback-cache=");
		attributes = mount_option(line, "--attribute-timeout=");
		entries = mount_option(line, "--entry-timeout=");
		if (!kept || !begins_with_off(kept))
			say(l, true, "the mount option --fopen-keep-cache=off",
			    "the kernel answers from memory what another machine has changed");
		if (late && !begins_with_off(late))
			say(l, true, "the mount option --kernel-writeback-cache=off", "what was written goes out later, without the lock");
		if (!is_immediate(attributes) || !is_immediate(entries))
			say(l, false, "the mount options --attribute-timeout=0 --entry-timeout=0",
			    "readers see new sizes and names of files up to a second later");
		err = 1;
	}
	lines_close(lines);
	return err == 1 ? 0 : -EPROTO;
}

static void not_tested(const struct network *n, network_finding_fn fn, void *arg)
{
	char why[128];

	fmt_print(why, sizeof why, "whether a machine that was cut off from %s can still write was not tested", n->type[0] ? n->type : "it");
	fn(arg, true, "a GlusterFS volume", why);
}

int network_each_finding(const struct network *n, network_finding_fn fn, void *arg)
{
	struct looking l = { .fn = fn, .arg = arg };
	struct lines lines;
	int err = 0;

	if (n->kind == NETWORK_OTHER)
		not_tested(n, fn, arg);
	if (n->kind != NETWORK_GLUSTER)
		return 0;
	if (!n->mount[0])
		return -ENOENT;
	err = look_at_volume(n, &l, &lines);
	return err ? err : look_at_mount(n, &l, &lines);
}
