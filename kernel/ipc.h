/* SPDX-License-Identifier: MIT */
/* ipc.h - System V IPC: what its three kinds of objects share. Each has a key that programs agree
 * upon, or none; an identifier; an owner.
 *
 * Locks: i  ipc_ids.lock   I  immutable once added. Ref: sysvipc(7), ipc(5) of glibc's <sys/ipc.h>.
 */
#pragma once

#include <kernel/cred.h>
#include <kernel/lib/rbtree.h>
#include <kernel/lib/xarray.h>
#include <kernel/mutex.h>

/* First in each object. */
struct ipc_perm {
	struct rb_node key_node;	/* [i] in ipc_ids.by_key unless key is IPC_PRIVATE */
	s32 key;			/* [i] */
	s32 id;				/* [I] sequence and index */
	kuid_t uid, cuid;		/* [i] owner; [I] creator */
	kgid_t gid, cgid;
	u32 mode;			/* [i] 0777, and bits of the kind */
};

/* The objects of one kind in one namespace. */
struct ipc_ids {
	struct mutex lock;		/* RANK_IPC */
	struct xarray by_index;		/* [i] struct ipc_perm * */
	struct rb_tree by_key;		/* [i] */
	u32 used, next, seq;		/* [i] next: where the search for a free index begins */
};

#define IPC_INDEX_BITS 15
#define IPC_INDEX_MAX  (1u << IPC_INDEX_BITS)
#define IPC_IDS_INIT(name) { .lock = MUTEX_INIT((name).lock, RANK_IPC), .by_index.mem = &vmo_xa_mem }

static inline u32 ipc_index(const struct ipc_perm *p) { return (u32)p->id & (IPC_INDEX_MAX - 1); }
static inline u32 ipc_seq(const struct ipc_perm *p) { return (u32)p->id >> IPC_INDEX_BITS; }

/* -EINVAL: there is none. */
int __must_check ipc_find(const struct ipc_ids *ids, s32 id, struct ipc_perm **out)
	MUST_HOLD(ids->lock);
/* NULL: none. */
struct ipc_perm *ipc_find_key(const struct ipc_ids *ids, s32 key) MUST_HOLD(ids->lock);
/* The one with the smallest index >= *index, which is set; NULL: no more. */
struct ipc_perm *ipc_next(const struct ipc_ids *ids, u32 *index) MUST_HOLD(ids->lock);
/* The largest index in use; 0 when none is. */
u32 ipc_last(const struct ipc_ids *ids) MUST_HOLD(ids->lock);
/* Gives p an identifier, and current as its owner. -ENOSPC: there are max already; -ENOMEM. */
int __must_check ipc_add(struct ipc_ids *ids, struct ipc_perm *p, s32 key, u32 mode, u32 max)
	MUST_HOLD(ids->lock);
void ipc_remove(struct ipc_ids *ids, struct ipc_perm *p) MUST_HOLD(ids->lock);
/* found by its identifier alone */
void ipc_forget_key(struct ipc_ids *ids, struct ipc_perm *p) MUST_HOLD(ids->lock);

/* May current have the access that any of the three groups of bits in flags asks for? 0 or
 * -EACCES. */
int __must_check ipc_permission(const struct ipc_perm *p, u32 flags);
bool ipc_is_owner(const struct ipc_perm *p);		/* or its creator */
