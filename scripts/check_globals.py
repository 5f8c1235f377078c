#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fail when a variable at file scope can change after boot and scripts/globals gives no reason for it: check_globals.py BUILD.

Read from the objects: .data and .bss, static locals too. Not asked about: per-CPU variables, and what is __ro_after_init. What a
namespace or a budget could one day own belongs into a struct that the task points to (kernel/ns.h, kernel/budget.h).
"""
import fnmatch
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
LAYERS = 'kernel', 'mm', 'fs', 'net', 'drivers', 'compat', 'arch'
SYMBOL = re.compile(r'^\S+ .{6}O \.(data|bss)\s+\S+\s+(?:\.\w+ )?(\S+)$', re.M)
NOT_OURS = re.compile(r'compiled_in\d*|__func__.*|__.*asan.*|__key.*')


def variables(build):
    """{(file without suffix, name)} of all objects."""
    found = set()
    for layer in LAYERS:
        for obj in sorted((build / layer).rglob('*.o')):
            source = obj.relative_to(build).with_suffix('')
            if 'vdso' in source.parts or not (TOP / source.with_suffix('.c')).exists():
                continue
            table = subprocess.run(['aarch64-linux-gnu-objdump', '-t', obj], capture_output=True, text=True, check=True).stdout
            found |= {(str(source), re.sub(r'\.\d+$', '', m[2])) for m in SYMBOL.finditer(table) if not NOT_OURS.fullmatch(m[2])}
    return found


def reasons():
    """[line number, file pattern, name patterns] of scripts/globals: "FILE NAME... : reason"; # begins a comment."""
    rows = []
    for n, line in enumerate((TOP / 'scripts/globals').read_text().splitlines(), 1):
        if line and not line.startswith('#'):
            what, colon, why = line.partition(' : ')
            if not colon or not why.strip():
                sys.exit(f'scripts/globals:{n}: no reason')
            rows.append((n, what.split()[0], what.split()[1:]))
    return rows


def main():
    rows, used, bad = reasons(), set(), 0
    for source, name in sorted(variables(pathlib.Path(sys.argv[1]))):
        hits = [(n, p) for n, file, names in rows if fnmatch.fnmatchcase(source, file) for p in names if fnmatch.fnmatchcase(name, p)]
        used |= set(hits)
        if not hits:
            bad += 1
            print(f'{source}.c: {name} can change and scripts/globals gives no reason; does it belong to a namespace, a budget, an object?')
    for n, file, names in rows:
        for pattern in names:
            if (n, pattern) not in used:
                bad += 1
                print(f'scripts/globals:{n}: there is no {pattern} in {file}.c any more')
    return bad != 0


sys.exit(main())
