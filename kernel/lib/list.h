/* SPDX-License-Identifier: MIT */
/* list.h - circular doubly linked lists whose links live inside the elements. Pure; the caller
 * locks. */
#pragma once

#include <kernel/lib/compiler.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* For a look without the lock; a barrier pair must make the answer useful. */
static inline bool list_empty_racy(const struct list *l)
{
	return READ_ONCE(l->next) == l;
}

static inline void list_insert_between(struct list *n, struct list *prev, struct list *next)
{
	next->prev = n;
	n->next = next;
	n->prev = prev;
	WRITE_ONCE(prev->next, n);
}

static inline void list_add_head(struct list *head, struct list *n)
{
	list_insert_between(n, head, head->next);
}

static inline void list_add_tail(struct list *head, struct list *n)
{
	list_insert_between(n, head->prev, head);
}

static inline void list_del(struct list *n)
{
	n->next->prev = n->prev;
	WRITE_ONCE(n->prev->next, n->next);
}

static inline void list_del_init(struct list *n)
{
	list_del(n);
	list_init(n);
}

static inline void list_move_tail(struct list *head, struct list *n)
{
	list_del(n);
	list_add_tail(head, n);
}

/* Moves all of from to the tail of to; from is empty afterwards. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_last(head, type, member) list_entry((head)->prev, type, member)
#define list_first_or_null(head, type, member)						\
	(list_empty(head) ? NULL : list_first(head, type, member))

#define list_for_each_entry(pos, head, member)						\
	for (pos = list_first(head, __typeof__(*pos), member); &pos->member != (head);	\
	     pos = list_first(&pos->member, __typeof__(*pos), member))

#define list_for_each_entry_safe(pos, tmp, head, member)				\
	for (pos = list_first(head, __typeof__(*pos), member),				\
	     tmp = list_first(&pos->member, __typeof__(*pos), member);			\
	     &pos->member != (head);							\
	     pos = tmp, tmp = list_first(&tmp->member, __typeof__(*pos), member))

/* Hash chains: one word a bucket. Removal under the writer's lock; readers under RCU may be
 * inside. */
struct hlist {
	struct hnode *first;
};

struct hnode {
	struct hnode *next, **pprev;
};

static inline bool hnode_linked(const struct hnode *n)
{
	return n->pprev != NULL;
}

static inline void hlist_add(struct hlist *h, struct hnode *n)
{
	n->next = h->first;
	n->pprev = &h->first;
	if (h->first)
		h->first->pprev = &n->next;
	__atomic_store_n(&h->first, n, __ATOMIC_RELEASE);
}

static inline void hlist_del(struct hnode *n)
{
	WRITE_ONCE(*n->pprev, n->next);
	if (n->next)
		n->next->pprev = n->pprev;
	n->pprev = NULL;
}

#define hlist_entry_or_null(p, type, member) ({						\
	struct hnode *hn_ = (p);							\
	hn_ ? container_of(hn_, type, member) : NULL; })

#define hlist_for_each_entry(pos, head, member)						\
	for (pos = hlist_entry_or_null(__atomic_load_n(&(head)->first, __ATOMIC_CONSUME),	\
				       __typeof__(*pos), member);			\
	     pos;									\
	     pos = hlist_entry_or_null(__atomic_load_n(&pos->member.next, __ATOMIC_CONSUME),	\
				       __typeof__(*pos), member))
