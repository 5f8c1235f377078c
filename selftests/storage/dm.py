# SPDX-License-Identifier: MIT
"""Mapped devices: stock dmsetup and veritysetup do on ours what they do on Linux, and say the same."""
import os
import pathlib
import random
import re
import subprocess
import tempfile

from machine import Image, guest, need, options, package, quick, test


def both(script, *words, timeout=200):
    """What it prints: the same on both kernels, line by line."""
    seen = []
    for linux in False, True:
        was, options.linux = options.linux, linux
        try:
            seen.append(guest(script, *words, '--overlay', package('cryptsetup'),
                              timeout=timeout).splitlines())
        finally:
            options.linux = was
    wrong = [f'ours {o!r}, Linux {t!r}' for o, t in zip(*seen) if o != t]
    assert not wrong and len(seen[0]) == len(seen[1]), '\n'.join(wrong + seen[0][-4:])
    return seen[0]


TABLES = r'''
    export DM_DISABLE_UDEV=1; t() { "$@" 2>/tmp/err; r=$?; [ $r = 0 ] || echo "$r $(grep -v -e semaphores -e '^Command failed' /tmp/err | head -n 1): $*"; }
    sum() { sha256sum < $1 | cut -c1-16; }; dd if=/dev/urandom of=/dev/vda bs=1M count=8 2>/dev/null; sync
    t dmsetup create one --table '0 1000 linear /dev/vda 24'; dd if=/dev/vda bs=512 skip=24 count=1000 2>/dev/null > /tmp/want
    [ $(sum /dev/mapper/one) = $(sum /tmp/want) ] && echo same; ls -l /dev/mapper/one | cut -c1-10; dmsetup table; dmsetup status; dmsetup deps; dmsetup ls
    printf '0 24 linear 254:0 100\n24 8 error\n32 128 zero\n160 2048 linear /dev/vda 2000\n2208 56 linear /dev/vda 1\n' | t dmsetup create many -u some-uuid; dmsetup info many
    (dd if=/dev/vda skip=100 count=24; dd if=/dev/zero count=136; dd if=/dev/vda skip=2000 count=2048; dd if=/dev/vda skip=1 count=56) 2>/dev/null > /tmp/want
    for n in 4 8 64; do dd if=/dev/mapper/many of=/tmp/got bs=${n}k conv=noerror,sync 2>/dev/null; cmp -s /tmp/got /tmp/want && echo equal || echo differs; dd if=/dev/mapper/many bs=4k skip=4 iflag=direct 2>/dev/null | (dd if=/tmp/want bs=4k count=4 2>/dev/null; cat) | cmp -s - /tmp/want || echo differs; done
    dd if=/dev/mapper/many bs=512 skip=24 count=8 2>/dev/null | wc -c; dd if=/dev/urandom of=/tmp/new bs=512 count=100 2>/dev/null; dd if=/dev/vda of=/dev/null 2>/dev/null; echo 3 > /proc/sys/vm/drop_caches
    dd if=/tmp/new of=/dev/mapper/many bs=512 seek=170 conv=notrunc,fsync 2>/dev/null; dd if=/dev/vda bs=512 skip=2010 count=100 2>/dev/null | cmp - /tmp/new && echo written
    dd if=/dev/zero of=/dev/mapper/many bs=4k seek=4 count=16 conv=notrunc,fsync 2>/dev/null && echo zero takes it; dd if=/dev/zero of=/dev/mapper/many bs=4k seek=3 count=1 conv=notrunc,fsync 2>/dev/null || echo error not
    t dmsetup create one --table '0 8 zero'; t dmsetup create two -u some-uuid --table '0 8 zero'; dmsetup ls; t dmsetup create a/b --notable; t dmsetup create control --notable
    t dmsetup create bad --table '0 8 nothing'; t dmsetup create bad --table '0 8 linear'; t dmsetup create bad --table '0 8 linear /dev/vda x'; t dmsetup create bad --table '0 8 linear /dev/none 0'
    t dmsetup create bad --table '8 8 zero'; t dmsetup create bad --table '0 0 zero'; t dmsetup create bad --table '0 8 zero 1'; t dmsetup create bad --table '0 16385 linear /dev/vda 0'; t dmsetup create bad --table '0 8 linear /dev/vda 16383'
    printf '0 8 zero\n9 8 zero\n' | t dmsetup create bad; t dmsetup create bad --table '0 8 linear /dev/null 0'; t dmsetup create bad --table '0 8 linear 9:9 0'; t dmsetup create bad --table '0 8 error'; t dmsetup remove bad
    t dmsetup create bad --table '0 8 linear 254:0 99999999'; t dmsetup create bad --table '0 8 linear 254:0 0 0'; t dmsetup create bad --table '0 18446744073709551615 zero'; dmsetup ls
    t dmsetup rename one uno; t dmsetup rename uno many; t dmsetup rename nobody other; t dmsetup rename uno --setuuid U; t dmsetup rename uno --setuuid V; dmsetup info -c --noheadings -o name,uuid,major,minor,segments,open
    t dmsetup remove nobody; exec 5< /dev/mapper/uno; t dmsetup remove uno; dmsetup info -c --noheadings -o open uno; t dmsetup remove --deferred uno; dmsetup info -c --noheadings -o name,deferred_remove; exec 5<&-
    sleep 0.3; dmsetup ls; t dmsetup create top --table '0 2000 linear /dev/mapper/many 20'; t dmsetup remove many; dmsetup table top; dmsetup deps top; dmsetup ls --tree -o ascii; t dmsetup create top2 --table '0 8 linear /dev/mapper/top 0'; t dmsetup remove_all; dmsetup ls
    t dmsetup create p --table '0 512 linear /dev/vda 0'; t dmsetup load p --table '0 1024 linear /dev/vda 8'; dmsetup info p; cat /sys/block/dm-0/size; dmsetup table --inactive; t dmsetup resume p; cat /sys/block/dm-0/size; dmsetup table
    t dmsetup load p --table '0 8 error'; t dmsetup clear p; dmsetup info p | grep present; t dmsetup reload p --table '0 1024 zero'; t dmsetup suspend p; dmsetup info p | grep State; t dmsetup resume p; od -An -tx1 -v -N4 /dev/mapper/p
    dd if=/dev/mapper/p bs=64k 2>/dev/null | wc -c; dd if=/dev/mapper/p bs=64k iflag=direct 2>/dev/null | tr -d '\0' | wc -c; t dmsetup setgeometry p 10 20 3 1; t dmsetup setgeometry p 1 2 3 99; t dmsetup message p 0 hello; t dmsetup message nobody 0 x
    t dmsetup create -r ro --table '0 512 linear /dev/vda 0'; dd if=/dev/zero of=/dev/mapper/ro count=1 2>/dev/null || echo read-only; cat /sys/block/dm-1/ro; t dmsetup table ro; mount -t ext4 /dev/vda /mnt 2>/dev/null || echo claimed
    t dmsetup create circle --table '0 8 zero'; t dmsetup load circle --table '0 8 linear /dev/mapper/circle 0'; t dmsetup wipe_table p; dmsetup table p; t dmsetup remove_all -f; ls /dev/mapper; cat /proc/partitions | grep dm-; echo end
'''


