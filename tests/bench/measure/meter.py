# SPDX-License-Identifier: Apache-2.0
"""What processes cost: CPU time of whole process trees, ended children included, and peak memory."""
import os
import threading
import time
from pathlib import Path

from measure.machine import busy_seconds

_TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """The fields of /proc/PID/stat after the name, from the state on; None when the process has ended."""
    try:
        return Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(roots):
    """The processes and all their descendants that live: {pid: fields of stat}."""
    stats = {int(name): _stat(name) for name in os.listdir("/proc") if name.isdigit()}
    children = {}
    for pid, fields in stats.items():
        if fields:
            children.setdefault(int(fields[1]), []).append(pid)
    found, waiting = {}, list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found and stats.get(pid):
            found[pid] = stats[pid]
            waiting += children.get(pid, [])
    return found


def cpu_seconds(roots):
    """User and system time of a tree, with that of children which have ended and were waited for."""
    return sum(sum(int(fields[i]) for i in (11, 12, 13, 14)) for fields in tree(roots).values()) / _TICK


def pss_kib(pid):
    """Proportional set size of one process: shared pages are shared out among those who share them, and what the kernel
    keeps for sockets is no part of it. 0 when the process has ended."""
    try:
        lines = Path("/proc", str(pid), "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def memory_mb(roots):
    return sum(pss_kib(pid) for pid in tree(roots)) / 1024


class Meter:
    """Measures named groups of process trees while something runs:
        with Meter(server=[pid], postgres=[pid]) as meter: …
        meter.cpu["server"], meter.peak_mb["server"], meter.other_cpu"""

    def __init__(self, **groups):
        self._groups = groups
        self.cpu, self.peak_mb, self.peak_processes = {}, {name: 0 for name in groups}, 0
        self.peak_mb_together = 0  # at one time, while each group has its peak at a time of its own
        self.other_cpu = 0  # of everything else on the machine, the benchmark's own tools included
        self._ended = threading.Event()

    def __enter__(self):
        self._busy = busy_seconds()
        self._before = {name: cpu_seconds(roots) for name, roots in self._groups.items()}
        self._thread = threading.Thread(target=self._watch_memory, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.cpu = {name: cpu_seconds(roots) - self._before[name] for name, roots in self._groups.items()}
        self.other_cpu = busy_seconds() - self._busy - sum(self.cpu.values())
        self._ended.set()
        self._thread.join()
        self._look()

    def _look(self):
        mb = {name: memory_mb(roots) for name, roots in self._groups.items()}
        self.peak_mb = {name: max(peak, mb[name]) for name, peak in self.peak_mb.items()}
        self.peak_mb_together = max(self.peak_mb_together, sum(mb.values()))
        self.peak_processes = max(self.peak_processes, sum(len(tree(roots)) for roots in self._groups.values()))
        return mb

    def _pause(self, look_seconds):
        """Looking costs time, too: at most some 3 percent of one core."""
        return max(1, 30 * look_seconds)

    def _watch_memory(self):
        pause = 0.5
        while not self._ended.wait(pause):
            begun = time.monotonic()
            self._look()
            pause = self._pause(time.monotonic() - begun)
