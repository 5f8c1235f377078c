/* SPDX-License-Identifier: MIT */
/* blk.c - virtio disks: a queue for each CPU as far as the device has them, flushes, discard,
 * write-zeroes, growing.
 *
 * A request is a header and a status byte of ours around the pages of its bios, in a slot that the
 * queue has for it; with indirect descriptors it takes one entry of the ring, so that the ring is
 * as deep as it is long. Completions are reaped in a bottom half; the device is told of new
 * requests once for a batch.
 *
 * The device is not trusted: the status byte is read once and anything unknown is an error; a
 * spoiled ring fails all that is out.
 *
 * Locks: virtio_queue.lock [RANK_VIRTQUEUE], bottom halves off. Ref: virtio 1.2 s5.2. Tests:
 * selftests/boot/run (disk)
 */
#include <arch/cpu.h>
#include <arch/page.h>
#include <arch/percpu.h>
#include <drivers/virtio/virtio.h>
#include <fs/blkdev.h>
#include <fs/chrdev.h>
#include <kernel/bh.h>
#include <kernel/clock.h>
#include <kernel/irq.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>
#include <kernel/workq.h>
#include <mm/page.h>
#include <mm/slab.h>

#define F_SIZE_MAX	1u
#define F_SEG_MAX	2u
#define F_RO		5u
#define F_BLK_SIZE	6u
#define F_FLUSH		9u
#define F_TOPOLOGY	10u
#define F_CONFIG_WCE	11u
#define F_MQ		12u
#define F_DISCARD	13u
#define F_WRITE_ZEROES	14u

#define CONFIG_CAPACITY	     0u
#define CONFIG_SIZE_MAX	     8u
#define CONFIG_SEG_MAX	     12u
#define CONFIG_BLK_SIZE	     20u
#define CONFIG_PHYSICAL_EXP  24u
#define CONFIG_WCE	     32u
#define CONFIG_NUM_QUEUES    34u
#define CONFIG_MAX_DISCARD   36u
#define CONFIG_DISCARD_ALIGN 44u
#define CONFIG_MAX_ZEROES    48u

#define T_IN	       0u
#define T_OUT	       1u
#define T_FLUSH	       4u
#define T_GET_ID       8u
#define T_DISCARD      11u
#define T_WRITE_ZEROES 13u

#define S_OK	 0u
#define S_IOERR	 1u
#define S_UNSUPP 2u

#define RING_MAX	256u
#define VECS_MAX	128u		/* of a request: half a megabyte in pages */
#define REQUEST_SECTORS 2560u		/* 1280 KiB, as Linux's default */
#define ID_BYTES	20u		/* of T_GET_ID; no zero behind a full one */
#define ID_PATIENCE_NS	(2 * NSEC_PER_SEC)
#define MAJOR		254u
#define MINORS		16u

/* What the device reads and writes beside the pages. */
struct slot {
	struct {
		u32 type, ioprio;
		u64 sector;
	} head;
	struct {
		u64 sector;
		u32 nr_sectors, flags;
	} range;			/* discard, write-zeroes */
	u8 status;
	u16 next_free;
	struct bio *bio;		/* NULL: it asks for the serial number */
	struct vring_desc *table;	/* indirect; NULL: the ring's own descriptors */
};

struct blk_queue {
	struct card *card;
	struct virtio_queue *q;
	struct slot *slots;
	u16 free;			/* [q->lock] first free slot; NO_SLOT: none */
	u32 index;
	struct list ready;		/* of the CPU that reaps it: per-CPU list, interrupts off */
	struct vq_sg sg[VECS_MAX + 2];	/* [q->lock] */
};
#define NO_SLOT 0xffffu

struct card {
	struct virtio_device *v;
	struct disk disk;
	struct work resize;
	struct waitq id_arrives;
	bool id_done;			/* the device has said its serial number, or will not */
	char id[ID_BYTES];
	struct blk_queue queues[];
};

static DEFINE_PER_CPU(struct list, ready_queues);	/* of blk_queue.ready, interrupts off */
static u32 nr_disks;

/* ---- starting ---- */

static u32 type_of(enum bio_op op)
{
	static const u32 type[BIO_NR_OPS] = {
		[BIO_READ] = T_IN,
		[BIO_WRITE] = T_OUT,
		[BIO_FLUSH] = T_FLUSH,
		[BIO_DISCARD] = T_DISCARD,
		[BIO_WRITE_ZEROES] = T_WRITE_ZEROES,
	};

	return type[op];
}

