/* SPDX-License-Identifier: MIT */
/* modules: drivers/virtio/virtqueue.c */
/* virtqueue: a device in thirty lines on the other side of the ring; random traffic arrives once
 * each, lengths are clipped, and a device that lies about ids, counts or lengths breaks the ring
 * instead of the kernel. */
#include <drivers/virtio/virtqueue.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#include "unit.h"

#define SIZE 16u

static struct virtqueue vq;
static struct vring_desc desc[SIZE];
static struct vq_token tokens[SIZE];
static u8 avail_mem[256] __aligned(8), used_mem[256] __aligned(8);
static u16 device_seen;			/* of the avail ring */

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static void setup(bool event_idx)
{
	memset(desc, 0, sizeof(desc));
	memset(avail_mem, 0, sizeof(avail_mem));
	memset(used_mem, 0, sizeof(used_mem));
	memset(&vq, 0, sizeof(vq));
	vq.desc = desc;
	vq.avail = (void *)avail_mem;
	vq.used = (void *)used_mem;
	vq.tokens = tokens;
	device_seen = 0;
	vq_init(&vq, 0, SIZE, event_idx);
}

static void device_use(u32 id, u32 len)
{
	struct vring_used *u = vq.used;

	u->ring[u->idx & (SIZE - 1)] = (struct vring_used_elem){ id, len };
	u->idx++;
}

/* Head of the next chain the driver made; checks the links. */
static u16 device_take(u32 *total)
{
	u16 head = vq.avail->ring[device_seen++ & (SIZE - 1)], d = head;

	ASSERT_TRUE(device_seen <= vq.avail->idx || vq.avail->idx < SIZE);
	for (*total = 0;; d = desc[d].next) {
		ASSERT_TRUE(d < SIZE);
		*total += desc[d].len;
		if (!(desc[d].flags & 1))
			return head;
	}
}

TEST(chains_come_back_once_each)
{
	static u8 thing[64];
	bool out[64] = {};
	u16 held[SIZE];
	u32 nr_held = 0, total, len;

	for (int event = 0; event < 2; event++) {
		setup(event);
		memset(out, 0, sizeof(out));
		nr_held = 0;
		for (u32 step = 0; step < 20000; step++) {
			struct vq_sg sg[4] = {
				{ 0x1000, 10 }, { 0x2000, 20 }, { 0x3000, 30 }, { 0x4000, 40 }
			};
			u32 n = 1 + rnd(4), t = rnd(64);
			void *token;

			switch (rnd(3)) {
			case 0:
				if (out[t])
					break;
				if (n > vq.nr_free)
					EXPECT_EQ(-ENOSPC, vq_add(&vq, sg, 0, n, &thing[t]));
				else if (vq_add(&vq, sg, n - 1, 1, &thing[t]) == 0)
					out[t] = true;
				break;
			case 1:
				if (device_seen != vq.avail->idx)
					held[nr_held++] = device_take(&total);
				if (nr_held && rnd(2)) {
					u32 k = rnd(nr_held);

					/* more than it was given room for */
					device_use(held[k], 1u << 30);
					held[k] = held[--nr_held];
				}
				break;
			case 2:
				token = vq_get(&vq, &len);
				if (!token)
					break;
				ASSERT_TRUE(out[(u8 *)token - thing]);
				out[(u8 *)token - thing] = false;
				ASSERT_TRUE(len <= 40);
				break;
			}
			ASSERT_TRUE(!vq.broken);
		}
		while (vq_detach(&vq))
			;
		EXPECT_EQ(SIZE, vq.nr_free);
	}
}

static void *add_one(void)
{
	static int token;
	struct vq_sg sg = { 0x1000, 64 };

	ASSERT_EQ(0, vq_add(&vq, &sg, 0, 1, &token));
	return &token;
}

TEST(a_lying_device_breaks_the_ring)
{
	u32 len;

	setup(true);
	add_one();
	device_use(SIZE, 1);			/* no such descriptor */
	EXPECT_TRUE(!vq_get(&vq, &len) && vq.broken);
	EXPECT_EQ(-EIO, vq_add(&vq, &(struct vq_sg){ 0, 1 }, 0, 1, &len));

	setup(true);
	add_one();
	device_use(3, 1);			/* not out */
	EXPECT_TRUE(!vq_get(&vq, &len) && vq.broken);

	setup(true);
	add_one();
	device_use(0, 1);
	device_use(0, 1);			/* twice */
	EXPECT_TRUE(vq_get(&vq, &len) != NULL);
	EXPECT_TRUE(!vq_get(&vq, &len) && vq.broken);

	setup(true);
	add_one();
	vq.used->idx = 100;			/* more than there can be */
	EXPECT_TRUE(!vq_get(&vq, &len) && vq.broken);
}

