# SPDX-License-Identifier: Apache-2.0
"""A database of release 0.1 with mail in it: taken over when the server starts, or refused."""
import hashlib
import unittest
from pathlib import Path

from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import run

STEPS = Path(__file__).parent.parent / "data" / "schema-0.1"
CONFIG = """
accounts:
  shop:
    domains: [origin.test]
"""


def make_0_1(postgres, steps=20):
    """What the first start of 0.1 did."""
    postgres.sql("create schema outpost_private; create table outpost_private.migration (version integer primary key, "
                 "name text not null, checksum text not null, applied_at timestamptz not null default clock_timestamp())")
    for file in sorted(STEPS.iterdir())[:steps]:
        text = file.read_text()
        version, name = file.stem.split("_", 1)
        checksum = hashlib.sha256(text.encode()).hexdigest()
        postgres.sql(f"begin; {text}; insert into outpost_private.migration values ({int(version)}, '{name}', '{checksum}'); commit")


class Upgrade(unittest.TestCase):
    def migrate(self, outpost):
        return run([PROGRAM, "migrate", "--config", outpost.config], check=False)

    def test_the_server_takes_over_the_database_of_0_1_and_delivers_its_mail(self):
        Nsd("good MX 10 mx.good\nmx.good A 127.0.3.1\n")
        good = FaultyServer("127.0.3.1")
        postgres = Postgres("old")
        make_0_1(postgres)
        postgres.sql("insert into outpost_private.account values ('shop', '{}', '{origin.test}', false)")
        enqueue = ("select outpost.enqueue('shop', 'orders@origin.test', '{{{to}@good.test}}', "
                   "convert_to(E'Subject: of 0.1\\n\\nHello {to}\\n', 'UTF8'))")
        queued = int(postgres.sql(enqueue.format(to="queued")))
        held = int(postgres.sql(enqueue.format(to="held")))
        postgres.sql(f"select outpost.hold({held}, reason => 'until the upgrade')")
        outpost = Outpost(postgres, CONFIG, name="new").start()
        outpost.wait_state(queued, "delivered")
        self.assertEqual(outpost.recipients(held)[0]["state"], "held")
        postgres.sql(f"select outpost.release({held})")
        outpost.wait_state(held, "delivered")
        contents = b"".join(content for _, _, content in good.accepted)
        self.assertIn(b"Hello queued", contents)
        self.assertIn(b"Hello held", contents)
        self.assertIn("took over the database of outpost 0.1", outpost.process.output())
        done = self.migrate(outpost)
        self.assertEqual((done.returncode, done.stdout), (0, "the schema is up to date\n"))

    def test_the_command_does_it_and_says_so(self):
        postgres = Postgres("command")
        make_0_1(postgres)
        done = self.migrate(Outpost(postgres, CONFIG, name="command"))
        self.assertEqual(done.returncode, 0)
        self.assertIn("took over the database of outpost 0.1\napplied 0 steps", done.stdout)

    def test_a_part_of_0_1_is_refused_with_what_to_do(self):
        postgres = Postgres("part")
        make_0_1(postgres, steps=5)
        done = self.migrate(Outpost(postgres, CONFIG, name="part"))
        self.assertEqual(done.returncode, 69)  # EX_UNAVAILABLE
        self.assertIn("lacks step 6 (roles) of its 20: run `outpost migrate` of the last 0.1 first", done.stderr)
        self.assertEqual(postgres.sql("select max(version) from outpost_private.migration"), "5")


if __name__ == "__main__":
    unittest.main()
