/* SPDX-License-Identifier: MIT */
/* tcp_seg.c - TCP: what was written, in segments that share pages with whoever else has them:
 * appending, splitting, trimming.
 *
 * Invariants: (1) `sent` then `unsent` cover snd_una..write_seq without holes; (2) a segment has at
 * most NETBUF_FRAGS fragments and one packet of any device carries it; (3) wmem counts each
 * segment's bytes and TCP_SEG_COST.
 * Locks: the owner's. Pure. Ref: RFC 9293 s3.3.1. Tests: selftests/unit/tcp_test.c
 */
#include "tcp_int.h"

#include <kernel/lib/string.h>
#include <kernel/printk.h>

static u32 data_len(const struct tcp_seg *s)
{
	return s->end - s->seq - !!(s->flags & TCP_SYN) - !!(s->flags & TCP_FIN);
}

void tcp_seg_free(struct tcp *t, struct tcp_seg *s)
{
	list_del_init(&s->tlink);
	t->wmem -= data_len(s) + TCP_SEG_COST;
	for (u32 i = 0; i < s->nr_frags; i++)
		page_put(s->frags[i].page);
	tcp_env_seg_free(s);
}

static struct tcp_seg *new_seg(struct tcp *t, u32 seq)
{
	struct tcp_seg *s = tcp_env_seg_alloc();

	if (!s)
		return NULL;
	s->seq = s->end = seq;
	s->flags = 0;
	s->mark = 0;
	s->nr_frags = 0;
	s->tries = 0;
	s->sent = 0;
	s->delivered = 0;
	list_init(&s->link);
	list_init(&s->tlink);
	t->wmem += TCP_SEG_COST;
	return s;
}

struct tcp_seg *tcp_tail_seg(struct tcp *t, u32 *room)
{
	u32 goal = tcp_size_goal(t);
	struct tcp_seg *s;

	if (!list_empty(&t->unsent)) {
		s = list_last(&t->unsent, struct tcp_seg, link);
		if (s->nr_frags < NETBUF_FRAGS && s->end - s->seq < goal &&
		    !(s->flags & (TCP_FIN | TCP_SYN))) {
			*room = goal - (s->end - s->seq);
			return s;
		}
	}
	s = new_seg(t, t->write_seq);
	if (!s)
		return NULL;
	list_add_tail(&t->unsent, &s->link);
	*room = goal;
	return s;
}

void tcp_queue_frag(struct tcp *t, struct tcp_seg *s, struct page *p, u32 off, u32 len)
{
	struct netbuf_frag *last = s->nr_frags ? &s->frags[s->nr_frags - 1] : NULL;

	if (last && last->page == p && last->off + last->len == off) {
		last->len += len;
		page_put(p);
	} else {
		assert(s->nr_frags < NETBUF_FRAGS);
		s->frags[s->nr_frags++] = (struct netbuf_frag){ p, off, len };
	}
	s->end += len;
	t->write_seq += len;
	t->wmem += len;
}

/* An empty segment with a flag that takes a sequence number. */
struct tcp_seg *tcp_queue_flag(struct tcp *t, u8 flag)
{
	struct tcp_seg *s = list_empty(&t->unsent) ? NULL
						   : list_last(&t->unsent, struct tcp_seg, link);

	if (!s || (s->flags & TCP_SYN)) {
		s = new_seg(t, t->write_seq);
		if (!s)
			return NULL;
		list_add_tail(&t->unsent, &s->link);
	}
	s->flags |= flag;
	s->end++;
	t->write_seq++;
	return s;
}

/* Moves what lies behind the first n bytes of payload from s to d. */
static void move_frags(struct tcp_seg *s, struct tcp_seg *d, u32 n)
{
	u32 i, kept;

	for (i = 0; i < s->nr_frags && n >= s->frags[i].len; i++)
		n -= s->frags[i].len;
	kept = i;
	if (n) {
		d->frags[d->nr_frags++] = (struct netbuf_frag){ s->frags[i].page,
								s->frags[i].off + n,
								s->frags[i].len - n };
		page_get(s->frags[i].page);
		s->frags[i].len = n;
		kept = ++i;
	}
	for (; i < s->nr_frags; i++)
		d->frags[d->nr_frags++] = s->frags[i];
	s->nr_frags = (u16)kept;
}

bool tcp_seg_split(struct tcp *t, struct tcp_seg *s, u32 at)
{
	struct tcp_seg *d = new_seg(t, at);

	if (!d)
		return false;
	assert(seq_after(at, s->seq) && seq_before(at, s->end));
	move_frags(s, d, at - s->seq - !!(s->flags & TCP_SYN));
	d->end = s->end;
	d->flags = s->flags & (TCP_FIN | TCP_PSH);
	d->mark = s->mark;
	d->tries = s->tries;
	d->sent = s->sent;
	d->delivered = s->delivered;
	s->end = at;
	s->flags &= (u8)~(TCP_FIN | TCP_PSH);
	list_insert_between(&d->link, &s->link, s->link.next);
	if (!list_empty(&s->tlink))
		list_insert_between(&d->tlink, &s->tlink, s->tlink.next);
	return true;
}

void tcp_seg_trim(struct tcp *t, struct tcp_seg *s, u32 upto)
{
	u32 n = upto - s->seq, i, left;

	if (s->mark & SEG_SACKED)
		t->sacked_bytes -= n;
	if (s->mark & SEG_LOST)
		t->lost_bytes -= n;
	if (s->mark & SEG_RETRANS)
		t->retrans_bytes -= n;
	s->seq = upto;
	if (s->flags & TCP_SYN) {
		s->flags &= (u8)~TCP_SYN;
		n--;
	}
	t->wmem -= n;
	for (i = 0, left = n; i < s->nr_frags && left >= s->frags[i].len; i++) {
		left -= s->frags[i].len;
		page_put(s->frags[i].page);
	}
	memmove(s->frags, s->frags + i, (s->nr_frags - i) * sizeof(s->frags[0]));
	s->nr_frags -= (u16)i;
	if (left) {
		s->frags[0].off += left;
		s->frags[0].len -= left;
	}
}

/* Puts s's payload into nb: copied when it is short, else by fragments that both share. */
void tcp_seg_share(const struct tcp_seg *s, struct netbuf *nb, u32 len)
{
	u8 *to = len <= TCP_SMALL ? netbuf_put(nb, len) : NULL;

	for (u32 i = 0; i < s->nr_frags; i++) {
		const struct netbuf_frag *f = &s->frags[i];

		if (to) {
			memcpy(to, (const u8 *)page_to_virt(f->page) + f->off, f->len);
			to += f->len;
		} else {
			page_get(f->page);
			if (netbuf_add_frag(nb, f->page, f->off, f->len))
				page_put(f->page);		/* (2) does not happen */
		}
	}
	if (!to)
		nb->truesize += len;
}
