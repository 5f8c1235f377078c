/* SPDX-License-Identifier: MIT */
/* printk.h - the kernel's log: levels, tags, a ring that /dev/kmsg and syslog(2) read, and
 * consoles. */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/list.h>

#ifndef LOG_TAG
#define LOG_TAG NULL
#endif

enum log_level {
	LOG_EMERG,
	LOG_ALERT,
	LOG_CRIT,
	LOG_ERR,
	LOG_WARNING,
	LOG_NOTICE,
	LOG_INFO,
	LOG_DEBUG
};

/* fmt as kernel/lib/fmt.h. Any context. A newline is added when missing. */
void log_print(enum log_level level, const char *tag, const char *fmt, ...) __printf(3, 4);
#define pr_err(...)   log_print(LOG_ERR, LOG_TAG, __VA_ARGS__)
#define pr_warn(...)  log_print(LOG_WARNING, LOG_TAG, __VA_ARGS__)
#define pr_info(...)  log_print(LOG_INFO, LOG_TAG, __VA_ARGS__)
#define pr_debug(...) log_print(LOG_DEBUG, LOG_TAG, __VA_ARGS__)

/* Prints, stops the other CPUs, dumps registers, backtrace, task and CPU, then resets (panic=N),
 * halts or powers off. */
__noreturn __cold void panic(const char *fmt, ...) __printf(1, 2);
#define assert(c) do { if (unlikely(!(c))) panic("assertion failed: %s, %s:%d", #c, __FILE__, __LINE__); } while (0)
#if defined(CONFIG_DEBUG_ASSERT) || defined(__clang_analyzer__)
#define debug_assert(c) assert(c)
#else
#define debug_assert(c) ((void)sizeof(c))
#endif
/* Once per place: says so with a backtrace and goes on. */
#define warn_on(c) ({ bool w_ = !!(c); static bool said_; if (unlikely(w_ && !said_)) { said_ = true; log_warn_here(#c, __FILE__, __LINE__); } w_; })
void log_warn_here(const char *what, const char *file, int line);

/* Somewhere log text goes as it is printed. write must work in any context, even while
 * panicking. */
struct console {
	struct list link;
	const char *name;		/* "ttyAMA0" */
	void (*write)(struct console *c, const char *s, usize n);
	bool boot;			/* an early one: dropped when a real one comes */
};
void console_register(struct console *c);
void console_unregister(struct console *c);
extern int console_loglevel;		/* messages below this level reach consoles */

/* Readers of the ring (syslog(2), /dev/kmsg). Sequence numbers go up by one a record. */
struct log_record {
	u64 seq;
	ktime_t when_ns;
	u8 level;
	u16 len;
	char text[1008];
};
/* Copies the first record with seq >= *seq; false when there is none yet. *seq becomes the record's
 * seq. */
bool log_read(u64 *seq, struct log_record *out);
u64 log_first_seq(void), log_next_seq(void);
struct waitq;
struct waitq *log_waitq(void);
void log_wake_readers(void);			/* irq.c, on the way out: no lock is held */
/* One record as it is, for writers of /dev/kmsg. */
void log_write_user(enum log_level level, const char *s, usize len);
