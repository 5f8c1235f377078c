/* SPDX-License-Identifier: MIT */
/* fuzzimg.c - see fuzzimg.h. */
#include "fuzzimg.h"

#include <kernel/lib/string.h>

#define SECTOR	   512u
#define CHANGE	   8u
#define INPUT_MAX  200u

static void find_used(struct fuzz_image *m, u32 first)
{
	u32 nr = (u32)(m->size / SECTOR);

	m->used = host_alloc(nr * sizeof(u32), 0, true);
	for (u32 n = first; n < nr; n++)
		if (!mem_is_zero(m->bytes + n * SECTOR, SECTOR))
			m->used[m->nr_used++] = n;
}

const struct fuzz_image *fuzz_image_pick(struct fuzz_images *s, const u8 *data, usize size)
{
	if (!s->images) {
		s->images = host_alloc(s->nr * sizeof(*s->images), 0, true);
		for (u32 n = 0; n < s->nr; n++) {
			s->make(&s->images[n], s->options[n]);
			find_used(&s->images[n], s->first);
		}
	}
	return size ? &s->images[data[0] % s->nr] : NULL;
}

static void change(const struct fuzz_images *s, const struct fuzz_image *m, u8 *bytes, const u8 *c)
{
	u32 place = (u32)(c[0] | c[1] << 8) % m->nr_used, len = min(1u << (c[3] & 3), 4u), at;

	if (s->favoured && (c[3] & 0x80))
		place %= s->favoured;
	at = m->used[place] * SECTOR + ((u32)(c[2] | (c[3] & 0x40) << 2) & (SECTOR - len));
	memcpy(bytes + at, c + 4, len);
}

void fuzz_image_change(const struct fuzz_images *s, const struct fuzz_image *m, u8 *bytes,
		       const u8 *data, usize size)
{
	for (usize n = 1; n + CHANGE <= size && n < INPUT_MAX; n += CHANGE)
		change(s, m, bytes, data + n);
}
