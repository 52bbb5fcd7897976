#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures a running server: N messages through it into a sink, with what it cost.
    tests/bench/run [--messages N] [--sessions S] [--size OCTETS] [--domains D] [--delay-ms MS]
fsync and synchronous_commit are on; server, database, generator and sink share the machine."""
import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from lab.dns import Nsd  # noqa: E402
from lab.outpost import Outpost  # noqa: E402
from lab.postgres import Postgres  # noqa: E402
from lab.processes import run  # noqa: E402

CONFIG = """
listeners:
  relay: {address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8], max_connections_per_ip: 1000}
limits: {deliveries_per_destination: 50}
log_level: warning
"""
RELAY = """
routes: [{to: ["*"], transport: sink}]
transports: {sink: {type: smtp, host: 127.0.3.1, tls: none, max_idle_per_host: 50, max_messages_per_connection: 1000}}
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--size", type=int, default=10240)
    parser.add_argument("--domains", type=int, default=1, help="1: to one relay; more: MX lookups for so many domains")
    parser.add_argument("--delay-ms", type=int, default=0, help="the sink waits so long before each reply")
    options = parser.parse_args()
    if options.domains > 1:
        Nsd("*.bench MX 10 mx.sink\nmx.sink A 127.0.3.1\n")
    postgres = Postgres(options=["shared_buffers=1GB", "max_wal_size=4GB", "wal_compression=off"], sync=True)
    server = Outpost(postgres, CONFIG + (RELAY if options.domains == 1 else "")).start()
    pump = os.environ["OUTPOST_PUMP"]
    done = run([pump, "--to", "127.0.0.1:2525", "--sink", "127.0.3.1:25", "--messages", options.messages, "--sessions", options.sessions,
                "--size", options.size, "--domains", options.domains, "--delay-ms", options.delay_ms,
                "--pid", server.process.pid, "--pid", postgres.process.pid], check=False, timeout=600)
    print(done.stdout + done.stderr, end="")
    server.process.stop()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
