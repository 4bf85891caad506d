/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See fuzz_image.h. */
#include "fuzz_image.h"

#include <stdio.h>
#include <string.h>

#include "journal_format.h"
#include "journal_scan.h"
#include "page.h"

static const uint64_t awkward[] = { 0,		1,		4096,	       8192,	      12288,	     16384,
				    65536,	FILE_SIZE,	INT64_MAX,     UINT64_MAX,    1ull << 32,    1ull << 62,
				    INT64_MAX - 4095, UINT64_MAX - 4095, UINT64_MAX - 79, INT64_MAX / 2 };

uint8_t input_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

uint16_t input_short(struct input *in)
{
	uint16_t low = input_byte(in);

	return (uint16_t)(low | input_byte(in) << 8);
}

uint64_t input_number(struct input *in)
{
	uint8_t kind = input_byte(in);
	uint64_t n = 0;

	if (kind < 0xa0)
		return kind;
	if (kind < 0xf0)
		return awkward[kind % 16];
	for (int i = 0; i < 8; i++)
		n |= (uint64_t)input_byte(in) << (8 * i);
	return n;
}

static uint64_t salt_of(unsigned i)
{
	return 0x5a17000000000000ull + i;
}

static void put(struct image *image, uint64_t at, const void *data, size_t length)
{
	if (at >= IMAGE_ROOM)
		return;
	length = (size_t)min_u64(length, IMAGE_ROOM - at);
	memcpy(image->bytes + at, data, length);
	image->exists = true;
	if (at + length > image->length)
		image->length = (uint32_t)(at + length);
}

/* As a healthy journal begins, except for some of its numbers. */
static void put_header(struct images *all, unsigned i, struct input *in)
{
	uint8_t shape = input_byte(in);
	struct journal_header h = { .magic = JOURNAL_MAGIC, .version = JOURNAL_VERSION, .flags = shape >> 7,
				    
				    .serial = (shape & 1) + 2u, .salt = salt_of(i), .data_offset = JOURNAL_DATA,
				    .head_offset = JOURNAL_DATA, .head_seq = 1, .file_ino = all->inodes[i],
				    .file_size = FILE_SIZE, .mtime_sec = FILE_MTIME, .owner_pid = 1 };
	uint64_t *fields = (uint64_t *)(void *)&h;

	memcpy(h.boot_id, all->boot_id, sizeof h.boot_id);
	for (unsigned n = shape >> 1 & 3; n; n--) {
		unsigned which = input_byte(in) % 15;

		fields[which] = input_number(in);
	}
	put(&all->journals[i], (shape & 1) * JOURNAL_BLOCK, &h, sizeof h);
}

static uint64_t put_entry(struct image *image, uint64_t at, uint64_t offset, const void *data, uint32_t length)
{
	struct journal_entry e = { offset, length, 0 };

	put(image, at, &e, sizeof e);
	put(image, at + sizeof e, data, length);
	return sizeof e + round_up(length, 8);
}

static uint64_t put_paths(const struct images *all, struct image *image, uint64_t at, struct input *in, uint32_t *lengths)
{
	static const char *const odd[] = { "/dev/null", "", "x", "/proc/self/mem" };
	uint8_t which = input_byte(in);
	const char *journal = which & 4 ? odd[which & 3] : all->names[which % IMAGES],
		   *file = which & 0x20 ? odd[which >> 3 & 3] : all->files[(which >> 3 & 3) % IMAGES];

	lengths[0] = (uint32_t)strlen(journal) + 1;
	lengths[1] = (uint32_t)strlen(file) + 1;
	if (which & 0x40)
		lengths[which >> 7] = (uint32_t)input_number(in);
	put(image, at, journal, strlen(journal) + 1);
	put(image, at + strlen(journal) + 1, file, strlen(file) + 1);
	return strlen(journal) + strlen(file) + 2;
}

static uint64_t put_reference(const struct images *all, struct image *image, uint64_t at, struct input *in)
{
	struct journal_reference ref = { .salt = salt_of(input_byte(in) % (IMAGES + 1)), .seq = input_number(in) };
	struct journal_entry e = { JOURNAL_REFERENCE, 0, 0 };
	uint64_t paths = put_paths(all, image, at + sizeof e + sizeof ref, in, &ref.journal_length);

	e.length = (uint32_t)(sizeof ref + paths);
	put(image, at, &e, sizeof e);
	put(image, at + sizeof e, &ref, sizeof ref);
	return sizeof e + round_up(e.length, 8);
}

static void put_record(struct images *all, unsigned i, struct input *in, bool prepared)
{
	static const uint8_t fill[4096] = { [0 ... 4095] = 'F' };
	struct image *image = &all->journals[i];
	uint64_t start = (uint64_t)(input_byte(in) & 15) * JOURNAL_BLOCK, at = start + sizeof(struct journal_record);
	struct journal_record r = { .magic = JOURNAL_RECORD_MAGIC, .type = prepared ? RECORD_PREPARED : RECORD_COMMIT,
				    .seq = input_number(in), .salt = salt_of(i), .transaction = 7, .cut_size = UINT64_MAX,
				    .new_size = FILE_SIZE };
	uint8_t shape = input_byte(in);

	if (shape & 0x80)
		r.cut_size = input_number(in);
	if (shape & 0x40)
		r.new_size = input_number(in);
	if (shape & 0x20)
		r.transaction = input_byte(in);
	for (unsigned n = shape & 7; n; n--) {
		uint64_t offset = shape & 0x10 ? input_number(in) : input_short(in);

		at += put_entry(image, at, offset, fill, 1u + input_short(in) % (shape & 8 ? 4096 : 64));
	}
	if (prepared)
		at += put_reference(all, image, at, in);
	r.length = at - start - sizeof r;
	put(image, start, &r, sizeof r);
}

