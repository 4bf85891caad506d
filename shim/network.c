/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See network.h: which file system it is.  What its client says of itself is read in gluster.c. */
#include "network.h"

#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "fmt.h"
#include "lines.h"
#include "sys.h"

#define FUSE_MAGIC 0x65735546

/* Those that have a magic number of their own. */
static const unsigned known[] = {
	0x6969,     /* NFS */
	0xff534d42, /* CIFS */
	0xfe534d42, /* SMB */
	0x517b,     /* SMB, older */
	0x00c36400, /* CephFS */
	0x5346414f, /* AFS */
	0x0bd00bd0, /* Lustre */
	0x7461636f, /* OCFS2 */
	0x01161970, /* GFS2 */
	0x47504653, /* GPFS */
	0x19830326, /* BeeGFS */
};

/* Programs that serve files of other machines; any other program is taken for a local one. */
static const char *const programs[] = {
	"fuse.sshfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.mfs", "fuse.curlftpfs",
	"fuse.davfs", "fuse.goofys", "fuse.nfs",
};

static void copy_word(const char *word, char *out, size_t size)
{
	size_t n = 0;

	for (; *word && *word != ' ' && n + 1 < size; word++) {
		/* \040 is a space. */
		if (word[0] == '\\' && word[1] && word[2] && word[3]) {
			out[n++] = (char)((word[1] - '0') << 6 | (word[2] - '0') << 3 | (word[3] - '0'));
			word += 3;
		} else {
			out[n++] = *word;
		}
	}
	out[n] = '\0';
}

/* The word after `count` others. */
static const char *word_at(const char *line, unsigned count)
{
	for (; line && count > 0; count--) {
		line = strchr(line, ' ');
		line = line ? line + 1 : NULL;
	}
	return line;
}

/* 36 35 98:0 ROOT MOUNT OPTIONS... - TYPE SOURCE ... */
static void take_mount(const char *line, const char *device, struct network *n)
{
	const char *number = word_at(line, 2), *root = word_at(line, 3), *mount = word_at(line, 4);
	const char *rest = mount ? strstr(mount, " - ") : NULL;

	if (!rest || strncmp(number, device, strlen(device)))
		return;
	copy_word(rest + 3, n->type, sizeof n->type);
	rest = word_at(rest + 3, 1);
	if (rest)
		copy_word(rest, n->source, sizeof n->source);
	if (!strncmp(root, "/ ", 2))
		copy_word(mount, n->mount, sizeof n->mount);
}

static enum network_kind kind_by_type(const char *type)
{
	if (!strcmp(type, "fuse.glusterfs"))
		return NETWORK_GLUSTER;
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (!strcmp(type, programs[i]))
			return NETWORK_OTHER;
	}
	return NETWORK_NONE;
}

static bool is_known(unsigned magic)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (known[i] == magic)
			return true;
	}
	return false;
}

int network_describe(int fd, struct network *n)
{
	struct lines lines;
	struct statfs fs;
	char device[32];
	const char *line;
	struct stat st;
	int err = (int)sys_call(SYS_fstatfs, fd, &fs);

	memset(n, 0, sizeof *n);
	if (!err && !is_known((unsigned)fs.f_type) && (unsigned)fs.f_type != FUSE_MAGIC)
		return 0;
	if (!err)
		err = sys_fstat(fd, &st);
	if (!err)
		err = lines_open(&lines, "/proc/self/mountinfo");
	if (err)
		return err;
	fmt_print(device, sizeof device, "%u:%u ", major(st.st_dev), minor(st.st_dev));
	while ((line = lines_next(&lines)))
		take_mount(line, device, n);
	lines_close(&lines);
	n->kind = is_known((unsigned)fs.f_type) ? NETWORK_OTHER : kind_by_type(n->type);
	return 0;
}

enum network_kind network_kind_of(int fd)
{
	struct network n;

	return network_describe(fd, &n) ? NETWORK_NONE : n.kind;
}
