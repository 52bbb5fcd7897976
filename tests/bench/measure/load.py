# SPDX-License-Identifier: Apache-2.0
"""Load on a server, and what came out at the other end."""
import json
import os
import subprocess
import time
from pathlib import Path

from lab.processes import SCRATCH, Process, wait_port

TOOLS = Path(os.environ.get("OUTPOST_BENCH_TOOLS", "build/tests/bench")).resolve()


class Load:
    """How much mail, in how many sessions, to how many domains, and how slow their servers are; all of these are one sink.
    By default it listens on every address."""

    def __init__(self, messages=10000, sessions=20, size=10240, domains=1, delay_ms=0, max_seconds=900, sink="0.0.0.0"):
        self.messages, self.sessions, self.size = messages, sessions, size
        self.domains, self.delay_ms, self.max_seconds = domains, delay_ms, max_seconds
        self.sink = sink


def start_dns():
    """The name server for all domains of the sources."""
    dns = Process("dns-stub", [TOOLS / "dns_stub", "127.0.0.1", 53])
    wait_port("127.0.0.1", 53, dns)
    return dns


def _start_sink(load):
    report = SCRATCH / "sink.json"
    report.unlink(missing_ok=True)
    idle = 60 + 3 * load.delay_ms // 1000
    sink = Process("smtp-sink", [TOOLS / "smtp_sink", "--address", load.sink, "--expect", load.messages, "--delay-ms", load.delay_ms, "--json", report,
                                 "--idle-seconds", idle, "--max-seconds", load.max_seconds])
    time.sleep(0.3)
    return sink, report


def _start_sources(load, ports):
    """One generator a port; together they send what the load says."""
    started = []
    share = load.messages // len(ports)
    for index, port in enumerate(ports):
        report = SCRATCH / f"source{index}.json"
        report.unlink(missing_ok=True)
        last = index == len(ports) - 1
        count = load.messages - share * index if last else share
        command = [TOOLS / "smtp_source", "--port", port, "--first", share * index, "--messages", count, "--sessions",
                   max(1, load.sessions // len(ports)), "--size", load.size, "--domains", load.domains, "--json", report,
                   "--max-seconds", load.max_seconds]
        started.append((Process(f"smtp-source{index}", command), report))
    return started


def _wait(process, seconds):
    try:
        process.child.wait(seconds)
    except subprocess.TimeoutExpired:
        process.stop()


def measure(load, ports, meter, settled=lambda: True):
    """Sends the load into the ports, waits until the sink has it all and `settled` is true, and returns the figures.
    A name server must be there that leads all domains to the sink."""
    sink, sink_report = _start_sink(load)
    with meter:
        sources = _start_sources(load, ports)
        for source, _ in sources:
            _wait(source, load.max_seconds)
        _wait(sink, load.max_seconds)
        end = time.monotonic() + 10
        while not settled() and time.monotonic() < end:
            time.sleep(0.1)
    return _figures(load, meter, [json.loads(report.read_text()) for _, report in sources], json.loads(sink_report.read_text()))


def _figures(load, meter, sources, sink):
    start = min(source["start"] for source in sources)
    accepted = sum(source["accepted"] for source in sources)
    seconds = max(sink["last"] - start, 1e-6)
    accept_seconds = max(source["start"] - start + source["seconds"] for source in sources)
    tools = sum(source["cpu_seconds"] for source in sources) + sink["cpu_seconds"]
    per_message = 1000 / max(1, sink["distinct"])
    return {
        "messages": load.messages, "sessions": load.sessions, "size": load.size, "domains": load.domains, "delay_ms": load.delay_ms,
        "accepted": accepted, "missing": accepted - sink["distinct"], "duplicates": sink["duplicates"],
        "damaged": sink["damaged"] + sink["mixed_up"], "not_accepted": load.messages - accepted,
        "accept_seconds": accept_seconds, "accept_per_second": accepted / max(accept_seconds, 1e-6),
        "accept_p50_ms": max(source["p50_ms"] for source in sources), "accept_p99_ms": max(source["p99_ms"] for source in sources),
        "seconds": seconds, "per_second": sink["distinct"] / seconds,
        "cpu_ms": {name: cpu * per_message for name, cpu in meter.cpu.items()},
        "cpu_ms_total": sum(meter.cpu.values()) * per_message,
        "peak_mb": {name: mb for name, mb in meter.peak_mb.items()}, "peak_mb_total": sum(meter.peak_mb.values()),
        "processes": meter.peak_processes, "connections": sink["connections"], "peak_connections": sink["peak_connections"],
        "tools_cpu_ms": tools * per_message,
        "other_work": max(0, meter.other_cpu - tools) / max(meter.other_cpu + sum(meter.cpu.values()), 1e-6),
    }
