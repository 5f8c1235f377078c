/* SPDX-License-Identifier: MIT */
/* modules: net/netbuf.c net/checksum.c mm/buddy.c mm/iter.c selftests/host/pages.c
 * selftests/host/nouser.c */
/* netbuf: random cuts, joins, clones and copies against plain arrays of bytes; shared bytes stay
 * what they were for the others. */
#include <arch/page.h>
#include <arch/uaccess.h>
#include <kernel/lib/string.h>
#include <mm/iter.h>
#include <net/checksum.h>
#include <net/netbuf.h>

#include "unit.h"

#define MAX 20000u
#define BUFS 8u

static struct model {
	struct netbuf *nb;
	u32 len;
	u8 bytes[MAX];
} models[BUFS];

static u8 scratch[MAX];

static u32 rnd(u32 n)
{
	return n ? (u32)(host_random() >> 20) % n : 0;
}

static void setup(void)
{
	static bool done;

	if (!done)
		netbuf_init();
	done = true;
	memset(models, 0, sizeof(models));
}

static void check(const struct model *m)
{
	struct netbuf_run r = {};
	u32 n = 0;

	ASSERT_EQ(m->len, m->nb->len);
	netbuf_read(m->nb, 0, scratch, m->len);
	ASSERT_EQ(0, memcmp(scratch, m->bytes, m->len));
	while (netbuf_next_run(m->nb, &r))
		n += r.len;
	ASSERT_EQ(m->len, n);
	ASSERT_EQ(csum_fold(csum_add_bytes(m->bytes, m->len, 0)),
		  csum_fold(netbuf_sum(m->nb, 0, m->len, 0)));
}

/* Random bytes, some linear and some in pages. */
static void make(struct model *m)
{
	u32 n = rnd(6000);
	struct iter it;

	for (u32 i = 0; i < n; i++)
		m->bytes[i] = (u8)(host_random() >> 30);
	m->len = n;
	m->nb = netbuf_alloc(rnd(min(n, 500u) + 1), rnd(200), PAGE_KERNEL);
	ASSERT_TRUE(m->nb);
	iter_kernel(&it, m->bytes, n);
	ASSERT_EQ(0, netbuf_from_iter(m->nb, &it, n));
}

static void drop(struct model *m)
{
	netbuf_free(m->nb);
	m->nb = NULL;
}

static void cut_front(struct model *m)
{
	u32 n = rnd(m->len + 1);

	netbuf_pull(m->nb, n);
	memmove(m->bytes, m->bytes + n, m->len - n);
	m->len -= n;
}

static void cut_back(struct model *m)
{
	m->len = rnd(m->len + 1);
	netbuf_trim(m->nb, m->len);
}

static void copy_to(struct model *to, const struct model *from, struct netbuf *nb)
{
	ASSERT_TRUE(nb);
	if (to->nb)
		drop(to);
	to->nb = nb;
	to->len = from->len;
	memcpy(to->bytes, from->bytes, from->len);
}

static void split(struct model *m, struct model *rest)
{
	u32 at = rnd(m->len + 1);
	struct netbuf *nb = netbuf_split(m->nb, at, rnd(100), PAGE_KERNEL);

	ASSERT_TRUE(nb);
	if (rest->nb)
		drop(rest);
	rest->nb = nb;
	rest->len = m->len - at;
	memcpy(rest->bytes, m->bytes + at, rest->len);
	m->len = at;
}

static void join(struct model *m, struct model *other)
{
	if (m->len + other->len > MAX || !netbuf_merge(m->nb, other->nb))
		return;
	memcpy(m->bytes + m->len, other->bytes, other->len);
	m->len += other->len;
	other->nb = NULL;
}

static void grow_front(struct model *m)
{
	u32 n = rnd(100);
	u8 *at;

	if (m->len + n > MAX)
		return;
	ASSERT_EQ(0, netbuf_unshare(m->nb, n, PAGE_KERNEL));
	at = netbuf_push(m->nb, n);
	memmove(m->bytes + n, m->bytes, m->len);
	for (u32 i = 0; i < n; i++)
		at[i] = m->bytes[i] = (u8)(host_random() >> 30);
	m->len += n;
}

