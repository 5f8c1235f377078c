/* SPDX-License-Identifier: MIT */
/* sigio.h - signals when a descriptor becomes ready: O_ASYNC, F_SETOWN, F_SETSIG. An object takes
 * part by object_ops.async. */
#pragma once

#include <kernel/lib/compiler.h>

struct file;

/* Who is told: F_OWNER_*, by number; 0: nobody. Only without an owner so far when keep. -ESRCH,
 * -EINVAL, -ENOMEM. */
int __must_check sigio_set_owner(struct file *f, s32 type, pid_t nr, bool keep);
void sigio_get_owner(struct file *f, s32 *type, pid_t *nr);
/* 0: SIGIO without particulars; else any signal, with the descriptor and what happened. */
int __must_check sigio_set_signal(struct file *f, u32 sig);
u32 sigio_get_signal(struct file *f);
/* O_ASYNC goes on (fd: as the signal tells it) or off. */
int __must_check sigio_enable(struct file *f, int fd, bool on);
void sigio_release(struct file *f);	/* with the description's last reference */
