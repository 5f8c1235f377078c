# SPDX-License-Identifier: MIT
"""vfat on a virtio disk, judged by Linux and by fsck.vfat."""
from machine import HASH, Image, guest, options, quick, test

VFAT = 'mkdir -p /m && mount -t vfat /dev/vda /m || exit 90\n'

# A tree of what vfat can hold below /m/d$1.
VFAT_TREE = '''
    cd /m; s=$1
    mkdir -p "d$s/Deep/er with blanks/still"; cd d$s
    for i in $(seq 1 120); do echo "$s $i" > "File number $i"; echo $i > F$i.TXT; done
    dd if=/dev/urandom of=r1 bs=1k count=3333 2>/dev/null
    dd if=/dev/urandom of=gap bs=4k count=3 seek=300 2>/dev/null
    dd if=/dev/urandom of=gap bs=1k count=3 seek=77 conv=notrunc 2>/dev/null
    echo a > zwölf.Größe; echo b > 日本語の名前.txt; echo c > +,;=[]; echo d > .profile; echo e > a.tar.gz; echo f > UPPER.and.lower
    for i in $(seq 1 3 120); do rm "file NUMBER $i"; done
    for i in $(seq 2 3 120); do mv "File number $i" deep/g$i; done
    echo more >> upper.AND.LOWER; mv f3.txt f6.txt; mv F9.TXT "now it has a long name"; chmod a-w f12.txt
    touch -d '2001-02-03 04:05:07' f15.txt; truncate -s 5000 r1; truncate -s 300000 f18.txt; echo tail >> f18.txt
    mkdir many; for i in $(seq 1 150); do : > many/a_rather_long_name_that_fills_directory_clusters_$i; done
    rm -f many/*7*; mv many "deep/er with blanks/still/"; mv "deep/er with blanks" up; cp r1 up/still/copy
    cd /
'''


def vfat_clean(disk):
    disk.tool('fsck.vfat', '-n', '@')


def vfat_image(mbytes, *words):
    disk = Image(mbytes)
    disk.tool('mkfs.vfat', *words, '@')
    return disk


def vfat_both(script, disk, linux):
    was, options.linux = options.linux, linux
    try:
        return guest(VFAT + script, '--disk', disk, timeout=200)
    finally:
        options.linux = was


@test
def vfat_trees_go_to_linux_and_back():
    for mbytes, words in (64, ['-F', '32', '-s', '1']), (30, ['-F', '16', '-s', '2']), (7, ['-F', '12', '-s', '4']), (300, ['-F', '32', '-s', '16']):
        disk = vfat_image(mbytes, *words)
        shrink = VFAT_TREE.replace('count=3333', 'count=333').replace('seek=300', 'seek=100').replace('120', '20').replace('150', '20') if mbytes < 30 else VFAT_TREE
        one = vfat_both(f'set -- 1; {shrink} {HASH} umount /m', disk, False)
        vfat_clean(disk)
        two = vfat_both(f'{HASH} set -- 2; {shrink} rm -rf /m/d1/up/still; {HASH} umount /m', disk, True)
        vfat_clean(disk)
        assert two.splitlines()[0] == one.splitlines()[0], (words, one, two)
        three = vfat_both(f'{HASH} set -- 3; {shrink} rm -rf /m/d2; {HASH} umount /m', disk, False)
        vfat_clean(disk)
        assert three.splitlines()[0] == two.splitlines()[1], (words, two, three)


