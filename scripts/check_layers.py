#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fail when a file includes what its layer may not see, touches user memory outside the facade, or grows beyond reading:
check_layers.py [-v] [ROOT].   kernel/lib < arch contract < kernel+mm < fs | net < drivers < compat

Ceilings: 1000 lines a file, 80 lines a function (goals: 600 and 40; -v lists what is above those).
"""
import pathlib
import re
import sys

CORE = {'kernel/lib', 'arch', 'kernel', 'mm', 'gen'}
MAY = {			# layer -> layers it may include
    'kernel/lib': {'kernel/lib', 'gen'},
    'arch': CORE,
    'kernel': CORE,
    'mm': CORE,
    'fs': CORE | {'fs'},
    'net': CORE | {'net'},
    'drivers': CORE | {'fs', 'net', 'drivers'},
    'compat': CORE | {'fs', 'net', 'compat'},
}
SEES_ALL = {'kernel/main.c'}				# the one composition root
MAY_SEE_MORE = {f'compat/{f}.c': {'drivers'} for f in ('ioctl', 'ioctl_tty')}
RECORD_STREAMS = {'fs/inotify.c', 'fs/signalfd.c', 'drivers/input/evdev.c', 'net/netlink.c'}	# of compat/: abi/*.h alone
USER_MEMORY = re.compile(r'\b(copy_(from|to)_user|(get|put)_user|strncpy_from_user|clear_user)\w*\(')
USER_MEMORY_LAYERS, USER_MEMORY_FILES = {'compat', 'arch'}, {'mm/iter.c', 'kernel/futex.c'}
FILE_MAX, FILE_GOAL, FUNCTION_MAX, FUNCTION_GOAL = 1000, 600, 80, 40


EVERYBODYS = {'kernel/uapi.h'}				# Linux's values: constants only


def layer(path):
    return 'kernel/lib' if path.startswith('kernel/lib/') or path in EVERYBODYS else path.split('/')[0]


def check_include(me, quote, target):
    mine = layer(me)
    if quote == '"':
        return 'private header from another directory' if '/' in target else None
    if me in SEES_ALL or '/' not in target or layer(target) in MAY[mine] | MAY_SEE_MORE.get(me, set()):
        return None
    if me in RECORD_STREAMS and target.startswith('compat/abi/'):
        return None
    return f'{mine}/ may not include {layer(target)}/'


def functions(lines):
    """(first line, name, length) of each function body: from a line that is "{" to the next that is "}"."""
    start = name = None
    for n, line in enumerate(lines, 1):
        if found := re.match(r'[A-Za-z_].*?(\w+)\(', line):
            name = found[1]
        if line == '{':
            start = n
        elif line == '}' and start:
            yield start, name, n - start - 1
            start = None


def check_file(me, text, verbose):
    lines = text.splitlines()
    for n, line in enumerate(lines, 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
        why = m and check_include(me, m[1], m[2])
        if not why and USER_MEMORY.search(line) and layer(me) not in USER_MEMORY_LAYERS and me not in USER_MEMORY_FILES \
                and not re.match(r'\s*(/?\*|//)', line):
            why = 'user memory touched outside the facade'
        if why:
            yield f'{me}:{n}: {why}: {line.strip()}'
    if len(lines) > FILE_MAX:
        yield f'{me}: {len(lines)} lines, more than {FILE_MAX}'
    elif verbose and len(lines) > FILE_GOAL:
        print(f'note: {me}: {len(lines)} lines')
    for n, name, length in functions(lines):
        if length > FUNCTION_MAX:
            yield f'{me}:{n}: {name}() has {length} lines, more than {FUNCTION_MAX}'
        elif verbose and length > FUNCTION_GOAL:
            print(f'note: {me}:{n}: {name}() has {length} lines')
    for test in set(re.findall(r'selftests/[a-z]+/[a-z_]+\.c', text)):
        if not pathlib.Path(test).exists():
            yield f'{me}: names {test}, which does not exist'
    if 'SPDX-License-Identifier: MIT' not in text[:300]:
        yield f'{me}:1: no SPDX line'


def main():
    args = [a for a in sys.argv[1:] if a != '-v']
    root, bad = pathlib.Path(args[0] if args else '.'), 0
    for top in sorted({m.split('/')[0] for m in MAY}):
        for path in sorted((root / top).rglob('*.[chS]')):
            me = path.relative_to(root).as_posix()
            if me.startswith('kernel/lib/ext/') or me.startswith('compat/vdso/'):
                continue
            for complaint in check_file(me, path.read_text(), '-v' in sys.argv):
                bad += 1
                print(complaint)
    return bad != 0


sys.exit(main())
