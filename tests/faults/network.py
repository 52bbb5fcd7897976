# SPDX-License-Identifier: Apache-2.0
"""Experiments with the network: packets lost, refused, or swallowed."""
import time

from lab.network import Network
from lab.postgres import Postgres, Through
from lab.processes import wait_until
from trial import SINK

DATABASE = "127.0.4.1"


def lossy_receiver(trial):
    """The network to the receiver loses packets, swallows all for a while, resets connections."""
    network = Network()
    postgres = Postgres()
    trial.node(postgres, config="limits: {rest: 1s}\n")
    trial.load()
    for _ in range(trial.pick(1, 10)):
        trial.ledger.wait_accepted(100)
        network.lose(SINK, 20)
        time.sleep(trial.pick(3, 28))
        # A reply that is lost again and again is held up here, TCP waiting 0.2, 0.4, 0.8 s and so on before each
        # repetition, and lost for good when the connection is reset below.
        fault = trial.ledger.fault()
        time.sleep(2)
        network.heal()
        network.cut(SINK)
        time.sleep(trial.pick(3, 30))
        network.heal()
        network.refuse(SINK)
        time.sleep(trial.pick(3, 10))
        network.heal()
        fault.over()
        trial.ledger.wait_accepted(50)
    trial.finish(postgres)


def lossy_database(trial):
    """The network to the database loses packets, swallows all for a while, refuses connections."""
    network = Network()
    postgres = Postgres(tcp=DATABASE)
    trial.node(Through(postgres, f"host={DATABASE} user=outpost dbname=outpost"))
    trial.load()
    for _ in range(trial.pick(1, 5)):
        trial.ledger.wait_accepted(100)
        network.lose(DATABASE, 10)
        time.sleep(trial.pick(5, 30))
        network.heal()
        refused = time.monotonic()
        network.refuse(DATABASE)
        time.sleep(4)
        healed = time.monotonic()
        network.heal()
        trial.check_refusals(refused, healed, seconds=2)
        trial.ledger.wait_accepted(50)
        trial.note_recovery(healed)
        swallowed = time.monotonic()
        network.cut(DATABASE)
        wait_until(lambda: trial.ledger.refused_after(swallowed), "the first is refused", 40)
        noticed = time.monotonic()
        trial.note(f"a partition is noticed after {noticed - swallowed:.0f} s")
        trial.check(noticed - swallowed < 20, f"a partition was noticed after {noticed - swallowed:.1f} s only")
        time.sleep(3)
        healed = time.monotonic()
        network.heal()
        trial.ledger.wait_accepted(50)
        trial.note_recovery(healed)
    trial.finish(postgres)


EXPERIMENTS = [lossy_receiver, lossy_database]
