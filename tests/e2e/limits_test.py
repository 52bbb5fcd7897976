# SPDX-License-Identifier: Apache-2.0
"""Limits hold for all nodes together: deliveries at once and messages in an interval, to one destination
and through one transport, while nodes join, share, leave and die."""
import threading
import time
import unittest

from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import wait_until

RETRY = "retry: {first: 1s, factor: 1, longest: 1s, jitter: 0, uncertain: 1s}\n"
ZONE = "".join(f"{name} MX 10 mx.{name}\nmx.{name} A 127.0.4.{number}\n"
               for number, name in enumerate(("busy", "other", "paced", "free", "turns", "crash", "one", "two"), 1))


class CountingServer(FaultyServer):
    """Knows how many messages were under way at once, and when each began. A message is under way from
    MAIL to the reply to its final dot; the count goes down before that reply, so that whatever begins
    because of it finds the place free."""

    def __init__(self, address, think_time=0.0):
        super().__init__(address)
        self.pause = think_time
        self.now = self.most = 0
        self.begun = []  # monotonic times
        self._count = threading.Lock()

    def begin(self):
        with self._count:
            self.now += 1
            self.most = max(self.most, self.now)
            self.begun.append(time.monotonic())

    def end(self):
        with self._count:
            self.now -= 1

    def _dialogue(self, connection):
        reader = connection.makefile("rb")
        say = lambda text: connection.sendall(text.encode() + b"\r\n")
        say("220 counting.test ESMTP")
        open_now = False
        try:
            for raw in reader:
                verb = raw.decode().split(":")[0].upper().split()[0]
                if verb in ("EHLO", "HELO"):
                    say("250 counting.test")
                elif verb == "MAIL":
                    self.begin()
                    open_now = True
                    say("250 ok")
                elif verb == "DATA":
                    say("354 go")
                    for part in reader:
                        if part == b".\r\n":
                            break
                    else:
                        return
                    time.sleep(self.pause)
                    self.end()
                    open_now = False
                    self.accepted.append(1)
                    say("250 kept")
                elif verb == "QUIT":
                    say("221 bye")
                    return
                elif verb == "RSET":
                    if open_now:
                        self.end()
                        open_now = False
                    say("250 ok")
                else:
                    say("250 ok")
        finally:
            if open_now:
                self.end()



def most_within(seconds, begun):
    """The most that began within any span of so many seconds."""
    times, first, most = sorted(begun), 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def fill(outpost, domain, count):
    """So many messages for a domain, in one SMTP session."""
    with outpost.client() as client:
        client.ehlo()
        for number in range(count):
            client.mail("load@origin.test")
            client.rcpt(f"r{number}@{domain}.test")
            code, text = client.data(b"Subject: load\r\n\r\nbody\r\n")
            assert code == 250, (code, text)


def start(test, postgres, limits, name="first", port=2525):
    """A node with these limits, which ends with the test."""
    node = Outpost(postgres, RETRY + limits, name=name, relay_port=port).start()
    test.addCleanup(lambda: node.process.kill())
    return node


def start_two(test, postgres, limits):
    return [start(test, postgres, limits, *which) for which in (("first", 2525), ("second", 2526))]


def setUpModule():
    Nsd(ZONE)