# What a program sees, the same on both kernels line by line.
VFAT_SEEN = '''
    cd /m; say() { echo "$@" | sed 's/[0-9]* *inode//'; }
    grep vfat /proc/filesystems; grep /m /proc/mounts | cut -d' ' -f3-; stat -f -c '%t %s %l %b' /m
    echo 1 > Foo.Txt; cat foo.txt; ls; ls FOO.TXT; mv foo.txt FOO.TXT; ls; echo 2 > "Long name here.text"; cat LONGNA~1.TEX; cat "long NAME here.text..."
    rm longna~1.tex; ls "Long name here.text" 2>&1 | sed 's/.*: //'; mkdir Dir; ls -d dir DIR; cd DIR; pwd; cd ..; rmdir dIr; ls
    for n in 'a:b' 'a*b' 'tail ' '...' 'a?' 'a<b' 'a"b' 'a|b' 'a\\\\b'; do (echo x > "$n") 2>&1 | sed 's/.*: //'; done
    long=$(printf %0255d 0); echo x > $long; ls | wc -c; (echo x > x$long) 2>&1 | sed 's/.*: //'; rm $long
    wide=$(printf '日%.0s' $(seq 1 200)); echo wide > $wide; cat $wide; ls | wc -c; rm $wide
    ln -s a b 2>&1 | sed 's/.*: //'; ln FOO.TXT c 2>&1 | sed 's/.*: //'; mkfifo d 2>&1 | sed 's/.*: //'; mknod e c 1 3 2>&1 | sed 's/.*: //'
    chown 5 FOO.TXT 2>&1 | sed 's/.*: //'; chown 0:0 FOO.TXT && echo ok; chmod 444 FOO.TXT 2>&1; stat -c %a FOO.TXT; chmod 555 FOO.TXT; stat -c %a FOO.TXT
    (echo x >> FOO.TXT) && chmod 4755 FOO.TXT 2>&1 | sed 's/.*: //'; chmod 755 FOO.TXT; stat -c %a FOO.TXT
    touch -d '2010-05-06 07:08:09' FOO.TXT; stat -c '%x %y' FOO.TXT; touch -d '1970-01-05' FOO.TXT; stat -c %Y FOO.TXT; stat -c '%Y %X %h' .
    mkdir -p s/t; stat -c '%h %s %b %o' . s s/t; truncate -s 5000 up; stat -c '%s %b' up; od -An -tx1 up | sort -u; : > up; stat -c '%s %b' up
    printf ab > gap; dd if=/dev/zero of=gap bs=1 count=1 seek=3000 conv=notrunc 2>/dev/null; stat -c '%s %b' gap
    fallocate -l 9000 fa; stat -c '%s' fa; fallocate -p -o 0 -l 4096 fa 2>&1 | sed 's/.*: //'; mv s/t FOO.TXT 2>&1 | sed 's/.*: //'; mv gap Up; ls
    echo b1 > b1; echo b2 > b2; mv b1 B2; ls b*; cat b2; mv s s/t/u 2>&1 | sed 's/.*: //'; rmdir s 2>&1 | sed 's/.*: //'
    exec 3<> open; echo kept >&3; rm open; echo more >&3; cat < /proc/self/fd/3; exec 3>&-
    cd /; umount /m; mount -t vfat -o ro /dev/vda /m; (echo x > /m/y) 2>&1 | sed 's/.*: //'; mount -o remount,rw /m && echo x > /m/y && ls /m; umount /m
    mount -t vfat -o uid=7,gid=8,umask=27,shortname=winnt,quiet,time_offset=60 /dev/vda /m; grep /m /proc/mounts | cut -d' ' -f3-
    echo x > /m/low.txt; chown 3:4 /m/low.txt && stat -c '%u %g %a %A' /m/low.txt /m; chmod 400 /m/low.txt; stat -c %a /m/low.txt; umount /m
    mount -t vfat -o showexec /dev/vda /m; echo > /m/RUN.EXE; stat -c '%a %n' /m/RUN.EXE /m/low.txt; umount /m
    for o in nonsense errors=x uid=x shortname=x tz=x codepage=99999 umask=9; do mount -t vfat -o $o /dev/vda /m 2>&1 | sed 's/.*: //'; done
    mount -t vfat /dev/vdb /m 2>&1 | sed 's/.*: //'; mount -t vfat /nothing /m 2>&1 | sed 's/.*: //'; mount -t vfat /dev/null /m 2>&1 | sed 's/.*: //'
'''


@quick
def vfat_as_linux_shows_it():
    seen = []
    for linux in False, True:
        disk, bad = vfat_image(40, '-F', '32', '-s', '1', '-i', '12345678'), Image(1, 'bad')
        was, options.linux = options.linux, linux
        try:
            seen.append(guest(VFAT + VFAT_SEEN, '--disk', disk, '--disk', bad).splitlines())
        finally:
            options.linux = was
        vfat_clean(disk)
    for n, (ours, theirs) in enumerate(zip(*seen)):
        assert ours == theirs, (n, seen[0][max(0, n - 3):n + 3], seen[1][max(0, n - 3):n + 3])
    assert len(seen[0]) == len(seen[1])


@quick
def vfat_full_disk_and_crash():
    disk = vfat_image(16, '-F', '16', '-s', '2')
    out = guest(VFAT + '''
        cd /m; dd if=/dev/zero of=a bs=1k count=90000 2>&1 | grep -c 'No space'
        mkdir x 2>&1 | grep -c 'No space'; df /m | tail -1 | awk '{ print $5 }'
        rm -f a; dd if=/dev/urandom of=c bs=1M count=10 conv=fsync 2>&1 | grep -c copied; truncate -s 40M big 2>&1 | grep -c 'No space'; stat -c %s big
        sha256sum < c; echo 3 > /proc/sys/vm/drop_caches; sha256sum < c; cd /; umount /m
        mount -t vfat /dev/vda /m; sha256sum < /m/c; sync; echo b > /proc/sysrq-trigger; sleep 5
    ''', '--disk', disk, status=125).split()
    assert out[:6] == ['1', '1', '100%', '1', '1', '0'] and out[6] == out[8] == out[10], out
    again = guest(VFAT + 'dmesg | grep -c "not properly unmounted"; cat /m/c | sha256sum; umount /m', '--disk', disk).split()
    assert again[0] == '1' and again[1] == out[6], again
    disk.tool('fsck.vfat', '-n', '@', status=1)     # the mark of a crash, and nothing else
    disk.tool('fsck.vfat', '-a', '@', status=1)
    vfat_clean(disk)


@test
def vfat_many_at_once():
    disk = vfat_image(120, '-F', '32', '-s', '2')
    out = guest(VFAT + '''
        cd /m; for j in 1 2 3 4; do (
            mkdir w$j; for i in $(seq 1 60); do
                dd if=/dev/urandom of=w$j/f$i bs=1k count=$((i * 3)) 2>/dev/null; sha256sum w$j/f$i >> sums$j
                [ $((i % 5)) = 0 ] && rm w$j/f$((i - 1)) && mv w$j/f$i "w$(((j % 4) + 1))/from $j file $i"
            done ) & done; wait
        sync; echo 3 > /proc/sys/vm/drop_caches; cat sums? | while read sum f; do [ -f $f ] && echo "$sum  $f"; done | sha256sum -c 2>&1 | grep -vc OK
        ls w? | wc -l; cd /; umount /m
    ''', '--disk', disk, '--smp', '4', timeout=200).split()
    assert out[0] == '0' and int(out[1]) == 4 * 48 + 4 + 3, out
    vfat_clean(disk)
