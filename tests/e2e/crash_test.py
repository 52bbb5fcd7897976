# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load: everything accepted with 250 is delivered, and a duplicate only where the
remote's final reply had not been recorded. And two nodes on one database share the work."""
import os
import random
import time
import unittest

from lab.dns import Nsd
from lab.ledger import Ledger
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import wait_until

KILLS = int(os.environ.get("OUTPOST_KILLS", "200"))
RETRY = "retry: {first: 1s, factor: 1, longest: 1s, jitter: 0, uncertain: 1s}\n"
ZONE = "*.load MX 10 mx.sink\nmx.sink A 127.0.3.1\n*.pair MX 10 mx.pair\nmx.pair A 127.0.3.2\n"


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


def unrecorded(postgres, message):
    """Attempts whose node died under them: each may have sent the final dot and not recorded the reply."""
    return int(postgres.sql(f"select count(*) from outpost.attempts where outcome = 'interrupted' and message_id = {message}"))


def setUpModule():
    Nsd(ZONE)


class KillMinusNine(unittest.TestCase):
    def test_nothing_accepted_is_lost_and_duplicates_are_explained(self):
        postgres = Postgres(sync=True)
        ledger = Ledger("127.0.3.1")
        outpost = Outpost(postgres, RETRY).start()
        self.addCleanup(lambda: outpost.process.kill())
        ledger.start([outpost.relay_port])
        dice = random.Random(4711)
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.02, 0.6))
            outpost.process.kill()
            outpost.start()
        ledger.stop()
        try:
            held = drain(postgres)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{postgres.rows('select * from outpost.queue limit 5')}\n{outpost.process.output()[-3000:]}")

        self.assertEqual(outpost.process.stop(), 0)
        duplicated = ledger.duplicated()
        extra = sum(count - 1 for count in duplicated.values())
        print(f"\nkills {KILLS}, accepted {len(ledger.accepted)}, lost {len(ledger.lost())}, "
              f"extra copies {extra} ({extra / KILLS:.2f} a kill), "
              f"held after three deaths and released {held}", flush=True)
        self.assertGreater(len(ledger.accepted), KILLS)
        self.assertEqual(ledger.lost(), [])
        for number, count in duplicated.items():
            if number not in ledger.accepted:
                continue  # committed, but its 250 was lost with the server: whole, and delivered
            message = ledger.accepted[number]
            self.assertGreaterEqual(unrecorded(postgres, message), count - 1, f"message {message}: {count} copies")


class TwoNodes(unittest.TestCase):
    def test_two_nodes_share_the_work_and_one_takes_over_from_the_other(self):
        postgres = Postgres(name="pg2")
        ledger = Ledger("127.0.3.2", zone="pair.test", think_time=0.3)
        first = Outpost(postgres, RETRY, name="first", relay_port=2525).start()
        second = Outpost(postgres, RETRY, name="second", relay_port=2526).start()
        ledger.start([2525, 2526], threads=6, pause=0.002)
        wait_until(lambda: len(ledger.accepted) > 500, "500 messages were accepted", timeout=60)
        first.process.kill()
        wait_until(lambda: len(ledger.accepted) > 800, "the other node goes on", timeout=60)
        ledger.stop()
        drain(postgres)
        nodes = postgres.rows("select node, count(*) as deliveries from outpost.attempts where outcome = 'delivered' group by node")
        print(f"\n{nodes}, accepted {len(ledger.accepted)}, extra copies {ledger.duplicated()}", flush=True)
        self.assertEqual(ledger.lost(), [])
        self.assertEqual({row["node"] for row in nodes}, {"first", "second"})
        for number in ledger.duplicated():
            message = ledger.accepted.get(number)
            if message is not None:
                self.assertTrue(unrecorded(postgres, message))


if __name__ == "__main__":
    unittest.main(verbosity=2)
