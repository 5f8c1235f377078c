/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

struct file;

/*
 * Creates an eventfd with the given count. semaphore: a read takes one instead of all. flags:
 * O_NONBLOCK. Returns 0 and a reference in *out, or -ENOMEM, -ENFILE. Context: may sleep.
 */
int __must_check eventfd_create(u32 count, bool semaphore, u32 flags, struct file **out);
