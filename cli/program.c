/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See program.h. */
#include "program.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 4        /* of scripts whose interpreters are scripts */
#define FIRST_LINE 256 /* as much of it as the kernel looks at */
#define NOT_PRELOADED ", so it cannot be preloaded and runs WITHOUT transactions"
#define BLANKS " \t\r"

union start {
	Elf64_Ehdr elf;
	char text[FIRST_LINE + 1];
};

/* This program is linked statically itself, and passes the library on to what it runs. */
static bool is_ourselves(const struct stat *st)
{
	struct stat self;

	return !stat("/proc/self/exe", &self) && self.st_dev == st->st_dev && self.st_ino == st->st_ino;
}

/* The Go linker's note.  Such a program enters the kernel by itself, whether libc is loaded or not. */
static bool has_go_note(int fd, const Elf64_Phdr *notes)
{
	uint64_t at = notes->p_offset, end = at + notes->p_filesz;
	struct {
		Elf64_Nhdr head;
		char name[4];
	} note;

	while (at < end && pread(fd, &note, sizeof note, (off_t)at) == sizeof note) {
		if (note.head.n_namesz == sizeof note.name && !memcmp(note.name, "Go\0", sizeof note.name))
			return true;
		at += sizeof note.head + ((note.head.n_namesz + 3ull) & ~3ull) + ((note.head.n_descsz + 3ull) & ~3ull);
	}
	return false;
}

static const char *judge_elf(int fd, const Elf64_Ehdr *e, const struct stat *st)
{
	bool is_dynamic = false, is_go = false;

	if (e->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
		return "is built for another word size than the library" NOT_PRELOADED;
	for (unsigned i = 0; i < e->e_phnum; i++) {
		off_t at = (off_t)(e->e_phoff + (uint64_t)i * e->e_phentsize);
		Elf64_Phdr header;

		if (pread(fd, &header, sizeof header, at) != sizeof header)
			return NULL;
		is_dynamic = is_dynamic || header.p_type == PT_INTERP;
		is_go = is_go || (header.p_type == PT_NOTE && has_go_note(fd, &header));
	}
	if (!is_dynamic)
		return is_ourselves(st) ? NULL : "is linked statically" NOT_PRELOADED;
	return is_go ? "is a Go program: what Go itself does, unlike libraries in C, runs WITHOUT transactions" : NULL;
}

static const char *interpreter_of(char *text)
{
	char *name = text + 2;
	char *end = strchr(name, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	name += strspn(name, BLANKS);
	name[strcspn(name, BLANKS)] = '\0';
	return name;
}

static const char *judge(const char *path, int depth)
{
	const char *interpreter, *verdict = NULL;
	union start start;
	struct stat st;
	ssize_t n = -1;
	int fd;

	if (stat(path, &st))
		return NULL;
	if (st.st_mode & (S_ISUID | S_ISGID))
		return "is set-uid or set-gid" NOT_PRELOADED;
	/* Nothing else: opening a pipe waits, opening a device may do anything. */
	fd = S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return NULL;
	n = pread(fd, start.text, FIRST_LINE, 0);
	if (n >= (ssize_t)sizeof start.elf && !memcmp(start.text, ELFMAG, SELFMAG))
		verdict = judge_elf(fd, &start.elf, &st);
	close(fd);
	if (n <= 2 || memcmp(start.text, "#!", 2) || depth == DEPTH)
		return verdict;
	start.text[n] = '\0';
	interpreter = interpreter_of(start.text);
	return interpreter ? judge(interpreter, depth + 1) : NULL;
}

const char *program_cannot(const char *path)
{
	return judge(path, 0);
}