static void make_linear(struct model *m)
{
	u32 n = rnd(m->len + 100);
	bool can = netbuf_need(m->nb, n);

	ASSERT_EQ(n <= m->len, can);
	if (can) {
		ASSERT_TRUE(netbuf_linear(m->nb) >= n);
		ASSERT_EQ(0, memcmp(m->nb->data, m->bytes, n));
	}
}

TEST(random_operations_agree_with_arrays)
{
	setup();
	for (u32 step = 0; step < 4000; step++) {
		struct model *m = &models[rnd(BUFS)], *o = &models[rnd(BUFS)];

		if (!m->nb)
			make(m);
		switch (rnd(9)) {
		case 0: cut_front(m); break;
		case 1: cut_back(m); break;
		case 2: if (m != o) copy_to(o, m, netbuf_clone(m->nb, PAGE_KERNEL)); break;
		case 3: if (m != o) copy_to(o, m, netbuf_copy(m->nb, rnd(100), PAGE_KERNEL)); break;
		case 4: if (m != o) split(m, o); break;
		case 5: if (m != o && o->nb) join(m, o); break;
		case 6: grow_front(m); break;
		case 7: make_linear(m); break;
		default: drop(m); break;
		}
		for (u32 i = 0; i < BUFS; i++)
			if (models[i].nb)
				check(&models[i]);
	}
	for (u32 i = 0; i < BUFS; i++)
		if (models[i].nb)
			drop(&models[i]);
}

TEST(parts_of_a_packet)
{
	struct model *m = &models[0];
	struct iter it;

	setup();
	for (u32 i = 0; i < 500; i++) {
		u32 off, n;

		make(m);
		off = rnd(m->len + 1);
		n = rnd(m->len - off + 1);
		netbuf_read(m->nb, off, scratch, n);
		ASSERT_EQ(0, memcmp(scratch, m->bytes + off, n));
		memset(scratch, 0, n);
		iter_kernel(&it, scratch, n);
		ASSERT_EQ(0, netbuf_to_iter(m->nb, off, &it, n));
		ASSERT_EQ(0, memcmp(scratch, m->bytes + off, n));
		ASSERT_EQ(csum_fold(csum_add_bytes(m->bytes + off, n, 0)),
			  csum_fold(netbuf_sum(m->nb, off, n, 0)));
		drop(m);
	}
}

TEST(queues_count)
{
	struct netbuf_queue q;
	struct netbuf *a, *b;

	setup();
	netbuf_queue_init(&q);
	a = netbuf_alloc(10, 0, PAGE_KERNEL);
	b = netbuf_alloc(1000, 0, PAGE_KERNEL);
	netbuf_queue_add(&q, a);
	netbuf_queue_add_front(&q, b);
	EXPECT_EQ(2, q.n);
	EXPECT_EQ(a->truesize + b->truesize, q.bytes);
	EXPECT_TRUE(netbuf_queue_take(&q) == b);
	netbuf_free(b);
	netbuf_queue_purge(&q);
	EXPECT_EQ(0, q.n);
	EXPECT_EQ(0, q.bytes);
	EXPECT_TRUE(!netbuf_queue_take(&q));
}

TEST(no_memory_is_said)
{
	struct model *m = &models[0];
	struct netbuf *c;

	setup();
	make(m);
	c = netbuf_clone(m->nb, PAGE_KERNEL);
	host_fail_allocations(0);
	EXPECT_TRUE(!netbuf_alloc(10, 10, PAGE_ATOMIC));
	EXPECT_TRUE(!netbuf_clone(m->nb, PAGE_ATOMIC));
	EXPECT_TRUE(!netbuf_copy(m->nb, 0, PAGE_ATOMIC));
	EXPECT_TRUE(!netbuf_split(m->nb, 0, 0, PAGE_ATOMIC));
	EXPECT_EQ(-ENOMEM, netbuf_unshare(c, 10, PAGE_ATOMIC));
	host_fail_allocations(-1);
	check(m);
	netbuf_free(c);
	drop(m);
}
