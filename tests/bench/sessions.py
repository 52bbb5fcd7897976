#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures many slow deliveries at once: N messages to N domains, each with an MX and an address of its
own, whose servers wait before every reply. How long the queue takes to drain against the bound that the
waiting alone sets, and with how much memory.
    tests/bench/sessions [--messages N] [--size OCTETS] [--delay-ms MS] [--clients C] [--limits YAML]
The server runs with its default limits. The servers wait 6 times for each message: before the greeting
and the replies to EHLO, MAIL, RCPT, DATA and the final dot; so the bound is 6 delays after the last
message was accepted, and a message counts as drained when the last of these has come. fsync and synchronous_commit are on; everything shares the machine."""
import argparse
import os
import re
import resource
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from lab.dns import Nsd  # noqa: E402
from lab.outpost import Outpost  # noqa: E402
from lab.postgres import Postgres  # noqa: E402
from lab.processes import run  # noqa: E402

CONFIG = """
listeners:
  relay: {address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8], max_connections_per_ip: 1000}
log_level: warning
"""
# From the first message accepted: until the last reply to a final dot, and until the last acceptance.
DRAINED = """SELECT extract(epoch FROM max(a.started_at + a.duration * interval '1 second') - min(m.submitted_at)),
    extract(epoch FROM max(m.submitted_at) - min(m.submitted_at))
    FROM outpost.attempts a JOIN outpost.messages m USING (message_id) WHERE a.outcome = 'delivered'"""
REPLIES = 6  # greeting, EHLO, MAIL, RCPT, DATA, final dot


def zone(domains):
    """Every domain has a host of its own at an address of its own."""
    lines = []
    for number in range(domains):
        address = f"127.{10 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        lines.append(f"d{number}.bench MX 10 mx.d{number}.bench\nmx.d{number}.bench A {address}")
    return "\n".join(lines) + "\n"


def with_descendants(root):
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path("/proc", entry, "stat").read_text().rsplit(")", 1)[1].split()
                parents.setdefault(int(fields[1]), []).append(int(entry))
            except OSError:
                pass
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def pss_kib(pid):
    """The proportional set size of one process; it has no part of what the kernel keeps for its sockets."""
    try:
        return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M).group(1))
    except (OSError, AttributeError):
        return 0


class Watch:
    """Samples the memory of server and database, and the server's open connections, until stopped."""

    def __init__(self, server, postmaster):
        self.server, self.postmaster = server, postmaster
        self.idle = pss_kib(server)
        self.idle_descriptors = self._descriptors()
        self.peak_server = self.peak_database = self.peak_sum = 0
        self.most_open, self.at_most_open = 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _descriptors(self):
        return len(os.listdir(f"/proc/{self.server}/fd"))

    def _run(self):
        while not self._stop.wait(0.5):
            server = pss_kib(self.server)
            database = sum(pss_kib(pid) for pid in with_descendants(self.postmaster))
            opened = self._descriptors() - self.idle_descriptors
            self.peak_server = max(self.peak_server, server)
            self.peak_database = max(self.peak_database, database)
            self.peak_sum = max(self.peak_sum, server + database)
            if opened >= self.most_open:
                self.most_open, self.at_most_open = opened, server

    def stop(self):
        self._stop.set()
        self._thread.join()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--size", type=int, default=10240)
    parser.add_argument("--delay-ms", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=50, help="sessions that hand messages in")
    parser.add_argument("--limits", default="", help="the server's limits, as YAML; by default its defaults")
    parser.add_argument("--shared-buffers", default="128MB")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for the receiving end, too
    Nsd(zone(options.messages))
    postgres = Postgres(options=[f"shared_buffers={options.shared_buffers}", "max_wal_size=4GB", "wal_compression=off"], sync=True)
    server = Outpost(postgres, CONFIG + (f"limits: {options.limits}\n" if options.limits else "")).start()
    time.sleep(1)
    watch = Watch(server.process.pid, postgres.process.pid)
    begun = time.monotonic()
    done = run([os.environ["OUTPOST_PUMP"], "--to", "127.0.0.1:2525", "--sink", "0.0.0.0:25", "--messages", options.messages,
                "--sessions", options.clients, "--size", options.size, "--domains", options.messages,
                "--delay-ms", options.delay_ms, "--pid", server.process.pid, "--pid", postgres.process.pid], check=False, timeout=900)
    watch.stop()
    print(done.stdout + done.stderr, end="")
    drained, acceptance = (float(value) for value in postgres.sql(DRAINED).split("|"))
    bound = REPLIES * options.delay_ms / 1000 + acceptance
    print(f"drained in {drained:.1f} s; bound by latency {bound:.1f} s ({REPLIES} replies and {acceptance:.1f} s of acceptance): {drained / bound:.2f}x")
    print(f"memory (PSS): server at most {watch.peak_server / 1024:.0f} MB, PostgreSQL {watch.peak_database / 1024:.0f} MB, "
          f"together {watch.peak_sum / 1024:.0f} MB")
    print(f"{watch.most_open} descriptors more than idle at most; then {watch.at_most_open / 1024:.0f} MB in the server, {watch.idle / 1024:.0f} MB when idle: "
          f"{(watch.at_most_open - watch.idle) / max(1, watch.most_open):.1f} KiB a session, content included")
    server.process.stop()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
