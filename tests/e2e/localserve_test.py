# SPDX-License-Identifier: Apache-2.0
"""`outpost localserve`: one command, a whole server; stops cleanly, starts again quickly."""
import signal
import time
import unittest

from lab.outpost import PROGRAM
from lab.processes import SCRATCH, Process, run, wait_until


class Localserve(unittest.TestCase):
    def test_first_start_story_clean_stop_and_a_quick_second_start(self):
        directory = SCRATCH / "local"
        command = [PROGRAM, "localserve", "--dir", directory, "--port-base", "20000", "--send-sample"]
        first = Process("localserve-1", command)
        wait_until(lambda: "delivered at" in first.output() or not first.alive(), "the sample's story is told", timeout=60)
        for part in ("accepted", "route", "transport sink", "remote", "250", "psql", "127.0.0.1:20587", "127.0.0.1:20465", "127.0.0.1:20025"):
            self.assertIn(part, first.output())
        owner = run(["stat", "-c", "%U", directory / "postgres"]).stdout.strip()
        self.assertNotEqual(owner, "root")
        count = run([PROGRAM, "psql", "--dir", directory, "-Atc", "select count(*) from outpost.recipients where state = 'delivered'"]).stdout.strip()
        self.assertEqual(count, "1")
        self.assertIn("attempt 1", run([PROGRAM, "why", "--dir", directory, "1000"]).stdout)
        first.signal(signal.SIGINT)
        self.assertEqual(first.child.wait(30), 0)
        self.assertFalse(run(["pgrep", "-f", f"postgres -D {directory}"], check=False).stdout.strip())

        started = time.monotonic()
        second = Process("localserve-2", [PROGRAM, "localserve", "--dir", directory, "--port-base", "20000"])
        wait_until(lambda: "Outpost is running" in second.output(), "it runs again")
        took = time.monotonic() - started
        print(f"\nsecond start: {took:.2f} s", flush=True)
        rows = run([PROGRAM, "psql", "--dir", directory, "-At", "-c", "select count(*) from outpost.messages"]).stdout.strip()
        self.assertEqual(rows, "1")
        third = run([PROGRAM, "localserve", "--dir", directory, "--port-base", "21000"], check=False)
        self.assertEqual(third.returncode, 70)
        self.assertIn("another localserve is running", third.stderr)
        run([PROGRAM, "psql", "--dir", directory, "-Atc", "select 1"])  # the database of the second is unharmed
        second.signal(signal.SIGINT)
        self.assertEqual(second.child.wait(30), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