@quick
def dm_tables_of_dmsetup():
    both(TABLES, '--disk', Image(8), '--smp', '2')


# --- verity

def verity_image(kind, *words, mbytes=2, separate=False):
    """A data disk, its hash disk (the same one, behind the data, unless separate), the root hash."""
    need('veritysetup', 'verity images', 'cryptsetup-bin')
    data = Image(mbytes if separate else 2 * mbytes)
    if kind == 'random':
        with open(data.path, 'r+b') as f:
            f.write(random.Random(5).randbytes((mbytes << 20) - 65536))
    else:
        with tempfile.TemporaryDirectory() as top:
            for n in range(40):
                pathlib.Path(top, f'f{n}').write_bytes(random.Random(n).randbytes(n * 977))
            if kind == 'erofs':
                data.tool('mkfs.erofs', '-zlz4', '@', top)
            else:
                data.tool('mkfs.ext4', '-q', '-F', '-d', top, '@', f'{mbytes}M')
        os.truncate(data.path, (mbytes if separate else 2 * mbytes) << 20)
    tree = Image(mbytes) if separate else data
    block = next((int(w.split('=')[1]) for w in words if w.startswith('--data-block-size')), 4096)
    offset = () if separate else (f'--hash-offset={mbytes << 20}', f'--data-blocks={(mbytes << 20) // block}')
    said = data.tool('veritysetup', 'format', *words, *offset, '@', str(tree))
    return data, tree, re.search(r'Root hash:\s*(\w+)', said)[1]


