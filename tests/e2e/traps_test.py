# SPDX-License-Identifier: Apache-2.0
"""Inputs that other servers fell for, seen from outside: hostile replies, smuggling by every door, loops,
silent peers, no descriptors left."""
import email
import email.policy
import os
import re
import socket
import time
import unittest

from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import run, wait_until

# What a refusing server says of a recipient, and a word of it that must be found in the record.
REPLIES = [
    (b"550-5.1.1 no\r\n550-Action: delivered\r\n550-\r\n550 Final-Recipient: rfc822; evil@good.test", "Final-Recipient"),
    (b"550 5.1.1 \x1b[2J\x1b]0;owned\x07 \xc2\x9b31m cleared", "cleared"),
    (b"550 5.1.1 %s%n%x ${jndi:ldap://x} $(id) ${run{id}} `id`", "${run{id}} `id`"),
    (b"550 5.1.1 \xc0\x27 \xff\xfe invalid", "invalid"),
    (b"550 5.1.1 before\0behind", "behind"),
    (b"550 5.1.1 '); drop table outpost_private.message; -- $$ \\ E'\\\\'", "'); drop table outpost_private.message; -- $$ \\ E'\\\\'"),
    (b'550 5.1.1 "}], {"level": "fatal"} <script>alert(1)</script>', '{"level": "fatal"}'),
    ("550 5.1.1 \u2028X-Evil: yes\u2029\u0085X-Evil: yes \u202eright".encode(), "right"),
    (b"550 5.1.1 " + b"long " * 380, "long long"),
    (b"550", "550"),
]
# Line ends that are none: the server is not believed at all.
NONSENSE = [b"550 5.1.1 no\nX-Evil: yes", b"550 5.1.1 no\rX-Evil: yes", b"550-5.1.1 no\r\n250 yes"]

CONFIG = """
listeners:
  relay: {address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8],
          max_connections: 5000, max_connections_per_ip: 5000}
retry: {first: 1s, factor: 1, longest: 1s, jitter: 0, uncertain: 2s}
accounts:
  shop: {domains: [origin.test]}
routes:
  - {to: loop.test, transport: ourselves}
  - {transport: direct}
transports:
  ourselves: {type: smtp, host: 127.0.0.1, port: 2525, tls: none}
sendmail:
  server: {type: smtp, host: 127.0.0.1, port: 2525, tls: none}
"""

LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} [DIWE] [a-z.]+: ")


def parsed(content):
    return email.message_from_bytes(content, policy=email.policy.default)


