# SPDX-License-Identifier: MIT
"""A workload in the machine on a disk whose writes and flushes QEMU logs (blklogwrites)."""
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]


def record(work, name, fs_mbytes, disk_mbytes, script, overlay=None, mkfs=(), kernel=None, append=(), timeout=300):
    """(image before, log, what the guest printed): paths in work, and text. The disk is /dev/vda; script mounts it."""
    work.mkdir(exist_ok=True)
    disk, base, log = (work / f'{name}.{what}' for what in ('disk', 'base', 'log'))
    with open(disk, 'wb') as f:
        f.truncate(disk_mbytes << 20)
    # The same file system each time: what is found can be found again.
    subprocess.run(['mkfs.ext4', '-q', '-F', '-U', '11111111-2222-3333-4444-555555555555', '-E', 'hash_seed=11111111-2222-3333-4444-555555555556',
                    *mkfs, disk, f'{fs_mbytes}M'], check=True)
    base.write_bytes(disk.read_bytes())
    with open(log, 'wb') as f:
        f.truncate(4 << 30)
    arguments = ['-blockdev', f'driver=file,node-name=f0,filename={disk}', '-blockdev', 'driver=raw,node-name=r0,file=f0',
                 '-blockdev', f'driver=file,node-name=l0,filename={log}', '-blockdev', 'driver=blklogwrites,node-name=b0,file=r0,log=l0',
                 '-global', 'virtio-mmio.force-legacy=false', '-device', 'virtio-blk-device,drive=b0']
    done = subprocess.run(['scripts/run', '--timeout', str(timeout), *(['--kernel', kernel] if kernel else []),
                           *(['--overlay', overlay] if overlay else []), *(f'--append={a}' for a in append), *(f'--qemu-arg={a}' for a in arguments), '-x', script],
                          cwd=TOP, capture_output=True, text=True, errors='replace')
    if done.returncode:
        sys.exit(f'the guest failed with {done.returncode}\n{done.stdout[-500:]}\n{done.stderr[-2000:]}')
    disk.unlink()
    return base, log, done.stdout
