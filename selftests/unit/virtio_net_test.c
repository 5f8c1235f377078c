/* SPDX-License-Identifier: MIT */
/* modules: net/netbuf.c net/checksum.c mm/buddy.c selftests/host/pages.c */
/* virtio_net: the card's receive side with a device that merges buffers, lies about counts and
 * lengths, and a kernel without memory: packets come whole or not at all, and every page comes
 * back. */
#include "../../drivers/virtio/net.c"

#include <arch/percpu.h>
#include <mm/iter.h>

#include "unit.h"

/* ---- the ring: what the device has written, in order ---- */

static struct done { struct page *page; u32 len; } done[512];
static u32 nr_done, next_done, nr_up, nr_bytes;
static u8 last[4 * PAGE_SIZE];
static struct netdev dev;
static struct netdev_stats stats[MAX_CPUS];
static struct virtio_queue rx, tx;
static struct netdev_queue queue;
static struct { struct card c; struct pair p; } one;

struct net_ns init_net;

u32 nr_cpus = 1;

void *vq_get(struct virtqueue *vq, u32 *len)
{
	if (next_done == nr_done)
		return NULL;
	*len = done[next_done].len;
	return done[next_done++].page;
}

int vq_add(struct virtqueue *vq, const struct vq_sg *sg, u32 nr_out, u32 nr_in, void *token)
{
	return -ENOSPC;
}
void vq_callbacks_off(struct virtqueue *vq) {}
bool vq_has_used(const struct virtqueue *vq) { return next_done < nr_done; }
bool vq_callbacks_on(struct virtqueue *vq) { return true; }
bool vq_callbacks_delayed(struct virtqueue *vq) { return true; }
int virtio_find_queues(struct virtio_device *v, u32 nr, u16 size_max) { return -ENOENT; }
void virtio_ready(struct virtio_device *v) {}
void virtio_reset(struct virtio_device *v) {}
void virtio_kick(struct virtio_queue *q) {}
void virtio_config(struct virtio_device *v, u32 off, void *out, u32 n) {}
void netdev_schedule(struct netdev_queue *q) {}
void netdev_poll_done(struct netdev_queue *q) {}
void netdev_queue_stop(struct netdev_queue *q) {}
void netdev_queue_wake(struct netdev_queue *q) {}
void netdev_set_carrier(struct netdev *d, bool on) {}
void netdev_put(struct netdev *d) {}
int netdev_register(struct net_ns *net, struct netdev *d) { return 0; }
struct netdev *netdev_alloc(const char *name, const struct netdev_ops *ops, u32 nr, usize priv)
{
	return NULL;
}
bool softirq_pending_here(void) { return false; }
void bh_run_pending(void) {}
u32 gro_head_len(const u8 *frame, u32 len, u32 most) { return min(len, most); }
void random_bytes(void *p, usize n) { memset(p, 7, n); }
usize iter_put(struct iter *it, const void *src, usize n) { return 0; }
usize iter_take(struct iter *it, void *dst, usize n) { return 0; }

void netdev_rx(struct netdev *d, struct netbuf *nb)
{
	nr_up++;
	nr_bytes = nb->len;
	ASSERT_TRUE(nb->len <= sizeof(last));
	netbuf_read(nb, 0, last, nb->len);
	netbuf_free(nb);
}

static void setup(void)
{
	static bool again;
	static struct card *priv;

	if (!again)
		netbuf_init();
	again = true;
	nr_done = next_done = nr_up = nr_bytes = 0;
	memset(stats, 0, sizeof(stats));
	priv = &one.c;
	dev = (struct netdev){ .stats = stats, .priv = &priv };
	one.c.dev = &dev;
	one.c.mergeable = true;
	one.c.nr_pairs = 1;
	one.c.pairs[0] = (struct pair){ &rx, &tx, &queue };
	rx.vq.size = 256;
}

/* A packet of `buffers` in its header; its bytes count up. */
static void device_writes(u32 buffers, const u32 *lens, u32 n)
{
	u32 at = 0;

	for (u32 i = 0; i < n; i++) {
		struct page *page = page_alloc(0, PAGE_KERNEL);
		u8 *p = page_to_virt(page);
		u32 skip = i ? 0 : (u32)sizeof(struct net_header);

		if (!i)
			*(struct net_header *)(void *)p = (struct net_header){
				.num_buffers = (u16)buffers
			};
		for (u32 b = skip; b < lens[i]; b++)
			p[b] = (u8)at++;
		done[nr_done++] = (struct done){ page, lens[i] };
	}
}