/* The runs of a request between header and status: how many, header included. */
static u32 gather(struct blk_queue *bq, struct slot *s, const struct bio *b)
{
	u32 n = 1;

	bq->sg[0] = (struct vq_sg){ virt_to_phys(&s->head), sizeof(s->head) };
	if (b->op == BIO_DISCARD || b->op == BIO_WRITE_ZEROES) {
		s->range.sector = b->sector;
		s->range.nr_sectors = b->nr_sectors;
		s->range.flags = 0;
		bq->sg[n++] = (struct vq_sg){ virt_to_phys(&s->range), sizeof(s->range) };
		return n;
	}
	for (; b; b = b->next)
		for (u32 i = 0; i < b->nr_vecs; i++)
			bq->sg[n++] = (struct vq_sg){
				page_to_phys(b->vecs[i].page) + b->vecs[i].off, b->vecs[i].len
			};
	return n;
}

static int disk_start(struct disk *d, u32 queue, struct bio *b)
{
	struct card *c = d->priv;
	struct blk_queue *bq = &c->queues[queue];
	struct virtqueue *vq = &bq->q->vq;
	struct slot *s;
	u32 n, out;
	int err;

	spin_lock(&bq->q->lock);
	if (bq->free == NO_SLOT) {
		spin_unlock(&bq->q->lock);
		return vq->broken ? -EIO : -EBUSY;
	}
	s = &bq->slots[bq->free];
	s->head.type = type_of(b->op);
	s->head.ioprio = 0;
	s->head.sector = b->op == BIO_READ || b->op == BIO_WRITE ? b->sector : 0;
	s->status = 0xff;
	n = gather(bq, s, b);
	out = b->op == BIO_READ ? 1 : n;
	bq->sg[n++] = (struct vq_sg){ virt_to_phys(&s->status), 1 };
	if (s->table)
		err = vq_add_indirect(vq, bq->sg, out, n - out, s, s->table,
				      virt_to_phys(s->table));
	else
		err = vq_add(vq, bq->sg, out, n - out, s);
	if (!err) {
		s->bio = b;
		bq->free = s->next_free;
	}
	spin_unlock(&bq->q->lock);
	return err == -ENOSPC ? -EBUSY : err;
}

static void disk_commit(struct disk *d, u32 queue)
{
	struct card *c = d->priv;

	spin_lock(&c->queues[queue].q->lock);
	virtio_kick(c->queues[queue].q);
	spin_unlock(&c->queues[queue].q->lock);
}

static const struct disk_ops card_ops = { .start = disk_start, .commit = disk_commit };

/* ---- completing ---- */

static int error_of(u8 status)
{
	return status == S_OK ? 0 : status == S_UNSUPP ? -EOPNOTSUPP : -EIO;
}

static void give_slot(struct blk_queue *bq, struct slot *s)
{
	s->bio = NULL;
	s->next_free = bq->free;
	bq->free = (u16)(s - bq->slots);
}

static void id_is_done(struct card *c)
{
	WRITE_ONCE(c->id_done, true);
	waitq_wake_all(&c->id_arrives);
}

/* What is done, as a chain through chain with the result in error. */
static struct bio *reap(struct blk_queue *bq)
{
	struct bio *first = NULL, **tail = &first;
	struct slot *s;
	u32 len;

	spin_lock(&bq->q->lock);
	do {
		while ((s = vq_get(&bq->q->vq, &len))) {
			if (s->bio) {
				s->bio->error = error_of(READ_ONCE(s->status));
				*tail = s->bio;
				tail = &s->bio->chain;
			} else {
				id_is_done(bq->card);
			}
			give_slot(bq, s);
		}
	} while (!bq->q->vq.broken && !vq_callbacks_on(&bq->q->vq));
	*tail = NULL;
	spin_unlock(&bq->q->lock);
	return first;
}

/* The device spoiled its ring: everything that is out fails. It is reset first, so that it writes
 * nowhere any more. */
static void fail_all(struct blk_queue *bq)
{
	struct slot *s;

	pr_err("%s: the device broke the rules of the ring; it is not used any more",
	       bq->card->disk.name);
	virtio_reset(bq->card->v);
	for (;;) {
		struct bio *b;

		spin_lock_bh(&bq->q->lock);
		s = vq_detach(&bq->q->vq);
		b = s ? s->bio : NULL;
		if (s)
			give_slot(bq, s);
		spin_unlock_bh(&bq->q->lock);
		if (!s)
			break;
		if (b)
			bio_done(b, -EIO);
		else
			id_is_done(bq->card);
	}
}

