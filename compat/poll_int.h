/* SPDX-License-Identifier: MIT */
/* poll_int.h - the timeout and signal mask of calls that wait for events. */
#pragma once

#include <compat/user.h>

/* A relative timespec as a deadline: WAIT_FOREVER for NULL, 0 for zero. -EFAULT, -EINVAL. */
int __must_check wait_time_get(uaddr_t ts, ktime_t *deadline);
/* Blocks a mask for the call; pair with signal_restore_temp_mask(). NULL: nothing. -EINVAL,
 * -EFAULT. */
int __must_check wait_mask_set(uaddr_t mask, usize size);
