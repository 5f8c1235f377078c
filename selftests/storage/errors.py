# SPDX-License-Identifier: MIT
"""Disks that fail: QEMU's blkdebug refuses reads, writes or flushes of a virtio disk with ext4 on it, at one place, or at the n-th request.

What a program sees is the same, line by line, as on Linux; nothing that was made to last before, or was told to last, is gone.
Ref: errseq_t (lib/errseq.c), fsync(2) BUGS, qemu blkdebug (docs/devel/blkdebug.txt).
"""
import pathlib
import shutil
import tempfile

from machine import OUT, TOP, Image, compile_static, guest, options, quick, test

BLOCK = 4096


def drives(*disks):
    """Words of scripts/run: (image, rules of blkdebug) each; the device's serial is the image's name."""
    words = ['-global', 'virtio-mmio.force-legacy=false']
    for n, (image, rules) in enumerate(disks):
        words += ['-blockdev', f'driver=file,node-name=f{n},filename={image}', '-blockdev', ','.join([f'driver=blkdebug,node-name=b{n},image=f{n}', *rules]),
                  '-blockdev', f'driver=raw,node-name=r{n},file=b{n}',
                  '-device', f'virtio-blk-device,drive=r{n},serial={image.path.name},werror=report,rerror=report']
    return [f'--qemu-arg={w}' for w in words]


def refuse(iotype, block=None, n=0, once=False, event='none'):
    place = f'inject-error.{n}.sector={block * BLOCK // 512}' if block is not None else ''
    return [w for w in (f'inject-error.{n}.event={event}', f'inject-error.{n}.iotype={iotype}', f'inject-error.{n}.errno=5', place,
                        f'inject-error.{n}.once={"on" if once else "off"}', f'inject-error.{n}.immediately=off') if w]


def image(name, mbytes=64, *words):
    """An ext4 of four files (64 KiB, told by their numbers), a directory of two blocks of its own, and what is beside."""
    disk = Image(mbytes, name)
    disk.tool('mkfs.ext4', '-q', '-F', '-b', str(BLOCK), '-L', name, '-E', 'lazy_itable_init=0', *words, '@')
    with tempfile.TemporaryDirectory() as work:
        top = pathlib.Path(work)
        commands = []
        for k in range(4):
            (top / f'f{k}').write_bytes(bytes([ord('0') + k]) * 65536)
            commands.append(f'write {top}/f{k} f{k}')
        (top / 'e').write_text('')
        commands += ['mkdir d', 'cd d'] + [f'write {top}/e a_name_long_enough_to_fill_blocks_with_some_of_them_{k}' for k in range(90)]
        (top / 'commands').write_text('\n'.join(commands) + '\n')
        disk.tool('debugfs', '-w', '-f', f'{top}/commands', '@')
    return disk


def block_of(disk, name, index):
    """Where that block of that file is."""
    return int(disk.tool('debugfs', '-R', f'bmap {name} {index}', '@'))


FIND = 'for d in /sys/block/vd*; do [ "$(cat $d/serial)" = %s ] && dev=/dev/${d##*/}; done; mkdir -p /m; '


def both(script, make, timeout=200):
    """(what ours said, what Linux said), with fresh disks for each: make() gives them as drives() takes them."""
    seen = []
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(compile_static([TOP / 'selftests/storage/once.c'], OUT / 'selftests/storage/once', 'aarch64-linux-gnu-gcc'), name + '/once')
        was = options.linux
        for linux in False, True:
            disks = make()
            options.linux = linux
            try:
                seen.append(guest(script, '--overlay', name, *drives(*disks), timeout=timeout).splitlines())
            finally:
                options.linux = was
            for disk, _ in disks:
                seen[-1].append(f'{disk.path.name}: {state_of(disk)}')
    return seen


def state_of(disk):
    """What e2fsck finds: nothing, or what a preening puts right; anything more is a failure."""
    disk.tool('e2fsck', '-fy', '@', status=range(0, 2))
    disk.tool('e2fsck', '-fn', '@')
    return 'sound'