static void complete(struct blk_queue *bq)
{
	struct bio *b = reap(bq), *next;

	for (; b; b = next) {
		next = b->chain;
		bio_done(b, b->error);
	}
	if (unlikely(bq->q->vq.broken))
		fail_all(bq);
	if (bq->card->disk.queues)	/* not yet while its serial number is asked for */
		disk_queue_run(&bq->card->disk, bq->index);
}

static void block_softirq(void)
{
	struct list mine = LIST_INIT(mine);
	irqflags_t irq = irq_save();

	list_splice_tail(&mine, this_cpu(ready_queues));
	while (!list_empty(&mine)) {
		struct blk_queue *bq = list_first(&mine, struct blk_queue, ready);

		list_del_init(&bq->ready);
		irq_restore(irq);
		complete(bq);
		irq = irq_save();
	}
	irq_restore(irq);
}

/* Interrupt; without the lock, which threads hold with interrupts on. A reap on another CPU may
 * have just asked for interrupts: then the one that is scheduled here asks again. */
static void on_used(struct virtio_queue *q)
{
	struct blk_queue *bq = q->priv;

	vq_callbacks_off(&q->vq);
	if (list_empty(&bq->ready)) {
		list_add_tail(this_cpu(ready_queues), &bq->ready);
		softirq_raise(SOFTIRQ_BLOCK);
	}
}

/* ---- growing ---- */

static void do_resize(struct work *w)
{
	struct card *c = container_of(w, struct card, resize);
	u64 sectors;

	virtio_config(c->v, CONFIG_CAPACITY, &sectors, sizeof(sectors));
	if (sectors != c->disk.nr_sectors)
		disk_resize(&c->disk, sectors);
}

static void card_config(struct virtio_device *v)
{
	struct card *c = v->priv;

	if (c)
		work_queue(&c->resize);
}

/* ---- probing ---- */

static u32 config32(struct virtio_device *v, u32 off)
{
	u32 n;

	virtio_config(v, off, &n, sizeof(n));
	return n;
}

static bool power_of_two_in(u32 n, u32 low, u32 high)
{
	return n >= low && n <= high && !(n & (n - 1));
}

static void read_limits(struct virtio_device *v, struct disk_limits *l, bool indirect, u32 ring)
{
	u8 exp = 0, wce = 1;

	*l = (struct disk_limits){
		.logical_block = SECTOR_SIZE,
		.max_sectors = REQUEST_SECTORS,
		.max_vecs = VECS_MAX,
		.read_only = virtio_has(v, F_RO),
		.rotational = true, /* nothing says otherwise */
	};
	if (virtio_has(v, F_BLK_SIZE) &&
	    power_of_two_in(config32(v, CONFIG_BLK_SIZE), SECTOR_SIZE, PAGE_SIZE))
		l->logical_block = config32(v, CONFIG_BLK_SIZE);
	if (virtio_has(v, F_TOPOLOGY))
		virtio_config(v, CONFIG_PHYSICAL_EXP, &exp, 1);
	l->physical_block = exp < 8 ? l->logical_block << exp : l->logical_block;
	if (virtio_has(v, F_SEG_MAX))
		l->max_vecs = max(1u, min(l->max_vecs, config32(v, CONFIG_SEG_MAX)));
	if (!indirect)
		l->max_vecs = min(l->max_vecs, ring - 2);
	if (virtio_has(v, F_SIZE_MAX) && config32(v, CONFIG_SIZE_MAX) < PAGE_SIZE)
		l->max_vecs = 0;		/* a segment must hold a page: refused below */
	if (virtio_has(v, F_CONFIG_WCE))
		virtio_config(v, CONFIG_WCE, &wce, 1);
	l->write_cache = virtio_has(v, F_FLUSH) && wce;
	if (virtio_has(v, F_DISCARD)) {
		l->max_discard = config32(v, CONFIG_MAX_DISCARD);
		l->discard_align = config32(v, CONFIG_DISCARD_ALIGN);
	}
	if (virtio_has(v, F_WRITE_ZEROES))
		l->max_write_zeroes = config32(v, CONFIG_MAX_ZEROES);
}

static int make_slots(struct blk_queue *bq, bool indirect)
{
	u32 n = bq->q->vq.size, i;

	bq->slots = kcalloc(n, sizeof(struct slot));
	if (!bq->slots)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		bq->slots[i].next_free = i + 1 < n ? (u16)(i + 1) : NO_SLOT;
		if (!indirect)
			continue;
		bq->slots[i].table = kmalloc((VECS_MAX + 2) * sizeof(struct vring_desc),
					     PAGE_KERNEL);
		if (!bq->slots[i].table)
			return -ENOMEM;
	}
	return 0;
}

