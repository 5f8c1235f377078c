/* SPDX-License-Identifier: MIT */
/* printk.c - the kernel's log: a ring of records, and the consoles that follow it.
 *
 * A record's bytes lie in one ring, its place in another that is indexed by sequence number, so a
 * reader finds any record at once; the oldest go when either ring is full. Writers append under
 * log_lock; then whoever gets console_lock prints everything up to the newest record, also what
 * others append meanwhile, so nobody waits for a console and nothing is left unprinted:
 *
 *	writer		append; smp_mb (A); trylock console, else leave
 *	printer		print all; unlock console; smp_mb (B); look again for new records
 *
 * A panicking CPU takes no locks: the others are stopped, maybe inside them.
 *
 * Readers that sleep are woken from interrupt exit (log_wake_readers()): log_print() may be called
 * with any lock held.
 * Locks: console_lock (RANK_CONSOLE) > log_lock (RANK_LOG).
 * Ref: syslog(2); Linux Documentation/ABI/testing/dev-kmsg (what a record is).
 * Tests: selftests/abi/misc.c
 */
#include <kernel/printk.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <kernel/cmdline.h>
#include <kernel/irq.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/panic.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>

#define TEXT_BYTES  (64u << 10)
#define NR_RECORDS  1024u
#define TEXT_MAX    1000u

/* Locks: l  log_lock   c  console_lock */
struct slot {
	ktime_t when_ns;	/* [l] */
	u32 at;			/* [l] offset in text, modulo its size */
	u16 len;		/* [l] */
	u8 level;		/* [l] */
};

static char text[TEXT_BYTES];			/* [l] */
static struct slot slots[NR_RECORDS];		/* [l] by sequence number */
static u64 first_seq, next_seq;			/* [l] */
static u64 text_first, text_next;		/* [l] bytes ever dropped and written */
static struct spinlock log_lock = SPINLOCK_INIT(RANK_LOG);

static struct list consoles = LIST_INIT(consoles);	/* [c] */
static u64 console_seq;					/* [c] next record to print */
static struct spinlock console_lock = SPINLOCK_INIT(RANK_CONSOLE);
int console_loglevel = LOG_DEBUG;

static struct waitq readers = WAITQ_INIT(readers);
static bool wake_wanted;

static irqflags_t lock_log(void) NO_LOCK_CHECK
{
	return panic_in_progress() ? irq_save() : spin_lock_irq(&log_lock);
}

static void unlock_log(irqflags_t irq) NO_LOCK_CHECK
{
	if (panic_in_progress())
		irq_restore(irq);
	else
		spin_unlock_irq(&log_lock, irq);
}

static void drop_first_locked(void)
{
	text_first += slots[first_seq % NR_RECORDS].len;
	first_seq++;
}

static void append(enum log_level level, const char *s, u32 len)
{
	irqflags_t irq = lock_log();
	u32 at = (u32)(text_next % TEXT_BYTES), head;

	while (next_seq - first_seq >= NR_RECORDS || text_next + len - text_first > TEXT_BYTES)
		drop_first_locked();
	head = min(len, TEXT_BYTES - at);
	memcpy(text + at, s, head);
	memcpy(text, s + head, len - head);
	slots[next_seq % NR_RECORDS] = (struct slot){ arch_clock_ns(), at, (u16)len, (u8)level };
	text_next += len;
	next_seq++;
	unlock_log(irq);
}

bool log_read(u64 *seq, struct log_record *out)
{
	irqflags_t irq = lock_log();
	bool found;

	if (*seq < first_seq)
		*seq = first_seq;
	found = *seq < next_seq;
	if (found) {
		const struct slot *s = &slots[*seq % NR_RECORDS];
		u32 head = min((u32)s->len, TEXT_BYTES - s->at);

		out->seq = *seq;
		out->when_ns = s->when_ns;
		out->level = s->level;
		out->len = s->len;
		memcpy(out->text, text + s->at, head);
		memcpy(out->text + head, text, s->len - head);
		out->text[s->len] = '\0';
	}
	unlock_log(irq);
	return found;
}

u64 log_first_seq(void)
{
	return READ_ONCE(first_seq);
}

