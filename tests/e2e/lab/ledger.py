# SPDX-License-Identifier: Apache-2.0
"""Accounting of accepted and delivered messages: a load of uniquely numbered mail, and a sink that
keeps a journal. What was accepted with 250 and never delivered is lost; what was delivered more often
than once is counted."""
import re
import smtplib
import threading
import time
from collections import Counter

from lab.faulty import FaultyServer


class Ledger:
    def __init__(self, address, zone="load.test", think_time=0.005):
        """The sink waits `think_time` seconds between the final dot and its reply, so that a crash has
        a fair chance to fall in between."""
        self.zone = zone
        self.sink = FaultyServer(address)
        self.sink.think_time = think_time
        self.accepted = {}  # number -> message id
        self._next = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = []

    def _number(self):
        with self._lock:
            self._next += 1
            return self._next

    def _inject(self, ports, pause):
        """Sends message after message; what gets no 250 does not count, and is not sent again."""
        turn = 0
        while not self._stop.is_set():
            turn += 1
            try:
                with smtplib.SMTP("127.0.0.1", ports[turn % len(ports)], local_hostname="load.test", timeout=10) as client:
                    for _ in range(20):
                        if self._stop.is_set():
                            return
                        self._send(client)
                        time.sleep(pause)
            except (OSError, smtplib.SMTPException):
                time.sleep(0.05)

    def _send(self, client):
        number = self._number()
        client.ehlo_or_helo_if_needed()
        client.mail("load@origin.test")
        client.rcpt(f"r{number}@d{number % 7}.{self.zone}")
        code, text = client.data(f"Subject: load\r\nX-Number: {number}\r\n\r\nbody {number}\r\n".encode())
        if code == 250:
            with self._lock:
                self.accepted[number] = int(text.decode().split(" as ")[1].split()[0])

    def start(self, ports, threads=4, pause=0.01):
        for _ in range(threads):
            thread = threading.Thread(target=self._inject, args=(ports, pause), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def copies(self):
        """number -> how many times the sink had read its final dot."""
        return Counter(int(re.search(rb"X-Number: (\d+)", content).group(1)) for _, _, content in list(self.sink.stored))

    def lost(self):
        copies = self.copies()
        return sorted(number for number in self.accepted if number not in copies)

    def duplicated(self):
        return {number: count for number, count in self.copies().items() if count > 1}
