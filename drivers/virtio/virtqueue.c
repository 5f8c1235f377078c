/* SPDX-License-Identifier: MIT */
/* virtqueue.c - the split virtqueue, driver's side.
 *
 * Invariants:
 *  (1) free descriptors are linked from free_head through next; nr_free counts them.
 *  (2) tokens[head].token != NULL iff head begins a chain that the device has; its descriptors are
 *      not free.
 *  (3) last_used follows used->idx and is never more than `size` behind: else the device is broken.
 *
 * Barriers: (A) descriptors and avail->ring[] before avail->idx (dma_wmb); (B) avail->idx before
 * reading used->flags or avail_event (dma_mb); (C) used->idx before used->ring[] and the buffers
 * (dma_rmb); (D) used_event before looking at used->idx again (dma_mb).
 * Ref: virtio 1.2 s2.7 (split virtqueues), s2.7.10 (event index). Tests:
 * selftests/unit/virtqueue_test.c
 */
#include "virtqueue.h"

#include <arch/barrier.h>
#include <kernel/uapi.h>

#define DESC_NEXT	1u
#define DESC_WRITE	2u
#define DESC_INDIRECT	4u
#define AVAIL_NO_INTERRUPT 1u
#define USED_NO_NOTIFY	1u
#define NO_DESC		0xffffu

static inline u16 *used_event(struct virtqueue *vq) { return &vq->avail->ring[vq->size]; }
static inline u16 *avail_event(struct virtqueue *vq)
{
	return (u16 *)(void *)&vq->used->ring[vq->size];
}

/* Whether moving from old to new passed event. */
static inline bool passed(u16 event, u16 new, u16 old)
{
	return (u16)(new - event - 1) < (u16)(new - old);
}

void vq_init(struct virtqueue *vq, u16 index, u16 size, bool event_idx)
{
	vq->index = index;
	vq->size = size;
	vq->event_idx = event_idx;
	vq->free_head = 0;
	vq->nr_free = size;
	vq->last_used = vq->added = 0;
	vq->broken = vq->callbacks_off = false;
	for (u16 i = 0; i < size; i++) {
		vq->desc[i].next = i + 1 < size ? (u16)(i + 1) : NO_DESC;
		vq->tokens[i].token = NULL;
	}
}

/* The chain that begins at head is the device's. */
static void publish(struct virtqueue *vq, u16 head, u16 nr, u32 in_len, void *token)
{
	vq->nr_free = (u16)(vq->nr_free - nr);
	vq->tokens[head] = (struct vq_token){ token, in_len, nr };
	vq->avail->ring[vq->avail->idx & (vq->size - 1)] = head;
	dma_wmb();					/* (A) */
	WRITE_ONCE(vq->avail->idx, (u16)(vq->avail->idx + 1));
	vq->added++;
}

int vq_add(struct virtqueue *vq, const struct vq_sg *sg, u32 nr_out, u32 nr_in, void *token)
{
	u32 nr = nr_out + nr_in, in_len = 0, i;
	u16 head = vq->free_head, d = head;

	if (unlikely(vq->broken))
		return -EIO;
	if (unlikely(!nr || nr > vq->nr_free))
		return -ENOSPC;
	for (i = 0; i < nr; i++) {
		struct vring_desc *desc = &vq->desc[d];

		desc->addr = sg[i].addr;
		desc->len = sg[i].len;
		desc->flags = (u16)((i >= nr_out ? DESC_WRITE : 0) | (i + 1 < nr ? DESC_NEXT : 0));
		in_len += i >= nr_out ? sg[i].len : 0;
		d = desc->next;
	}
	vq->free_head = d;
	publish(vq, head, (u16)nr, in_len, token);
	return 0;
}

