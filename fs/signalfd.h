/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

struct file;

int __must_check signalfd_create(u64 mask, u32 flags, struct file **out);
/* Another mask for an existing one; -EINVAL when f is something else. */
int __must_check signalfd_set_mask(struct file *f, u64 mask);
