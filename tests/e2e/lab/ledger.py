# SPDX-License-Identifier: Apache-2.0
"""Accounting of accepted and delivered messages: a load of uniquely numbered mail, and a sink that
keeps a journal. What was accepted with 250 and never delivered is lost. What was delivered more often
than once is counted, and must be explained: by a fault that hit the copy between its final dot and the
moment when its reply was recorded."""
import re
import smtplib
import threading
import time
from collections import defaultdict

from lab.faulty import FaultyServer
from lab.processes import wait_until


class Fault:
    """A time at which replies could be lost: of one node (its EHLO name), or of all (None)."""

    def __init__(self, node=None):
        self.node, self.begin, self.end = node, time.monotonic(), float("inf")

    def over(self):
        self.end = time.monotonic()

    def hit(self, copy, slack):
        """Whether it fell between the copy's final dot, which the sink may read `slack` seconds after it
        was sent, and the record of its reply, which may take as long."""
        recorded = (copy.replied_at or float("inf")) + slack
        return self.node in (None, copy.helo) and self.begin <= recorded and copy.dot_at - slack <= self.end


class Refusal:
    """A message that was not accepted."""

    def __init__(self, code, began):
        self.code, self.began, self.ended = code, began, time.monotonic()

    @property
    def seconds(self):
        return self.ended - self.began


class Ledger:
    def __init__(self, address, zone="load.test", think_time=0.005):
        """The sink waits `think_time` seconds between the final dot and its reply, so that a crash has
        a fair chance to fall in between."""
        self.zone = zone
        self.sink = FaultyServer(address)
        self.sink.think_time = think_time
        self.sinks = [self.sink]
        self.accepted = {}   # number -> message id
        self.accepted_at = []
        self.refusals = []
        self.faults = []
        self._next = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = []

    # -- the load

    def start(self, ports, threads=4, pause=0.01, body=""):
        """`body`: more text for each message."""
        self._stop.clear()
        for _ in range(threads):
            thread = threading.Thread(target=self._inject, args=(ports, pause, body), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        self._threads = []

    def _inject(self, ports, pause, body):
        """Sends message after message; what gets no 250 does not count, and is not sent again."""
        turn = 0
        while not self._stop.is_set():
            turn += 1
            try:
                with smtplib.SMTP("127.0.0.1", ports[turn % len(ports)], local_hostname="load.test", timeout=60) as client:
                    client.ehlo()
                    for _ in range(20):
                        if self._stop.is_set():
                            return
                        self._send(client, body)
                        time.sleep(pause)
            except (OSError, smtplib.SMTPException):
                time.sleep(0.05)

    def _send(self, client, body):
        number = self._number()
        began = time.monotonic()
        code, text = client.mail("load@origin.test")
        if code == 250:
            code, text = client.rcpt(f"r{number}@d{number % 7}.{self.zone}")
        if code == 250:
            code, text = client.data(f"Subject: load\r\nX-Number: {number}\r\n\r\nbody {number}\r\n{body}".encode())
        with self._lock:
            if code == 250:
                self.accepted[number] = int(text.decode().split(" as ")[1].split()[0])
                self.accepted_at.append(time.monotonic())
            else:
                self.refusals.append(Refusal(code, began))
        if code != 250:
            client.rset()

    def _number(self):
        with self._lock:
            self._next += 1
            return self._next

    def wait_accepted(self, count, timeout=60):
        """Waits until so many more have been accepted."""
        before = len(self.accepted)
        wait_until(lambda: len(self.accepted) >= before + count, f"{count} more messages are accepted", timeout)

    def first_accepted_after(self, moment):
        """Seconds from `moment` to the next 250; None: there was none."""
        later = [at for at in self.accepted_at if at >= moment]
        return min(later) - moment if later else None

    # -- faults

    def fault(self, node=None):
        """Notes that from now until its `over` replies may be lost."""
        fault = Fault(node)
        self.faults.append(fault)
        return fault

    def refused_between(self, begin, end):
        return [refusal for refusal in self.refusals if begin <= refusal.began <= end]

    def refused_after(self, moment):
        """Refusals heard after that moment, whenever the message had been begun."""
        return [refusal for refusal in self.refusals if refusal.ended >= moment]

    # -- the books

    def copies(self):
        """number -> its copies in the sinks' journals, in the order of their final dots."""
        found = defaultdict(list)
        for sink in self.sinks:
            for copy in list(sink.copies):
                found[int(re.search(rb"X-Number: (\d+)", copy.content).group(1))].append(copy)
        for copies in found.values():
            copies.sort(key=lambda copy: copy.dot_at)
        return found

    def lost(self):
        copies = self.copies()
        return sorted(number for number in self.accepted if number not in copies)

    def duplicated(self):
        """number -> how many copies too many."""
        return {number: len(copies) - 1 for number, copies in self.copies().items() if len(copies) > 1}

    def unexplained(self, slack=0.5):
        """Numbers of which a copy was followed by another, although no fault had hit it before its
        reply could be recorded."""
        return sorted(
            number for number, copies in self.copies().items()
            if not all(any(fault.hit(copy, slack) for fault in self.faults) for copy in copies[:-1]))


def drain(postgres, timeout=120):
    """Waits until nothing is open. Whoever died with the server in three attempts in a row is held as
    the possible cause; with random kills that happens to innocents, whom the operator releases.
    Returns how many those were."""
    released = 0

    def empty():
        nonlocal released
        released += int(postgres.sql("select coalesce(sum(outpost.release(message_id)), 0) from outpost.queue "
                                     "where state = 'held' and hold_reason like 'poison%'"))
        return postgres.sql("select count(*) from outpost.queue") == "0"

    wait_until(empty, "the queue is empty", timeout, interval=0.5)
    return released