int vq_add_indirect(struct virtqueue *vq, const struct vq_sg *sg, u32 nr_out, u32 nr_in,
		    void *token, struct vring_desc *table, paddr_t at)
{
	u32 nr = nr_out + nr_in, in_len = 0, i;
	u16 head = vq->free_head;
	struct vring_desc *desc = &vq->desc[head];

	if (unlikely(vq->broken))
		return -EIO;
	if (unlikely(!nr || !vq->nr_free))
		return -ENOSPC;
	for (i = 0; i < nr; i++) {
		table[i] = (struct vring_desc){
			sg[i].addr,
			sg[i].len,
			(u16)((i >= nr_out ? DESC_WRITE : 0) | (i + 1 < nr ? DESC_NEXT : 0)),
			(u16)(i + 1),
		};
		in_len += i >= nr_out ? sg[i].len : 0;
	}
	desc->addr = at;
	desc->len = nr * (u32)sizeof(struct vring_desc);
	desc->flags = DESC_INDIRECT;
	vq->free_head = desc->next;
	publish(vq, head, 1, in_len, token);
	return 0;
}

bool vq_must_kick(struct virtqueue *vq)
{
	u16 new = vq->avail->idx, old = (u16)(new - vq->added);
	bool must;

	if (!vq->added)
		return false;
	dma_mb();					/* (B) */
	vq->added = 0;
	must = vq->event_idx ? passed(READ_ONCE(*avail_event(vq)), new, old)
			     : !(READ_ONCE(vq->used->flags) & USED_NO_NOTIFY);
	vq->kicks += must;
	return must;
}

bool vq_has_used(const struct virtqueue *vq)
{
	return READ_ONCE(vq->used->idx) != vq->last_used;
}

/* (1) The chain's descriptors are free again: walked by our own count, over the links we wrote. */
static void free_chain(struct virtqueue *vq, u16 head)
{
	u16 nr = vq->tokens[head].nr, d = head;

	for (u16 i = 1; i < nr; i++)
		d = vq->desc[d].next;
	vq->desc[d].next = vq->free_head;
	vq->free_head = head;
	vq->nr_free = (u16)(vq->nr_free + nr);
	vq->tokens[head].token = NULL;
}

void *vq_get(struct virtqueue *vq, u32 *len)
{
	u16 idx = READ_ONCE(vq->used->idx), slot = vq->last_used & (vq->size - 1);
	struct vring_used_elem *e;
	void *token;
	u32 id;

	if (idx == vq->last_used || unlikely(vq->broken))
		return NULL;
	dma_rmb();					/* (C) */
	e = &vq->used->ring[slot];
	id = READ_ONCE(e->id);
	*len = READ_ONCE(e->len);
	if (unlikely((u16)(idx - vq->last_used) > vq->size || id >= vq->size ||
		     !vq->tokens[id].token)) {
		vq->broken = true;			/* (2), (3) */
		return NULL;
	}
	*len = min(*len, vq->tokens[id].in_len);
	token = vq->tokens[id].token;
	free_chain(vq, (u16)id);
	vq->last_used++;
	if (vq->event_idx && !vq->callbacks_off) {
		WRITE_ONCE(*used_event(vq), vq->last_used);
		dma_mb();				/* (D) */
	}
	return token;
}

void vq_callbacks_off(struct virtqueue *vq)
{
	vq->callbacks_off = true;
	WRITE_ONCE(vq->avail->flags, AVAIL_NO_INTERRUPT);
	if (vq->event_idx)				/* as far behind as can be */
		WRITE_ONCE(*used_event(vq), (u16)(vq->last_used - 1));
}

static bool ask_at(struct virtqueue *vq, u16 event)
{
	vq->callbacks_off = false;
	WRITE_ONCE(vq->avail->flags, 0);
	if (vq->event_idx)
		WRITE_ONCE(*used_event(vq), event);
	dma_mb();					/* (D) */
	return (u16)(READ_ONCE(vq->used->idx) - vq->last_used) <= (u16)(event - vq->last_used);
}

bool vq_callbacks_on(struct virtqueue *vq)
{
	return ask_at(vq, vq->last_used);
}

bool vq_callbacks_delayed(struct virtqueue *vq)
{
	u16 out = (u16)(vq->avail->idx - vq->last_used);

	return ask_at(vq, (u16)(vq->last_used + out * 3 / 4));
}

void *vq_detach(struct virtqueue *vq)
{
	for (u32 i = 0; i < vq->size; i++)
		if (vq->tokens[i].token) {
			void *token = vq->tokens[i].token;

			free_chain(vq, (u16)i);
			return token;
		}
	return NULL;
}
