# SPDX-License-Identifier: Apache-2.0
"""The queue in SQL: mail inside the caller's transaction, the views, the operator's functions."""
import unittest

from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import wait_until

CONFIG = """
accounts:
  shop:
    domains: [origin.test]
"""


class Sql(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Nsd("good MX 10 mx.good\nmx.good A 127.0.3.1\nslow MX 10 mx.slow\nmx.slow A 127.0.3.2\n")
        cls.good = FaultyServer("127.0.3.1")
        cls.postgres = Postgres()
        cls.outpost = Outpost(cls.postgres, CONFIG).start()

    def enqueue(self, recipients="ARRAY['user@good.test']", options="{}", account="shop", sender="orders@origin.test",
                message="E'Subject: from SQL\\n\\nHello\\n'"):
        return int(self.postgres.sql(
            f"select outpost.enqueue('{account}', '{sender}', {recipients}, convert_to({message}, 'UTF8'), '{options}')"))

    def refused(self, **arguments):
        with self.assertRaises(AssertionError) as caught:
            self.enqueue(**arguments)
        return str(caught.exception)

    def test_committed_mail_is_delivered_at_once_and_rolled_back_mail_never(self):
        self.postgres.sql("begin; select outpost.enqueue('shop', 'orders@origin.test', ARRAY['never@good.test'], "
                          "convert_to(E'Subject: never\\n\\nx\\n', 'UTF8')); rollback")
        message = self.enqueue()
        self.outpost.wait_state(message, "delivered", timeout=5)
        contents = [content for _, _, content in self.good.accepted]
        self.assertTrue(any(b"Subject: from SQL\r\n" in c and b"\r\nHello\r\n" in c and b"Message-ID:" in c for c in contents))
        self.assertFalse(any(b"never" in c for c in contents))

    def test_bad_input_raises_a_clear_error(self):
        self.assertIn("nobody", self.refused(account="nobody"))
        self.assertIn("not an address", self.refused(recipients="ARRAY['not an address']"))
        self.assertIn("recipient", self.refused(recipients="ARRAY[]::text[]"))
        self.assertIn("may not send", self.refused(sender="someone@elsewhere.test"))
        self.assertIn("tagg", self.refused(options='{"tagg": "x"}'))

    def test_an_idempotency_key_queues_once(self):
        first = self.enqueue(options='{"idempotency_key": "order-1"}')
        self.assertEqual(self.enqueue(options='{"idempotency_key": "order-1"}'), first)
        self.assertNotEqual(self.enqueue(options='{"idempotency_key": "order-2"}'), first)

    def test_an_operator_holds_releases_and_fails(self):
        message = self.enqueue(recipients="ARRAY['user@good.test']", options='{"hold_for": "1 hour"}')
        self.assertEqual(self.postgres.sql(f"select outpost.hold({message}, reason => 'looks odd')"), "1")
        row = self.postgres.rows(f"select * from outpost.queue where message_id = {message}")[0]
        self.assertEqual((row["state"], row["hold_reason"]), ("held", "looks odd"))
        self.postgres.sql(f"select outpost.release({message})")
        self.postgres.sql(f"select outpost.retry_now({message})")
        self.outpost.wait_state(message, "delivered", timeout=10)

    def test_a_failed_message_bounces_to_its_sender(self):
        self.postgres.sql("select 1")
        message = self.enqueue(sender="orders@origin.test", options='{"hold_for": "1 hour"}')
        self.postgres.sql(f"select outpost.fail({message})")
        self.outpost.wait_state(message, "failed")
        dsn = wait_until(lambda: self.postgres.rows(
            "select * from outpost.recipients join outpost.messages using (message_id) where mail_from = '' and address = 'orders@origin.test'"),
            "a DSN is queued")
        self.assertTrue(dsn)

    def test_a_reader_sees_the_queue_but_no_content(self):
        self.enqueue()
        self.postgres.sql("create role watcher login in role outpost_reader")
        as_watcher = "set role watcher; "
        self.assertTrue(self.postgres.sql(as_watcher + "select count(*) from outpost.messages"))
        tables = self.postgres.sql("select string_agg(format('%I.%I', schemaname, tablename), ',') from pg_tables where schemaname like 'outpost%'")
        for table in tables.split(","):
            with self.assertRaises(AssertionError, msg=table):
                self.postgres.sql(as_watcher + f"select * from {table} limit 1")
        with self.assertRaises(AssertionError):
            self.postgres.sql(as_watcher + "select outpost.drop(1)")

    def test_every_view_column_is_described(self):
        undescribed = self.postgres.sql(
            "select string_agg(c.relname || '.' || a.attname, ', ') from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "join pg_attribute a on a.attrelid = c.oid where n.nspname = 'outpost' and c.relkind = 'v' and a.attnum > 0 "
            "and col_description(c.oid, a.attnum) is null")
        self.assertEqual(undescribed, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
