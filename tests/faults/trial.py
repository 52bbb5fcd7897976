# SPDX-License-Identifier: Apache-2.0
"""One run of an experiment: its nodes, its load, its books."""
import random
import time

from lab.dns import Nsd
from lab.ledger import Ledger, drain
from lab.outpost import Outpost

SINK = "127.0.3.1"
SLOW_SINK = "127.0.3.2"
ZONE = f"*.load MX 10 mx.load\nmx.load A {SINK}\n*.slow MX 10 mx.slow\nmx.slow A {SLOW_SINK}\n"
RETRY = "retry: {first: 1s, factor: 1, longest: 1s, jitter: 0, uncertain: 1s}\n"


class Trial:
    def __init__(self, name, seed, long):
        """`long`: the experiment takes its time; else it ends within half a minute or so."""
        self.name, self.long = name, long
        self.dice = random.Random(seed)
        self.notes = []  # what was measured
        self.wrong = []  # what ought not to be
        Nsd(ZONE)
        self.ledger = Ledger(SINK)
        self.nodes = []

    # -- the stage

    def node(self, database, name="node1", port=2525, config="", env=None, lease="60s"):
        """Starts a node; its EHLO name, by which the ledger knows it, is NAME.test."""
        node = Outpost(database, f"hostname: {name}.test\n" + RETRY + config, name=name, relay_port=port, env=env,
                       database=f"  lease: {lease}\n")
        self.nodes.append(node)
        return node.start()

    def load(self, **options):
        self.ledger.start([node.relay_port for node in self.nodes], **options)

    def pick(self, short, long):
        return long if self.long else short

    def sleep(self, low, high):
        time.sleep(self.dice.uniform(low, high))

    # -- what is found

    def note(self, words):
        self.notes.append(words)

    def check(self, condition, words):
        if not condition:
            self.wrong.append(words)

    def check_refusals(self, begin, end, seconds, codes=(451,)):
        """Whoever came in that time heard one of these codes, quickly; and somebody came."""
        refusals = self.ledger.refused_between(begin, end)
        self.check(refusals, "nobody was refused")
        if not refusals:
            return
        slowest = max(refusal.seconds for refusal in refusals)
        self.check(slowest <= seconds, f"a refusal took {slowest:.1f} s")
        strange = {refusal.code for refusal in refusals} - set(codes)
        self.check(not strange, f"refusals with other codes: {strange}")
        self.note(f"refused in {slowest:.1f} s at most")

    def note_recovery(self, moment):
        after = self.ledger.first_accepted_after(moment)
        self.check(after is not None, "nothing was accepted afterwards")
        if after is not None:
            self.note(f"accepts again after {after:.1f} s")

    def finish(self, database, timeout=90, beside=None, messages=0):
        """Ends the load, waits until all is delivered, and compares the queue's own view with the sink's.
        `beside`: another sink, for so many messages that are none of the load."""
        self.ledger.stop()
        try:
            drain(database, timeout)
        except AssertionError as error:
            self.wrong.append(f"{error}: {database.rows('select * from outpost.queue limit 3')}")
        for node in self.nodes:
            if node.process.alive():
                self.check(node.process.stop(60) == 0, f"{node.name} did not stop well")
        states = database.rows("select state, count(*) from outpost.recipients group by state")
        self.check([row["state"] for row in states] == ["delivered"], f"recipients are {states}")
        twice = database.sql("select count(*) from (select from outpost.attempts where outcome = 'delivered' "
                             "group by message_id, number having count(*) > 1) as twice")
        self.check(twice == "0", f"{twice} recipients were sent again after a recorded 250")
        if beside:
            self.check(len(beside.stored) == messages, f"{len(beside.stored)} copies of {messages} messages beside the load")
        known = sum(row["count"] for row in states) - messages
        self.check(known == len(self.ledger.copies()), f"the queue knows {known}, the sink {len(self.ledger.copies())}")

    def close_books(self):
        ledger = self.ledger
        copies, lost, unexplained = ledger.copies(), ledger.lost(), ledger.unexplained()
        self.check(len(ledger.accepted) > 50, f"only {len(ledger.accepted)} were accepted")
        self.check(not lost, f"lost: messages {[ledger.accepted[number] for number in lost[:10]]}")
        for number in unexplained[:5]:
            story = [(copy.helo, round(copy.dot_at, 2), round(copy.replied_at or 0, 2)) for copy in copies[number]]
            self.wrong.append(f"message {ledger.accepted.get(number)}: an extra copy without a fault: {story}, "
                              f"faults {[(fault.node, round(fault.begin, 2), round(fault.end, 2)) for fault in ledger.faults[:20]]}")
        return {"accepted": len(ledger.accepted), "delivered": sum(number in copies for number in ledger.accepted),
                "duplicated": sum(ledger.duplicated().values()), "unexplained": len(unexplained), "lost": len(lost)}
