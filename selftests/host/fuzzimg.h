/* SPDX-License-Identifier: MIT */
/* fuzzimg.h - images of file systems for fuzzers: made once by stock tools, then used with bytes
 * changed where something stands. */
#pragma once

#include "unit.h"

struct fuzz_image {
	u8 *bytes;
	u64 size;
	u32 *used, nr_used;	/* sectors of 512 that hold something */
};

struct fuzz_images {
	const char *const *options;	/* of mkfs, one image each */
	u32 nr;
	u32 first;			/* sector from which on changes are made */
	/* so many of the used sectors get half of the changes; 0: no such */
	u32 favoured;
	void (*make)(struct fuzz_image *m, const char *options);	/* bytes and size */
	struct fuzz_image *images;	/* NULL: not made yet */
};

/* The image that the input's first byte picks; NULL: no input. */
const struct fuzz_image *fuzz_image_pick(struct fuzz_images *s, const u8 *data, usize size);
/* bytes: a copy of m's. Each further 8 bytes of the input, at most 24 times, are a change: a place
 * (4) and its value (4). */
void fuzz_image_change(const struct fuzz_images *s, const struct fuzz_image *m, u8 *bytes,
		       const u8 *data, usize size);
