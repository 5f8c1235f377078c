# SPDX-License-Identifier: MIT
"""SQLite on ext4 on a virtio disk with four CPUs: its own torture programs, and writers and readers that are processes of their own.

What excludes the processes is POSIX locks; in WAL mode a shared mapping of the -shm file, too. A lock too few shows as a sum that is wrong, a lost
commit, SQLITE_CORRUPT, or integrity_check. Ref: sqlite.org/lockingv3.html, walformat.html; test/threadtest3.c, mptest/mptest.c of its source.
"""
import pathlib
import re
import shutil
import tempfile

from machine import MOUNT, clean, ext_image, guest, options, package, quick, test

ACCOUNTS, EACH, PER_RUN = 40, 1000, 10
WRITERS, READERS = 4, 8
TORTURE = ('walthread1', 'walthread2', 'walthread3', 'walthread4', 'walthread5', 'cgt_pager_1', 'dynamic_triggers', 'checkpoint_starvation_1',
           'checkpoint_starvation_2', 'create_drop_index_1', 'lookaside1', 'vacuum1', 'stress1', 'stress2', 'shared1')


def programs(directory, **texts):
    """An overlay with /q/...: SQLite's programs and scripts, and these texts."""
    where = pathlib.Path(directory, 'q')
    shutil.copytree(package('sqlite'), where)
    for name, text in texts.items():
        (where / name).write_text(text)
    return '--overlay', directory


def setup_sql(mode):
    return (f'PRAGMA journal_mode={mode};\nCREATE TABLE acc(n INTEGER PRIMARY KEY, v INTEGER);\nCREATE TABLE log(who, n, pad);\n'
            f'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {ACCOUNTS}) INSERT INTO acc SELECT n, {EACH} FROM c;\n')


def writer_sql(who):
    """Money goes from one account to another, and each commit leaves a line."""
    out = ['.bail on', '.timeout 120000', 'PRAGMA synchronous=NORMAL;', 'PRAGMA wal_autocheckpoint=50;']
    for i in range(PER_RUN):
        a, b = (who * 7 + i) % ACCOUNTS + 1, (who * 3 + i * 5 + 1) % ACCOUNTS + 1
        out += ['BEGIN IMMEDIATE;', f'UPDATE acc SET v = v - {i + 1} WHERE n = {a};', f'UPDATE acc SET v = v + {i + 1} WHERE n = {b};',
                f"INSERT INTO log VALUES({who}, {i}, hex(randomblob({100 + 150 * i})));", 'COMMIT;']
    return '\n'.join(out) + '\n'


# Two looks within one transaction see the same; the sum never changes.
READER_SQL = '.bail on\n.timeout 120000\n' + "BEGIN; SELECT 'sum', sum(v) FROM acc; CREATE TEMP TABLE was AS SELECT count(*) AS n FROM log; " \
             "SELECT 'moved' FROM was WHERE n <> (SELECT count(*) FROM log); DROP TABLE was; COMMIT;\n" * 10

AT_ONCE = '''
    cd /m; /q/sqlite3 $MODE.db < /q/setup_$MODE > /dev/null || exit 91; rm -f /tmp/stop
    for w in $(seq 1 4); do ( n=0; while [ ! -e /tmp/stop ]; do /q/sqlite3 $MODE.db < /q/writer$w > /tmp/w$w 2>&1 || { echo "writer: $(cat /tmp/w$w)"; break; }
        n=$((n + 1)); done; echo $n > /tmp/runs$w ) & done
    for r in $(seq 1 8); do ( while [ ! -e /tmp/stop ]; do /q/sqlite3 $MODE.db < /q/reader > /tmp/r$r 2>&1 || { echo "reader: $(cat /tmp/r$r)"; break; }
        sort -u /tmp/r$r >> /tmp/seen; done ) & done
    sleep $SECONDS_EACH; : > /tmp/stop; wait
    echo runs $(cat /tmp/runs1 /tmp/runs2 /tmp/runs3 /tmp/runs4); sort -u /tmp/seen; wc -l < /tmp/seen; rm /tmp/seen
    /q/sqlite3 $MODE.db 'SELECT sum(v) FROM acc; SELECT who, count(*) FROM log GROUP BY who ORDER BY who; PRAGMA integrity_check; PRAGMA journal_mode'
'''


