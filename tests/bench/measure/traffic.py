# SPDX-License-Identifier: Apache-2.0
"""Mail at a chosen pace, and the receivers for it: for runs in which the rate is given and the time, or
the cost, is measured. A thread of its own with an event loop each."""
import asyncio
import re
import smtplib
import threading
import time


class _Loop:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)


class Receiver(_Loop):
    """Takes mail on one address and notes when each X-Bench number arrived. `defer(number_of_recipient,
    time)` may answer 450 to a recipient."""

    def __init__(self, address, defer=lambda recipient: False):
        super().__init__()
        self.arrived, self.copies, self.deferred, self._defer = {}, 0, 0, defer
        self.call(asyncio.start_server(self._serve, address, 25, backlog=1000, limit=1 << 20)).result()

    async def _serve(self, reader, writer):
        def say(text):
            writer.write(text.encode() + b"\r\n")
        taken = 0
        try:
            say("220 sink.test ESMTP")
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    say("250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME")
                elif verb == b"RCPT" and self._defer(line):
                    self.deferred += 1
                    say("450 4.2.0 later")
                elif verb == b"DATA" and taken == 0:
                    say("554 5.5.1 no valid recipients")
                elif verb == b"DATA":
                    taken = 0
                    say("354 go")
                    self._note(await reader.readuntil(b"\r\n.\r\n"))
                    say("250 2.0.0 kept")
                elif verb == b"QUIT":
                    say("221 bye")
                    break
                else:
                    taken += verb == b"RCPT"
                    say("250 ok")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        writer.close()

    def _note(self, content):
        found = re.search(rb"^X-Bench: (\S+)", content, re.M)
        self.copies += 1
        if found:
            self.arrived.setdefault(found.group(1).decode(), time.time())

    def wait(self, number, timeout):
        """When that message arrived; None when it has not in time."""
        end = time.monotonic() + timeout
        while number not in self.arrived and time.monotonic() < end:
            time.sleep(0.002)
        return self.arrived.get(number)


class Tarpit(_Loop):
    """Accepts connections and says nothing."""

    def __init__(self, address):
        super().__init__()
        self.connections = 0
        self.call(asyncio.start_server(self._serve, address, 25, backlog=1000)).result()

    async def _serve(self, reader, writer):
        self.connections += 1
        await reader.read()
        writer.close()


class Sender:
    """Hands in messages over SMTP at a steady rate until stopped."""

    def __init__(self, port, rate, recipient, body, sessions=8):
        self.accepted = self.refused = 0
        self._stop = False
        self._threads = [threading.Thread(target=self._run, args=(port, sessions / rate, recipient, body, index, sessions), daemon=True)
                         for index in range(sessions)]
        for thread in self._threads:
            thread.start()

    def _run(self, port, pause, recipient, body, number, step):
        def connect():
            client = smtplib.SMTP("127.0.0.1", port, local_hostname="client.test", timeout=60)
            client.ehlo()
            return client
        client = connect()
        due = time.monotonic()
        while not self._stop:
            if client.mail("sender@origin.test")[0] == 421:  # so many messages in one session are enough
                client = connect()
                continue
            client.rcpt(recipient(number))
            header = f"From: sender@origin.test\r\nMessage-ID: <{number}@bench.test>\r\nX-Bench: {number}\r\nSubject: load\r\n\r\n"
            if client.data(header.encode() + body)[0] == 250:
                self.accepted += 1
            else:
                self.refused += 1
            number += step
            due = max(due + pause, time.monotonic() - 1)  # what was missed is not made up for ever
            time.sleep(max(0, due - time.monotonic()))

    def stop(self):
        self._stop = True
        for thread in self._threads:
            thread.join(30)
