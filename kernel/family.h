/* SPDX-License-Identifier: MIT */
/* family.h - what pid.c, task.c, exit.c and wait.c share of the process tree. */
#pragma once

#include <kernel/task.h>

void pid_init(void);
/* A thread with a stack and nothing else; NULL: no memory. */
struct task *task_alloc(bool with_fp);
/* A process without threads yet; takes a reference to pid of its own. */
struct proc *proc_alloc(struct pid *pid);
/* Ends a number's role as thread or process; frees it when it has none left. pids_lock held. */
void pid_drop_roles(struct pid *p, bool task, bool proc);
int __must_check proc_new_session(struct proc *p);	/* pids_lock held */
void proc_set_init(struct proc *p);			/* PID 1: takes orphans */
