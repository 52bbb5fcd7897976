# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured on."""
import os
import platform
from pathlib import Path

from lab.processes import run


def _first(path, key):
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return ""


def describe():
    """Facts for the results: cores, CPU, memory, kernel, file system of the queues."""
    return {
        "cores": os.cpu_count(),
        "cpu": _first("/proc/cpuinfo", "model name"),
        "memory_gib": round(int(_first("/proc/meminfo", "MemTotal").split()[0]) / 2**20),
        "kernel": platform.release(),
        "disk": run(["df", "--output=fstype", os.environ.get("OUTPOST_SCRATCH", "/tmp")]).stdout.split()[-1],
        "postgres": postgres_version(),
        "postfix": run(["postconf", "-h", "mail_version"], check=False).stdout.strip(),
    }


def postgres_version():
    from lab.postgres import _bindir
    return run([_bindir() / "postgres", "--version"]).stdout.split(")")[1].split()[0]


def busy_seconds():
    """CPU seconds that the whole machine has been busy, time taken by its host included."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _, _, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def prepare_network():
    """Room for thousands of connections; the network is the sandbox's own."""
    for name, value in {"ipv4/ip_local_port_range": "1024 65535", "ipv4/tcp_tw_reuse": "1", "core/somaxconn": "65535",
                        "ipv4/tcp_max_syn_backlog": "65535"}.items():
        Path("/proc/sys/net", name).write_text(value)
