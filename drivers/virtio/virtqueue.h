/* SPDX-License-Identifier: MIT */
/* virtqueue.h - the split ring between a driver and its device: add buffers, kick, reap. Pure:
 * memory and barriers only.
 *
 * The device is not trusted: what it writes is read once and checked; a ring that it spoiled is
 * `broken` and gives nothing any more. The caller locks.
 */
#pragma once

#include <kernel/lib/compiler.h>

/* Ref: virtio 1.2 s2.7. */
struct vring_desc {
	u64 addr;
	u32 len;
	u16 flags, next;
};
struct vring_avail {
	u16 flags, idx;
	u16 ring[];			/* size entries, then used_event */
};
struct vring_used_elem {
	u32 id, len;
};
struct vring_used {
	u16 flags, idx;
	struct vring_used_elem ring[];	/* size entries, then avail_event */
};

struct vq_sg {
	paddr_t addr;
	u32 len;
};

struct virtqueue {
	u16 index;			/* of the device */
	u16 size;			/* a power of two */
	u16 free_head, nr_free;
	u16 last_used;			/* next entry of the used ring to look at */
	u16 added;			/* since the last kick */
	bool event_idx, indirect, broken, callbacks_off;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct vq_token {
		void *token;		/* NULL: not the head of a chain */
		u32 in_len;		/* bytes the device may write */
		u16 nr;			/* descriptors */
	} *tokens;
	u64 kicks, interrupts;
	void *owner;
};

#define VQ_SIZE_MAX 32768u
/* Bytes of the ring's three parts, each aligned as the device wants; the memory is zeroed. */
static inline usize vq_desc_bytes(u32 size) { return sizeof(struct vring_desc) * size; }
static inline usize vq_avail_bytes(u32 size)
{
	return sizeof(struct vring_avail) + sizeof(u16) * (size + 1);
}
static inline usize vq_used_bytes(u32 size)
{
	return sizeof(struct vring_used) + sizeof(struct vring_used_elem) * size + sizeof(u16);
}

void vq_init(struct virtqueue *vq, u16 index, u16 size, bool event_idx);
/* A chain: nr_out runs that the device reads, then nr_in that it writes. token is not NULL.
 * -ENOSPC: not enough free. */
int __must_check vq_add(struct virtqueue *vq, const struct vq_sg *sg, u32 nr_out, u32 nr_in,
			void *token);
/* The same through a table of the caller's (nr_out + nr_in descriptors at table, whose address is
 * at): takes one descriptor of the ring. The table stays until the chain comes back. For devices
 * with VIRTIO_F_RING_INDIRECT. */
int __must_check vq_add_indirect(struct virtqueue *vq, const struct vq_sg *sg, u32 nr_out,
				 u32 nr_in, void *token, struct vring_desc *table, paddr_t at);
/* After adding: whether the device wants to be told. */
bool __must_check vq_must_kick(struct virtqueue *vq);
/* The next chain the device is done with: its token and how many bytes it wrote (never more than it
 * was given room for). NULL: none. */
void *vq_get(struct virtqueue *vq, u32 *len);
bool vq_has_used(const struct virtqueue *vq);
/* No interrupts, please. A hint. */
void vq_callbacks_off(struct virtqueue *vq);
/* Interrupts again; false: there is something already, look once more. */
bool __must_check vq_callbacks_on(struct virtqueue *vq);
/* An interrupt only when about three quarters of what is out has come back: for transmit. */
bool __must_check vq_callbacks_delayed(struct virtqueue *vq);
/* After a device reset: hands back every token that is still out, one by one; NULL: no more. */
void *vq_detach(struct virtqueue *vq);