KINDS = [(), ('--format=0',), ('--salt=-',), ('--salt=' + 'ab' * 200,), ('--format=0', '--salt=01'),
         ('--data-block-size=512', '--hash-block-size=512'), ('--data-block-size=1024',),
         ('--hash-block-size=1024', '--format=0'), ('--data-block-size=2048', '--hash-block-size=512')]


@quick
def verity_reads_what_veritysetup_made():
    images = [verity_image('random', *words, separate=n % 2) for n, words in enumerate(KINDS)]
    disks = list(dict.fromkeys(d for i in images for d in i[:2]))
    script = READ
    for n, (data, tree, root) in enumerate(images):
        d, h = (f'/dev/vd{chr(97 + disks.index(x))}' for x in (data, tree))
        offset = '' if data is not tree else f'--hash-offset={2 << 20}'
        script += f'''
            v open {d} v{n} {h} {root} {offset}; sha256sum < /dev/mapper/v{n}; dd if=/dev/mapper/v{n} bs=64k iflag=direct 2>/dev/null | sha256sum
            dmsetup table v{n}; dmsetup status v{n}; dmsetup deps v{n}; v status v{n}; for o in ss sz ro; do blockdev --get$o /dev/mapper/v{n}; done; v close v{n}; true
        '''
    said = both(script, *[w for d in disks for w in ('--disk', d)], '--smp', '4')
    for data, _, _ in images:
        with open(data.path, 'rb') as f:
            sum_ = subprocess.run('sha256sum', input=f.read(2 << 20), capture_output=True).stdout
        assert said.count(sum_.decode().strip()) >= 2, said


def flip(image, at):
    with open(image.path, 'r+b') as f:
        f.seek(at)
        old = f.read(1)
        f.seek(at)
        f.write(bytes([old[0] ^ 1]))


# Which 4096-byte blocks can be read, one by one and then by read-ahead; what is said of it.
READ = r'''
    export DM_DISABLE_UDEV=1; v() { veritysetup "$@" 2>&1 | grep -v semaphores; }
    blocks() { for b in $(seq 0 $(($(blockdev --getsize64 $1) / 4096 - 1))); do dd if=$1 bs=4096 skip=$b count=1 2>/dev/null | wc -c; done | uniq -c; }
    whole() { echo 3 > /proc/sys/vm/drop_caches; dd if=$1 bs=4096 conv=noerror,sync 2>/tmp/err | sha256sum; grep -c error /tmp/err; }
'''


