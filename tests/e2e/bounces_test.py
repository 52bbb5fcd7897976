# SPDX-License-Identifier: Apache-2.0
"""Bounces: Postfix accepts mail and finds out later that it cannot be delivered. Its report comes back to the
return path of the recipient, whose sender is told, and whose address gets no more mail for a time."""
import re
import smtplib
import unittest

from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import wait_until
from lab.receivers import Postfix

ZONE = """
origin MX 10 mx.postfix
postfix MX 10 mx.postfix
behind MX 10 mx.postfix
refusing MX 10 mx.refusing
bounces MX 10 mx.bounces
mx.postfix A 127.0.2.1
mx.refusing A 127.0.2.2
mx.bounces A 127.0.2.3
"""

CONFIG = """
listeners:
  relay: {address: 127.0.0.1, port: @PORT@, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8]}
  mx: {address: 127.0.2.3, port: 25, receive: true, tls: none}
bounces: {domain: bounces.test, secret: "known to all nodes", suppress_for: 30d}
"""

# Postfix passes mail for behind.test on, to a host that knows nobody.
PASSES_ON = """
relay_domains = behind.test
transport_maps = inline:{behind.test=smtp:[127.0.2.2]}
"""


class Bounces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Nsd(ZONE)
        cls.refusing = FaultyServer("127.0.2.2", step="rcpt", reply="550 5.1.1 nobody of this name", times=10**6)
        cls.postfix = Postfix("127.0.2.1", ["postfix.test", "origin.test"], extra=PASSES_ON)
        cls.postgres = Postgres()
        cls.outpost = Outpost(cls.postgres, CONFIG).start()

    # -- asking

    def bounces(self, message, action):
        return self.postgres.rows(f"select * from outpost.bounces where message_id = {message} and action = '{action}'")

    def wait_bounce(self, message, action="failed"):
        return wait_until(lambda: self.bounces(message, action), f"message {message} has come back: {action}", 60)[0]

    def suppression(self, address):
        return self.postgres.rows(f"select * from outpost.suppressions where address = '{address}' and in_force")

    def reports_on(self, message_id):
        """Reports that the sender got about the message with this Message-ID."""
        return [m for m in self.postfix.messages() if m.get_content_type() == "multipart/report" and m["References"] == message_id]

    def send(self, recipients, message_id, **more):
        return self.outpost.send(recipients, headers=f"Message-ID: {message_id}\r\n", **more)

    def return_path(self, subject):
        """Of a message that Postfix has delivered."""
        def found():
            return [m["Return-Path"] for m in self.postfix.messages() if m["Subject"] == subject]
        return wait_until(found, f"Postfix has '{subject}'", 60)[0].strip("<>")

    def hand_in(self, sender, recipient, content):
        """To the host that takes bounces; the reply to RCPT if that refuses, else that to the content."""
        with smtplib.SMTP("127.0.2.3", 25, local_hostname="stranger.test", timeout=30) as client:
            client.ehlo()
            self.assertEqual(client.mail(sender)[0], 250)
            code, text = client.rcpt(recipient)
            return (code, text, "rcpt") if code != 250 else (*client.data(content), "data")

    # -- tests

    def test_what_comes_back_is_told_to_the_sender_and_suppresses_the_address(self):
        message = self.send("Gone.Away@behind.test", "<first@origin.test>")
        self.outpost.wait_state(message, "delivered")
        bounce = self.wait_bounce(message)
        self.assertEqual((bounce["status"], bounce["address"], bounce["reporting_mta"]),
                         ("5.1.1", "Gone.Away@behind.test", "postfix.test"))
        self.assertIn("nobody of this name", bounce["diagnostic"])

        report = wait_until(lambda: self.reports_on("<first@origin.test>"), "the sender was told", 60)[0]
        self.assertEqual(report["Return-Path"], "<>")
        self.assertEqual(report["To"], "sender@origin.test")
        status = report.get_payload(1).as_string()
        self.assertIn("Final-Recipient: rfc822;Gone.Away@behind.test", status)
        self.assertIn("Action: failed", status)
        self.assertIn("nobody of this name", status)
        row = self.outpost.recipients(message)[0]
        self.assertEqual((row["state"], row["bounce_status"]), ("delivered", "5.1.1"))
        story = self.outpost.command("why", str(message)).stdout
        self.assertRegex(story, r"came back .*, failed, by postfix.test: .*nobody of this name.*the sender was told at")
        self.assertIn("Gone.Away@behind.test", self.outpost.command("suppress", "list").stdout)

        # No connection is made for him, in whatever form he is written, nor for his like beside others.
        def refused():
            again = self.send(["other@postfix.test", "goneaway+shop@behind.test"], "<second@origin.test>")
            wait_until(lambda: all(r["state"] in ("delivered", "failed") for r in self.outpost.recipients(again)), "it is over")
            return again
        again = refused()
        other, gone = self.outpost.recipients(again)
        self.assertEqual((other["state"], gone["state"], gone["last_status"]), ("delivered", "failed", "5.7.1"))
        self.assertIn("nobody of this name", gone["last_reply"])
        attempt = [a for a in self.outpost.attempts(again) if a["number"] == 2][0]
        self.assertEqual((attempt["stage"], attempt["remote_ip"], attempt["transport"]), ("route", "", ""))
        report = wait_until(lambda: self.reports_on("<second@origin.test>"), "the sender was told again", 60)[0]
        self.assertIn("goneaway+shop@behind.test", report.get_payload(1).as_string())

        # Until somebody takes him out.
        self.outpost.command("suppress", "remove", "gone.away@behind.test")
        third = self.send("gone.away@behind.test", "<third@origin.test>")
        self.outpost.wait_state(third, "delivered")
        self.assertEqual(len(self.reports_on("<first@origin.test>")), 1)

    def test_each_recipient_has_a_return_path_of_his_own(self):
        message = self.outpost.send(["one@postfix.test", "two@postfix.test"], subject="two of them")
        self.outpost.wait_state(message, "delivered")
        def paths():
            return {m["Return-Path"] for m in self.postfix.messages() if m["Subject"] == "two of them"}
        found = wait_until(lambda: len(paths()) == 2 and paths(), "both came", 60)
        for path in found:
            self.assertRegex(path, r"^<bounce-[a-z2-7]{40}@bounces\.test>$")
        self.assertEqual(self.postgres.rows(f"select mail_from from outpost.messages where message_id = {message}"),
                         [{"mail_from": "sender@origin.test"}])

    def test_a_server_that_knows_nobody_of_this_name_suppresses_it_at_once(self):
        message = self.outpost.send("nobody@refusing.test")
        self.outpost.wait_state(message, "failed")
        entry = wait_until(lambda: self.suppression("nobody@refusing.test"), "he is suppressed")[0]
        self.assertEqual((entry["message_id"], entry["suppressed_by"]), (message, ""))
        self.assertIn("nobody of this name", entry["reason"])
        sessions = self.refusing.sessions
        self.outpost.wait_state(self.outpost.send("nobody@refusing.test"), "failed")
        self.assertEqual(self.refusing.sessions, sessions)

    def test_what_an_operator_suppresses_is_suppressed_within_seconds(self):
        self.outpost.wait_state(self.outpost.send("unwilling@postfix.test"), "delivered")
        self.postgres.sql("select outpost.suppress('unwilling@postfix.test', reason => 'she asked for it')")
        def refused():
            message = self.outpost.send("Unwilling@postfix.test")
            wait_until(lambda: self.outpost.recipients(message)[0]["state"] in ("delivered", "failed"), "it is over")
            row = self.outpost.recipients(message)[0]
            return row["state"] == "failed" and row
        self.assertIn("she asked for it", wait_until(refused, "mail to her is refused", 10)["last_reply"])
        self.outpost.command("suppress", "remove", "unwilling@postfix.test")
        self.outpost.wait_state(self.outpost.send("unwilling@postfix.test"), "delivered")

    def test_an_answering_machine_suppresses_nobody(self):
        message = self.outpost.send("away@postfix.test", subject="are you there")
        path = self.return_path("are you there")
        code, text, _ = self.hand_in("", path, b"Subject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\n550 5.1.1 gone\r\n")
        self.assertEqual(code, 250, text)
        self.assertEqual(self.wait_bounce(message, "unrecognised")["diagnostic"], "I am away")
        self.assertEqual(self.suppression("away@postfix.test"), [])
        self.assertIsNone(self.outpost.recipients(message)[0]["bounced_at"])

    def test_strangers_can_forge_no_return_path_and_write_nothing_else_to_it(self):
        message = self.outpost.send("someone@postfix.test", subject="seen by strangers")
        path = self.return_path("seen by strangers")
        forged = re.sub(r"^(bounce-.)(.)", lambda m: m[1] + ("a" if m[2] != "a" else "b"), path)
        for recipient in (forged, path.replace("bounces.test", "origin.test"), "postmaster@bounces.test", "x@postfix.test"):
            with self.subTest(recipient):
                code, text, step = self.hand_in("", recipient, b"Subject: x\r\n\r\nx\r\n")
                self.assertEqual((code, step), (550, "rcpt"), text)
        code, text, step = self.hand_in("someone@postfix.test", path, b"Subject: hello\r\n\r\nhello\r\n")
        self.assertEqual((code, step), (550, "data"), text)
        self.assertEqual(self.postgres.rows(f"select * from outpost.bounces where message_id = {message}"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
