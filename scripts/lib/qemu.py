# SPDX-License-Identifier: MIT
"""The QEMU command line of a machine."""
import os
import subprocess
import sys
import tempfile

from paths import need

AAVMF = '/usr/share/AAVMF'


def command_line(opts, kernel, initrd, append, serial):
    """opts: the options of scripts/run; serial: arguments that connect the console."""
    # QEMU computes the architected pointer authentication code in hundreds of instructions: this one makes max 7 times as fast.
    cpu = 'max,pauth-impdef=on' if opts.cpu == 'max' else opts.cpu
    line = ['qemu-system-aarch64', '-M', f'virt,gic-version={opts.gic}', '-cpu', cpu, '-smp', str(opts.smp),
            '-m', opts.mem, '-nodefaults', '-display', 'none', '-no-reboot', *serial,
            '-kernel', str(kernel), '-initrd', str(initrd), '-append', append]
    if opts.machine == 'uefi':
        line += ['-drive', f'if=pflash,format=raw,unit=0,readonly=on,file={AAVMF}/AAVMF_CODE.fd',
                 '-drive', f'if=pflash,format=raw,unit=1,snapshot=on,file={AAVMF}/AAVMF_VARS.fd']
    bus = 'device' if opts.machine == 'mmio' else 'pci'
    line += devices(opts, bus)
    if opts.icount:		# one instruction is one nanosecond, and nothing depends on the host's clock or threads
        line += ['-icount', 'shift=0,sleep=off', '-rtc', 'base=2026-01-01,clock=vm']
        line += [w for d in ('blk', 'net') for w in ('-global', f'virtio-{d}-pci.ioeventfd=off')]
    if opts.seed is not None:
        line += ['-seed', str(opts.seed)]
    return line + opts.qemu_arg


def devices(opts, bus):
    disks = []
    for n, disk in enumerate(opts.disk):
        disks.append(['-drive', f'if=none,id=d{n},format=raw,file={disk}', '-device', f'virtio-blk-{bus},drive=d{n}'])
    if bus == 'device':		# Linux finds the last one first
        disks = ([['-global', 'virtio-mmio.force-legacy=false']] if disks or opts.net == 'user' else []) + disks[::-1]
    line = sum(disks, [])
    if opts.net == 'user':
        forwards = ''.join(f',hostfwd={f.replace("tcp:", "tcp:127.0.0.1:") if f.count(":") == 2 else f}' for f in opts.hostfwd)
        rom = ',romfile=' if bus == 'pci' else ''
        line += ['-netdev', f'user,id=n0{forwards}', '-device', f'virtio-net-{bus},netdev=n0{rom}']
    return line


def edited_device_tree(line, script):
    """The machine's device tree with a sed -E script run over its source: the number of an open file."""
    need('dtc', 'editing device trees', 'device-tree-compiler')
    with tempfile.TemporaryDirectory() as scratch:
        blob = f'{scratch}/dtb'
        machine = line.index('-M') + 1
        dump = line[:machine] + [f'{line[machine]},dumpdtb={blob}'] + line[machine + 1:]
        without_images = [w for i, w in enumerate(dump) if w not in ('-kernel', '-initrd', '-append') and
                          dump[i - 1] not in ('-kernel', '-initrd', '-append')]
        subprocess.run(without_images, stdin=subprocess.DEVNULL, capture_output=True)
        source = subprocess.run(['dtc', '-q', '-I', 'dtb', '-O', 'dts', blob], capture_output=True, text=True).stdout
        edited = subprocess.run(['sed', '-E', script], input=source, capture_output=True, text=True)
        if edited.returncode or edited.stdout == source:
            sys.exit(f'--dtb-edit changes nothing: {edited.stderr}')
        tree = subprocess.run(['dtc', '-q', '-I', 'dts', '-O', 'dtb'], input=edited.stdout.encode(), stdout=subprocess.PIPE).stdout
    fd = os.memfd_create('dtb', 0)
    with open(fd, 'wb', closefd=False) as f:
        f.write(tree)
    return fd