static bool receive(void) { return receive_one(&one.c, &one.c.pairs[0]); }

static void check_packet(u32 len)
{
	EXPECT_EQ(len, nr_bytes);
	for (u32 i = 0; i < len; i++)
		ASSERT_EQ((u8)i, last[i]);
}

#define WRITES(buffers, ...) device_writes(buffers, (const u32[]){ __VA_ARGS__ }, sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))

TEST(packets_of_one_buffer_and_of_many)
{
	setup();
	WRITES(1, 12 + 60);
	WRITES(1, 12 + 1500);
	WRITES(3, 4096, 4096, 100);
	EXPECT_TRUE(receive());
	check_packet(60);
	EXPECT_TRUE(receive());
	check_packet(1500);
	EXPECT_TRUE(receive());
	check_packet(4084 + 4096 + 100);
	EXPECT_TRUE(!receive());
	EXPECT_EQ(3, nr_up);
	EXPECT_EQ(0, host_allocations());
}

TEST(no_memory_takes_the_whole_packet_out)
{
	setup();
	WRITES(3, 4096, 4096, 100);
	WRITES(1, 12 + 60);
	host_fail_allocations(0);
	EXPECT_TRUE(receive());
	host_fail_allocations(-1);
	EXPECT_EQ(0, nr_up);
	EXPECT_EQ(1, stats[0].rx_dropped);
	/* the next is a packet, not the rest of the last */
	EXPECT_TRUE(receive());
	EXPECT_EQ(1, nr_up);
	check_packet(60);
	EXPECT_EQ(0, host_allocations());
}

TEST(counts_and_lengths_that_lie)
{
	u32 many[40];

	setup();
	WRITES(9, 4096, 100);				/* promised more than it brings */
	EXPECT_TRUE(receive());
	EXPECT_TRUE(!receive());
	EXPECT_EQ(0, nr_up);
	for (u32 i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = 4096;
	device_writes(40, many, 40);			/* more than a packet holds */
	WRITES(1, 12 + 60);
	EXPECT_TRUE(receive());
	EXPECT_EQ(2, stats[0].rx_dropped);
	EXPECT_TRUE(receive());
	check_packet(60);
	WRITES(2, 4096, 0);				/* an empty one */
	EXPECT_TRUE(receive());
	WRITES(1, 12 + 13);				/* shorter than a link header */
	WRITES(1, 3);
	EXPECT_TRUE(receive());
	EXPECT_TRUE(receive());
	EXPECT_EQ(2, stats[0].rx_errors);
	WRITES(0, 12 + 60);				/* none at all: one is there */
	EXPECT_TRUE(receive());
	check_packet(60);
	EXPECT_EQ(0, host_allocations());
}

TEST(headers_are_checked)
{
	struct net_header h = { .flags = HDR_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16 };
	struct netbuf *nb;

	setup();
	nb = netbuf_alloc(100, NETBUF_HEADROOM, PAGE_ATOMIC);
	memset(netbuf_put(nb, 50), 0, 50);
	read_header(nb, &h);				/* the sum would lie behind the packet */
	EXPECT_EQ(CSUM_NONE, nb->csum);
	memset(netbuf_put(nb, 2), 0, 2);
	read_header(nb, &h);
	EXPECT_EQ(CSUM_PARTIAL, nb->csum);
	h = (struct net_header){ .gso_type = 0x55, .gso_size = 10 };
	read_header(nb, &h);
	EXPECT_EQ(GSO_NONE, nb->gso);
	EXPECT_EQ(0, nb->gso_size);
	h = (struct net_header){ .gso_type = HDR_GSO_TCP6, .gso_size = 10 };
	read_header(nb, &h);
	EXPECT_EQ(GSO_TCP6, nb->gso);
	EXPECT_EQ(6, nb->gso_segs);
	netbuf_free(nb);
	EXPECT_EQ(0, host_allocations());
}
