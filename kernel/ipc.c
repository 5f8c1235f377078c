/* SPDX-License-Identifier: MIT */
/* ipc.c - see ipc.h. Identifiers are found by index; one that was given out is not given out again
 * before 32768 * 65536 / 64 others.
 * Locks: ipc_ids.lock [RANK_IPC]. Ref: sysvipc(7), svipc(7). Tests: selftests/abi/shm.c */
#include <kernel/ipc.h>

#include <kernel/uapi.h>

/* indexes that are used in turn before the first is used again, at least */
#define FIRST_TURN 64u
#define SEQ_MAX	   ((u32)S32_MAX >> IPC_INDEX_BITS)

int ipc_find(const struct ipc_ids *ids, s32 id, struct ipc_perm **out)
{
	struct ipc_perm *p = id < 0 ? NULL : xa_load(&ids->by_index, (u32)id & (IPC_INDEX_MAX - 1));

	if (!p || p->id != id)
		return -EINVAL;
	*out = p;
	return 0;
}

struct ipc_perm *ipc_find_key(const struct ipc_ids *ids, s32 key)
{
	struct rb_node *n = ids->by_key.root;

	while (n) {
		struct ipc_perm *p = rb_entry(n, struct ipc_perm, key_node);

		if (p->key == key)
			return p;
		n = key < p->key ? n->left : n->right;
	}
	return NULL;
}

struct ipc_perm *ipc_next(const struct ipc_ids *ids, u32 *index)
{
	u64 at = *index;
	struct ipc_perm *p = xa_find(&ids->by_index, &at, IPC_INDEX_MAX - 1);

	*index = (u32)at;
	return p;
}

u32 ipc_last(const struct ipc_ids *ids)
{
	u32 last = 0;

	for (u32 at = 0; ipc_next(ids, &at); at++)
		last = at;
	return last;
}

/* The next free index in turn, among somewhat more than are used, so that tables stay small. */
static bool find_index(struct ipc_ids *ids, u32 *out)
{
	u64 end = min(max(ids->used * 3 / 2, FIRST_TURN), IPC_INDEX_MAX), at;

	if ((ids->next >= end || !xa_find_hole(&ids->by_index, ids->next, end - 1, &at)) &&
	    !xa_find_hole(&ids->by_index, 0, end - 1, &at))
		return false;
	*out = (u32)at;
	return true;
}

static void add_key(struct ipc_ids *ids, struct ipc_perm *p)
{
	struct rb_node **link = &ids->by_key.root, *parent = NULL;

	while (*link) {
		parent = *link;
		link = p->key < rb_entry(parent, struct ipc_perm, key_node)->key ? &parent->left
										 : &parent->right;
	}
	rb_insert(&ids->by_key, &p->key_node, parent, link);
}

int ipc_add(struct ipc_ids *ids, struct ipc_perm *p, s32 key, u32 mode, u32 max)
{
	const struct cred *c = current_cred();
	void *old;
	u32 index, seq;

	if (ids->used >= max || !find_index(ids, &index))
		return -ENOSPC;
	if (xa_store(&ids->by_index, index, p, &old))
		return -ENOMEM;
	seq = index < ids->next ? (ids->seq + 1) % SEQ_MAX : ids->seq;
	ids->seq = seq;
	ids->next = index + 1;
	ids->used++;
	p->id = (s32)(seq << IPC_INDEX_BITS | index);
	p->key = key;
	p->mode = mode;
	p->uid = p->cuid = c->euid;
	p->gid = p->cgid = c->egid;
	if (key != IPC_PRIVATE)
		add_key(ids, p);
	return 0;
}

void ipc_forget_key(struct ipc_ids *ids, struct ipc_perm *p)
{
	if (p->key != IPC_PRIVATE)
		rb_erase(&ids->by_key, &p->key_node);
	p->key = IPC_PRIVATE;
}

void ipc_remove(struct ipc_ids *ids, struct ipc_perm *p)
{
	ipc_forget_key(ids, p);
	xa_erase(&ids->by_index, ipc_index(p));
	ids->used--;
}

bool ipc_is_owner(const struct ipc_perm *p)
{
	kuid_t me = current_cred()->euid;

	return uid_eq(me, p->uid) || uid_eq(me, p->cuid);
}

int ipc_permission(const struct ipc_perm *p, u32 flags)
{
	const struct cred *c = current_cred();
	u32 want = (flags >> 6 | flags >> 3 | flags) & 7, granted = p->mode;

	if (ipc_is_owner(p))
		granted >>= 6;
	else if (cred_in_group(c, p->gid) || cred_in_group(c, p->cgid))
		granted >>= 3;
	return (want & ~granted) && !cred_has(c, CAP_IPC_OWNER) ? -EACCES : 0;
}
