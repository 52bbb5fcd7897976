# SPDX-License-Identifier: Apache-2.0
"""Large messages: many of 50 MB in and out at once, within the budget of memory for content and a stated
constant; beyond the budget clients are told to come again (452) and deliveries wait. None is lost."""
import hashlib
import os
import re
import socket
import threading
import time
import unittest
from pathlib import Path

from lab.dns import Nsd
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import wait_until

MESSAGES = int(os.environ.get("OUTPOST_LARGE", "8"))
MIB = 1 << 20
LARGE = 50_000_000
BUDGET = 128 * MIB
# What the server needs besides: itself, statements on their way to the database on its connections (of 4 MiB,
# copied a few times), pages of bodies on their way from it, sockets' buffers, what malloc keeps for the next time.
CONSTANT = 96 * MIB

CONFIG = f"""
listeners:
  relay: {{address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8]}}
limits: {{content_memory: {BUDGET // MIB}MiB}}
retry: {{first: 1s, factor: 1, longest: 1s, jitter: 0}}
"""


def make_body(size):
    line = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/ABCDEFGHIJKL\r\n"
    return line * (size // len(line))


class Receiver:
    """Takes mail of any size and keeps only digests: number -> how often its body came as it was sent."""

    def __init__(self, address, digest):
        self.digest, self.whole, self.damaged = digest, {}, 0
        self.think_time = 0.0  # before each read of content
        self._lock = threading.Lock()
        self._socket = socket.create_server((address, 25), backlog=100)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self._socket.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection:
                self._converse(connection)
        except OSError:
            pass

    def _converse(self, connection):
        connection.sendall(b"220 big.test ESMTP\r\n")
        waiting = b""
        while True:
            while b"\r\n" not in waiting:
                got = connection.recv(65536)
                if not got:
                    return
                waiting += got
            line, waiting = waiting.split(b"\r\n", 1)
            verb = line[:4].upper()
            if verb == b"DATA":
                connection.sendall(b"354 go\r\n")
                if not self._content(connection, waiting):
                    return
                waiting = b""
                connection.sendall(b"250 kept\r\n")
            elif verb == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"250-big.test\r\n250 8BITMIME\r\n" if verb == b"EHLO" else b"250 ok\r\n")

    def _content(self, connection, start):
        header, tail, digest = start, b"", hashlib.sha1()
        while b"\r\n\r\n" not in header:
            got = connection.recv(65536)
            if not got:
                return False
            header += got
        header, tail = header.split(b"\r\n\r\n", 1)
        while not tail.endswith(b"\r\n.\r\n"):
            digest.update(tail[:-8])
            tail = tail[-8:]
            if self.think_time:
                time.sleep(self.think_time)
            got = connection.recv(1 << 18)
            if not got:
                return False
            tail += got
        digest.update(tail[:-3])
        number = int(re.search(rb"X-Number: (\d+)", header).group(1))
        with self._lock:
            if digest.hexdigest() == self.digest:
                self.whole[number] = self.whole.get(number, 0) + 1
            else:
                self.damaged += 1
        return True


class Client:
    """A client that speaks SMTP line by line."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self._replies = self._socket.makefile("rb")
        self.reply()
        self.say("EHLO client.test")

    def reply(self):
        while True:
            line = self._replies.readline()
            if line[3:4] != b"-":
                return line.decode().rstrip()

    def say(self, line):
        self._socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def open_data(self, number, size=None):
        """Up to DATA; its reply."""
        self.say("MAIL FROM:<sender@origin.test>" + (f" SIZE={size}" if size else ""))
        self.say(f"RCPT TO:<r{number}@big.test>")
        return self.say("DATA")

    def content(self, number, body):
        self._socket.sendall(f"From: sender@origin.test\r\nX-Number: {number}\r\n\r\n".encode())
        self._socket.sendall(body)
        return self.say(".")

    def close(self):
        self._replies.close()
        self._socket.close()


class Large(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Nsd("big MX 10 mx.big\nmx.big A 127.0.3.1\n")
        cls.body = make_body(LARGE)
        cls.receiver = Receiver("127.0.3.1", hashlib.sha1(cls.body).hexdigest())
        cls.postgres = Postgres(options=["max_wal_size=2GB", "shared_buffers=64MB"])
        cls.outpost = Outpost(cls.postgres, CONFIG).start()

    def memory(self, what):
        return int(re.search(rf"{what}:\s+(\d+)", Path(f"/proc/{self.outpost.process.pid}/status").read_text()).group(1)) * 1024

    def submit(self, number, body, refusals):
        """Hands the message in, coming again as long as the answer is to."""
        while True:
            client = Client(self.outpost.relay_port)
            answer = client.open_data(number, len(body) + 100)
            if answer.startswith("354"):
                answer = client.content(number, body)
            client.close()
            if answer.startswith("250"):
                return
            if not answer.startswith("452 4.3.1"):
                raise AssertionError(answer)
            refusals.append(number)
            time.sleep(0.2)

    def test_1_the_door_says_come_again_beyond_the_budget(self):
        first, second = Client(self.outpost.relay_port), Client(self.outpost.relay_port)
        self.assertTrue(first.open_data(0, LARGE).startswith("354"))
        self.assertTrue(second.open_data(0, LARGE).startswith("452 4.3.1"))
        # Small mail still comes in, and the session that was refused goes on.
        self.assertTrue(second.open_data(1).startswith("354"))
        self.assertTrue(second.content(1, b"small\r\n").startswith("250"))
        # A size that was not announced is found out on the way.
        self.assertTrue(second.open_data(2).startswith("354"))
        self.assertTrue(second.content(2, self.body).startswith("452 4.3.1"))
        self.assertTrue(second.say("NOOP").startswith("250"))
        first.close()
        second.close()

        def let_in():
            client = Client(self.outpost.relay_port)
            answer = client.open_data(2, LARGE)
            client.close()
            return answer.startswith("354")
        wait_until(let_in, "the room is given back")

    def test_2_many_large_messages_within_the_budget(self):
        before = self.memory("VmRSS")
        refusals = []
        threads = [threading.Thread(target=self.submit, args=(number, self.body, refusals)) for number in range(100, 100 + MESSAGES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_until(lambda: len(self.receiver.whole) == MESSAGES, "all large messages arrive", 300)
        wait_until(lambda: self.postgres.sql("select count(*) from outpost.recipients where state <> 'delivered'") == "0", "all recorded")
        peak = self.memory("VmHWM")
        print(f"{MESSAGES} messages of {LARGE // 1_000_000} MB in and out: server from {before / MIB:.0f} to at most {peak / MIB:.0f} MiB, "
              f"budget {BUDGET // MIB} MiB; {len(refusals)} times 452")
        self.assertEqual({number: 1 for number in range(100, 100 + MESSAGES)}, self.receiver.whole)
        self.assertGreater(len(refusals), 0, "the budget is smaller than what came at once")
        if os.environ.get("OUTPOST_SANITIZED") != "ON":  # AddressSanitizer keeps freed memory
            self.assertLess(peak, BUDGET + CONSTANT)


if __name__ == "__main__":
    unittest.main()
