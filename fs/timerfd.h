/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

struct file;

struct timerfd_setting {
	/* value: until (relative) or when (absolute) the first expiry; 0: off */
	ktime_t value, interval;
};

int __must_check timerfd_create(int clock, u32 flags, struct file **out);
bool file_is_timerfd(const struct file *f);
/* flags TFD_TIMER_*. *old gets what was set (remaining time). */
int __must_check timerfd_set(struct file *f, u32 flags, const struct timerfd_setting *new,
			     struct timerfd_setting *old);
void timerfd_get(struct file *f, struct timerfd_setting *out);
