# SPDX-License-Identifier: MIT
"""What the tests of power cuts share: processes of states.c, stock e2fsck, and the machine as judges."""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

from recording import TOP

sys.path.insert(0, str(TOP / 'scripts/lib'))
from paths import OUT, compile_static, need	# noqa: E402

FS_MBYTES, DISK_MBYTES = 8, 12
MARK_AT, RAW_AT = FS_MBYTES << 20, (FS_MBYTES + 2) << 20	# as states.c and ace.c have it
DISKS_A_BOOT = 20
# What replaying the journal and working off orphans looks like.
EXPECTED = re.compile(r'^(e2fsck .*|.*: recovering journal|.*Clearing orphaned inode.*|.*Truncating orphaned inode.*|Pass \d.*|'
                      r'Free (blocks|inodes) count wrong \(\d+, counted=\d+\)\.|Fix\? yes|Setting free (inodes|blocks) count.*|'
                      r'.*\*\*\*\*\* FILE SYSTEM WAS MODIFIED \*\*\*\*\*|.*: \d+/\d+ files .*|)$')


# Of a commit record that was written in half. e2fsck replays up to there, as it should, but then does not trust the list of orphans and finds them
# by itself: what they had is marked as used, and nothing else may be.
TORN = re.compile(r'Journal transaction \d+ was corrupt, replay was aborted\.$')
FOUND_ORPHANS = re.compile(r'^(Deleted inode \d+ has zero dtime\.  Fix\? yes|(Block|Inode) bitmap differences:( +-[-(\d)]+)+|'
                           r'Free (blocks|inodes) count wrong for group #\d+ \(\d+, counted=\d+\)\.)$')


def e2fsck(path, label=''):
    """None, or what stock e2fsck finds besides what a cut may leave."""
    done = subprocess.run(['e2fsck', '-fy', path], capture_output=True, text=True)
    lines = [line.strip() for line in done.stdout.splitlines()]
    torn = label.startswith('torn') and any(map(TORN.match, lines))
    odd = [line for line in lines if not EXPECTED.match(line) and not (torn and (TORN.match(line) or FOUND_ORPHANS.match(line)))]
    if done.returncode > 1 or odd:
        return f'e2fsck: status {done.returncode}: {odd[:4]}'
    again = subprocess.run(['e2fsck', '-fn', path], capture_output=True, text=True)
    return f'a second e2fsck: {again.stdout[-300:]}' if again.returncode else None


class Boots:
    """States that the machine itself mounts, several at a time."""

    def __init__(self, work, most, overlay, kernel):
        self.work, self.most, self.overlay, self.kernel = work, most, overlay, kernel
        self.waiting, self.passed, self.failures, self.lock = [], 0, [], threading.Lock()

    def take(self, image, listing, label):
        with self.lock:
            if self.passed + len(self.failures) + len(self.waiting) >= self.most:
                return
            copy = self.work / f'boot{len(self.waiting)}'
            copy.write_bytes(image.read_bytes())
            self.waiting.append((copy, label, sorted(listing.read_text().splitlines())))
            if len(self.waiting) == DISKS_A_BOOT:
                self.run()

    def run(self):
        states, self.waiting = self.waiting, []
        if not states:
            return
        script = ''.join(f'echo "== {n}"; mkdir -p /m{n}; mount -t ext4 /dev/vd{chr(97 + n)} /m{n} && /ace list /m{n} && umount /m{n} || echo FAILED\n'
                         for n in range(len(states)))
        done = subprocess.run(['scripts/run', '--timeout', '200', '--overlay', self.overlay, *(['--kernel', self.kernel] if self.kernel else []),
                               *(f'--disk={path}' for path, _, _ in states), '-x', script], cwd=TOP, capture_output=True, text=True)
        parts = re.split(r'^== \d+\n', done.stdout, flags=re.M)[1:]
        for (path, label, want), said in zip(states, parts + [''] * (len(states) - len(parts))):
            have = sorted(re.sub(r'^S \d+ \d+ ', '', line) for line in said.splitlines())
            wrong = None if have == want else f'the machine reads {sorted(set(have) ^ set(want))[:4]}'
            if not wrong and subprocess.run(['e2fsck', '-fn', path], capture_output=True).returncode:
                wrong = 'e2fsck after the machine had it'
            if wrong:
                self.failures.append(f'{label}: {wrong}')
            else:
                self.passed += 1


class Judge(threading.Thread):
    """One process of states.c, and the answers to what it asks."""

    def __init__(self, line, work, boots):
        super().__init__()
        self.line, self.work, self.boots, self.judged, self.failures, self.summary = line, work, boots, 0, [], ''

    def run(self):
        process = subprocess.Popen(self.line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors='replace')
        noise = []
        for text in process.stdout:
            text = text.rstrip('\n')
            if text.startswith('ask '):
                process.stdin.write((self.answer(*text.split(' ', 3)[1:]) or 'ok')[:480].replace('\n', ' ') + '\n')
                process.stdin.flush()
            elif text.startswith('FAIL '):
                self.failures.append('\n'.join([text, *noise[-8:]]))
                noise = []
            elif text.startswith('done '):
                self.summary = text
                self.judged = int(text.split()[1])
            else:
                noise.append(f'     {text}')
        if process.wait() > 1 or not self.summary:
            self.failures.append('\n'.join([f'FAIL states.c ended with {process.returncode}', *noise[-20:]]))

    def answer(self, path, mark, label):
        path = pathlib.Path(path)
        if self.boots and self.boots.most:
            self.boots.take(path, pathlib.Path(str(path).replace('image', 'files')), label)
        return e2fsck(path, label)


def judge(work, base, log, expect, opts, every_ask, boots=None, answer=None):
    """(states judged, failures, summaries)"""
    program = subprocess.run(['scripts/hosttest', 'program', 'selftests/crash/states.c'], cwd=TOP, check=True, capture_output=True, text=True).stdout.split()[-1]
    judges = []
    for part in range(opts.jobs):
        one = Judge([program, base, log, expect, str(opts.jobs), str(part), str(opts.states), str(opts.every_cut), str(every_ask), work,
                     str(opts.skip), str(opts.failures), str(opts.subsets)], work, boots)
        if answer:
            one.answer = answer
        one.start()
        judges.append(one)
    for one in judges:
        one.join()
    return sum(j.judged for j in judges), [f for j in judges for f in j.failures], [j.summary for j in judges]


def options(doc):
    ap = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--states', type=int, default=0, help='how many are judged; 0: all')
    ap.add_argument('--every-cut', type=int, default=20, help='one in so many is cut again while the journal is replayed')
    ap.add_argument('--every-ask', type=int, default=16, help='one in so many is judged by the stock tool too')
    ap.add_argument('--subsets', type=int, default=12, help='of the writes between two flushes, by chance')
    ap.add_argument('--failures', type=int, default=5, help='enough of them')
    ap.add_argument('--jobs', type=int, default=os.cpu_count())
    ap.add_argument('--skip', type=int, default=0, metavar='N', help='leave out flush point N')
    ap.add_argument('--kernel', metavar='IMAGE')
    ap.add_argument('--keep', metavar='DIR', type=pathlib.Path, help='where base image, log and expectations are left')
    return ap


def tools():
    """The directory with what the machine runs."""
    overlay = OUT / 'crash/overlay'
    compile_static([TOP / 'selftests/crash/ace.c'], overlay / 'ace')
    return overlay


def skipping(opts):
    return [f'flush.skip={opts.skip}'] if opts.skip else []


def workplace():
    return tempfile.TemporaryDirectory(dir='/dev/shm' if os.path.isdir('/dev/shm') else None)