static int make_queues(struct card *c, u32 nr)
{
	bool indirect = virtio_has(c->v, VIRTIO_F_RING_INDIRECT);
	int err = virtio_find_queues(c->v, nr, RING_MAX);

	for (u32 i = 0; i < nr && !err; i++) {
		struct blk_queue *bq = &c->queues[i];

		bq->card = c;
		bq->index = i;
		bq->q = c->v->queues[i];
		bq->q->priv = bq;
		bq->q->callback = on_used;
		list_init(&bq->ready);
		err = make_slots(bq, indirect);
	}
	return err;
}

static u32 count_queues(struct virtio_device *v)
{
	u16 n = 1;

	if (virtio_has(v, F_MQ))
		virtio_config(v, CONFIG_NUM_QUEUES, &n, sizeof(n));
	return max(1u, min((u32)n, nr_cpus));
}

static void init_once(void)
{
	u32 cpu;

	if (nr_disks)
		return;
	for_each_cpu(cpu)
		list_init(per_cpu(ready_queues, cpu));
	softirq_register(SOFTIRQ_BLOCK, block_softirq);
}

/* vda ... vdz, vdaa ... */
static void make_name(char *out, usize size, u32 n)
{
	char tail[8];
	u32 at = sizeof(tail) - 1;

	tail[at] = 0;
	for (n++; n && at; n = (n - 1) / 26)
		tail[--at] = (char)('a' + (n - 1) % 26);
	fmt_print(out, size, "vd%s", tail + at);
}

/* The first request of all. A device that has no number says so with an error, and the buffer stays
 * empty. */
static void read_serial(struct card *c)
{
	struct blk_queue *bq = &c->queues[0];
	struct slot *s = &bq->slots[bq->free];
	int err;

	waitq_init(&c->id_arrives);
	s->head.type = T_GET_ID;
	spin_lock_bh(&bq->q->lock);
	bq->sg[0] = (struct vq_sg){ virt_to_phys(&s->head), sizeof(s->head) };
	bq->sg[1] = (struct vq_sg){ virt_to_phys(c->id), ID_BYTES };
	bq->sg[2] = (struct vq_sg){ virt_to_phys(&s->status), 1 };
	err = vq_add(&bq->q->vq, bq->sg, 1, 2, s);
	if (!err) {
		bq->free = s->next_free;
		virtio_kick(bq->q);
	}
	spin_unlock_bh(&bq->q->lock);
	if (!err)
		err = waitq_wait(&c->id_arrives, READ_ONCE(c->id_done), WAIT_KILLABLE,
				 clock_monotonic() + ID_PATIENCE_NS);
	if (!err)
		memcpy(c->disk.serial, c->id, ID_BYTES);
}

static int blk_probe(struct virtio_device *v)
{
	u32 nr = count_queues(v);
	struct card *c = kzalloc(sizeof(*c) + nr * sizeof(struct blk_queue));
	struct disk *d;
	int err;

	if (!c)
		return -ENOMEM;
	init_once();
	c->v = v;
	d = &c->disk;
	err = make_queues(c, nr);
	if (err)
		return err;
	read_limits(v, &d->limits, virtio_has(v, VIRTIO_F_RING_INDIRECT), c->queues[0].q->vq.size);
	if (!d->limits.max_vecs)
		return -EINVAL;
	virtio_config(v, CONFIG_CAPACITY, &d->nr_sectors, sizeof(d->nr_sectors));
	make_name(d->name, sizeof(d->name), nr_disks);
	d->ops = &card_ops;
	d->priv = c;
	d->nr_queues = nr;
	d->major = MAJOR;
	d->minors = MINORS;
	d->first_minor = nr_disks++ * MINORS;
	work_setup(&c->resize, do_resize);
	virtio_ready(v);
	v->priv = c;
	read_serial(c);
	return disk_add(d);
}

VIRTIO_DRIVER(blk, .id = VIRTIO_ID_BLOCK,
	      .features = 1ull << F_SIZE_MAX | 1ull << F_SEG_MAX | 1ull << F_RO |
			  1ull << F_BLK_SIZE | 1ull << F_FLUSH | 1ull << F_TOPOLOGY |
			  1ull << F_CONFIG_WCE | 1ull << F_MQ | 1ull << F_DISCARD |
			  1ull << F_WRITE_ZEROES | 1ull << VIRTIO_F_RING_INDIRECT,
	      .probe = blk_probe, .config_changed = card_config);
