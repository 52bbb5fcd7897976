# SPDX-License-Identifier: Apache-2.0
"""Outpost on a PostgreSQL of its own, durable as in production."""
import shutil
import signal

from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import SCRATCH, run

# A server with some memory; fsync, synchronous_commit and full_page_writes stay on, as PostgreSQL has them.
POSTGRES = {
    "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
    "shared_buffers": "1GB", "effective_cache_size": "8GB", "wal_buffers": "64MB", "wal_compression": "lz4",
    "max_wal_size": "8GB", "min_wal_size": "2GB", "checkpoint_timeout": "15min", "random_page_cost": "1.1",
    "autovacuum_naptime": "10s", "autovacuum_vacuum_cost_delay": "0", "jit": "off", "max_connections": "100",
}
STATEMENTS = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all",
              "pg_stat_statements.track_planning": "on"}

CONFIG = """
listeners:
  relay: {{address: 127.0.0.1, port: {port}, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8],
    max_connections: 1000, max_connections_per_ip: 1000}}
limits: {{deliveries: {deliveries}, deliveries_per_destination: {per_destination}, deliveries_per_transport: 20000,
  recipients: {recipients}}}
log_level: warning
"""
RELAY = """
routes: [{to: ["*"], transport: relay}]
transports: {relay: {type: smtp, host: 127.0.0.2, tls: none, max_idle_per_host: 200, max_messages_per_connection: 1000}}
"""


def signing(algorithms):
    """The section by which the sender's domain signs, with a new key for each algorithm."""
    keys = {algorithm: SCRATCH / f"{algorithm}.pem" for algorithm in algorithms}
    for algorithm, key in keys.items():
        if not key.exists():
            run([PROGRAM, "dkim", "generate", algorithm, "origin.test", "--algorithm", algorithm, "--key-file", key])
    entries = ", ".join(f'{algorithm}: {{file: "{key}"}}' for algorithm, key in keys.items())
    return f"domains: {{origin.test: {{dkim: {{keys: {{{entries}}}}}}}}}\n" if keys else ""


class Cluster(Postgres):
    """A PostgreSQL for one case; its files go when it stops."""

    def __init__(self, name, statements=False):
        settings = {**POSTGRES, **(STATEMENTS if statements else {})}
        super().__init__(name, options=[f"{key}={value}" for key, value in settings.items()], sync=True)
        if statements:
            self.sql("CREATE EXTENSION pg_stat_statements SCHEMA public")

    def stop(self):
        self.process.signal(signal.SIGINT)  # fast: does not wait for clients
        self.process.child.wait(60)
        shutil.rmtree(self.home, ignore_errors=True)


def all_recorded(postgres):
    """Whether every outcome is recorded."""
    return postgres.sql("SELECT count(*) FROM outpost_private.recipient WHERE state IN ('queued', 'leased')") == "0"


class OutpostUnderTest:
    """One or more nodes on one database, on ports 2525, 2527, … `keys`: algorithms of the keys that sign."""

    def __init__(self, name, relay=True, nodes=1, deliveries=500, per_destination=200, recipients=20000, statements=False, keys=()):
        self.postgres = Cluster(f"pg-{name}", statements)
        self.ports = [2525 + 2 * index for index in range(nodes)]
        self.settings = f"deliveries={deliveries}"
        self.nodes = []
        for port in self.ports:
            config = CONFIG.format(port=port, deliveries=deliveries, per_destination=per_destination, recipients=recipients)
            node = Outpost(self.postgres, config + (RELAY if relay else "") + signing(keys), name=f"{name}-{port}", relay_port=port)
            self.nodes.append(node.start())

    @property
    def groups(self):
        return {"server": [node.process.pid for node in self.nodes], "postgres": [self.postgres.process.pid]}

    def settled(self):
        return all_recorded(self.postgres)

    def statements(self):
        """What the database's time went to, most costly first."""
        return self.postgres.sql(r"""
            SELECT format('%8s calls %9s rows %9s ms (%s ms planning)  %s', calls, rows, round(total_exec_time::numeric, 1),
                round(total_plan_time::numeric, 1), left(regexp_replace(query, '\s+', ' ', 'g'), 100))
            FROM public.pg_stat_statements ORDER BY total_exec_time DESC LIMIT 25""")

    def stop(self):
        for node in self.nodes:
            node.process.stop()
        self.postgres.stop()
