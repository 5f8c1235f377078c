# SPDX-License-Identifier: MIT
"""The host's end of `scripts/run -x`: speaks with tools/agent.c over the guest's console. The protocol is described there."""
import os
import select
import struct
import time
import zlib

FROM_GUEST, TO_GUEST = b'\x9e\xc5', b'\x9e\xc4'
HEADER = struct.Struct('<cHH')		# type, sequence number, length
MAX_PAYLOAD = 4096
PIECE = 1024				# payload of one frame to the guest
IN_FLIGHT = 3				# such frames on their way: a tty buffers 4 KiB
ACK_EVERY = 8				# frames from the guest; it can have 16 on their way
PATIENCE_S = 1.0			# silence after which something may have been lost


class Exchange:
    """One command. run() returns its wait status, or None when the guest ended without one."""

    def __init__(self, to_guest, from_guest, command, stdin_fd, quiet_timers, on_text):
        self.wr, self.rd, self.stdin = to_guest, from_guest, stdin_fd
        self.quiet_timers, self.on_text = quiet_timers, on_text
        self.rx, self.rx_next, self.rx_unacked = bytearray(), 0, 0
        self.queue = []
        if command is not None:			# else the guest has it already
            self.queue = [(b'C', command[i:i + PIECE]) for i in range(0, len(command), PIECE)] + [(b'G', b'')]
        self.tx_next, self.in_flight, self.room = 0, [], 0
        self.pending = bytearray()		# bytes for the pipe to the guest
        self.guest_is_there = False
        self.status = None
        self.nak_sent = (None, 0)

    # --- to the guest
    def put(self, kind, seq, payload=b''):
        body = HEADER.pack(kind, seq & 0xffff, len(payload)) + payload
        frame = TO_GUEST + body + struct.pack('<I', zlib.crc32(body))
        self.pending += frame
        return frame

    def send_more(self):
        while self.guest_is_there and len(self.in_flight) < IN_FLIGHT:
            if self.queue:
                kind, payload = self.queue.pop(0)
            elif self.stdin is not None and self.stdin_ready() and self.room >= PIECE * (len(self.in_flight) + 1):
                payload = os.read(self.stdin, PIECE)
                kind = b'I' if payload else b'E'
                if not payload:
                    self.stdin = None
            else:
                return
            self.in_flight.append((self.tx_next, self.put(kind, self.tx_next, payload)))
            self.tx_next += 1

    def stdin_ready(self):
        poll = select.poll()
        poll.register(self.stdin, select.POLLIN)
        return bool(poll.poll(0))

    def flush(self):
        try:
            del self.pending[:os.write(self.wr, self.pending)]
        except BlockingIOError:
            pass
        except BrokenPipeError:			# QEMU is gone; its end of the output says so too
            self.pending.clear()

    # --- from the guest
    def feed(self, data):
        rx = self.rx
        rx += data
        while rx:
            start = rx.find(FROM_GUEST)
            if start < 0:
                self.text(len(rx) - (rx[-1] == FROM_GUEST[0]))
                return
            self.text(start)
            if len(rx) < 2 + HEADER.size:
                return
            kind, seq, length = HEADER.unpack_from(rx, 2)
            end = 2 + HEADER.size + length
            if length <= MAX_PAYLOAD and len(rx) < end + 4:
                return
            if length > MAX_PAYLOAD or zlib.crc32(rx[2:end]) != struct.unpack_from('<I', rx, end)[0]:
                self.text(1)
                self.ask_again()
                continue
            payload = bytes(rx[2 + HEADER.size:end])
            del rx[:end + 4]
            self.handle(kind, seq, payload)

    def text(self, count):
        if count:
            self.on_text(bytes(self.rx[:count]))
            del self.rx[:count]

    def ask_again(self):
        now = time.monotonic()
        if self.nak_sent[0] != self.rx_next or now - self.nak_sent[1] > 0.2:
            self.nak_sent = (self.rx_next, now)
            self.put(b'N', self.rx_next)

    def handle(self, kind, seq, payload):
        if kind in b'AN':
            self.guest_is_there = True
            self.room = struct.unpack('<I', payload)[0]
            self.in_flight = [f for f in self.in_flight if (f[0] - seq) & 0x8000 == 0]
            if kind == b'N':
                self.pending += b''.join(f for _, f in self.in_flight)
            return
        if seq != self.rx_next & 0xffff:
            if (seq - self.rx_next) & 0x8000 == 0:
                self.ask_again()
            return
        self.rx_next += 1
        self.rx_unacked += 1
        if kind == b'X':
            self.status = struct.unpack('<i', payload)[0]
        else:
            write_all(1 if kind == b'O' else 2, payload)
        if self.rx_unacked >= ACK_EVERY or kind == b'X':
            self.rx_unacked = 0
            self.put(b'A', self.rx_next)

    # --- the loop
    def run(self):
        patience, heard = PATIENCE_S, time.monotonic()
        while True:
            self.send_more()
            wants_stdin = self.guest_is_there and self.stdin is not None and len(self.in_flight) < IN_FLIGHT and \
                self.room >= PIECE * (len(self.in_flight) + 1)
            poll = select.poll()
            poll.register(self.rd, select.POLLIN)
            if self.pending:
                poll.register(self.wr, select.POLLOUT)
            if wants_stdin:
                poll.register(self.stdin, select.POLLIN)
            timeout = None if self.quiet_timers else max(0, heard + patience - time.monotonic()) * 1000 + 1
            events = dict(poll.poll(timeout))
            if self.wr in events:
                self.flush()
            if self.rd in events:
                data = os.read(self.rd, 1 << 20)
                if not data:
                    self.text(len(self.rx))
                    return self.status
                patience, heard = PATIENCE_S, time.monotonic()
                self.feed(data)
            elif not self.quiet_timers and time.monotonic() - heard > patience:
                patience, heard = min(2 * patience, 10 * PATIENCE_S), time.monotonic()
                self.pending += self.in_flight[0][1] if self.in_flight else b''
                self.put(b'N', self.rx_next)


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]
