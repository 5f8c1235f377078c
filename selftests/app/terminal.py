# SPDX-License-Identifier: MIT
"""The machine behind a pseudo terminal, as a person sees it: keys go in, text and screens come out."""
import fcntl
import os
import pathlib
import re
import select
import signal
import struct
import subprocess
import termios
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
ROWS, COLUMNS = 24, 80
PROMPT = rb'\[\d+\]# '		# PS1 shows the status of the last command: every transcript holds it
SETTLE_S = 0.4			# a screen is done when it was silent for so long


class Dead(Exception):
    """The machine ended or did not say what it was expected to say."""


class Screen:
    """What a terminal would show: just enough of a VT100 for vi, less and top, so that redraws in another order count for nothing."""

    def __init__(self):
        self.cells, self.row, self.column = [[' '] * COLUMNS for _ in range(ROWS)], 0, 0

    def feed(self, text):
        for match in re.finditer(r'\x1b\[([?0-9;]*)([A-Za-z@])|\x1b[()].|\x1b.|[\x00-\x1f]|[^\x00-\x1f\x1b]', text):
            if match[2]:
                self.control(match[1], match[2])
            elif match[0][0] == '\x1b':
                if match[0] == '\x1bM' and self.row == 0:
                    self.cells = [[' '] * COLUMNS] + self.cells[:-1]
            elif match[0] < ' ':
                self.move(match[0])
            else:
                if self.column == COLUMNS:
                    self.move('\r'), self.move('\n')
                self.cells[self.row][self.column] = match[0]
                self.column += 1

    def move(self, char):
        if char == '\r':
            self.column = 0
        elif char == '\b':
            self.column = max(0, self.column - 1)
        elif char == '\t':
            self.column = min(COLUMNS - 1, (self.column | 7) + 1)
        elif char == '\n' and self.row < ROWS - 1:
            self.row += 1
        elif char == '\n':
            self.cells = self.cells[1:] + [[' '] * COLUMNS]

    def control(self, numbers, verb):
        n = [int(word or 0) for word in numbers.lstrip('?').split(';')]
        row, column, blank = self.cells[self.row], min(self.column, COLUMNS - 1), ' '
        if verb in 'Hf':
            self.row, self.column = min(max(n[0], 1), ROWS) - 1, min(max((n + [1])[1], 1), COLUMNS) - 1
        elif verb == 'K':
            row[column if n[0] == 0 else 0:] = [blank] * (COLUMNS - (column if n[0] == 0 else 0))
        elif verb == 'J':
            first = 0 if n[0] == 2 else self.row + 1
            if n[0] == 0:
                row[column:] = [blank] * (COLUMNS - column)
            for i in range(first, ROWS):
                self.cells[i] = [blank] * COLUMNS
        elif verb in 'ABCD':
            self.row = min(max(self.row + {'A': -1, 'B': 1}.get(verb, 0) * max(n[0], 1), 0), ROWS - 1)
            self.column = min(max(column + {'D': -1, 'C': 1}.get(verb, 0) * max(n[0], 1), 0), COLUMNS - 1)

    def text(self):
        return '\n'.join(''.join(row).rstrip() for row in self.cells).rstrip('\n')


class Terminal:
    """scripts/run with the given options at a pseudo terminal of its own; at the prompt of a shell in an empty directory."""

    def __init__(self, options, timeout_s=60):
        self.timeout_s, self.data, self.seen = timeout_s, b'', 0
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', ROWS, COLUMNS, 0, 0))
        self.child = subprocess.Popen(['scripts/run', '--append', 'quiet loglevel=1', *options], cwd=TOP, stdin=slave, stdout=slave,
                                      stderr=slave, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.wait(rb'ashlar:~# ')
        self.send(b"stty rows 24 cols 80; mkdir /tmp/w; cd /tmp/w; export PS1='[$?]# ' TERM=vt100 HISTFILE=/dev/null\r")
        self.wait(PROMPT)
        self.data, self.seen = b'', 0

    def close(self):
        os.close(self.master)
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def read(self, patience_s):
        """More output, if there is some in time."""
        if not select.select([self.master], [], [], max(patience_s, 0))[0]:
            return False
        try:
            piece = os.read(self.master, 1 << 16)
        except OSError:
            piece = b''
        if not piece:
            raise Dead('the machine ended')
        self.data += piece
        return True

    def send(self, keys):
        """All of them; what is echoed meanwhile is read, or both sides would wait."""
        while keys:
            ready = select.select([self.master], [self.master], [], self.timeout_s)
            if ready[0]:
                self.read(0)
            if ready[1]:
                keys = keys[os.write(self.master, keys[:512]):]
            elif not ready[0]:
                raise Dead('the machine takes no more input')

    def wait(self, pattern):
        """Until pattern shows up in what nobody has waited for yet."""
        deadline = time.monotonic() + self.timeout_s
        while not (match := re.search(pattern, self.data[self.seen:])):
            if not self.read(deadline - time.monotonic()) and time.monotonic() >= deadline:
                raise Dead(f'no {pattern.decode()} within {self.timeout_s} s')
        self.seen += match.end()

    def settle(self):
        while self.read(SETTLE_S):
            pass
        self.seen = len(self.data)