class Traps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        zone = ("origin MX 10 mx.origin\nmx.origin A 127.0.3.1\ngood MX 10 mx.good\nmx.good A 127.0.3.2\n"
                "slow MX 10 mx.slow\nmx.slow A 127.0.3.3\n*.silent MX 10 mx.silent\nmx.silent A 127.0.3.4\n")
        cls.origin = FaultyServer("127.0.3.1")  # where the senders live: reports come here
        cls.good = FaultyServer("127.0.3.2")
        cls.slow = FaultyServer("127.0.3.3")
        cls.silent = socket.create_server(("127.0.3.4", 25), backlog=1000)  # connections, and never a word
        for number, reply in enumerate([reply for reply, _ in REPLIES] + NONSENSE):
            FaultyServer(f"127.0.4.{number + 1}", step="rcpt", reply=reply)
            zone += f"evil{number} MX 10 mx.evil{number}\nmx.evil{number} A 127.0.4.{number + 1}\n"
        Nsd(zone)
        cls.postgres = Postgres()
        cls.outpost = Outpost(cls.postgres, CONFIG).start()

    def report_on(self, address):
        def found():
            return [parsed(c) for _, _, c in self.origin.accepted if f"Final-Recipient: rfc822;{address}".encode() in c]
        return wait_until(found, f"a report on {address}")

    def test_hostile_replies_stay_words(self):
        messages = [self.outpost.send(f"user@evil{n}.test", subject=f"evil {n}") for n in range(len(REPLIES))]
        for number, (reply, word) in enumerate(REPLIES):
            with self.subTest(reply=reply):
                self.outpost.wait_state(messages[number], "failed")
                attempt = self.outpost.attempts(messages[number])[0]
                self.assertEqual((attempt["outcome"], attempt["reply_code"]), ("failed", 550))
                self.assertIn(word, attempt["reply"])
                self.assertNotRegex(attempt["reply"], "[\x00-\x1f\x7f-\x9f\u2028\u2029]")
                self.assertNotRegex(attempt["transcript"].replace("\n", ""), "[\x00-\x1f\x7f-\x9f\u2028\u2029]")
                reports = self.report_on(f"user@evil{number}.test")
                self.assertEqual(len(reports), 1)
                self.check_report(reports[0])
        log = self.outpost.process.log.read_bytes()
        for line in log.decode("utf-8").splitlines():  # strictly: what is no UTF-8 raises
            self.assertRegex(line, LOG_LINE)
            self.assertNotRegex(line, "[\x00-\x1f\x7f-\x9f\u2028\u2029]")

    def check_report(self, report):
        self.assertEqual([part.get_content_type() for part in report.iter_parts()],
                         ["text/plain", "message/delivery-status", "text/rfc822-headers"])
        self.assertNotIn("X-Evil", report)
        groups = list(report.iter_parts())[1].get_payload()
        self.assertEqual(len([group for group in groups if "Final-Recipient" in group]), 1)
        self.assertEqual([group.get_all("Action") for group in groups[1:]], [["failed"]])
        self.assertFalse(any("X-Evil" in group for group in groups))

    def test_replies_with_wrong_line_ends_decide_nothing(self):
        for number in range(len(NONSENSE)):
            message = self.outpost.send(f"user@evil{len(REPLIES) + number}.test")
            self.outpost.wait_state(message, "delivered")  # by the second attempt: then the server behaves
            first = self.outpost.attempts(message)[0]
            self.assertEqual((first["outcome"], first["error_kind"], first["stage"]), ("deferred", "protocol", "rcpt"))

    def test_one_message_stays_one_by_every_door(self):
        sequences = ["\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r\n", "\n.\r", "\r.\r", "\r.\r\n", "\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n.\r"]
        evil = "MAIL FROM:<evil@origin.test>\r\nRCPT TO:<evil@good.test>\r\nDATA\r\nSubject: evil\r\n\r\nevil\r\n.\r\n"
        before, sent = len(self.good.stored), []
        for number, sequence in enumerate(sequences):
            text = f"Subject: smuggle {number}\r\n\r\none{sequence}{evil}"
            sent.append(self.by_sql(text))
            sent.append(self.by_bdat(text))
            self.assertIsNone(self.by_data(text) if sequence != "\r\n.\r\n" else None)
        sent = [message for message in sent if message]
        self.assertEqual(len(sent), 4 + 1)  # SQL makes line ends of line feeds; BDAT takes a stuffed dot for what it is
        for message in sent:
            self.outpost.wait_state(message, "delivered")
        taken = self.good.stored[before:]
        self.assertEqual(len(taken), len(sent))
        for sender, recipients, content in taken:
            self.assertIn("sender@origin.test", sender)
            self.assertEqual(len(recipients), 1)
            self.assertNotRegex(content, rb"(?<!\r)\n|\r(?!\n)")
            self.assertIn(b"\r\none\r\n..\r\nMAIL FROM:<evil@origin.test>\r\n", content)

    def by_sql(self, text):
        literal = text.replace("\\", "\\\\").replace("'", "''").replace("\r", "\\r").replace("\n", "\\n")
        try:
            return int(self.postgres.sql("select outpost.enqueue('shop', 'sender@origin.test', ARRAY['user@good.test'], "
                                         f"convert_to(E'{literal}', 'UTF8'))"))
        except AssertionError as refused:
            self.assertIn("CR", str(refused))
            return None

    def by_bdat(self, text):
        with self.outpost.client() as client:
            client.ehlo()
            client.mail("sender@origin.test")
            client.rcpt("user@good.test")
            client.send(f"BDAT {len(text)} LAST\r\n{text}")
            code, words = client.getreply()
            if code != 250:
                self.assertEqual(code, 550)
                return None
            return int(words.decode().split(" as ")[1])

    def by_data(self, text):
        """The bare sequence: what the client library would make whole is sent as it is."""
        with socket.create_connection(("127.0.0.1", 2525), timeout=30) as client:
            replies = client.makefile("rb")
            for line in ("", "HELO x", "MAIL FROM:<sender@origin.test>", "RCPT TO:<user@good.test>", "DATA"):
                client.sendall(line.encode() + b"\r\n" if line else b"")
                self.assertIn(replies.readline()[:1], b"23")
            client.sendall(text.encode())
            self.assertTrue(replies.readline().startswith(b"550 5.6.0"))
            self.assertEqual(replies.read(), b"")  # and it hangs up
        return None

    def test_sendmail_hands_over_no_second_line(self):
        before = self.postgres.sql("select count(*) from outpost.recipients")
        for arguments in (["-f", "a@origin.test\r\nRCPT TO:<evil@good.test>", "user@good.test"],
                          ["user@good.test>\r\nRCPT TO:<evil@good.test"], ["\"a\rb\"@good.test"], ["user@good.test\n"]):
            done = self.outpost.command("sendmail", *arguments, input="Subject: x\n\nx\n", check=False)
            self.assertNotEqual(done.returncode, 0, arguments)
        self.assertEqual(self.postgres.sql("select count(*) from outpost.recipients"), before)

    def test_a_loop_through_our_own_listener_ends_with_one_report(self):
        self.outpost.send("user@loop.test", subject="round and round")
        report, = self.report_on("user@loop.test")
        status = list(report.iter_parts())[1].get_payload()[1]
        self.assertEqual(status["Status"], "5.4.6")
        hops = int(self.postgres.sql("select count(*) from outpost.recipients where address = 'user@loop.test'"))
        self.assertLessEqual(hops, 52)

    def test_no_transaction_is_open_while_a_remote_thinks(self):
        self.slow.think_time = 3
        message = self.outpost.send("user@slow.test")
        wait_until(lambda: self.postgres.rows(
            f"select 1 from outpost_private.recipient where message_id = {message} and stage = 'final_dot'"), "the final dot is sent")
        self.assertEqual(self.postgres.sql(
            "select count(*) from pg_stat_activity where datname = 'outpost' and pid <> pg_backend_pid() "
            "and xact_start < clock_timestamp() - interval '1 second'"), "0")
        self.outpost.wait_state(message, "delivered")

    def test_silent_peers_delay_nobody(self):
        for start in range(0, 200, 50):
            self.outpost.send([f"user@d{n}.silent.test" for n in range(start, start + 50)])
        wait_until(lambda: self.connections_to("127.0.3.4") == 200, "two hundred deliveries wait for a greeting")
        started = time.monotonic()
        message = self.outpost.send("user@good.test")
        self.outpost.wait_state(message, "delivered", timeout=25)
        self.assertLess(time.monotonic() - started, 20)  # silent ones are given up after 60 s

    def test_without_descriptors_the_server_waits_and_recovers(self):
        pid = self.outpost.process.pid
        used = len(os.listdir(f"/proc/{pid}/fd"))
        run(["prlimit", f"--pid={pid}", f"--nofile={used + 50}:"])  # the soft limit alone
        clients = [socket.create_connection(("127.0.0.1", 2525), timeout=30) for _ in range(300)]
        wait_until(lambda: len(os.listdir(f"/proc/{pid}/fd")) >= used + 45, "the descriptors are used up")
        before = self.cpu_seconds(pid)
        time.sleep(2)
        self.assertLess(self.cpu_seconds(pid) - before, 0.5)
        for client in clients:
            client.close()
        run(["prlimit", f"--pid={pid}", "--nofile=4096:"])
        message = self.outpost.send("user@good.test")
        self.outpost.wait_state(message, "delivered", timeout=60)

    @staticmethod
    def connections_to(address):
        return len(run(["ss", "-Htn", "state", "established", "dst", f"{address}:25"]).stdout.splitlines())

    @staticmethod
    def cpu_seconds(pid):
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    unittest.main(verbosity=2)
