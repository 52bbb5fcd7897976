#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what an open delivery session costs in the server's memory, in clear and with TLS: N sessions to one
relay that has said EHLO, with STARTTLS or without, and now lets MAIL wait. PSS of the server then, against idle.
    tests/bench/tls_sessions [--sessions N] [--size OCTETS]"""
import argparse
import asyncio
import smtplib
import ssl
import sys
import threading
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "e2e")]
from lab.certificates import Authority  # noqa: E402
from lab.outpost import Outpost  # noqa: E402
from lab.postgres import Postgres  # noqa: E402
from measure.meter import pss_kib  # noqa: E402

CONFIG = """
listeners:
  relay: {{address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8]}}
limits: {{deliveries: {sessions}, deliveries_per_destination: {sessions}, deliveries_per_transport: {sessions}}}
routes: [{{to: ["*"], transport: relay}}]
transports: {{relay: {{type: smtp, host: 127.0.0.2, tls: {tls}}}}}
log_level: warning
"""


class Relay:
    """Answers up to EHLO (after STARTTLS, if it has a certificate), and then no more."""

    def __init__(self, context):
        self.waiting, self._context = 0, context
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._server = self._run(asyncio.start_server(self._session, "127.0.0.2", 25, backlog=1024))

    def _run(self, task):
        return asyncio.run_coroutine_threadsafe(task, self._loop).result()

    async def _session(self, reader, writer):
        writer.write(b"220 relay.test ESMTP\r\n")
        secure = self._context is None
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250 relay.test\r\n" if secure else b"250-relay.test\r\n250 STARTTLS\r\n")
            elif verb == b"STAR":
                writer.write(b"220 go on\r\n")
                await writer.start_tls(self._context)
                secure = True
            elif verb == b"MAIL":
                self.waiting += 1

    def stop(self):
        self._server.close()


def measure(tls, context, options):
    relay = Relay(context)
    server = Outpost(Postgres(name=f"pg-{tls}"), CONFIG.format(tls=tls, sessions=options.sessions), name=f"node-{tls}").start()
    time.sleep(1)
    idle = pss_kib(server.process.pid)
    body = f"{'x' * 78}\r\n" * (options.size // 80)
    with smtplib.SMTP("127.0.0.1", 2525) as client:
        for number in range(options.sessions):
            client.sendmail("a@origin.test", [f"r{number}@d.test"], f"Subject: {number}\r\n\r\n{body}")
    end = time.monotonic() + 120
    while relay.waiting < options.sessions and time.monotonic() < end:
        time.sleep(0.2)
    held = (pss_kib(server.process.pid) - idle) / max(1, relay.waiting)
    print(f"{tls}: {relay.waiting} sessions wait, {held:.1f} KiB of the server's memory each, content included", flush=True)
    relay.stop()
    server.process.kill()
    return relay.waiting == options.sessions


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--size", type=int, default=10240)
    options = parser.parse_args()
    certificate, key = Authority().issue("relay.test")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    clear, encrypted = measure("none", None, options), measure("encrypted", context, options)
    return 0 if clear and encrypted else 1


if __name__ == "__main__":
    sys.exit(main())
