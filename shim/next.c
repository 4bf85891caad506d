/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See next.h.  The format of the hash table is glibc's own (DT_GNU_HASH): a Bloom filter, buckets, chains. */
#include "next.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#define HIDDEN_VERSION 0x8000

struct symbols {
	uintptr_t base;
	const ElfW(Sym) *table;
	const char *names;
	const ElfW(Half) *versions; /* NULL: none */
	const uint32_t *hash;
};

static const struct link_map *ours, *last;

/* The loader replaces offsets by addresses, except where it cannot write. */
static const void *address_of(const struct link_map *object, uintptr_t value)
{
	return (const void *)(value < object->l_addr ? object->l_addr + value : value);
}

static bool read_symbols(const struct link_map *object, struct symbols *s)
{
	*s = (struct symbols){ .base = object->l_addr };
	for (const ElfW(Dyn) *d = object->l_ld; d->d_tag != DT_NULL; d++) {
		const void *p = address_of(object, d->d_un.d_ptr);

		if (d->d_tag == DT_SYMTAB)
			s->table = p;
		else if (d->d_tag == DT_STRTAB)
			s->names = p;
		else if (d->d_tag == DT_VERSYM)
			s->versions = p;
		else if (d->d_tag == DT_GNU_HASH)
			s->hash = p;
	}
	return s->table && s->names && s->hash;
}

static uint32_t hash_of(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

/* One that dlsym would take, and that is called where it lies. */
static bool is_function(const struct symbols *s, uint32_t index)
{
	const ElfW(Sym) *symbol = &s->table[index];
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_value && (type == STT_FUNC || type == STT_NOTYPE) &&
	       (!s->versions || !(s->versions[index] & HIDDEN_VERSION));
}

static void *look_up(const struct symbols *s, const char *name, uint32_t hash)
{
	uint32_t buckets = s->hash[0], first = s->hash[1], bloom_words = s->hash[2], shift = s->hash[3], index;
	const ElfW(Addr) *bloom = (const ElfW(Addr) *)(s->hash + 4);
	const uint32_t *bucket = (const uint32_t *)(bloom + bloom_words), *chain = bucket + buckets;
	unsigned bits = 8 * sizeof *bloom;
	ElfW(Addr) word = bloom[hash / bits % bloom_words];

	if (!(word >> hash % bits & word >> (hash >> shift) % bits & 1))
		return NULL;
	index = bucket[hash % buckets];
	if (index < first)
		return NULL;
	for (;; index++) {
		uint32_t found = chain[index - first];

		if ((found | 1) == (hash | 1) && !strcmp(s->names + s->table[index].st_name, name) && is_function(s, index))
			return (void *)(s->base + s->table[index].st_value);
		/* The lowest bit ends the chain. */
		if (found & 1)
			return NULL;
	}
}

/* It is in the list, but in no search. */
static bool is_vdso(const struct link_map *object)
{
	return !strncmp(object->l_name, "linux-vdso.so", 13);
}

bool next_start(void)
{
	const struct link_map *object = _r_debug.r_map, *self = NULL;

	for (; object; object = object->l_next) {
		if (object->l_ld == _DYNAMIC)
			self = object;
		if (!object->l_next)
			last = object;
	}
	__atomic_store_n(&ours, self, __ATOMIC_RELEASE);
	return self != NULL;
}

void *next_find(const char *name)
{
	const struct link_map *object = __atomic_load_n(&ours, __ATOMIC_ACQUIRE);
	uint32_t hash = hash_of(name);

	/* A constructor before ours: the program has only begun. */
	if (!object && next_start())
		object = ours;
	while (object && object != last) {
		struct symbols s;
		void *p;

		object = object->l_next;
		if (!object || (!is_vdso(object) && !read_symbols(object, &s)))
			break;
		p = is_vdso(object) ? NULL : look_up(&s, name, hash);
		if (p)
			return p;
	}
	return dlsym(RTLD_NEXT, name);
}
