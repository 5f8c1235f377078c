/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/signal.h>

struct abi_siginfo;
struct abi_stack;
struct task;

void siginfo_to_abi(const struct siginfo_k *in, struct abi_siginfo *out);
/* sigaltstack(2) on t, whose user SP is sp. */
int altstack_set(struct task *t, const struct abi_stack *ss, u64 sp);
void sigframe_init(void);

/* Copies a signal set in; size must be that of the kernel's. -EINVAL, -EFAULT. */
int __must_check sigset_get(sigset_k *set, uaddr_t src, usize size);
