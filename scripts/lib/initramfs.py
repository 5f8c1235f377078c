# SPDX-License-Identifier: MIT
"""The root file system as a gzipped newc cpio archive, made without root rights and the same for the same contents.

Nodes come from rootfs/manifest, then from overlay directories as they are (a later one wins), then from `extra`. Dates
are fixed and owners are root: the archive depends on names, modes and contents alone.
"""
import gzip
import hashlib
import os
import pathlib
import stat
import time

from paths import CACHE, OUT, TOP, compile_static, package

MTIME = 1767225600		# 2026-01-01: the clock of deterministic runs starts there too
KEEP = 32			# archives kept; older ones that nobody used for an hour go


class Node:
    def __init__(self, mode, path=None, data=b'', rdev=(0, 0)):
        self.mode, self.path, self.data, self.rdev = mode, path, data, rdev

    def contents(self):
        return self.path.read_bytes() if self.path else self.data

    def key(self):
        if self.path:
            st = self.path.stat()
            return (self.mode, str(self.path), st.st_size, st.st_mtime_ns)
        return (self.mode, self.data, self.rdev)


def source(text):
    kind, colon, name = text.partition(':')
    if not colon:
        return TOP / text
    if kind == 'tool':
        return compile_static([TOP / f'tools/{name}.c'], OUT / 'tools' / name, flags=['-s'])
    return package(kind) / name


def add(nodes, path, node):
    """Put a node in; directories above it that nobody listed appear by themselves."""
    path = path.strip('/')
    parent = os.path.dirname(path)
    if parent and parent not in nodes:
        add(nodes, parent, Node(stat.S_IFDIR | 0o755))
    nodes[path] = node


def read_manifest(nodes, manifest):
    for line in manifest.read_text().splitlines():
        words = line.partition('#')[0].split()
        if not words:
            continue
        kind, path = words[0], words[1]
        if kind == 'dir':
            add(nodes, path, Node(stat.S_IFDIR | int(words[2], 8)))
        elif kind == 'node':
            add(nodes, path, Node(stat.S_IFCHR | int(words[2], 8), rdev=(int(words[3]), int(words[4]))))
        elif kind == 'file':
            add(nodes, path, Node(stat.S_IFREG | int(words[2], 8), source(words[3])))
        elif kind == 'link':
            add(nodes, path, Node(stat.S_IFLNK | 0o777, data=words[2].encode()))
        elif kind == 'applets':
            for applet in source(path).read_text().split():
                if applet != '/bin/busybox':
                    add(nodes, applet, Node(stat.S_IFLNK | 0o777, data=b'/bin/busybox'))
        elif kind == 'services':		# a directory of directories, each with a program "run"
            for run in sorted((TOP / path).glob('*/run')):
                add(nodes, f'etc/service/{run.parent.name}/run', Node(stat.S_IFREG | 0o755, run))
        else:
            raise SystemExit(f'{manifest}: {kind}?')


def read_tree(nodes, top, skip=()):
    top = pathlib.Path(top)
    if not top.is_dir():
        raise SystemExit(f'overlay {top}: not a directory')
    for directory, dirs, files in os.walk(top):
        for name in sorted(dirs + files):
            path = pathlib.Path(directory, name)
            mode, inside = path.lstat().st_mode, path.relative_to(top).as_posix()
            if inside in skip:
                continue
            if stat.S_ISLNK(mode):
                add(nodes, inside, Node(mode, data=os.readlink(path).encode()))
            elif stat.S_ISREG(mode):
                add(nodes, inside, Node(mode, path))
            elif stat.S_ISDIR(mode) and not (inside in nodes and stat.S_ISDIR(nodes[inside].mode)):
                add(nodes, inside, Node(mode))


def pack(nodes):
    """newc: a header of hexadecimal fields, the name, the data, each padded to 4 bytes; a trailer."""
    pieces = []

    def put(name, mode, data, nlink, rdev=(0, 0), ino=0):
        fields = (ino, mode, 0, 0, nlink, MTIME if ino else 0, len(data), 0, 0, *rdev, len(name) + 1, 0)
        head = b'070701' + b''.join(b'%08X' % f for f in fields) + name + b'\0'
        pieces.extend((head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)))

    for ino, (name, node) in enumerate(sorted(nodes.items()), 1):
        put(os.fsencode(name), node.mode, node.contents(), 2 if stat.S_ISDIR(node.mode) else 1, node.rdev, ino)
    put(b'TRAILER!!!', 0, b'', 1)
    return b''.join(pieces)


def store(nodes):
    """The archive of these nodes, from the cache when it is there."""
    key = hashlib.sha256(repr(sorted((n, v.key()) for n, v in nodes.items())).encode()).hexdigest()[:24]
    cache = CACHE / 'initramfs'
    path = cache / f'{key}.cpio.gz'
    if path.exists():
        os.utime(path)
        return path
    cache.mkdir(parents=True, exist_ok=True)
    tmp = cache / f'{key}.{os.getpid()}'
    tmp.write_bytes(gzip.compress(pack(nodes), 3, mtime=0))
    tmp.rename(path)
    old = sorted(cache.glob('*'), key=lambda p: p.stat().st_mtime)[:-KEEP]
    for stale in old:
        if stale.stat().st_mtime < time.time() - 3600:
            stale.unlink(missing_ok=True)
    return path


def build(overlays=(), programs=None, extra=None, linux_modules=None, manifests=()):
    """An archive of rootfs/manifest and `manifests` beside it, rootfs/overlay, `programs` {path: host path}, the overlays, then `extra` {path: bytes}: a path
    for QEMU and, when it is the name of an open file (what is extra is never kept), that file's number. Linux's modules follow as an archive of
    their own: what Linux needs beside does not change what the other kernel sees."""
    nodes = {}
    for manifest in 'manifest', *manifests:
        read_manifest(nodes, TOP / 'rootfs' / manifest)
    read_tree(nodes, TOP / 'rootfs/overlay', skip={'.gitkeep'})
    for name, path in (programs or {}).items():
        add(nodes, name, Node(stat.S_IFREG | 0o755, path))
    for overlay in overlays:
        read_tree(nodes, overlay)
    modules = {}
    for module in sorted(linux_modules.iterdir()) if linux_modules else ():
        add(modules, f'lib/modules/boot/{module.name}', Node(stat.S_IFREG | 0o644, module))
    if not extra and not modules:
        return store(nodes), None
    if extra:
        for name, data in extra.items():
            add(nodes, name, Node(stat.S_IFREG | 0o644, data=data))
        archive = gzip.compress(pack(nodes), 1, mtime=0)
    else:
        archive = store(nodes).read_bytes()
    fd = os.memfd_create('initramfs', 0)
    with open(fd, 'wb', closefd=False) as f:
        f.write(archive + (store(modules).read_bytes() if modules else b''))
    return f'/proc/self/fd/{fd}', fd
