# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL cluster for a test, on a unix socket, never run as root; and two of them, a
primary and its synchronous standby."""
import json
import os
import pwd
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.processes import SCRATCH, Process, run, wait_until

_AS_POSTGRES = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]


def _bindir():
    versions = sorted(Path("/usr/lib/postgresql").iterdir(), key=lambda p: int(p.name))
    return versions[-1] / "bin"


def _owned_directory(path):
    path.mkdir(exist_ok=True)
    user = pwd.getpwnam("postgres")
    os.chown(path, user.pw_uid, user.pw_gid)
    return path


def _initdb(data, *options):
    run([*_AS_POSTGRES, _bindir() / "initdb", "-D", data, "-A", "trust", "-U", "outpost", "-E", "UTF8",
         "--locale=C.UTF-8", "-N", *options])


def _copy_cluster(data):
    """A copy of the cluster that all tests of a run share, where there is one: initdb takes seconds."""
    cluster = Path(os.environ.get("OUTPOST_CLUSTER", "")) / "data"
    if not (cluster / "PG_VERSION").exists():
        return False
    run(["cp", "-a", cluster, data])
    return True


class Postgres:
    def __init__(self, name="pg", options=(), sync=False, tcp=None, disk=None, copy_of=None):
        """`sync`: wait for the disk (fsync), as in production; tests that cut no power can do without.
        `tcp`: also listen on this loopback address, port 5432. `disk`: the data in this directory,
        the log of changes (WAL) elsewhere. `copy_of`: a standby of that primary."""
        self.home = _owned_directory(SCRATCH / name)
        self._data = (disk or self.home) / "data"
        self._options = [f"fsync={'on' if sync else 'off'}", f"listen_addresses={tcp or ''}", *options]
        if copy_of:
            run([*_AS_POSTGRES, _bindir() / "pg_basebackup", "-d", f"host={copy_of.home} user=outpost application_name={name}",
                 "-D", self._data, "-R", "-c", "fast"])
            self.start()
        else:
            if disk or not _copy_cluster(self._data):
                _initdb(self._data, *(["-X", self.home / "wal"] if disk else []))
            with open(self._data / "pg_hba.conf", "a") as rules:
                rules.write("host all all 127.0.0.0/8 trust\n")
            self.start()
            self.sql("CREATE DATABASE outpost", database="postgres")

    def start(self):
        settings = ["-c", f"unix_socket_directories={self.home}", "-c", "max_connections=60", "-c", "shared_buffers=256MB"]
        for option in self._options:
            settings += ["-c", option]
        self.process = Process(f"postgres-{self.home.name}", [*_AS_POSTGRES, _bindir() / "postgres", "-D", self._data, *settings])
        wait_until(self.answers, "PostgreSQL answers")

    def answers(self):
        return run(["psql", "-h", self.home, "-U", "outpost", "-d", "postgres", "-Atc", "select 1"], check=False).returncode == 0

    def stop_immediately(self):
        run([*_AS_POSTGRES, _bindir() / "pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop"])
        self.process.child.wait()

    def promote(self):
        """Makes a standby a primary."""
        run([*_AS_POSTGRES, _bindir() / "pg_ctl", "-D", self._data, "-w", "promote"])

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


class Pair:
    """A primary and its synchronous standby. Those who connect are given both addresses."""

    def __init__(self):
        self.primary = Postgres("first")
        self.standby = Postgres("second", copy_of=self.primary)
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'second'")
        self.primary.sql("SELECT pg_reload_conf()")
        wait_until(lambda: self.primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync", "the standby follows")
        self.conninfo = f"host={self.primary.home},{self.standby.home} user=outpost dbname=outpost target_session_attrs=read-write"

    def fail_over(self):
        """The primary dies, the standby takes its place."""
        self.primary.process.kill()
        self.standby.promote()
        self.primary = self.standby

    def sql(self, statement):
        return self.primary.sql(statement)

    def rows(self, query):
        return self.primary.rows(query)


class Through:
    """A database whose server is reached at another address: a proxy's, or as another user."""

    def __init__(self, postgres, conninfo):
        self.conninfo, self.sql, self.rows = conninfo, postgres.sql, postgres.rows


if __name__ == "__main__":  # makes the cluster that the tests copy
    if os.geteuid() != 0:
        sys.exit(77)
    # Made where the server's account may go, whoever owns the build directory.
    with tempfile.TemporaryDirectory(prefix="outpost-cluster.") as scratch:
        os.chmod(scratch, 0o755)
        made, home = _owned_directory(Path(scratch) / "made") / "data", Path(sys.argv[1])
        _initdb(made)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        run(["cp", "-a", made, home / "data"])
