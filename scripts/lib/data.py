# SPDX-License-Identifier: MIT
"""The disk on which the machine keeps what outlives it: a sparse file, made once, kept between runs, grown on demand, one machine at a time."""
import fcntl
import os
import pathlib
import re
import subprocess
import sys

from paths import CACHE, need

DEFAULT = CACHE / 'data.img'
FIRST_SIZE = '4G'
LABEL = 'data'			# rootfs/etc/mount-data looks for it
UNITS = {'': 1, 'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30, 'T': 1 << 40}


def bytes_of(size):
    match = re.fullmatch(r'(\d+)([KMGT]?)', size.upper())
    if not match or not int(match[1]):
        sys.exit(f'{size}: not a size such as 600M or 8G')
    return int(match[1]) * UNITS[match[2]]


def locked(path):
    """An open file that is ours until the last process that has it ends; None: it is another machine's."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def make(path, size):
    """Made beside its place and then put there: whoever finds it finds a file system. The lock goes with the file."""
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    need('mkfs.ext4', 'the disk for /data', 'e2fsprogs')
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + '.new')
    fd = locked(fresh)
    if fd is None:
        return None
    print(f'making {path}, {size} at most, for /data', file=sys.stderr, flush=True)
    os.truncate(fd, 0)
    os.truncate(fd, bytes_of(size))
    if subprocess.run(['mkfs.ext4', '-q', '-F', '-L', LABEL, '-e', 'remount-ro', fresh]).returncode:
        sys.exit('mkfs.ext4 failed')
    fresh.rename(path)
    return fd


def disk(path, size):
    """(what --disk takes, open file that holds the lock), or (None, None) with the reason told. size: None keeps it as it is."""
    path = pathlib.Path(path or DEFAULT)
    fd = locked(path) if path.exists() else make(path, size or FIRST_SIZE)
    if fd is None:
        print(f'{path} is in use by another machine: this one runs without it', file=sys.stderr, flush=True)
        return None, None
    was, wanted = os.fstat(fd).st_size, bytes_of(size) if size else 0
    if wanted > was:
        os.truncate(fd, wanted)
    elif wanted and wanted < was:
        print(f'{path} has {was >> 20} MiB and stays that large', file=sys.stderr, flush=True)
    return str(path).replace(',', ',,') + ',discard=unmap', fd
