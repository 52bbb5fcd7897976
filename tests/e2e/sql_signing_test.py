# SPDX-License-Identifier: Apache-2.0
"""Mail of outpost.enqueue is signed by DKIM once, by whichever node attempts it first, and every copy has that signature:
with two nodes at once, after a kill -9 at any moment, with keys replaced while it waits."""
import re
import subprocess
import time
import unittest

import dkim

from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import SCRATCH, wait_until

RECEIVERS = [f"127.0.2.{n}" for n in range(1, 9)]
DOMAINS = [f"r{n}.test" for n in range(len(RECEIVERS))]
RETRY = "retry: {first: 1s, factor: 1, longest: 1s, jitter: 0, uncertain: 1s}\n"
ACCOUNT = "accounts:\n  shop: {domains: [author.test, plain.test]}\n"


class SqlSigning(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.txt, zone = {}, ""
        for selector, algorithm in (("r", "rsa"), ("e", "ed25519"), ("new", "ed25519")):
            made = subprocess.run([PROGRAM, "dkim", "generate", selector, "author.test", "--algorithm", algorithm, "--key-file", cls.key(selector)],
                                  check=True, capture_output=True, text=True).stdout
            cls.txt[f"{selector}._domainkey.author.test."] = "".join(re.findall('"([^"]*)"', made)).encode()
        for domain, address in zip(DOMAINS, RECEIVERS):
            name = domain.removesuffix(".test")
            zone += f"{name} MX 10 mx.{name}\nmx.{name} A {address}\n"
        Nsd(zone)
        cls.receivers = [FaultyServer(address) for address in RECEIVERS]
        cls.postgres = Postgres()
        cls.nodes = [Outpost(cls.postgres, cls.config("r", "e"), name=name, relay_port=port).start()
                     for name, port in (("first", 2525), ("second", 2526))]

    def setUp(self):
        for receiver in self.receivers:
            receiver.think_time = receiver.left = 0
            for kept in (receiver.accepted, receiver.stored, receiver.copies):
                kept.clear()
        self.reload(self.config("r", "e"))

    def reload(self, config):
        for node in self.nodes:
            before = node.process.output().count("is in effect")
            node.reload(config)
            wait_until(lambda: node.process.output().count("is in effect") > before, "the configuration is in effect")

    @staticmethod
    def key(selector):
        return SCRATCH / f"{selector}.pem"

    @classmethod
    def config(cls, *selectors):
        keys = ", ".join(f"{selector}: {{file: \"{cls.key(selector)}\"}}" for selector in selectors)
        # Few recipients in one go, so that the nodes get to share those of one message.
        return ACCOUNT + RETRY + "limits: {claim_batch: 2}\n" + (f"domains:\n  author.test: {{dkim: {{keys: {{{keys}}}}}}}\n" if keys else "")

    def enqueue(self, subject, recipients=None, author="orders@author.test", options="{}"):
        to = ", ".join(f"'{r}'" for r in recipients or [f"user@{domain}" for domain in DOMAINS])
        return int(self.postgres.sql(
            f"select outpost.enqueue('shop', '{author}', ARRAY[{to}], "
            f"convert_to(E'From: {author}\\nTo: all\\nSubject: {subject}\\n\\n.Hello\\n', 'UTF8'), '{options}')"))

    def stored(self, subject):
        """The octets of each copy for which a receiver has read the final dot."""
        found = [content for receiver in self.receivers for _, _, content in list(receiver.stored)]
        return [re.sub(rb"^\.", b"", content, flags=re.MULTILINE) for content in found if f"Subject: {subject}\r\n".encode() in content]

    def signed_by(self, message):
        return self.postgres.sql(f"select coalesce(signed_by, 'null') from outpost.messages where message_id = {message}")

    def check_signatures(self, message, selectors):
        """Each selector has signed, once, and dkimpy verifies it."""
        signatures = re.findall(rb"^DKIM-Signature:.*?\bs=(\w+);", message, re.MULTILINE | re.DOTALL)
        self.assertEqual(sorted(signatures), sorted(selector.encode() for selector in selectors))
        for index in range(len(signatures)):
            self.assertTrue(dkim.DKIM(message).verify(idx=index, dnsfunc=lambda name, timeout=5: self.txt[name.decode()]))

    def locked(self, message):
        """Keeps whoever would sign a message from writing, until it is closed."""
        session = subprocess.Popen(["psql", "-h", self.postgres.home, "-U", "outpost", "-d", "outpost", "-Xq"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        session.stdin.write(f"begin; select from outpost_private.message where id = {message} for update;\n")
        session.stdin.flush()
        self.addCleanup(session.kill)
        wait_until(lambda: self.postgres.sql("select count(*) from pg_stat_activity where state = 'idle in transaction'") == "1", "the row is locked")
        return session

    SIGNING = "wait_event_type = 'Lock' and query like '%signed_by = $3%'"

    # ------

    def test_nodes_that_share_a_message_send_the_same_signature(self):
        messages = {f"shared {n}": self.enqueue(f"shared {n}") for n in range(40)}
        for message in messages.values():
            self.nodes[0].wait_state(message, "delivered")
        shared = self.postgres.sql("select count(*) from (select from outpost.attempts group by message_id having count(distinct node) = 2) x")
        print(f"\n{shared} of {len(messages)} messages were attempted by both nodes", flush=True)
        self.assertGreater(int(shared), 0)
        for subject, message in messages.items():
            copies = self.stored(subject)
            self.assertEqual(len(copies), len(DOMAINS))
            self.assertEqual(len(set(copies)), 1)
            self.check_signatures(copies[0], ["r", "e"])
            self.assertEqual(self.signed_by(message), "author.test e r")
            size = self.postgres.sql(f"select size from outpost.messages where message_id = {message}")
            self.assertEqual(int(size), len(copies[0]))
        self.assertIn("signed by author.test e r", self.nodes[0].command("why", str(message)).stdout)

    def test_who_dies_before_the_signature_is_written_has_signed_nothing(self):
        held = self.enqueue("killed before", options='{"hold": true}')
        lock = self.locked(held)
        self.postgres.sql(f"update outpost_private.recipient set state = 'queued' where message_id = {held}; "  # release() would wait
                          "select pg_notify('outpost_work', '')")
        wait_until(lambda: self.postgres.sql(f"select count(*) from pg_stat_activity where {self.SIGNING}") != "0", "a node signs")
        for node in self.nodes:
            node.process.kill()
        self.postgres.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where {self.SIGNING}")
        wait_until(lambda: self.postgres.sql(f"select count(*) from pg_stat_activity where {self.SIGNING}") == "0", "their sessions are over")
        lock.communicate()
        self.assertEqual(self.signed_by(held), "null")
        self.assertEqual(self.stored("killed before"), [])
        self.assertIn("to be signed", self.nodes[0].command("why", str(held)).stdout)
        for node in self.nodes:
            node.start()
        self.nodes[0].wait_state(held, "delivered")
        copies = self.stored("killed before")
        self.assertEqual(len(set(copies)), 1)
        self.check_signatures(copies[0], ["r", "e"])

    def test_who_dies_after_it_was_written_leaves_it_to_all(self):
        for receiver in self.receivers[1:]:
            receiver.think_time = 60
        message = self.enqueue("killed after")
        wait_until(lambda: self.stored("killed after"), "a copy is on its way")
        for node in self.nodes:
            node.process.kill()
        for receiver in self.receivers:
            receiver.think_time = 0
        time.sleep(1.1)  # t= of a second signature would be another one
        for node in self.nodes:
            node.start()
        self.nodes[0].wait_state(message, "delivered", timeout=60)
        copies = self.stored("killed after")
        self.assertGreaterEqual(len(copies), len(DOMAINS))
        self.assertEqual(len(set(copies)), 1)
        self.check_signatures(copies[0], ["r", "e"])

    def test_keys_that_were_replaced_sign_what_was_not_signed_yet_and_nothing_else(self):
        self.receivers[0].step, self.receivers[0].reply, self.receivers[0].left = "data", "451 4.3.0 later", 1000
        begun = self.enqueue("begun", ["a@r0.test"])
        waiting = self.enqueue("waiting", ["a@r1.test"], options='{"hold": true}')
        wait_until(lambda: self.signed_by(begun) != "null", "it is signed")
        self.reload(self.config("new"))
        self.receivers[0].left = 0
        self.postgres.sql(f"select outpost.release({waiting})")
        for message in (begun, waiting):
            self.nodes[0].wait_state(message, "delivered")
        self.check_signatures(self.stored("begun")[0], ["r", "e"])
        self.check_signatures(self.stored("waiting")[0], ["new"])
        self.assertEqual(self.signed_by(waiting), "author.test new")

    def test_mail_of_a_domain_without_keys_leaves_as_it_is(self):
        message = self.enqueue("without", author="orders@plain.test")
        self.nodes[0].wait_state(message, "delivered")
        self.assertNotIn(b"DKIM-Signature", b"".join(self.stored("without")))
        self.assertEqual(self.signed_by(message), "")
        self.assertIn("not signed", self.nodes[0].command("why", str(message)).stdout)

    def test_mail_by_smtp_is_not_signed_again(self):
        message = self.nodes[0].send("user@r0.test", subject="by smtp", sender="orders@author.test")
        self.nodes[0].wait_state(message, "delivered")
        self.check_signatures(self.stored("by smtp")[0], ["r", "e"])
        self.assertEqual(self.signed_by(message), "author.test e r")


if __name__ == "__main__":
    unittest.main(verbosity=2)
