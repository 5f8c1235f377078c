/* SPDX-License-Identifier: MIT */
/* exec.h - what the files of execve(2) share. */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/elf.h>

struct aspace;
struct cred;
struct file;

#define ARG_STRLEN_MAX (32ul * 4096)	/* Linux: MAX_ARG_STRLEN */
#define ARG_PAGES_MAX  1536		/* 6 MiB: 3/4 of _STK_LIM, as Linux's upper bound */

/* Strings of argv, envp and the file's name, gathered in kernel pages before the old memory
 * goes. */
struct arg_block {
	void **pages;
	u32 nr_pages, cap_pages;
	u64 len;		/* bytes in all */
	u64 env_off;		/* where envp's strings begin */
	u64 name_off;		/* where the file's name begins: the last string */
	u32 argc, envc;
	u64 limit;
};

void args_free(struct arg_block *a);
/* Appends a string; from user or kernel. -E2BIG, -EFAULT, -ENOMEM. */
int __must_check args_add_user(struct arg_block *a, uaddr_t s);
int __must_check args_add_kernel(struct arg_block *a, const char *s);
int __must_check args_copy_out(const struct arg_block *a, struct aspace *as, u64 at, u64 from,
			       u64 n);
char args_byte(const struct arg_block *a, u64 off);

struct loaded {
	u64 entry;		/* of the program itself */
	u64 start;		/* where it begins: the interpreter's entry, if there is one */
	u64 base;		/* AT_BASE */
	u64 bias;
	u64 phdr;
	u32 phnum;
	struct elf_image image;
	/* where Linux has given up the old program: an error from here on is SIGSEGV, not an
	 * errno */
	bool doomed;
};

/* Maps program and interpreter into a new address space. */
int __must_check exec_load(struct aspace *as, struct file *f, const u8 *head, usize head_len,
			   struct loaded *out);
/* Writes strings, auxv and pointers; the initial SP in *sp. */
int __must_check exec_build_stack(struct aspace *as, const struct arg_block *a,
				  const struct loaded *l, const struct cred *c, u64 *sp);

/* From the kernel: PID 1. Returns only on failure. */
int exec_kernel(const char *path, const char *const *argv, const char *const *envp);