u64 log_next_seq(void)
{
	return READ_ONCE(next_seq);
}

struct waitq *log_waitq(void)
{
	return &readers;
}

static void write_record(struct console *c, const struct log_record *r)
{
	char stamp[32];
	int n = fmt_print(stamp, sizeof(stamp), "[%5lu.%06lu] ", (u64)r->when_ns / NSEC_PER_SEC,
			  (u64)r->when_ns % NSEC_PER_SEC / NSEC_PER_USEC);

	c->write(c, stamp, (usize)n);
	c->write(c, r->text, r->len);
	c->write(c, "\n", 1);
}

static void print_new_locked(void)
{
	static struct log_record r;	/* [c] */
	struct console *c;

	while (console_seq < READ_ONCE(next_seq) && log_read(&console_seq, &r)) {
		console_seq++;
		if (r.level >= console_loglevel)
			continue;
		list_for_each_entry(c, &consoles, link)
			write_record(c, &r);
	}
}

static void print_new(void) NO_LOCK_CHECK
{
	irqflags_t irq = irq_save();

	if (panic_in_progress()) {
		print_new_locked();
		irq_restore(irq);
		return;
	}
	do {
		smp_mb();	/* (A), and (B) on the second round */
		if (!spin_trylock(&console_lock))
			break;
		print_new_locked();
		__atomic_store_n(&console_lock.held, 0, __ATOMIC_RELEASE);
		lock_rank_release(&console_lock);
		preempt_enable_no_resched();
		smp_mb();
	} while (console_seq < READ_ONCE(next_seq));
	irq_restore(irq);
}

/* Readers are woken where no lock is held. An interrupt to ourselves brings us there. */
static void want_wake(void)
{
	if (!waitq_active(&readers) || panic_in_progress() || xchg(&wake_wanted, true))
		return;
	ipi_send(this_cpu_id(), IPI_RESCHED);
}

void log_wake_readers(void)
{
	if (unlikely(READ_ONCE(wake_wanted)) && xchg(&wake_wanted, false))
		waitq_wake_all(&readers);
}

void log_print(enum log_level level, const char *tag, const char *fmt, ...)
{
	char line[256];
	usize n = tag ? fmt_append(line, sizeof(line), 0, "%s: ", tag) : 0;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = fmt_vprint(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	n += min((usize)len, sizeof(line) - n - 1);
	if (n && line[n - 1] == '\n')
		n--;
	append(level, line, (u32)n);
	print_new();
	want_wake();
}

void log_write_user(enum log_level level, const char *s, usize len)
{
	append(level, s, (u32)min(len, (usize)TEXT_MAX));
	print_new();
	want_wake();
}

void console_register(struct console *c)
{
	irqflags_t irq = spin_lock_irq(&console_lock);
	struct console *old, *next;
	bool had_boot = false;
	static struct log_record r;	/* [c] */

	list_for_each_entry_safe(old, next, &consoles, link) {
		if (old->boot && !c->boot) {
			list_del(&old->link);
			had_boot = true;
		}
	}
	for (u64 seq = 0; !had_boot && seq < console_seq && log_read(&seq, &r); seq++)
		if (r.level < console_loglevel)
			write_record(c, &r);
	list_add_tail(&consoles, &c->link);
	spin_unlock_irq(&console_lock, irq);
	print_new();
}

void console_unregister(struct console *c)
{
	irqflags_t irq = spin_lock_irq(&console_lock);

	list_del(&c->link);
	spin_unlock_irq(&console_lock, irq);
}

static int set_loglevel(const char *value)
{
	u64 v;

	if (parse_u64(value, 10, &v, NULL) || v > 15)
		return -EINVAL;
	console_loglevel = (int)v;
	return 0;
}

static int set_quiet(const char *value)
{
	console_loglevel = LOG_WARNING;
	return 0;
}

static int set_debug(const char *value)
{
	console_loglevel = LOG_DEBUG + 1;
	return 0;
}

CMDLINE(loglevel, set_loglevel);
CMDLINE(quiet, set_quiet);
CMDLINE(debug, set_debug);
