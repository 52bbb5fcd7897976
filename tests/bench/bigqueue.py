#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a big queue costs: the same things on a small queue and with millions waiting, and how long mail to others takes
while a million recipients of one silent, then of one dead domain are due.
    tests/bench/bigqueue [--recipients 5000000] [--domains 10000] [--due 1000000]"""
import argparse
import json
import re
import statistics
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
from lab.dns import Nsd  # noqa: E402
from lab.outpost import Outpost  # noqa: E402
from lab.processes import run, wait_until  # noqa: E402
from measure import bulk  # noqa: E402
from measure.load import Load, measure  # noqa: E402
from measure.meter import Meter, cpu_seconds  # noqa: E402
from measure.outpost import Cluster  # noqa: E402
from measure.traffic import Receiver, Tarpit  # noqa: E402

ZONE = """*.bench MX 10 mx.bench-sink
mx.bench-sink A 127.0.3.1
*.other MX 10 mx.other-sink
mx.other-sink A 127.0.3.2
tarpit MX 10 mx.tarpit
mx.tarpit A 127.0.3.3
dead MX 10 mx.dead
mx.dead A 127.0.3.4
"""
CONFIG = """
listeners:
  relay: {address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8], max_connections_per_ip: 1000}
accounts: {bench: {any_sender: true}}
log_level: warning
"""

QUESTIONS = {
    "how much, since when": "SELECT * FROM outpost.totals",
    "top ten domains": "SELECT domain, queued, in_flight, held, next_attempt_at, last_reply FROM outpost.busiest_domains LIMIT 10",
    "one domain": "SELECT * FROM outpost.domains WHERE domain = '@DOMAIN@'",
    "one recipient's history": "SELECT submitted_at, message_id, mail_from, state, last_reply FROM outpost.history "
                               "WHERE address = '@ADDRESS@' ORDER BY submitted_at DESC",
    "one message": "SELECT * FROM outpost.recipients WHERE message_id = @MESSAGE@",
    "one message's attempts": "SELECT number, attempt, started_at, route_name, transport, remote_host, outcome, stage, reply "
                              "FROM outpost.attempts WHERE message_id = @DELIVERED@ ORDER BY number, attempt",
    "by tag": "SELECT tag, queued, in_flight, held FROM outpost.tags",
    "by account": "SELECT name, queued FROM outpost.accounts ORDER BY queued DESC",
    "nodes": "SELECT name, state, in_flight, heartbeat_at, config_version FROM outpost.nodes ORDER BY started_at DESC",
    "uncertain": "SELECT message_id, address, state, hold_reason FROM outpost.uncertain",
    "oldest in the queue": "SELECT * FROM outpost.queue WHERE state = ANY ('{queued}') ORDER BY state, message_id, number LIMIT 50",
    "one domain's queue": "SELECT * FROM outpost.queue WHERE domain = '@DOMAIN@' AND state = 'queued' ORDER BY next_attempt_at LIMIT 1",
    "all domains (grows with their number)": "SELECT count(*), sum(queued) FROM outpost.domains",
}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=1_000_000, help="that wait for a later time")
    parser.add_argument("--per-message", type=int, default=5)
    parser.add_argument("--domains", type=int, default=10_000, help="that they are spread over")
    parser.add_argument("--due", type=int, default=200_000, help="due recipients of the silent, then of the dead domain; 0: without")
    parser.add_argument("--messages", type=int, default=3000, help="accepted for the measurement of acceptance")
    parser.add_argument("--probes", type=int, default=20, help="messages to others while the silent domain is due")
    return parser.parse_args()


class Lab:
    def __init__(self):
        Nsd(ZONE)
        self.postgres = Cluster("pg-bigqueue", statements=True)
        self.server = Outpost(self.postgres, CONFIG).start()
        self.others = Receiver("127.0.3.2")
        self.tarpit = Tarpit("127.0.3.3")

    def enqueue(self, recipients, number="", options="{}"):
        to = ",".join(f"'{recipient}'" for recipient in recipients)
        return int(self.postgres.sql(f"select outpost.enqueue('bench', 'sender@origin.test', ARRAY[{to}], "
                                     f"convert_to(E'Subject: x\\nX-Bench: {number}\\n\\nHello\\n', 'UTF8'), '{options}')"))

    def wait_delivered(self, message):
        wait_until(lambda: self.postgres.sql(f"select bool_and(state = 'delivered') from outpost.recipients where message_id = {message}") == "t",
                   f"message {message} is delivered", 120)

    # -- the three costs

    def claims(self, rounds=30, recipients=50):
        """CPU and time of the server's own claim statements, for each recipient claimed."""
        self.postgres.sql("select public.pg_stat_statements_reset()")
        for number in range(rounds):
            message = self.enqueue([f"u@d{number}-{i}.other.test" for i in range(recipients)], options='{"hold_for": "2 hours"}')
            self.postgres.sql(f"select outpost.retry_now({message})")
            self.wait_delivered(message)
        found = self.postgres.rows("select sum(total_exec_time) as ms, sum(calls) as calls, sum(rows) as rows from public.pg_stat_statements "
                                   "where query like '%r.attempts +%' and query like '%leased_at = clock_timestamp()%'")[0]
        return {"ms a claim": found["ms"] / found["calls"], "µs a recipient claimed": 1000 * found["ms"] / found["rows"]}

    def accepting(self, messages):
        load = Load(messages, domains=1000, max_seconds=300, sink="127.0.3.1")
        meter = Meter(server=[self.server.process.pid], postgres=[self.postgres.process.pid])
        figures = measure(load, [self.server.relay_port], meter)
        return {"ms between messages accepted": 1000 / figures["accept_per_second"], "ms of CPU a message": figures["cpu_ms_total"]}

    def questions(self, facts, times=15):
        """The least time of each question, asked by psql in one session: what else runs on the machine only adds to it."""
        script = "\\timing on\n\\o /dev/null\n"
        for text in QUESTIONS.values():
            for name, value in facts.items():
                text = text.replace(f"@{name}@", str(value))
            script += (text + ";\n") * times
        out = run(["psql", "-h", self.postgres.home, "-U", "outpost", "-d", "outpost", "-X", "-q", "-v", "ON_ERROR_STOP=1"],
                  input=script, timeout=1800).stdout
        spent = [float(ms) for ms in re.findall(r"^Time: ([0-9.]+) ms", out, re.M)]
        return {name: min(spent[i * times:(i + 1) * times]) for i, name in enumerate(QUESTIONS)}

    def all_costs(self, options, facts):
        self.claims(rounds=5)  # so that plans and caches are warm in either case
        self.accepting(500)
        costs = {"claim: " + name: value for name, value in self.claims().items()}
        costs.update({"accept: " + name: value for name, value in self.accepting(options.messages).items()})
        time.sleep(12)  # what the measurements before have changed is added up by then, in either case
        costs.update({"ms, " + name: value for name, value in self.questions(facts).items()})
        return costs

    def facts(self):
        """A message, a domain and an address that wait, and a message that was delivered."""
        row = self.postgres.rows("select message_id, domain, address from outpost.recipients where state = 'queued' "
                                 "order by message_id desc limit 1")[0]
        delivered = self.postgres.sql("select message_id from outpost.recipients where state = 'delivered' limit 1")
        return {"MESSAGE": row["message_id"], "DOMAIN": row["domain"], "ADDRESS": row["address"], "DELIVERED": delivered}

    # -- a million due for one domain

    def probe(self, number, door):
        """Seconds from acceptance to arrival of one message to another domain."""
        to = f"user@p{number}.other.test"
        if door == "SMTP":
            self.server.send(to, headers=f"X-Bench: {number}\r\n")
            since = time.time()
        elif door == "SQL":
            self.enqueue([to], number)
            since = time.time()
        else:
            since = time.time() + 2
            self.enqueue([to], number, json.dumps({"release_at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since)) + f".{int(since % 1 * 1e6):06d}Z"}))
        arrived = self.others.wait(str(number), 60)
        return 60.0 if arrived is None else arrived - since

    def beside(self, kind, options):
        """Mail to other domains while all recipients of tarpit.test or dead.test are due."""
        self.server.process.stop()
        start = time.monotonic()
        bulk.load(self.postgres, options.due, options.per_message, f"'{kind}.test'", "now() - random() * interval '1 hour'")
        print(f"\n{options.due:,} recipients due for {kind}.test loaded in {time.monotonic() - start:.0f} s", flush=True)
        self.server.start()
        time.sleep(10)
        print("seconds until a message to another domain has left:")
        before, begun = cpu_seconds([self.server.process.pid, self.postgres.process.pid]), time.monotonic()
        for door in ("SMTP", "SQL", "due again"):
            spent = sorted(self.probe(f"{kind}-{door[:3]}-{i}", door) for i in range(options.probes))
            print(f"  {door:10} middle {statistics.median(spent):.3f}, longest {spent[-1]:.3f}", flush=True)
        used = cpu_seconds([self.server.process.pid, self.postgres.process.pid]) - before
        print(f"  meanwhile {used / (time.monotonic() - begun):.2f} cores; {kind}.test:",
              self.postgres.rows(f"select queued, in_flight, last_reply from outpost.domains where domain = '{kind}.test'"), flush=True)
        self.server.process.stop()
        self.postgres.sql(f"delete from outpost_private.recipient where domain = '{kind}.test'", timeout=600)
        self.server.start()


def main():
    options = parse()
    lab = Lab()
    lab.enqueue([f"user{i}@d{i}.later.test" for i in range(200)], options='{"hold_for": "40 days", "tag": "a"}')
    lab.accepting(500)
    small = lab.all_costs(options, lab.facts())
    lab.server.process.stop()
    start = time.monotonic()
    bulk.load(lab.postgres, options.recipients, options.per_message, f"'d' || i % {options.domains} || '.bulk.test'",
              "now() + interval '1 day' + random() * interval '4 days'")
    print(f"{options.recipients:,} recipients in {options.domains:,} domains loaded in {time.monotonic() - start:.0f} s, database "
          + lab.postgres.sql("select pg_size_pretty(pg_database_size('outpost'))"), flush=True)
    lab.server.start()
    big = lab.all_costs(options, lab.facts())
    print(f"\n{'':45}{'small':>10}{'big':>10}{'ratio':>8}")
    for name, cost in small.items():
        print(f"{name:45}{cost:10.3f}{big[name]:10.3f}{big[name] / cost:8.2f}")
    for kind in ("tarpit", "dead") if options.due else ():
        lab.beside(kind, options)
    lab.server.process.stop()
    lab.postgres.stop()


if __name__ == "__main__":
    main()