TEST(kicks_only_when_the_device_asks)
{
	setup(false);
	add_one();
	EXPECT_TRUE(vq_must_kick(&vq));
	EXPECT_TRUE(!vq_must_kick(&vq));
	add_one();
	vq.used->flags = 1;			/* VRING_USED_F_NO_NOTIFY */
	EXPECT_TRUE(!vq_must_kick(&vq));

	setup(true);
	add_one();
	*(u16 *)(void *)&vq.used->ring[SIZE] = 5;	/* avail_event */
	EXPECT_TRUE(!vq_must_kick(&vq));
	for (int i = 0; i < 5; i++)
		add_one();
	EXPECT_TRUE(vq_must_kick(&vq));
}

TEST(interrupts_are_asked_for_and_not_missed)
{
	u32 len;

	setup(true);
	add_one();
	add_one();
	vq_callbacks_off(&vq);
	device_use(0, 1);
	EXPECT_TRUE(!vq_callbacks_on(&vq));	/* there already */
	EXPECT_TRUE(vq_get(&vq, &len) != NULL);
	EXPECT_TRUE(vq_callbacks_on(&vq));
	EXPECT_EQ(1, vq.avail->ring[SIZE]);	/* used_event: the next one */
	EXPECT_TRUE(!vq_has_used(&vq));
}

TEST(a_table_takes_one_descriptor)
{
	struct vq_sg sg[3] = { { 0x1000, 10 }, { 0x2000, 20 }, { 0x3000, 30 } };
	struct vring_desc table[SIZE][3];
	u32 len, i;
	int token;

	setup(false);
	EXPECT_EQ(-ENOSPC, vq_add_indirect(&vq, sg, 0, 0, &token, table[0], 0));
	for (i = 0; i < SIZE; i++)
		ASSERT_EQ(0, vq_add_indirect(&vq, sg, 1, 2, &token, table[i], 0x9000 + i));
	EXPECT_EQ(-ENOSPC, vq_add_indirect(&vq, sg, 1, 2, &token, table[0], 0x9000));
	for (i = 0; i < SIZE; i++) {
		struct vring_desc *d = &desc[vq.avail->ring[i]];

		EXPECT_TRUE(d->addr == 0x9000 + i && d->len == 3 * sizeof(*d) && d->flags == 4);
		EXPECT_TRUE(table[i][0].flags == 1 && table[i][1].flags == 3 &&
			    table[i][2].flags == 2);
		EXPECT_TRUE(table[i][2].addr == 0x3000 && table[i][2].len == 30 &&
			    table[i][0].next == 1);
		device_use(vq.avail->ring[i], 1000);
	}
	for (i = 0; i < SIZE; i++) {
		EXPECT_TRUE(vq_get(&vq, &len) == &token);
		EXPECT_EQ(50, len);			/* no more than it had room for */
	}
	EXPECT_TRUE(!vq_get(&vq, &len));
	EXPECT_EQ(SIZE, vq.nr_free);
	ASSERT_EQ(0, vq_add_indirect(&vq, sg, 1, 2, &token, table[0], 0x9000));
	device_use(SIZE + 5, 1);
	EXPECT_TRUE(!vq_get(&vq, &len));
	EXPECT_EQ(-EIO, vq_add_indirect(&vq, sg, 1, 2, &token, table[0], 0x9000));
}

/* Transmit: one interrupt for three quarters of what is out. */
TEST(an_interrupt_after_most_of_it)
{
	struct vq_sg sg = { 0x1000, 10 };
	u16 *used_event;
	int token;

	setup(true);
	used_event = &vq.avail->ring[SIZE];
	for (u32 i = 0; i < 8; i++)
		ASSERT_EQ(0, vq_add(&vq, &sg, 1, 0, &token));
	EXPECT_TRUE(vq_callbacks_delayed(&vq));
	EXPECT_EQ(6, *used_event);
	for (u32 i = 0; i < 7; i++)
		device_use(vq.avail->ring[i], 0);
	EXPECT_TRUE(!vq_callbacks_delayed(&vq));		/* already there */
}
