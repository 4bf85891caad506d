/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Journals made from the bytes of a fuzzer, and what may be done to a file on their word.
 *
 * A journal of random bytes is refused at its first checksum.  So the bytes are read as instructions that write headers, records,
 * references and rosters, whole or bent; checksums are computed last, and bytes may be spoiled after that.  There are
 * IMAGES journals, each beside its file, so that they can name each other.
 */
#ifndef FUZZ_IMAGE_H
#define FUZZ_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGES 3
#define IMAGE_ROOM 65536u
#define FILE_SIZE 10000u
#define FILE_MTIME 1000

/* The bytes that are left; past the end all are 0. */
struct input {
	const uint8_t *at;
	size_t left;
};

uint8_t input_byte(struct input *in);
uint16_t input_short(struct input *in);
/* Mostly small, sometimes one of the numbers at which things overflow, sometimes any. */
uint64_t input_number(struct input *in);

struct image {
	uint8_t bytes[IMAGE_ROOM];
	uint32_t length;
	bool exists;
};

struct images {
	struct image journals[IMAGES];
	char folder[64];
	char files[IMAGES][96];
	char names[IMAGES][128]; /* of the journals */
	uint64_t inodes[IMAGES];
	uint8_t boot_id[16];
};

/* Follows the instructions until none are left. */
void images_build(struct images *all, struct input *in);

/* What the valid records of a journal allow to be done to its file. */
struct allowed {
	uint8_t bytes[IMAGE_ROOM]; /* 1: may be written */
	bool anything_beyond;      /* of that */
	uint64_t cut;              /* from here on bytes may have become zeros */
	bool any;
};

void images_allow(const struct image *image, struct allowed *allowed);

#endif
