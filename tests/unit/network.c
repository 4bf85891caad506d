/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a GlusterFS client says of itself, and what is found in it. */
#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static struct network volume = { .kind = NETWORK_GLUSTER, .type = "fuse.glusterfs" };
static char found[4096];

#define SOON "    option ping-timeout 4\n    option transport.tcp-user-timeout 4\n"
#define STRICT "    option strict-locks on\n" SOON

static void note(void *arg, bool needed, const char *setting, const char *why)
{
	size_t n = strlen(found);

	snprintf(found + n, sizeof found - n, "%s%s; ", needed ? "" : "better: ", setting);
}

static void put(const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	FILE *f;

	snprintf(path, sizeof path, "%s/.meta/%s", volume.mount, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(1);
}

/* What is found in a client of these options of the translators, and these of the mount. */
static const char *in(const char *client, const char *copies, const char *more, const char *mount)
{
	char text[4096];

	snprintf(text, sizeof text,
		 "volume v-client-0\n    type protocol/client\n    option password x\n%send-volume\n\n"
		 "volume v-client-1\n    type protocol/client\n    option strict-locks on\n" SOON "end-volume\n\n"
		 "volume v-replicate-0\n    type cluster/replicate\n%send-volume\n%s"
		 "volume v-utime\n    type features/utime\n    subvolumes v-dht\nend-volume\n", client, copies, more);
	put("graphs/active/volfile", text);
	snprintf(text, sizeof text, "{ \n  \"Cmdlinestr\": \"glusterfs %s --volfile-id=/v /mnt\"\n}", mount);
	put("cmdline", text);
	found[0] = '\0';
	if (network_each_finding(&volume, note, NULL))
		return "unreadable";
	return found;
}

#define THREE "    subvolumes v-client-0 v-client-1 v-client-2\n"
#define MOUNT "--fopen-keep-cache=off --attribute-timeout=0 --entry-timeout=0"

static void expect(const char *what, const char *is, const char *wanted)
{
	char text[512];

	snprintf(text, sizeof text, "%s: %s", what, is);
	ok(!strcmp(is, wanted), text);
}

int main(void)
{
	char folder[] = "/tmp/bigfile-network-XXXXXX", path[128];

	plan(15);
	if (!mkdtemp(folder))
		return 1;
	snprintf(volume.mount, sizeof volume.mount, "%s", folder);
	ok(network_each_finding(&volume, note, NULL) < 0, "nothing can be read");
	for (const char *const *p = (const char *const[]){ ".meta", ".meta/graphs", ".meta/graphs/active", NULL }; *p; p++) {
		snprintf(path, sizeof path, "%s/%s", folder, *p);
		mkdir(path, 0700);
	}
	expect("all is well", in(STRICT, THREE, "", MOUNT), "");
	expect("strict locks at one server only", in(SOON, THREE, "", MOUNT), "client.strict-locks on; ");
	expect("strict locks off", in("    option strict-locks off\n" SOON, THREE, "", MOUNT), "client.strict-locks on; ");
	expect("time-outs as they come", in("    option strict-locks yes\n    option ping-timeout 42\n", THREE, "", MOUNT),
	       "better: network.ping-timeout 4; better: client.tcp-user-timeout 4, server.tcp-user-timeout 4; ");
	expect("caches", in(STRICT, THREE, "volume q\n    type performance/quick-read\nend-volume\nvolume m\n    type performance/md-cache\nend-volume\n",
			    MOUNT), "performance.quick-read off; performance.stat-prefetch off; ");
	expect("two copies", in(STRICT, "    subvolumes a b\n", "", MOUNT), "replica 3, or an arbiter; ");
	expect("two copies and an arbiter", in(STRICT, "    option arbiter-count 1\n    subvolumes a b c\n", "", MOUNT), "");
	expect("no quorum", in(STRICT, "    option quorum-type none\n" THREE, "", MOUNT), "cluster.quorum-type auto; ");
	expect("pieces", in(STRICT, THREE, "volume s\n    type features/shard\nend-volume\n", MOUNT), "features.shard off; ");
	expect("a plain mount", in(STRICT, THREE, "", ""),
	       "the mount option --fopen-keep-cache=off; better: the mount options --attribute-timeout=0 --entry-timeout=0; ");
	expect("kept", in(STRICT, THREE, "", MOUNT " --fopen-keep-cache=on"), "the mount option --fopen-keep-cache=off; ");
	expect("written later", in(STRICT, THREE, "", MOUNT " --kernel-writeback-cache=yes"), "the mount option --kernel-writeback-cache=off; ");
	expect("half a second", in(STRICT, THREE, "", "--fopen-keep-cache=no --attribute-timeout=0.5 --entry-timeout=0"),
	       "better: the mount options --attribute-timeout=0 --entry-timeout=0; ");
	put("graphs/active/volfile", "");
	ok(network_each_finding(&volume, note, NULL) < 0, "no server in it");
	snprintf(path, sizeof path, "rm -r %s", folder);
	if (system(path))
		return 1;
	return done();
}
