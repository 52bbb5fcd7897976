# SPDX-License-Identifier: Apache-2.0
"""Figures that were measured: kept as lines of JSON, and told as text."""
import json
from pathlib import Path


class Results:
    """One run of the benchmark: figures of each case and server, appended to a file as they come."""

    def __init__(self, path, run, machine):
        self._path, self._run, self.machine = Path(path), run, machine
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = []

    def add(self, case, server, settings, figures):
        row = {"run": self._run, "case": case, "server": server, "settings": settings, **figures, "machine": self.machine}
        self.rows.append(row)
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(_line(row), flush=True)
        return row

    @classmethod
    def last_run(cls, path):
        """What the last run left in the file."""
        rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
        last = cls.__new__(cls)
        last._path, last._run = Path(path), rows[-1]["run"]
        last.rows = [row for row in rows if row["run"] == last._run]
        last.machine = rows[-1]["machine"]
        return last

    @property
    def date(self):
        return self._run

    def best(self, case, server):
        """Of several settings the one with the highest rate; of several rounds with it the middle one."""
        rounds = {}
        for row in self.rows:
            if (row["case"], row["server"]) == (case, server):
                rounds.setdefault((row["settings"], row.get("sessions")), []).append(row)
        middles = [sorted(rows, key=_rate)[len(rows) // 2] for rows in rounds.values()]
        return max(middles, key=_rate, default=None)


def _rate(row):
    return row["per_second"]


def problems(row):
    """What must not be: mail that is lost, doubled or damaged."""
    return ", ".join(f"{row[key]} {key}" for key in ("not_accepted", "missing", "duplicates", "damaged") if row.get(key))


def _line(row):
    text = f"{row['case']:8} {row['server']:9} {row['settings']:32}"
    if "accept_per_second" not in row:
        return text + f" {row['per_second']:7.0f}/s, PostgreSQL {row['cpu_ms']['postgres']:.3f} ms CPU a message"
    parts = " + ".join(f"{name} {value:.3f}" for name, value in row["cpu_ms"].items())
    memory = " + ".join(f"{name} {value:.0f}" for name, value in row["peak_mb"].items())
    text += (f" C={row['sessions']:<4} {row['per_second']:7.0f}/s end to end ({row['seconds']:.1f} s), accepted {row['accept_per_second']:.0f}/s "
             f"(p50 {row['accept_p50_ms']:.1f} ms, p99 {row['accept_p99_ms']:.1f} ms), CPU {row['cpu_ms_total']:.3f} ms ({parts}), "
             f"memory {memory} MB, {row['peak_connections']} connections, tools {row['tools_cpu_ms']:.3f} ms, "
             f"other work {row['other_work']:.0%}")
    return text + (f"  !! {problems(row)}" if problems(row) else "")
