# SPDX-License-Identifier: Apache-2.0
"""A receiver that drops the connection, or refuses, at each step in turn: what is recorded, and that
the message arrives in the end (or bounces) exactly as it should."""
import unittest
from datetime import datetime, timedelta

from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import wait_until

LATE = 4  # seconds until something is tried again that may have been delivered; other things after one
RETRY = f"retry: {{first: 1s, factor: 1, longest: 1s, jitter: 0, uncertain: {LATE}s}}\n"

# step, reply or None for a dropped connection -> stage recorded, error kind, outcome of the attempt
STEPS = [
    ("connect", None, "greeting", {"connect", "protocol"}, "deferred"),
    ("greeting", "421 4.3.2 go away", "greeting", {"reply_4xx"}, "deferred"),
    ("greeting", "554 5.7.1 not you", "greeting", {"reply_5xx"}, "deferred"),
    ("ehlo", None, "ehlo", {"connect", "protocol"}, "deferred"),
    ("mail", None, "mail", {"connect", "protocol"}, "deferred"),
    ("mail", "451 4.3.0 later", "mail", {"reply_4xx"}, "deferred"),
    ("rcpt", None, "rcpt", {"connect", "protocol"}, "deferred"),
    ("rcpt", "450 4.2.1 greylisted", "rcpt", {"reply_4xx"}, "deferred"),
    ("rcpt", "550 5.1.1 nobody", "rcpt", {"reply_5xx"}, "failed"),
    ("data", None, "data", {"connect", "protocol"}, "deferred"),
    ("data", "554 5.6.0 no", "data", {"reply_5xx"}, "failed"),
    ("body", None, "data", {"connect", "protocol"}, "deferred"),
    ("dot", None, "final_dot", {"connect", "protocol"}, "deferred"),
    ("dot", "452 4.3.1 full", "data", {"reply_4xx"}, "deferred"),
    ("dot", "554 5.7.1 spam", "data", {"reply_5xx"}, "failed"),
    ("quit", None, "done", {"none"}, "delivered"),
]


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        zone, cls.servers = "", []
        for number, (step, reply, *_) in enumerate(STEPS):
            address = f"127.0.3.{number + 1}"
            zone += f"step{number} MX 10 mx.step{number}\nmx.step{number} A {address}\n"
            cls.servers.append(FaultyServer(address, step=step, reply=reply))
        Nsd(zone)
        cls.outpost = Outpost(Postgres(), RETRY).start()
        cls.messages = [cls.outpost.send(f"user@step{number}.test", subject=f"step {number}",
                                         body="line of text\r\n" * 600_000 if step == "body" else "short\r\n")
                        for number, (step, *_) in enumerate(STEPS)]

    def test_each_step_is_recorded_and_comes_to_its_right_end(self):
        for number, (step, reply, stage, kinds, outcome) in enumerate(STEPS):
            with self.subTest(step=step, reply=reply):
                message, server = self.messages[number], self.servers[number]
                self.outpost.wait_state(message, "failed" if outcome == "failed" else "delivered", timeout=60)
                first = self.outpost.attempts(message)[0]
                self.assertEqual(first["outcome"], outcome)
                self.assertEqual(first["stage"], stage)
                self.assertIn(first["error_kind"] or "none", kinds)
                if reply:
                    self.assertEqual(first["reply_code"], int(reply[:3]))
                    self.assertIn(reply[4:].split()[-1], first["reply"])
                if outcome != "delivered":
                    # Nothing is said to who has not greeted us.
                    said = [line for line in first["transcript"].splitlines() if "EHLO" in line]
                    self.assertEqual(len(said), 0 if stage == "greeting" else 1, first["transcript"])
                    if reply:
                        self.assertIn(reply, first["transcript"])
                copies = len(server.stored)
                self.assertEqual(copies, {"failed": 1 if step == "dot" else 0}.get(outcome, 2 if step == "dot" else 1))

    def test_a_lost_final_reply_is_uncertain_and_retried_late(self):
        number = next(n for n, s in enumerate(STEPS) if s[0] == "dot" and s[1] is None)
        self.outpost.wait_state(self.messages[number], "delivered", timeout=60)
        first, second = self.outpost.attempts(self.messages[number])[:2]
        self.assertEqual(first["stage"], "final_dot")
        waited = datetime.fromisoformat(second["started_at"]) - datetime.fromisoformat(first["started_at"])
        self.assertGreaterEqual(waited, timedelta(seconds=LATE))
        self.assertEqual([second["outcome"], second["stage"]], ["delivered", "done"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
