/* SPDX-License-Identifier: MIT */
/* modules: drivers/tty/ldisc.c drivers/tty/ldisc_out.c kernel/lib/bitmap.c */
/* ldisc: any settings, any typing, reads in between; its invariants must hold and no more may come
 * out than went in. */
#include <drivers/tty/ldisc.h>

#include <kernel/lib/string.h>

#include "host.h"

int fuzz_one(const u8 *data, usize size);

static usize space;

static usize room(struct ldisc *l)
{
	return l->stopped ? 0 : space;
}

static void put(struct ldisc *l, const u8 *s, usize n)
{
	if (n > space)
		__builtin_trap();
	space -= n;
}

static void on_signal(struct ldisc *l, int sig)
{
}

static void flushed(struct ldisc *l)
{
}

static void flow(struct ldisc *l, bool stop)
{
}

static const struct ldisc_host host = {
	.room = room, .put = put, .signal = on_signal, .flushed = flushed, .flow = flow
};
static struct ldisc l;

static void check(void)
{
	if (l.tail > l.head || l.head - l.tail > LDISC_SIZE ||
	    l.echo_head - l.echo_tail > LDISC_ECHO)
		__builtin_trap();
	if ((l.t.lflag & ICANON) && (l.canon < l.tail || l.canon > l.head))
		__builtin_trap();
}

static void settings(struct termios_k *t, const u8 *d)
{
	t->iflag = d[0] | (u32)d[1] << 8;
	t->oflag = d[2] | (u32)(d[3] & 0x18) << 8;
	t->lflag = d[4] | (u32)d[5] << 8;
	memcpy(t->cc, d + 6, 10);
}

int fuzz_one(const u8 *data, usize size)
{
	struct termios_k t = TERMIOS_DEFAULT;
	u8 buf[300];
	bool done;

	memset(&l, 0, sizeof(l));
	space = 100;
	ldisc_init(&l, &host, &t);
	while (size >= 20) {
		usize n = min(size - 17, (usize)data[17] * (data[18] & 31 ? 1 : 16) + 1);

		switch (data[16] % 6) {
		case 0:
			settings(&t, data);
			ldisc_set_termios(&l, &t);
			break;
		case 1:
			ldisc_read(&l, buf, min(n, sizeof(buf)), &done);
			break;
		case 2:
			space += data[0];
			ldisc_flush_echo(&l);
			break;
		case 3:
			ldisc_write(&l, data + 17, n);
			break;
		default:
			ldisc_receive(&l, data + 17, n);
			break;
		}
		check();
		(void)ldisc_count(&l);
		data += 17 + n;
		size -= 17 + n;
	}
	return 0;
}
