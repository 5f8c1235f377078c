#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kernel modules and what they depend on, unpacked and numbered in load order: modules.py LIB/MODULES/VERSION OUT NAME..."""
import lzma
import pathlib
import re
import sys

tree, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
files = {re.sub(r'\.ko.*', '', p.name).replace('-', '_'): p for p in tree.rglob('*.ko*')}
order = {}


def need(name):
    name = name.replace('-', '_')
    if name in order or name not in files:			# seen, or built in
        return
    raw = files[name].read_bytes()
    data = lzma.decompress(raw) if files[name].suffix == '.xz' else raw
    for dep in re.search(rb'\0depends=([^\0]*)', data)[1].decode().split(','):
        need(dep)
    order[name] = data


for name in sys.argv[3:]:
    need(name)
out.mkdir()
for n, (name, data) in enumerate(order.items()):
    (out / f'{n:02}-{name}.ko').write_bytes(data)
