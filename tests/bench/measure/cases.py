# SPDX-License-Identifier: Apache-2.0
"""The cases: each measures Outpost and what it is compared with, one after the other."""
import json
import os

from lab.outpost import Outpost
from lab.processes import run
from measure import load as loads
from measure.load import Load
from measure.meter import Meter
from measure.outpost import Cluster, OutpostUnderTest
from measure.postfix import TunedPostfix

# Replies that a delivery waits for: greeting, EHLO, MAIL, RCPT, DATA, end of data.
REPLIES = 6
REPLIES_BEFORE_CONTENT = REPLIES - 1  # the sink notes a message when it is there


class Cases:
    def __init__(self, options, results):
        self._options, self._results = options, results

    # -- throughput

    def relay(self):
        """All mail to one relay."""
        self._throughput("relay", domains=1)

    def mx(self):
        """Mail to 1,000 domains by MX, each with its own host."""
        self._throughput("mx", domains=self._options.domains)

    def signed(self):
        """All mail to one relay, signed by DKIM: what each kind of key costs."""
        options = self._options
        for _ in range(options.rounds):
            for algorithms in ((), ("ed25519",), ("rsa",), ("rsa", "ed25519")):
                server = OutpostUnderTest("signed", statements=options.statements, keys=algorithms)
                load = Load(options.messages, max(options.outpost_sessions), options.size)
                self._measure("signed", "+".join(algorithms) or "unsigned", server, load)

    def _throughput(self, case, domains):
        options = self._options
        for _ in range(options.rounds):
            for sessions in options.outpost_sessions:
                server = OutpostUnderTest(case, relay=domains == 1, statements=options.statements)
                load = Load(options.messages, sessions, options.size, domains)
                self._measure(case, "outpost", server, load)
            for sessions in options.postfix_sessions if options.peers else []:
                load = Load(options.peer_messages, sessions, options.size, domains)
                self._measure(case, "postfix", TunedPostfix(relay=domains == 1), load)

    def _measure(self, case, name, server, load):
        dns = loads.start_dns()
        try:
            figures = loads.measure(load, getattr(server, "ports", None) or [server.port], Meter(**server.groups), server.settled)
            self._results.add(case, name, server.settings, figures)
            if self._options.statements and name != "postfix":
                print(server.statements(), flush=True)
        finally:
            dns.stop()
            server.stop()
        return figures

    # -- what PostgreSQL alone can do

    def ceiling(self):
        """Bare clients: the rows that Outpost writes, and the whole life of a message in the simplest of queues."""
        for _ in range(self._options.rounds):
            for batch in (64, 256):
                self._bare_client("rows", ["--messages", self._options.messages], batch)
            for batch in (64, 256):
                self._bare_client("life", ["--seconds", self._options.life_seconds], batch)

    def _bare_client(self, kind, arguments, batch):
        postgres = Cluster(f"pg-{kind}-{batch}")
        try:
            if kind == "rows":
                Outpost(postgres, name="migration").command("migrate")
            # Plans made while tables are empty read them from end to end, and are kept: the index plans are forced.
            env = {"PGHOST": str(postgres.home), "PGUSER": "outpost", "PGDATABASE": "outpost",
                   "PGOPTIONS": "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_bitmapscan=off"}
            with Meter(postgres=[postgres.process.pid]) as meter:
                done = run([loads.TOOLS / f"pg_{kind}", "--batch", batch, "--size", self._options.size, *arguments], env=env, timeout=600)
            figures = json.loads(done.stdout)
            cpu = meter.cpu["postgres"] * 1000 / max(1, figures["messages"])
            self._results.add(kind, "client", f"batch={batch}", {**figures, "cpu_ms": {"postgres": cpu}, "cpu_ms_total": cpu})
        finally:
            postgres.stop()

    # -- slow receivers

    def slow(self):
        """As many domains as messages; every server waits before each reply."""
        options = self._options
        count = options.slow_messages
        load = Load(count, 200, options.size, domains=count, delay_ms=options.slow_delay_ms, max_seconds=900)
        server = OutpostUnderTest("slow", relay=False, deliveries=count + 1000, per_destination=20, recipients=count + 10000)
        figures = self._measure("slow", "outpost", server, load)
        limit = REPLIES_BEFORE_CONTENT * options.slow_delay_ms / 1000 + figures["accept_seconds"]
        print(f"         drained in {figures['seconds']:.1f} s; the replies alone take {REPLIES_BEFORE_CONTENT * options.slow_delay_ms / 1000:.0f} s and acceptance "
              f"{figures['accept_seconds']:.1f} s: {figures['seconds'] / limit:.2f} of that limit")
        if options.peers:
            load = Load(count, 50, options.size, domains=count, delay_ms=options.slow_delay_ms, max_seconds=900)
            self._measure("slow", "postfix", TunedPostfix(relay=False, processes=1000, concurrency=20), load)

    # -- several nodes

    def nodes(self):
        """Two nodes on one database against one: as fast as the machine goes, and when the sessions of a node are the limit
        (receivers that take 50 ms a reply), where two nodes should do twice as much."""
        options = self._options
        for _ in range(options.rounds):
            for count in (1, 2):
                load = Load(options.messages, max(options.outpost_sessions), options.size)
                self._measure("nodes", f"outpost x{count}", OutpostUnderTest("nodes", nodes=count), load)
            for count in (1, 2):
                load = Load(options.peer_messages // 2, max(options.outpost_sessions), options.size, delay_ms=50)
                server = OutpostUnderTest("bounded", nodes=count, deliveries=50, per_destination=50 * count)
                self._measure("bounded", f"outpost x{count}", server, load)
