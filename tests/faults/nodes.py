# SPDX-License-Identifier: Apache-2.0
"""Experiments with the nodes: killed, frozen, stopped, with a clock that jumps."""
import signal
import time

from lab.clock import Clock
from lab.faulty import FaultyServer
from lab.postgres import Postgres
from lab.processes import wait_until
from trial import SLOW_SINK


def kill_nodes(trial):
    """kill -9 of two nodes at random moments under load."""
    postgres = Postgres()
    nodes = [trial.node(postgres, f"node{n}", 2524 + n) for n in (1, 2)]
    trial.load()
    kills = trial.pick(12, 200)
    for _ in range(kills):
        trial.sleep(0.05, 0.8)
        victim = trial.dice.choice(nodes)
        fault = trial.ledger.fault(f"{victim.name}.test")
        victim.process.kill()
        fault.over()
        trial.sleep(0, 0.3)
        victim.start()
    trial.finish(postgres)
    extra = sum(trial.ledger.duplicated().values())
    trial.note(f"{kills} kills, {extra / kills:.2f} extra copies a kill")


def zombie(trial):
    """SIGSTOP of a node past its lease, while it is before and behind final dots; then SIGCONT."""
    postgres = Postgres()
    sink = trial.ledger.sink
    sink.open_time, sink.think_time = 0.3, 0.3
    lease = 4
    first = trial.node(postgres, "node1", 2525, lease=f"{lease}s")
    trial.node(postgres, "node2", 2526, lease=f"{lease}s")
    trial.load(threads=8)
    fenced = 0
    for _ in range(trial.pick(2, 10)):
        time.sleep(2)
        fault = trial.ledger.fault("node1.test")
        first.process.signal(signal.SIGSTOP)
        fault.over()
        frozen = time.monotonic()
        # Its clients are stuck with it; the load goes on through the other node.
        held = lambda: postgres.sql("select count(*) from outpost.queue where state = 'leased' and node = 'node1'")
        wait_until(lambda: held() == "0", "the other node took everything over", 120, interval=0.2)
        trial.note(f"taken over after {time.monotonic() - frozen:.1f} s")
        time.sleep(1)
        resumed = time.monotonic()
        first.process.signal(signal.SIGCONT)
        time.sleep(lease / 4)
        others = {number for number, copies in trial.ledger.copies().items() if any(copy.helo == "node2.test" for copy in copies)}
        for number, copies in trial.ledger.copies().items():
            late = [copy for copy in copies if copy.helo == "node1.test" and copy.dot_at > resumed]
            trial.check(not (late and number in others and copies[0] is not late[0]),
                        f"number {number}: the zombie sent its dot for what another node had delivered")
        wait_until(lambda: trial.ledger.first_accepted_after(resumed + 1) is not None, "it goes on", 20)
    trial.finish(postgres)
    late = postgres.sql("select count(*) from outpost.attempts where outcome = 'late'")
    trial.note(f"{late} late outcomes kept out")


def drain_on_sigterm(trial):
    """SIGTERM under load: what is in flight ends, the rest is given back at once, nothing twice."""
    postgres = Postgres()
    trial.ledger.sink.think_time = 0.3
    slow = FaultyServer(SLOW_SINK)
    slow.open_time = 60  # the content waits longer than the node does
    node = trial.node(postgres, config="limits: {drain_time: 5s}\n")
    rounds = trial.pick(2, 8)
    for round_number in range(rounds):
        trial.load(threads=8, pause=0.005)
        for number in range(10):
            node.send(f"r{number}@d.slow.test", subject="slow")
        trial.sleep(1, 2)
        begin = time.monotonic()
        code = node.process.stop(20)
        trial.check(code == 0, f"the exit code was {code}: {node.process.output()[-600:]}")
        took = time.monotonic() - begin
        trial.ledger.stop()
        trial.check(took < 7, f"stopping took {took:.1f} s")
        trial.note(f"stopped in {took:.1f} s")
        leased = postgres.sql("select count(*) from outpost.queue where state = 'leased'")
        trial.check(leased == "0", f"{leased} recipients were left leased")
        if round_number + 1 == rounds:
            slow.open_time = 0
        node.start()
    trial.finish(postgres, beside=slow, messages=10 * rounds)


def clock_jumps(trial):
    """The wall clock of one of two nodes jumps by hours, a day, and back."""
    postgres = Postgres()
    clock = Clock("node1")
    trial.node(postgres, "node1", 2525, env=clock.env, lease="6s")
    trial.node(postgres, "node2", 2526, lease="6s")
    later = FaultyServer(SLOW_SINK, step="rcpt", reply="450 4.2.1 come later", times=10**6)
    trial.load()
    waiting = [trial.nodes[0].send("later@d.slow.test", subject="slow") for _ in range(3)]
    for jump in (3600, -3600, 86_400, -10, 300, 0):
        time.sleep(trial.pick(2, 20))
        clock.set(jump)
    time.sleep(1)
    later.left = 0
    trial.finish(postgres, beside=later, messages=len(waiting))
    early = postgres.sql(
        "select count(*) from (select started_at - lag(started_at) over (partition by message_id, number order by started_at) as gap "
        f"from outpost.attempts where message_id in ({', '.join(map(str, waiting))})) as gaps where gap < interval '0.9 s'")
    trial.check(early == "0", f"{early} attempts came before their time")
    taken = postgres.sql("select count(*) from outpost.attempts where outcome in ('interrupted', 'late')")
    trial.check(taken == "0", f"{taken} leases were taken from a living node")


EXPERIMENTS = [kill_nodes, zombie, drain_on_sigterm, clock_jumps]