static void put_companion(const struct images *all, struct image *image, struct input *in)
{
	struct journal_companion c = { .magic = JOURNAL_COMPANION_MAGIC, .salt = salt_of(input_byte(in) % (IMAGES + 1)) };
	uint64_t at = JOURNAL_ROSTER + (uint64_t)input_byte(in) * 16;
	struct {
		uint64_t salt;
		uint32_t lengths[2];
		uint64_t paths;
	} sum;

	put_paths(all, image, at + sizeof c, in, &c.journal_length);
	sum.salt = c.salt;
	sum.lengths[0] = c.journal_length;
	sum.lengths[1] = c.file_length;
	sum.paths = journal_hash(image->bytes + at + sizeof c, (size_t)min_u64((uint64_t)c.journal_length + c.file_length, 512));
	c.checksum = journal_hash(&sum, sizeof sum);
	put(image, at, &c, sizeof c);
}

static void put_bytes(struct image *image, struct input *in)
{
	uint16_t at = input_short(in);

	for (uint8_t n = input_byte(in) & 31; n; n--, at++) {
		uint8_t b = input_byte(in);

		put(image, at, &b, 1);
	}
}

/* The checksums of all that looks like a header or a record. */
static void sum_up(struct image *image)
{
	for (uint64_t at = 0; at + JOURNAL_BLOCK <= IMAGE_ROOM; at += JOURNAL_BLOCK) {
		struct journal_header h;
		struct journal_record r;

		memcpy(&h, image->bytes + at, sizeof h);
		memcpy(&r, image->bytes + at, sizeof r);
		if (at < 2 * JOURNAL_BLOCK && h.magic == JOURNAL_MAGIC) {
			h.checksum = journal_hash(&h, offsetof(struct journal_header, checksum));
			memcpy(image->bytes + at, &h, sizeof h);
		}
		if (r.magic != JOURNAL_RECORD_MAGIC || r.length > IMAGE_ROOM - at - sizeof r)
			continue;
		r.body_checksum = journal_hash(image->bytes + at + sizeof r, r.length);
		r.head_checksum = journal_hash(&r, offsetof(struct journal_record, head_checksum));
		memcpy(image->bytes + at, &r, sizeof r);
	}
}

static void instruct(struct images *all, struct input *in, uint8_t op)
{
	unsigned i = (op >> 4 & 3) % IMAGES;
	struct image *image = &all->journals[i];

	switch (op & 7) {
	case 0:
		put_header(all, i, in);
		break;
	case 1:
	case 2:
		put_record(all, i, in, (op & 7) == 2);
		break;
	case 3:
		put_companion(all, image, in);
		break;
	case 4:
		put_bytes(image, in);
		break;
	case 5:
		image->exists = true;
		image->length = input_short(in);
		break;
	default:
		break;
	}
}

void images_build(struct images *all, struct input *in)
{
	memset(all->journals, 0, sizeof all->journals);
	/* 7: what comes now is done to bytes that have their checksums. */
	while (in->left) {
		uint8_t op = input_byte(in);

		if ((op & 7) == 7)
			break;
		instruct(all, in, op);
	}
	/* From the end: a record's body may hold another record. */
	for (unsigned i = 0; i < IMAGES; i++)
		sum_up(&all->journals[i]);
	while (in->left) {
		uint8_t op = input_byte(in);

		if ((op & 7) >= 4)
			instruct(all, in, op);
		else
			put_bytes(&all->journals[(op >> 4 & 3) % IMAGES], in);
	}
}

static void allow_entries(const uint8_t *at, uint64_t left, struct allowed *allowed)
{
	struct journal_entry e;

	while (left >= sizeof e) {
		memcpy(&e, at, sizeof e);
		for (uint64_t i = e.offset; i < IMAGE_ROOM && i - e.offset < e.length; i++)
			allowed->bytes[i] = 1;
		if (e.offset >= IMAGE_ROOM || e.length > IMAGE_ROOM - e.offset)
			allowed->anything_beyond = true;
		if (left - sizeof e < round_up(e.length, 8))
			break;
		at += sizeof e + round_up(e.length, 8);
		left -= sizeof e + round_up(e.length, 8);
	}
}

void images_allow(const struct image *image, struct allowed *allowed)
{
	memset(allowed, 0, sizeof *allowed);
	allowed->cut = UINT64_MAX;
	for (uint64_t at = 0; at + sizeof(struct journal_record) <= image->length; at += JOURNAL_BLOCK) {
		struct journal_record r;

		memcpy(&r, image->bytes + at, sizeof r);
		if (r.magic != JOURNAL_RECORD_MAGIC || r.length > image->length - at - sizeof r ||
		    r.head_checksum != journal_hash(&r, offsetof(struct journal_record, head_checksum)) ||
		    r.body_checksum != journal_hash(image->bytes + at + sizeof r, r.length))
			continue;
		allowed->any = true;
		allowed->cut = min_u64(allowed->cut, min_u64(r.cut_size, r.new_size));
		allow_entries(image->bytes + at + sizeof r, r.length, allowed);
	}
}