class DeliveriesAtOnce(unittest.TestCase):
    LIMIT = 6

    def nodes_delivering(self, postgres):
        return {row["node"] for row in postgres.rows(
            "select distinct node from outpost.attempts where outcome = 'delivered'")}

    def delivered_by(self, postgres, node, domain="busy"):
        return int(postgres.sql(
            "select count(*) from outpost.attempts a join outpost.recipients r using (message_id, number) "
            f"where a.outcome = 'delivered' and a.node = '{node}' and r.domain = '{domain}.test'"))

    def test_a_destination_is_not_burdened_by_many_nodes_while_they_join_share_and_die(self):
        postgres = Postgres(name="pg-limits")
        busy, other = CountingServer("127.0.4.1", 0.15), CountingServer("127.0.4.2")
        limits = f"limits: {{deliveries_per_destination: {self.LIMIT}}}\n"
        first = start(self, postgres, limits, "first", 2525)
        fill(first, "busy", 400)
        wait_until(lambda: busy.now == self.LIMIT, "the first node alone uses the whole limit")
        self.assertEqual(postgres.rows("select * from outpost.limits"), [])

        second = start(self, postgres, limits, "second", 2526)
        fill(second, "busy", 400)
        wait_until(lambda: self.delivered_by(postgres, "second") > 10, "the second node gets its part")
        held = lambda: {row["node"]: row["slots"] for row in postgres.rows(
            "select node, slots from outpost.limits where destination = 'busy.test'")}
        wait_until(lambda: held() == {"first": 3, "second": 3}, "they share alike")
        fill(second, "other", 20)
        wait_until(lambda: len(other.accepted) == 20, "what is for others does not wait for the busy one", timeout=5)

        third = start(self, postgres, limits, "third", 2527)
        fill(third, "busy", 100)
        wait_until(lambda: self.delivered_by(postgres, "third") > 5, "and the third one")
        wait_until(lambda: busy.now == self.LIMIT, "the three of them use the whole limit")
        third.process.kill()
        before = self.delivered_by(postgres, "first"), self.delivered_by(postgres, "second")
        wait_until(lambda: all(self.delivered_by(postgres, name) > count + 10 for name, count in zip(("first", "second"), before)),
                   "the others go on with what they hold")
        self.assertLessEqual(busy.most, self.LIMIT)
        # Under its name the dead one's lease ends at once, and its slots are free.
        third.start()
        self.assertEqual(second.process.stop(), 0)
        self.assertEqual(third.process.stop(), 0)
        wait_until(lambda: busy.now == self.LIMIT, "the first node has the whole limit again", timeout=15)
        wait_until(lambda: postgres.rows("select * from outpost.limits") == [], "and counts in memory", timeout=15)
        wait_until(lambda: postgres.sql("select count(*) from outpost.queue") == "0", "all is delivered", timeout=90)
        self.assertEqual(first.process.stop(), 0)
        print(f"\nat most {busy.most} at once of {self.LIMIT}, accepted {len(busy.accepted)}", flush=True)
        self.assertLessEqual(busy.most, self.LIMIT)
        self.assertGreaterEqual(len(busy.accepted), 900)  # copies of what the dead one had in flight

    def test_with_one_slot_for_two_nodes_they_take_turns(self):
        postgres = Postgres(name="pg-turns")
        turns = CountingServer("127.0.4.5", 0.05)
        limits = "limits: {destinations: {turns.test: {deliveries: 1}}}\n"
        nodes = start_two(self, postgres, limits)
        for node in nodes:
            fill(node, "turns", 60)
        wait_until(lambda: min(self.delivered_by(postgres, name, "turns") for name in ("first", "second")) > 10, "both deliver")
        wait_until(lambda: postgres.sql("select count(*) from outpost.queue") == "0", "all is delivered", timeout=60)
        for node in nodes:
            self.assertEqual(node.process.stop(), 0)
        self.assertEqual(turns.most, 1)

    def test_a_database_that_crashes_forgets_the_slots_but_not_the_limit(self):
        postgres = Postgres(name="pg-crash")
        sink = CountingServer("127.0.4.6", 0.15)
        limits = f"limits: {{deliveries_per_destination: {self.LIMIT}}}\n"
        nodes = start_two(self, postgres, limits)
        for node in nodes:
            fill(node, "crash", 150)
        wait_until(lambda: sink.now == self.LIMIT, "the limit is used")
        postgres.stop_immediately()
        postgres.start()
        wait_until(lambda: postgres.sql("select count(*) from outpost.queue") == "0", "all is delivered", timeout=90, interval=0.5)
        for node in nodes:
            self.assertEqual(node.process.stop(), 0)
        self.assertLessEqual(sink.most, self.LIMIT)


class MessagesInAnInterval(unittest.TestCase):
    def test_a_rate_holds_for_two_nodes_and_over_kill_and_restart(self):
        postgres = Postgres(name="pg-rates")
        paced, free = CountingServer("127.0.4.3"), CountingServer("127.0.4.4")
        limits = "limits: {destinations: {paced.test: {rate: 20/5s}}}\n"
        first = start(self, postgres, limits, "first", 2525)
        fill(first, "paced", 60)
        wait_until(lambda: len(paced.accepted) >= 20, "the first interval's messages")
        second = start(self, postgres, limits, "second", 2526)
        fill(second, "paced", 60)
        fill(second, "free", 30)
        wait_until(lambda: len(free.accepted) == 30, "others do not wait", timeout=5)
        wait_until(lambda: len(paced.accepted) >= 60, "three intervals", timeout=40)
        attempts = postgres.sql("select max(attempts) from outpost.recipients where state = 'delivered'")
        self.assertEqual(attempts, "1", "waiting for an allowance is no attempt")
        first.process.kill()
        first.start()
        wait_until(lambda: postgres.sql("select count(*) from outpost.queue") == "0", "all is delivered", timeout=90, interval=0.5)
        nodes = {row["node"] for row in postgres.rows("select distinct node from outpost.attempts where outcome = 'delivered'")}
        for node in (first, second):
            self.assertEqual(node.process.stop(), 0)
        # A message is counted when its delivery begins; the sink sees it a connection later.
        print(f"\nat most {most_within(4.5, paced.begun)} within 4.5 s of a rate of 20/5s, in {len(paced.begun)}", flush=True)
        self.assertLessEqual(most_within(4.5, paced.begun), 20)
        self.assertEqual(nodes, {"first", "second"})

    def test_a_transports_rate_holds_whatever_the_destinations(self):
        postgres = Postgres(name="pg-transport-rate")
        servers = [CountingServer("127.0.4.7"), CountingServer("127.0.4.8")]
        limits = "transports: {direct: {type: direct, rate: 10/4s}}\n"
        node = start(self, postgres, limits)
        fill(node, "one", 15)
        fill(node, "two", 15)
        wait_until(lambda: sum(len(server.accepted) for server in servers) == 30, "all is delivered", timeout=30)
        self.assertEqual(node.process.stop(), 0)
        self.assertLessEqual(most_within(3.5, servers[0].begun + servers[1].begun), 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
