/* SPDX-License-Identifier: MIT */
/* write_errors.h - what could not be written, of one file or of all files of a file system.
 *
 * Each description hears once of what came since it was opened, and of the last error before that
 * if nobody has heard of it yet. Any context, no lock: (4) in mm/pagecache.c. Ref: errseq_t,
 * fsync(2), syncfs(2). Tests: selftests/unit/vmo_test.c, selftests/storage/errors.py */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/types.h>

struct write_errors {
	u32 seq;			/* how many */
	u32 heard;			/* the latest that somebody was told of */
	int err;			/* the last one */
};
void write_error(struct write_errors *e, int err);
/* What a description that is opened now has heard. */
u32 write_errors_sample(const struct write_errors *e);
/* What it has not heard of yet: 0 or -errno, and it has heard. */
int __must_check write_errors_check(struct write_errors *e, u32 *seen);
