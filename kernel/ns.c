/* SPDX-License-Identifier: MIT */
/* ns.c - the one instance of each namespace that exists today. Ref: namespaces(7). */
#include <kernel/ns.h>

#include <kernel/shm.h>
#include <mm/vmo.h>

static struct uts_ns init_uts = { .nodename = "(none)", .domainname = "(none)" };

/* The limits are Linux's. */
static struct shm_ns init_shm = {
	.ids = IPC_IDS_INIT(init_shm.ids),
	.max_bytes = U64_MAX - (1ul << 24),
	.max_pages = U64_MAX - (1ul << 24),
	.max_nr = 4096,
};

struct namespaces init_namespaces = {
	.refs = ATOMIC_INIT(1),
	.uts = &init_uts,
	.shm = &init_shm,
};
