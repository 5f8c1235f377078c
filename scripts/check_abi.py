#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold the kernel's constants and user structures against arm64's own headers (glibc and linux-libc-dev): check_abi.py

Every name of kernel/uapi*.h that the headers define too must have their value. Every struct abi_NAME of compat/ that has a namesake there
must have its size and alignment. Ends with what differs; status 1 then.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[1]
CC = 'aarch64-linux-gnu-gcc'
HEADERS = '''sys/types.h sys/socket.h netinet/in.h netinet/tcp.h netinet/udp.h sys/un.h sys/stat.h sys/statfs.h sys/mman.h sys/time.h
    sys/resource.h sys/times.h sys/utsname.h sys/sysinfo.h sys/epoll.h sys/eventfd.h sys/timerfd.h sys/signalfd.h sys/inotify.h sys/prctl.h sys/wait.h
    sys/mount.h sys/xattr.h sys/reboot.h sys/file.h fcntl.h errno.h signal.h sched.h time.h poll.h termios.h dirent.h limits.h
    net/if.h net/if_arp.h linux/if_packet.h linux/netlink.h linux/rtnetlink.h linux/if_link.h linux/if_addr.h linux/neighbour.h linux/route.h linux/sockios.h
    linux/errqueue.h linux/filter.h linux/sched.h linux/sched/types.h linux/futex.h linux/capability.h linux/openat2.h linux/memfd.h linux/falloc.h
    linux/close_range.h linux/kcmp.h linux/membarrier.h linux/magic.h asm/hwcap.h asm/sigcontext.h asm/ioctls.h asm/termbits.h'''.split()
ELSEWHERE = {		# the headers mean another thing by it
    'O_LARGEFILE': 'glibc says 0 on 64-bit: the kernel has a bit', 'NSIG': 'glibc counts signal 0',
}
NAMESAKES = {		# where the plain name is another's, or the struct is not called so
    'abi_sockaddr_raw': 'struct sockaddr', 'abi_rusage': 'struct rusage', 'abi_sigaction': None, 'abi_stack': 'stack_t', 'abi_siginfo': 'siginfo_t',
    'abi_ucontext': None, 'abi_sigmask_arg': None, 'abi_statx_time': 'struct statx_timestamp', 'abi_fpsimd': 'struct fpsimd_context',
    'abi_owner_ex': 'struct f_owner_ex', 'abi_cap_header': 'struct __user_cap_header_struct', 'abi_cap_data': 'struct __user_cap_data_struct',
    'abi_termios': None, 'abi_rtattr': 'struct rtattr', 'abi_frame_record': None, 'abi_sigcontext': None, 'abi_rt_frame': None, 'abi_rt_frame_used': None,
    'abi_timeval64': 'struct timeval', 'abi_tms': 'struct tms', 'abi_sigevent': 'struct sigevent', 'abi_tcp_info': None, 'abi_termios2': None,
    'abi_termio': None, 'abi_group_req': 'struct group_req', 'abi_group_source_req': 'struct group_source_req',
}


def usable_headers():
    """Those that this host's cross compiler has and that can be included after one another."""
    good = []
    for h in HEADERS:
        text = ''.join(f'#include <{x}>\n' for x in [*good, h])
        if compile_text(text, '-fsyntax-only').returncode == 0:
            good.append(h)
    return good


def compile_text(text, *flags):
    return subprocess.run([CC, '-D_GNU_SOURCE', '-w', '-x', 'c', *flags, '-'], input=text, text=True, capture_output=True)


def macro_names(text):
    return set(re.findall(r'^#define (\w+) ', text, re.M))


def constants(headers):
    """Complaints about constants of another value."""
    include = ''.join(f'#include <{h}>\n' for h in headers)
    theirs = macro_names(compile_text(include, '-E', '-dM').stdout)
    checked = 0
    for path in sorted((TOP / 'kernel').glob('uapi*.h')):
        ours = re.findall(r'^#define (\w+)\s+((?:\([^)]*\)|[^\s/])[^/\n]*?)\s*(?:/\*.*)?$', path.read_text(), re.M)
        ours = [(n, v) for n, v in ours if n in theirs and n not in ELSEWHERE]
        names = '|'.join(sorted((n for n, _ in ours), key=len, reverse=True))
        renamed = [(n, re.sub(rf'\b({names})\b', r'OURS_\1', v)) for n, v in ours]
        text = include + ''.join(f'#define OURS_{n} {v}\n' for n, v in renamed) + '#define BIT(n) (1ul << (n))\n'
        for n, _ in ours:
            text += f'_Static_assert((unsigned)(unsigned long)(OURS_{n}) == (unsigned)(unsigned long)({n}), "{n}");\n'
        errors = compile_text(text, '-fsyntax-only').stderr
        yield from (f'{path.relative_to(TOP)}: {m} differs from the headers' for m in re.findall(r'static assertion failed: "(\w+)"', errors))
        checked += len(ours)
    print(f'{checked} constants', end=', ')


def sizes(text, names, *flags):
    """{name: (size, alignment)} of types, read from symbols of that size; a type that does not exist is left out."""
    out = {}
    for n, t in names.items():
        body = f'{text}\nchar size_of[sizeof({t})];\nchar align_of[_Alignof({t})];\n'
        with tempfile.NamedTemporaryFile(suffix='.o') as o:
            if compile_text(body, '-c', *flags, '-o', o.name).returncode:
                continue
            table = subprocess.run(['aarch64-linux-gnu-nm', '-S', o.name], capture_output=True, text=True).stdout
        found = dict((name, int(size, 16)) for size, name in re.findall(r'^\w+ (\w+) \w (size_of|align_of)$', table, re.M))
        out[n] = (found['size_of'], found['align_of'])
    return out


def structures(headers):
    include = ''.join(f'#include <{h}>\n' for h in headers)
    checked = 0
    for path in sorted((TOP / 'compat/abi').glob('*.h')):
        names = re.findall(r'^struct (abi_\w+) \{', path.read_text(), re.M)
        ours = sizes(f'#include <compat/abi/{path.name}>', {n: f'struct {n}' for n in names}, f'-I{TOP}', f'-I{TOP}/arch/arm64/include', '-ffreestanding',
                     '-include', 'kernel/lib/compiler.h')
        wanted = {n: NAMESAKES.get(n, f'struct {n[4:]}') for n in ours}
        theirs = sizes(include, {n: t for n, t in wanted.items() if t})
        for n in theirs:
            checked += 1
            if ours[n] != theirs[n]:
                yield f'compat/abi/{path.name}: struct {n} has size, alignment {ours[n]}, {wanted[n]} has {theirs[n]}'
    print(f'{checked} structures agree with the headers' if checked else 'no structures')


def main():
    headers = usable_headers()
    bad = [*constants(headers), *structures(headers)]
    print('\n'.join(bad), end='\n' if bad else '')
    return bool(bad)


sys.exit(main())
