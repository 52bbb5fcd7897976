# SPDX-License-Identifier: Apache-2.0
"""Experiments with the database: stopped, failed over, cut off, full, slow, silent."""
import os
import signal
import subprocess
import time

from lab.fault_proxy import FaultProxy
from lab.ledger import drain
from lab.postgres import Pair, Postgres, Through
from lab.processes import SCRATCH, run, wait_until

PROXY_PORT = 7432


def immediate_stop(trial):
    """pg_ctl stop -m immediate under load, and a start some seconds later: no duplicate, quick 451s."""
    postgres = Postgres(sync=True)
    trial.node(postgres)
    trial.load()
    for _ in range(trial.pick(2, 10)):
        trial.ledger.wait_accepted(200)
        down = time.monotonic()
        postgres.stop_immediately()
        trial.sleep(3, trial.pick(4, 40))
        trial.check_refusals(down, time.monotonic(), seconds=2)
        postgres.start()
        up = time.monotonic()
        trial.ledger.wait_accepted(50)
        trial.note_recovery(up)
    trial.finish(postgres)


def failover(trial):
    """The primary dies, its synchronous standby is promoted; the node has both in its connection string."""
    pair = Pair()
    trial.node(pair)
    trial.load()
    trial.ledger.wait_accepted(300)
    died = time.monotonic()
    pair.fail_over()
    promoted = time.monotonic()
    trial.ledger.wait_accepted(200)
    trial.check_refusals(died, promoted + 10, seconds=2.5)
    trial.note_recovery(promoted)
    trial.finish(pair)


def lost_answers(trial):
    """Connections cut at COMMIT, before the server sees it or before its answer arrives, and at random."""
    postgres = Postgres()
    proxy = FaultProxy(postgres.home, PROXY_PORT)
    trial.node(Through(postgres, proxy.conninfo))
    trial.load()
    proxy.cut_at_word("COMMIT", before=0.02, answer=0.04, seed=trial.dice.random())
    for _ in range(trial.pick(10, 300)):
        trial.sleep(0.5, 1.5)
        proxy.cut()
    wait_until(lambda: proxy.cuts > 10, "COMMITs are cut", timeout=120)  # how many there are depends on the load
    proxy.cut_no_more()
    trial.note(f"{proxy.cuts} COMMITs cut")
    trial.finish(postgres)


def too_many_clients(trial):
    """Others take all connections of the database, and the node's own are ended."""
    postgres = Postgres(options=["max_connections=20", "superuser_reserved_connections=3"])
    postgres.sql("CREATE ROLE app LOGIN CREATEROLE; ALTER DATABASE outpost OWNER TO app")
    trial.node(Through(postgres, postgres.conninfo.replace("user=outpost", "user=app")))
    trial.load()
    for _ in range(trial.pick(1, 10)):
        trial.ledger.wait_accepted(100)
        # Each of the crowd tries again and again until it has a place, and keeps it.
        push_in = f"until psql -h {postgres.home} -U app -d outpost -c 'select pg_sleep(600)'; do sleep 0.05; done"
        begin = time.monotonic()
        crowd = [subprocess.Popen(["bash", "-c", push_in], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  start_new_session=True) for _ in range(25)]
        end_others = ("select count(pg_terminate_backend(pid)) from pg_stat_activity "
                      "where usename = 'app' and application_name = 'outpost'")
        while postgres.sql(end_others) != "0" or time.monotonic() < begin + 3:
            time.sleep(0.1)
        time.sleep(trial.pick(5, 20))
        end = time.monotonic()
        for client in crowd:
            os.killpg(client.pid, signal.SIGKILL)
            client.wait()
        postgres.sql("select count(pg_terminate_backend(pid)) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()")
        trial.check_refusals(begin, end, seconds=2.5)
        trial.ledger.wait_accepted(50)
        trial.note_recovery(end)
    trial.finish(postgres)


def full_disk(trial):
    """The disk under PostgreSQL (a small tmpfs) is full for a while: 452, and all goes on afterwards."""
    disk = SCRATCH / "disk"
    disk.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=120m,mode=777", "tmpfs", disk])
    postgres = Postgres(disk=disk)
    trial.node(postgres)
    body = "a line of the body of which there are many\r\n" * 200
    trial.load(body=body)
    for _ in range(trial.pick(1, 5)):
        trial.ledger.wait_accepted(100)
        filler = disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            size = 1 << 20
            while size >= 4096:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2
        full = time.monotonic()
        wait_until(lambda: trial.ledger.refused_between(full, time.monotonic()), "mail is refused", 30)
        refused = time.monotonic()
        time.sleep(trial.pick(5, 30))
        healed = time.monotonic()
        filler.unlink()
        trial.check_refusals(refused, healed, seconds=2, codes=(452,))
        trial.ledger.wait_accepted(50)
        trial.note_recovery(healed)
    trial.finish(postgres)
    trial.check(postgres.process.alive(), "PostgreSQL did not survive")


def slow_database(trial):
    """Each answer of the database takes 0.2 s (and 1 s in the long run): slower, nothing else."""
    postgres = Postgres()
    proxy = FaultProxy(postgres.home, PROXY_PORT)
    trial.node(Through(postgres, proxy.conninfo))
    trial.load(threads=32)
    trial.ledger.wait_accepted(100)
    for delay, seconds in trial.pick([(0.1, 10)], [(0.1, 60), (0.5, 120)]):
        proxy.delay = delay
        time.sleep(1)
        before = len(trial.ledger.accepted)
        time.sleep(seconds)
        rate = (len(trial.ledger.accepted) - before) / seconds
        trial.check(rate > 1, f"only {rate:.1f} accepted a second")
        trial.note(f"{rate:.0f}/s from 32 clients at {2 * delay:.1f} s an answer")
    proxy.delay = 0
    trial.finish(postgres)


def silent_database(trial):
    """The database is frozen, connections stay open: noticed within 20 s, quick 451s from then on."""
    postgres = Postgres()
    proxy = FaultProxy(postgres.home, PROXY_PORT)
    node = trial.node(Through(postgres, proxy.conninfo))
    trial.load()
    for _ in range(trial.pick(1, 5)):
        trial.ledger.wait_accepted(100)
        stalled = time.monotonic()
        proxy.stall()
        wait_until(lambda: trial.ledger.refused_after(stalled), "the first is refused", 40)
        noticed = time.monotonic()
        trial.note(f"noticed after {noticed - stalled:.0f} s")
        trial.check(noticed - stalled < 20, f"noticed after {noticed - stalled:.1f} s only")
        time.sleep(trial.pick(6, 60))
        healed = time.monotonic()
        trial.check_refusals(noticed + 1.5, healed, seconds=2)
        proxy.resume()
        trial.ledger.wait_accepted(50)
        trial.note_recovery(healed)
    trial.ledger.stop()
    drain(postgres, 30)
    # Neither does it keep a node from stopping; outcomes that could not be recorded end with it.
    fault = trial.ledger.fault()
    proxy.stall()
    begin = time.monotonic()
    trial.check(node.process.stop(90) == 0, "the exit code was not 0")
    fault.over()
    trial.note(f"stops in {time.monotonic() - begin:.0f} s while it is silent")
    proxy.cut()
    proxy.resume()
    node.start()
    trial.finish(postgres)


EXPERIMENTS = [immediate_stop, failover, lost_answers, too_many_clients, full_disk, slow_database, silent_database]