def at_once(seconds):
    texts = {f'writer{w}': writer_sql(w) for w in range(1, WRITERS + 1)} | {f'setup_{m}': setup_sql(m) for m in ('wal', 'delete')}
    with tempfile.TemporaryDirectory() as name:
        disk = ext_image(400)
        out = guest(MOUNT + f'SECONDS_EACH={seconds}\n' + ''.join(f'MODE={m}\n{AT_ONCE}' for m in ('wal', 'delete')) + 'cd /; umount /m',
                    '--disk', disk, '--smp', '4', *programs(name, reader=READER_SQL, **texts), timeout=300 + 3 * seconds).splitlines()
        clean(disk)
    total = ACCOUNTS * EACH
    halves = out[:len(out) // 2], out[len(out) // 2:]
    for mode, said in zip(('wal', 'delete'), halves):
        runs = [int(n) for n in said[0].split()[1:]]
        want = [f'sum|{total}', None, f'{total}', *(f'{w}|{n * PER_RUN}' for w, n in enumerate(runs, 1) if n), 'ok', mode]
        assert len(runs) == WRITERS and len(said) == 1 + len(want), out
        assert all(w in (None, s) for w, s in zip(want, said[1:])), (mode, said, want)
        assert sum(runs) >= 2 and int(said[2]) >= READERS, (mode, said)
        if options.v:
            print(f'     {mode}: {sum(runs) * PER_RUN} commits of {WRITERS} writers, {said[2]} times {READERS} readers looked ten times, in {seconds} s')


@quick
def sqlite_writers_and_readers():
    at_once(6)


@test
def sqlite_writers_and_readers_for_minutes():
    at_once(120)


@test
def sqlite_threadtest3():
    with tempfile.TemporaryDirectory() as name:
        for part in TORTURE[0::3], TORTURE[1::3], TORTURE[2::3]:
            disk = ext_image(400)
            out = guest(MOUNT + f'cd /m; for t in {" ".join(part)}; do /q/threadtest3 "$t*" 2>&1 || echo "$t: status $?"; done; cd /; umount /m',
                        '--disk', disk, '--smp', '4', *(programs(name) if part == TORTURE[0::3] else ('--overlay', name)), timeout=900)
            clean(disk)
            judged = re.findall(r'^(\d+) errors out of (\d+) tests', out, re.M)
            assert len(judged) == len(part) and all(errors == '0' and int(tests) for errors, tests in judged), out[-3000:]
            assert 'status' not in out, out[-3000:]


@test
def sqlite_mptester():
    """Five processes with settings of their own; one of them ends within a transaction and leaves a hot journal to the others."""
    with tempfile.TemporaryDirectory() as name:
        overlay = programs(name)
        for mode, scripts in ('delete', ['multiwrite01', 'crash01', 'config02']), ('wal', ['multiwrite01', 'crash01']):
            disk = ext_image(400)
            out = guest(MOUNT + f'cd /m; for t in {" ".join(scripts)}; do rm -f x.db*; echo "== $t"; /q/mptester x.db /q/$t.test --journalmode {mode} '
                        '--timeout 300000 2>&1 | grep -v "begin\\|end\\|client" | tail -n 4; /q/sqlite3 x.db "PRAGMA integrity_check"; done; cd /; umount /m',
                        '--disk', disk, '--smp', '4', *overlay, timeout=900)
            clean(disk)
            judged = re.findall(r'Summary: (\d+) errors? out of (\d+) tests', out)
            assert len(judged) == len(scripts) and all(errors == '0' and int(tests) for errors, tests in judged), (mode, out[-3000:])
            assert len(re.findall('^ok$', out, re.M)) == len(scripts), (mode, out[-3000:])
