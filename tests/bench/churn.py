#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hours of churn: mail at a steady rate below the most that the server can do, some of it deferred a few times, with what is
finished deleted after minutes, so that all tables turn over many times. Prints sizes, dead rows, vacuum's rounds and costs
over time, and whether they level off.
    tests/bench/churn [--minutes 30] [--rate 200] [--deferred 10] [--retention 3m]"""
import argparse
import hashlib
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
from lab.outpost import Outpost  # noqa: E402
from lab.postgres import Postgres  # noqa: E402
from measure.meter import cpu_seconds  # noqa: E402
from measure.traffic import Receiver, Sender  # noqa: E402

CONFIG = """
listeners:
  relay: {{address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8], max_connections_per_ip: 1000}}
routes: [{{to: ["*"], transport: relay}}]
transports: {{relay: {{type: smtp, host: 127.0.3.1, tls: none, max_idle_per_host: 50, max_messages_per_connection: 1000}}}}
retry: {{first: 20s, longest: 40s}}
retention: {{messages: {retention}, attempts: {retention}}}
log_level: warning
"""
# As PostgreSQL comes, but for memory: what vacuum does must come from the tables' own settings.
POSTGRES = ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=5min"]
SIZES = """
select c.relname as name, pg_relation_size(c.oid) as heap, pg_indexes_size(c.oid) as indexes,
    coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0) as toast, s.n_live_tup as live, s.n_dead_tup as dead,
    s.autovacuum_count + coalesce((select t.autovacuum_count from pg_stat_all_tables t where t.relid = c.reltoastrelid), 0) as vacuums
from pg_class c join pg_stat_user_tables s on s.relid = c.oid
where c.relnamespace = 'outpost_private'::regnamespace
    and c.relname in ('recipient', 'message', 'content', 'attempt', 'waiting', 'waiting_change') order by 1
"""
MB = 1 << 20


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=200, help="messages a second")
    parser.add_argument("--size", type=int, default=10240)
    parser.add_argument("--deferred", type=int, default=10, help="percent of the recipients that are deferred twice first")
    parser.add_argument("--retention", default="3m")
    parser.add_argument("--every", type=float, default=30, help="seconds between samples")
    return parser.parse_args()


class Reluctant:
    """Defers the first two attempts of so many percent of the recipients."""

    def __init__(self, percent):
        self._percent, self._seen = percent, {}

    def __call__(self, line):
        if int(hashlib.md5(line).hexdigest()[:4], 16) % 100 >= self._percent:
            return False
        seen = self._seen[line] = self._seen.get(line, 0) + 1
        if seen > 2:
            del self._seen[line]
        return seen <= 2


class Samples:
    def __init__(self, server, postgres, sink):
        self.server, self.postgres, self.sink = server, postgres, sink
        self.begun = time.monotonic()
        self.rows = []
        self._last = (self.begun, 0, 0.0, 0.0)

    def take(self):
        now, done = time.monotonic(), self.sink.copies
        server, database = cpu_seconds([self.server.process.pid]), cpu_seconds([self.postgres.process.pid])
        was, had, server_had, database_had = self._last
        self._last = (now, done, server, database)
        count = max(1, done - had)
        tables = {row["name"]: row for row in self.postgres.rows(SIZES)}
        row = {"seconds": now - self.begun, "rate": count / (now - was), "server": 1000 * (server - server_had) / count,
               "database": 1000 * (database - database_had) / count, "tables": tables,
               "megabytes": sum(t["heap"] + t["indexes"] + t["toast"] for t in tables.values()) / MB}
        self.rows.append(row)
        print(f"{row['seconds']:6.0f} s {row['rate']:6.0f}/s  CPU ms a message: server {row['server']:.2f}, database {row['database']:.2f}  "
              f"{row['megabytes']:6.0f} MB  " + "  ".join(
                  f"{name} {(t['heap'] + t['toast']) / MB:.0f}+{t['indexes'] / MB:.0f} ({t['dead'] // 1000}k dead, {t['vacuums']} vac)"
                  for name, t in tables.items()), flush=True)

    def verdict(self):
        """The last third beside the middle one: a table that grows without end grows by half between them."""
        third = len(self.rows) // 3
        middle, last = self.rows[third:2 * third], self.rows[2 * third:]
        print(f"\n{'':28}{'middle third':>14}{'last third':>14}{'ratio':>8}")
        for what in ("megabytes", "rate", "server", "database"):
            self._compare(what, [r[what] for r in middle], [r[what] for r in last])
        for name in self.rows[-1]["tables"]:
            for part in ("heap", "indexes", "toast"):
                self._compare(f"{name} {part}, MB", *([r["tables"][name][part] / MB for r in rows] for rows in (middle, last)))

    @staticmethod
    def _compare(what, middle, last):
        a, b = sum(middle) / len(middle), sum(last) / len(last)
        print(f"{what:28}{a:14.2f}{b:14.2f}{b / a if a else 1:8.2f}")


def main():
    options = parse()
    postgres = Postgres("pg-churn", options=POSTGRES, sync=True)
    server = Outpost(postgres, CONFIG.format(retention=options.retention)).start()
    sink = Receiver("127.0.3.1", defer=Reluctant(options.deferred))
    line = b"x" * 76 + b"\r\n"
    sender = Sender(2525, options.rate, lambda number: f"r{number}@d{number % 100}.bench.test", line * (options.size // len(line)))
    samples = Samples(server, postgres, sink)
    while samples.begun + 60 * options.minutes > time.monotonic():
        time.sleep(options.every)
        samples.take()
    sender.stop()
    samples.verdict()
    print(f"accepted {sender.accepted}, refused {sender.refused}, arrived {len(sink.arrived)}, copies {sink.copies}, deferrals {sink.deferred}")
    print(postgres.sql("select * from outpost.totals"))
    server.process.stop()


if __name__ == "__main__":
    main()