@quick
def verity_finds_what_changed():
    """A byte of data, of a hash block of level 0, of the top; another root hash, another salt."""
    made = [verity_image('random', '--hash-block-size=512', mbytes=1, separate=True) for _ in range(4)]
    flip(made[0][0], 100 * 4096 + 7)
    flip(made[0][0], 200 * 4096 + 4095)
    flip(made[1][1], 512 * 9 + 40)
    flip(made[2][1], 512 * 1 + 5)
    script = READ
    every = '--ignore-corruption --check-at-most-once --ignore-zero-blocks --use-tasklets'
    for n, (data, tree, root) in enumerate(made):
        d, h = f'/dev/vd{"aceg"[n]}', f'/dev/vd{"bdfh"[n]}'
        script += f'''v open {d} v {h} {root}; dmsetup status; blocks /dev/mapper/v; dmsetup status
            whole /dev/mapper/v; dmsetup table; v close v\n'''
        for more in ['--ignore-corruption', '--ignore-zero-blocks', '--check-at-most-once', every][:4 if n == 0 else 1]:
            script += f'''v open {more} {d} v {h} {root}; whole /dev/mapper/v; dmsetup status
                dmsetup table; v close v\n'''
    root = made[3][2]
    script += f'''
        v open /dev/vdg v /dev/vdh {'f' * 64}; echo; dmsetup status; blocks /dev/mapper/v; dmsetup status; v close v
        dmsetup create -r v --table "0 2048 verity 1 /dev/vdg /dev/vdh 4096 512 256 1 sha256 {root} 00ff"
        blocks /dev/mapper/v; dmsetup status; v close v; v verify /dev/vdg /dev/vdh {root}; v verify /dev/vda /dev/vdb {made[0][2]}; true
    '''
    both(script, *[w for i in made for d in i[:2] for w in ('--disk', d)], '--smp', '2', timeout=280)


@quick
def verity_under_file_systems():
    """EROFS and ext4 on it, 1000 readers, suspended while it is read, busy when it is to go."""
    made = [verity_image('erofs', separate=True), verity_image('ext4', separate=True)]
    disks = [w for i in made for d in i[:2] for w in ('--disk', d)]
    script = READ + 'mkdir -p /m; cd /\n'
    for n, fs in enumerate(['erofs', 'ext4']):
        script += f'''
            v open /dev/vd{'ac'[n]} v /dev/vd{'bd'[n]} {made[n][2]}; mount -t {fs} -o ro /dev/mapper/v /m && ls -i /m
            cat /m/f* | sha256sum; dmsetup remove v 2>/dev/null || echo busy; echo 3 > /proc/sys/vm/drop_caches
            for i in $(seq 1000); do cat /m/f$((i % 40)) | sha256sum & done 2>/dev/null > /tmp/sums
            dmsetup suspend v; dmsetup info v | grep State; sleep 0.2; dmsetup resume v; wait
            sort /tmp/sums | uniq -c; umount /m; dmsetup status; v close v; ls /dev/mapper
        '''
    both(script, *disks, '--smp', '4', timeout=280)


@quick
def dm_suspended_with_io_in_flight():
    both(READ + '''
        dmsetup create a --table '0 16384 linear /dev/vda 0'; dd if=/dev/urandom of=/tmp/r bs=64k count=100 2>/dev/null
        dd if=/tmp/r of=/dev/mapper/a bs=64k conv=fsync 2>/dev/null & for i in 1 2 3 4 5; do
            dmsetup suspend a; dmsetup reload a --table '0 16384 linear /dev/vda 0'; sleep 0.05; dmsetup resume a; done; wait
        dmsetup suspend a; dd if=/dev/mapper/a of=/tmp/x bs=4k skip=1900 count=1 2>/dev/null &
        sleep 0.3; stat -c %s /tmp/x; dmsetup resume a; wait; stat -c %s /tmp/x; dmsetup remove a
        head -c 6553600 /dev/vda | cmp - /tmp/r && echo same; true
    ''', '--disk', Image(8), '--smp', '4')


@quick
def dm_devices_of_the_command_line():
    """dm-mod.create=: Debian has the device mapper as a module, which does not read it."""
    if options.linux:
        return
    line = 'dm-mod.create="one,uuid-1,5,ro,0 512 linear /dev/vda 0,512 8 zero; two,,,rw,0 8 error;x,,,rw,0 8 no"'
    said = guest('DM_DISABLE_UDEV=1 dmsetup table; DM_DISABLE_UDEV=1 dmsetup info -c --noheadings -o name,uuid,minor,readonly',
                 '--overlay', package('cryptsetup'), '--disk', Image(8), '--append', line)
    assert said.splitlines() == ['one: 0 512 linear 254:0 0', 'one: 512 8 zero ', 'two: 0 8 error ',
                                 'one:uuid-1:5:Read-only', 'two::0:Writeable'], said
