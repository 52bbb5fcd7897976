# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL cluster for a test, on a unix socket, never run as root."""
import json
import os
import pwd
import shutil
from pathlib import Path

from lab.processes import SCRATCH, Process, run, wait_until


def _bindir():
    versions = sorted(Path("/usr/lib/postgresql").iterdir(), key=lambda p: int(p.name))
    return versions[-1] / "bin"


class Postgres:
    def __init__(self, name="pg", options=(), sync=False):
        """`sync`: wait for the disk (fsync), as in production; tests that cut no power can do without."""
        self.home = SCRATCH / name
        self.home.mkdir()
        user = pwd.getpwnam("postgres")
        os.chown(self.home, user.pw_uid, user.pw_gid)
        self._as = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        self._data = self.home / "data"
        self._options = [f"fsync={'on' if sync else 'off'}", *options]
        run([*self._as, _bindir() / "initdb", "-D", self._data, "-A", "trust", "-U", "outpost", "-E", "UTF8",
             "--locale=C.UTF-8", "-N"])
        self.start()
        self.sql("CREATE DATABASE outpost", database="postgres")

    def start(self):
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self.home}", "-c", "max_connections=60",
                    "-c", "shared_buffers=256MB"]
        for option in self._options:
            settings += ["-c", option]
        self.process = Process(f"postgres-{self.home.name}", [*self._as, _bindir() / "postgres", "-D", self._data, *settings])
        wait_until(lambda: run(["psql", "-h", self.home, "-U", "outpost", "-d", "postgres", "-Atc", "select 1"], check=False).returncode == 0,
                   "PostgreSQL answers")

    def stop_immediately(self):
        run([*self._as, _bindir() / "pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop"])
        self.process.child.wait()

    @property
    def conninfo(self):
        return f"host={self.home} user=outpost dbname=outpost"

    def sql(self, statement, database="outpost", timeout=60):
        """Runs statements; the rows as text lines."""
        return run(["psql", "-h", self.home, "-U", "outpost", "-d", database, "-X", "-v", "ON_ERROR_STOP=1", "-At", "-c", statement], timeout=timeout).stdout.strip()

    def rows(self, query):
        """The rows of a query as dictionaries."""
        text = self.sql(f"select coalesce(json_agg(t), '[]') from ({query}) t")
        return json.loads(text)
