/* SPDX-License-Identifier: MIT */
/* panic.h - the end of the kernel, and its registers in print. */
#pragma once

#include <kernel/lib/compiler.h>

struct trap_frame;

/* A CPU is dying: locks of printk and consoles are not to be waited for. */
bool panic_in_progress(void);
void regs_print(const struct trap_frame *f);
