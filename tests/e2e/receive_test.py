# SPDX-License-Identifier: Apache-2.0
"""The listener for strangers: what is refused to whom, and what is said of the mail that is taken. Signed and
unsigned zones, a resolver that validates, senders that are what they say and senders that are not."""
import re
import smtplib
import ssl
import unittest

from lab.certificates import Authority
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import run, wait_until
from lab.receivers import Postfix
from lab.resolvers import VALIDATING, Unbound
from lab.signed_zones import Tree, Zone

PUBLIC = "127.0.2.7"
PROVIDER, POSTFIX, FORGER = "127.0.3.20", "127.0.2.8", "127.0.3.66"


class Receive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        signed = Zone("signed.test", f"us MX 10 mx.us\nmx.us A {PUBLIC}\n")
        Unbound(VALIDATING, Tree([Zone("", two_keys=True), Zone("test"), signed]).anchor)
        cls.ca = Authority()
        certificate, key = cls.ca.issue("mx.us.signed.test")
        cls.postgres = Postgres()
        cls.outpost = Outpost(cls.postgres, f"""
hostname: mx.us.signed.test
listeners:
  relay: {{address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8]}}
  public: {{address: {PUBLIC}, port: 25, receive: true, tls: starttls, certificate: {certificate}, key: {key}}}
domains: {{us.signed.test: {{tls_reports: tlsreports@us.signed.test}}}}
dns: {{servers: [{VALIDATING}], security: trust-ad}}
""").start()

    def stranger(self, address=PROVIDER):
        return smtplib.SMTP(PUBLIC, 25, local_hostname="out.provider.test", timeout=30, source_address=(address, 0))

    def context(self):
        context = ssl.create_default_context(cafile=self.ca.certificate)
        context.check_hostname = False
        return context

    def queued(self):
        return int(self.postgres.sql("select count(*) from outpost.messages"))

    # -- what is refused

    def test_everything_else_is_refused_at_rcpt(self):
        for recipient in ("someone@elsewhere.test", "postmaster", "someone@us.signed.test", "someone%elsewhere.test@us.signed.test",
                          "@us.signed.test:someone@elsewhere.test", '"someone@elsewhere.test"@us.signed.test',
                          "elsewhere.test!someone@us.signed.test", "someone@[127.0.3.66]"):
            with self.subTest(recipient), self.stranger() as client:
                client.ehlo()
                self.assertEqual(client.docmd("MAIL", "FROM:<a@provider.test>")[0], 250)
                code, text = client.docmd("RCPT", f"TO:<{recipient}>")
                self.assertEqual((code, text[:6]), (550, b"5.7.1 "))
                self.assertEqual(client.docmd("DATA")[0], 554)
        self.assertEqual(self.queued(), 0)

    def test_nobody_logs_in(self):
        with self.stranger() as client:
            client.ehlo()
            self.assertFalse(client.has_extn("auth"))
            client.starttls(context=self.context())
            client.ehlo()
            for absent in ("auth", "dsn", "futurerelease"):
                self.assertFalse(client.has_extn(absent), absent)
            for offered in ("size", "8bitmime", "smtputf8", "pipelining", "chunking"):
                self.assertTrue(client.has_extn(offered), offered)
            self.assertEqual(client.docmd("AUTH", "PLAIN AGEAYg==")[0], 502)

    def test_swaks_is_refused_with_and_without_tls(self):
        for tls in ([], ["--tls"]):
            done = run(["swaks", "--server", PUBLIC, *tls, "--from", "me@provider.test", "--to", "you@elsewhere.test"], check=False)
            self.assertIn("550 5.7.1", done.stdout)
            self.assertEqual("TLS started" in done.stdout, bool(tls))

    def test_the_sender_of_a_real_server_hears_of_the_refusal(self):
        postfix = Postfix(POSTFIX, ["provider.test"], sends_to=PUBLIC)
        with smtplib.SMTP(POSTFIX, 25) as client:
            client.sendmail("me@provider.test", ["you@us.signed.test"], "Subject: not for us\r\n\r\nhello\r\n")
        bounce = wait_until(lambda: postfix.messages(), "the bounce is back")[0]
        self.assertIn("550 5.7.1 this host takes reports and bounces", re.sub(r"\s+", " ", bounce.as_string()))
        self.assertRegex(postfix.log.read_text(), rf"TLS connection established to {re.escape(PUBLIC)}")

    def test_who_guesses_addresses_is_sent_away(self):
        with self.assertRaises(smtplib.SMTPServerDisconnected), self.stranger() as client:
            client.ehlo()
            client.mail("a@provider.test")
            for guess in range(100):
                client.rcpt(f"guess{guess}@us.signed.test")

    # -- when the database is away

    def test_while_nothing_can_be_kept_senders_are_put_off(self):
        def mail():
            with self.stranger() as client:
                client.ehlo()
                return client.mail("a@provider.test")[0]
        self.assertEqual(mail(), 250)
        self.postgres.stop_immediately()
        try:
            wait_until(lambda: mail() == 451, "senders hear 451")
        finally:
            self.postgres.start()
        wait_until(lambda: mail() == 250, "mail is taken again")


if __name__ == "__main__":
    unittest.main(verbosity=2)
