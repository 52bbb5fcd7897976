#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures many slow deliveries at once: N messages to N domains, each with an MX and an address of its
own, whose servers wait before every reply. How long the queue takes to drain against the bound that the
waiting alone sets, and with how much memory.
    tests/bench/sessions [--messages N] [--size OCTETS] [--delay-ms MS] [--clients C] [--limits YAML] [--shared-buffers SIZE]
The server runs with its default limits. The servers wait 6 times for each message: before the greeting
and the replies to EHLO, MAIL, RCPT, DATA and the final dot; so the bound is 6 delays after the last
message was accepted, and a message counts as drained when the last of these has come. fsync and
synchronous_commit are on; everything shares the machine."""
import argparse
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
from lab.outpost import Outpost  # noqa: E402
from lab.postgres import Postgres  # noqa: E402
from measure import load as loads  # noqa: E402
from measure import machine  # noqa: E402
from measure.cases import REPLIES  # noqa: E402
from measure.load import Load  # noqa: E402
from measure.meter import Meter, memory_mb  # noqa: E402
from measure.outpost import all_recorded  # noqa: E402
from measure.results import problems  # noqa: E402

CONFIG = """
listeners:
  relay: {address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8], max_connections_per_ip: 1000}
log_level: warning
"""
# From the first message accepted: until the last reply to a final dot, and until the last acceptance.
DRAINED = """SELECT extract(epoch FROM max(a.started_at + a.duration * interval '1 second') - min(m.submitted_at)),
    extract(epoch FROM max(m.submitted_at) - min(m.submitted_at))
    FROM outpost.attempts a JOIN outpost.messages m USING (message_id) WHERE a.outcome = 'delivered'"""


class SessionMeter(Meter):
    """Also what the server held when it was idle, and when it had the most descriptors open."""

    def __init__(self, server, postgres):
        super().__init__(server=[server], postgres=[postgres])
        self._directory = Path("/proc", str(server), "fd")
        self.idle_mb, self._idle_descriptors = memory_mb([server]), self._descriptors()
        self.most_open, self.mb_at_most_open = 0, 0

    def _descriptors(self):
        return len(os.listdir(self._directory))

    def _look(self):
        mb = super()._look()
        opened = self._descriptors() - self._idle_descriptors
        if opened >= self.most_open:
            self.most_open, self.mb_at_most_open = opened, mb["server"]
        return mb

    def _pause(self, _):
        return 0.5  # the peak is short


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--size", type=int, default=10240)
    parser.add_argument("--delay-ms", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=50, help="sessions that hand messages in")
    parser.add_argument("--limits", default="", help="the server's limits, as YAML; by default its defaults")
    parser.add_argument("--shared-buffers", default="128MB")
    return parser.parse_args()


def tell(figures, drained, acceptance, meter):
    print(f"accepted {figures['accepted']} ({figures['accept_per_second']:.0f}/s, p50 {figures['accept_p50_ms']:.0f} ms, "
          f"p99 {figures['accept_p99_ms']:.0f} ms), not accepted {figures['not_accepted']}, missing {figures['missing']}, "
          f"duplicates {figures['duplicates']}, damaged {figures['damaged']}; {figures['peak_connections']} connections at most; "
          f"CPU {figures['cpu_ms_total']:.2f} ms a message (server and database), tools {figures['tools_cpu_ms']:.2f} ms")
    bound = REPLIES * figures["delay_ms"] / 1000 + acceptance
    print(f"drained in {drained:.1f} s; bound by latency {bound:.1f} s ({REPLIES} replies and {acceptance:.1f} s of acceptance): {drained / bound:.2f}x")
    print(f"memory (PSS): server at most {meter.peak_mb['server']:.0f} MB, PostgreSQL {meter.peak_mb['postgres']:.0f} MB, "
          f"together {meter.peak_mb_together:.0f} MB")
    held = 1024 * (meter.mb_at_most_open - meter.idle_mb) / max(1, meter.most_open)
    print(f"{meter.most_open} descriptors more than idle at most; then {meter.mb_at_most_open:.0f} MB in the server, {meter.idle_mb:.0f} MB when idle: "
          f"{held:.1f} KiB a session, content included")


def main():
    options = parse()
    machine.prepare_network()
    loads.start_dns()
    postgres = Postgres(options=[f"shared_buffers={options.shared_buffers}", "max_wal_size=4GB", "wal_compression=off"], sync=True)
    server = Outpost(postgres, CONFIG + (f"limits: {options.limits}\n" if options.limits else "")).start()
    time.sleep(1)  # until it is idle
    meter = SessionMeter(server.process.pid, postgres.process.pid)
    load = Load(options.messages, options.clients, options.size, domains=options.messages, delay_ms=options.delay_ms)
    figures = loads.measure(load, [server.relay_port], meter, lambda: all_recorded(postgres))
    drained, acceptance = (float(value) for value in postgres.sql(DRAINED).split("|"))
    tell(figures, drained, acceptance, meter)
    server.process.stop()
    return 1 if problems(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
