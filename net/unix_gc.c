/* SPDX-License-Identifier: MIT */
/* unix_gc.c - sockets that only lie in each other's queues.
 *
 * A socket sent over a socket is held by the message. Send A over B and B over A, close both:
 * nobody can reach them, yet each holds the other. So every socket in flight is listed with the
 * number of messages that carry it. When that number equals the references to its description, no
 * descriptor is left: it is a candidate. Whatever can be reached from the queue of a socket that is
 * no candidate will be received some day; what then remains is garbage, and its queues are emptied.
 *
 *	candidates = { s : in flight, references == inflight }
 *	count for each the messages in queues of candidates that carry it; those with more come from
 *	outside: alive, and so is
 *	everything in their queues, and so on; the rest is garbage
 *
 * Between queueing and counting there is no gap that matters: a message that is counted but not (or
 * no longer) queued makes its sockets look as if something outside held them, so they live on till
 * the next collection.
 *
 * Locks: gc_lock [RANK_UNIX_GC] for the list and the counts, held through a collection; inside it
 * the locks of the queues looked at.
 * Ref: unix(7) (SCM_RIGHTS). Tests: selftests/abi/unix.c
 */
#include "unix_int.h"

#include <arch/barrier.h>
#include <kernel/workq.h>

static struct spinlock gc_lock = SPINLOCK_INIT(RANK_UNIX_GC);
static struct list in_flight = LIST_INIT(in_flight);	/* [gc_lock] of unix_sock.gc_link */

static struct unix_sock *unix_of_file(struct file *f)
{
	struct sock *sk = sock_of_file(f);

	return sk && sk->family == AF_UNIX ? to_unix(sk) : NULL;
}

/* ---- counting ---- */

void unix_fds_queued(struct scm_fds *fds)
{
	for (u32 i = 0; i < fds->n; i++) {
		struct unix_sock *u = unix_of_file(fds->fd[i].file);

		if (!u)
			continue;
		spin_lock(&gc_lock);
		if (u->inflight++ == 0) {
			u->file = fds->fd[i].file;
			list_add_tail(&in_flight, &u->gc_link);
		}
		spin_unlock(&gc_lock);
	}
}

void unix_fds_taken(struct scm_fds *fds)
{
	for (u32 i = 0; i < fds->n; i++) {
		struct unix_sock *u = unix_of_file(fds->fd[i].file);

		if (!u)
			continue;
		spin_lock(&gc_lock);
		if (--u->inflight == 0)
			list_del_init(&u->gc_link);
		spin_unlock(&gc_lock);
	}
}

/* ---- collecting; all below with gc_lock held ---- */

/* Calls fn for each socket that lies in u's queue. */
static void scan_queue(struct unix_sock *u, void (*fn)(struct unix_sock *s))
{
	struct netbuf *nb;

	list_for_each_entry(nb, &u->rx.head, link) {
		struct scm_fds *fds = unix_cb(nb)->fds;

		for (u32 i = 0; fds && i < fds->n; i++) {
			struct unix_sock *s = unix_of_file(fds->fd[i].file);

			if (s && s->gc_candidate)
				fn(s);
		}
	}
}

/* The listener's lock is held; its embryos' rank the same and are taken only below it. */
static void lock_embryo(struct unix_sock *e) NO_LOCK_CHECK
{
	while (!spin_trylock(&e->sk.lock.spin))
		cpu_relax();
}

/* u's own queue and, of a listener, those of connections nobody accepted. */
static void scan(struct unix_sock *u, void (*fn)(struct unix_sock *s)) NO_LOCK_CHECK
{
	struct unix_sock *e;

	spin_lock(&u->sk.lock.spin);
	scan_queue(u, fn);
	list_for_each_entry(e, &u->accept_q, accept_link) {
		lock_embryo(e);
		scan_queue(e, fn);
		spin_unlock(&e->sk.lock.spin);
	}
	spin_unlock(&u->sk.lock.spin);
}

static void count_inside(struct unix_sock *s)
{
	s->gc_inside++;
}

static struct list gc_alive;		/* [gc_lock] candidates found alive, not yet scanned */

static void revive(struct unix_sock *s)
{
	s->gc_candidate = false;
	list_move_tail(&gc_alive, &s->gc_link);
}

/* Splits in_flight: what is garbage goes to *garbage, the rest stays. */
static void find_garbage(struct list *garbage)
{
	struct list done = LIST_INIT(done);
	struct unix_sock *u, *next;

	list_for_each_entry(u, &in_flight, gc_link) {
		u->gc_candidate = atomic_read(&u->file->refs) == u->inflight;
		u->gc_inside = 0;
	}
	list_for_each_entry(u, &in_flight, gc_link)
		if (u->gc_candidate)
			scan(u, count_inside);
	list_init(&gc_alive);
	list_for_each_entry_safe(u, next, &in_flight, gc_link)
		if (u->gc_candidate && u->gc_inside < u->inflight)
			revive(u);
	while (!list_empty(&gc_alive)) {
		u = list_first(&gc_alive, struct unix_sock, gc_link);
		list_move_tail(&done, &u->gc_link);
		scan(u, revive);
	}
	list_for_each_entry_safe(u, next, &in_flight, gc_link)
		list_move_tail(u->gc_candidate ? garbage : &done, &u->gc_link);
	list_splice_tail(&in_flight, &done);
}

static void take_messages(struct unix_sock *u, struct netbuf_queue *out) NO_LOCK_CHECK
{
	struct unix_sock *e;

	spin_lock(&u->sk.lock.spin);
	list_splice_tail(&out->head, &u->rx.head);
	netbuf_queue_init(&u->rx);
	list_for_each_entry(e, &u->accept_q, accept_link) {
		lock_embryo(e);
		list_splice_tail(&out->head, &e->rx.head);
		netbuf_queue_init(&e->rx);
		spin_unlock(&e->sk.lock.spin);
	}
	spin_unlock(&u->sk.lock.spin);
}

static void collect(struct work *w)
{
	struct list garbage = LIST_INIT(garbage);
	struct netbuf_queue dead;
	struct unix_sock *u;

	(void)w;
	netbuf_queue_init(&dead);
	spin_lock(&gc_lock);
	find_garbage(&garbage);
	list_for_each_entry(u, &garbage, gc_link)
		take_messages(u, &dead);
	list_splice_tail(&in_flight, &garbage);		/* freeing the messages takes them off */
	spin_unlock(&gc_lock);
	netbuf_queue_purge(&dead);
}

static struct work gc_work = { .fn = collect, .link = LIST_INIT(gc_work.link) };

void unix_gc_consider(void)
{
	if (!list_empty_racy(&in_flight))
		work_queue(&gc_work);
}