def same(ours, theirs):
    wrong = [(n, o, t) for n, (o, t) in enumerate(zip(ours, theirs)) if o != t]
    assert not wrong and len(ours) == len(theirs), '\n' + '\n'.join(f'{n}: ours {o!r}, Linux {t!r}' for n, o, t in wrong) + f'\n{ours}\n{theirs}'


@quick
def errors_are_heard_once():
    def make():
        w, r = image('w'), image('r')
        return (w, refuse('write', block_of(w, 'f1', 5))), (r, refuse('read', block_of(r, 'f1', 5)))
    script = ''.join(FIND % k + f'mount -t ext4 $dev /m || exit 90; cd /m; echo "== {k}"; /once f1 {k} {5 * BLOCK} 2>&1; cd /; umount /m || echo umount failed; '
                     'mount -t ext4 $dev /m || exit 91; for f in 0 1 2 3; do sha256sum < /m/f$f; ls /m/d | wc -l; done 2>&1; umount /m\n' for k in 'wr')
    same(*both(script, make))


@quick
def a_log_that_cannot_be_written():
    """errors= says nothing of it: the file system is read-only from then on, what was there can be read. Linux 6.12 shuts down even reading."""
    disk = image('log')
    script = FIND % 'log' + '''mount -t ext4 -o errors=continue $dev /m || exit 90; cd /m; e() { sed 's/.*: //'; }
        echo new > new; dd if=/dev/zero of=b bs=1k count=1 conv=fsync 2>&1 | grep -c 'error\\|Read-only'; touch c 2>&1 | e; mkdir d/e 2>&1 | e; rm f0 2>&1 | e
        grep ' /m ' /proc/mounts | cut -d' ' -f4 | cut -d, -f1; head -c 3 f0; echo; ls d | wc -l; mount -o remount,rw /m 2>&1 | e; cd /; umount /m'''
    out = guest(script, *drives((disk, refuse('write', block_of(disk, '<8>', 3))))).splitlines()
    read_only = 'Read-only file system'
    assert out[:2] == ['1', read_only], out
    assert options.linux or out[2:8] == [read_only, read_only, 'ro', '000', '90', read_only], out
    state_of(disk)
    assert disk.tool('debugfs', '-R', 'cat f0', '@') == '0' * 65536


NTH = '''mkdir -p /m; mount -t ext4 /dev/vda /m || exit 90; cd /m
    for i in $(seq 24); do (seq $i 500 > s$i && fsync s$i) 2>/dev/null && echo "kept $i" || echo "failed $i"; [ $((i % 5)) = 0 ] && mv s$((i - 1)) m$((i - 1)) 2>/dev/null; done
    cd /; umount /m; echo end'''


@test
def the_nth_write_or_flush_fails():
    """Whatever fsync said was kept is there, and e2fsck has nothing to do but replay."""
    for event, iotype, n in ('pwritev', 'write', 2), ('pwritev', 'write', 10), ('pwritev', 'write', 31), ('pwritev', 'write', 60), ('flush_to_disk', 'flush', 3), ('flush_to_disk', 'flush', 11):
        disk = image('nth')
        rules = [f'set-state.{k}.event={event},set-state.{k}.state={k + 1},set-state.{k}.new_state={k + 2}' for k in range(n)]
        rules += [f'inject-error.0.event={event},inject-error.0.state={n + 1},inject-error.0.iotype={iotype},inject-error.0.errno=5,inject-error.0.once=on']
        said = guest(NTH, *drives((disk, rules))).splitlines()
        assert said[-1] == 'end', said
        state_of(disk)
        for k in (line.split()[1] for line in said if line.startswith('kept')):
            got = [disk.tool('debugfs', '-R', f'cat {kind}{k}', '@') for kind in 'sm']
            assert ''.join(f'{m}\n' for m in range(int(k), 501)) in got, (event, n, k, said)
