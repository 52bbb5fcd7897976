# SPDX-License-Identifier: Apache-2.0
"""Ordinary clients hand mail in: swaks, Python's smtplib, sendmail; with and without TLS and login.
And what senders get back: reports."""
import smtplib
import ssl
import stat
import unittest

from lab.certificates import Authority
from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import SCRATCH, run, wait_until

PASSWORD = "correct horse battery"


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ca = Authority()
        cls.ca = ca.certificate
        certificate, key = ca.issue("localhost", "127.0.0.1")
        Nsd("good MX 10 mx.good\nmx.good A 127.0.3.1\norigin MX 10 mx.origin\nmx.origin A 127.0.3.2\n"
            "refusing MX 10 mx.refusing\nmx.refusing A 127.0.3.3\n")
        cls.good = FaultyServer("127.0.3.1")
        cls.origin = FaultyServer("127.0.3.2")  # where the senders live: reports come here
        cls.refusing = FaultyServer("127.0.3.3", step="rcpt", reply="550 5.1.1 nobody of that name", times=1000)
        verifier = run([PROGRAM, "password"], input=PASSWORD + "\n").stdout.strip()
        cls.outpost = Outpost(Postgres(), f"""
listeners:
  relay: {{address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8]}}
  submission: {{address: 127.0.0.1, port: 587, tls: required, certificate: {certificate}, key: {key}, auth: required}}
  submissions: {{address: 127.0.0.1, port: 465, tls: implicit, certificate: {certificate}, key: {key}, auth: required}}
  programs: {{socket: {SCRATCH}/submit.sock, socket_access: group, account: app}}
accounts:
  app: {{password: "{verifier}", domains: [origin.test]}}
sendmail:
  server: {{type: submissions, host: localhost, tls_files: {{ca_files: [{cls.ca}]}}, auth: {{username: app, password: "{PASSWORD}"}}}}
  spool: {SCRATCH}/unsent
""").start()
        (SCRATCH / "unsent").mkdir()

    def arrived(self, text, server=None):
        server = server or self.good
        return wait_until(lambda: next((c for _, _, c in server.accepted if text.encode() in c), None), f"'{text}' has arrived")

    def context(self):
        return ssl.create_default_context(cafile=self.ca)

    def test_swaks_with_starttls_and_login(self):
        for mechanism in ("PLAIN", "LOGIN"):
            run(["swaks", "--server", "127.0.0.1:587", "--tls", "--auth", mechanism, "--auth-user", "app", "--auth-password", PASSWORD,
                 "--from", "me@origin.test", "--to", "you@good.test", "--header", f"Subject: swaks {mechanism}"])
            self.arrived(f"swaks {mechanism}")

    def test_smtplib_with_implicit_tls(self):
        with smtplib.SMTP_SSL("localhost", 465, context=self.context()) as client:
            client.login("app", PASSWORD)
            client.sendmail("me@origin.test", ["you@good.test"], "Subject: smtplib\r\nBcc: secret@good.test\r\n\r\nhello\r\n")
        content = self.arrived("Subject: smtplib")
        self.assertNotIn(b"secret", content)
        self.assertIn(b"Message-ID:", content)
        self.assertIn(b"with ESMTPSA", content)

    def test_a_wrong_password_and_an_unknown_user_look_the_same(self):
        answers = set()
        for user, password in (("app", "wrong"), ("nobody", PASSWORD)):
            with smtplib.SMTP("localhost", 587) as client:
                client.starttls(context=self.context())
                with self.assertRaises(smtplib.SMTPAuthenticationError) as caught:
                    client.login(user, password)
                answers.add((caught.exception.smtp_code, caught.exception.smtp_error))
        self.assertEqual(len(answers), 1)

    def test_no_login_without_tls_and_no_mail_without_login(self):
        with smtplib.SMTP("localhost", 587) as client:
            client.ehlo()
            self.assertFalse(client.has_extn("auth"))
            self.assertGreaterEqual(client.mail("me@origin.test")[0], 500)
            client.starttls(context=self.context())
            client.ehlo()
            self.assertGreaterEqual(client.mail("me@origin.test")[0], 500)

    def test_an_account_sends_from_its_own_domains_only(self):
        with smtplib.SMTP_SSL("localhost", 465, context=self.context()) as client:
            client.login("app", PASSWORD)
            self.assertGreaterEqual(client.mail("ceo@elsewhere.test")[0], 500)
            client.rset()
            with self.assertRaises(smtplib.SMTPDataError) as caught:
                client.sendmail("me@origin.test", ["you@good.test"], "From: The CEO <ceo@elsewhere.test>\r\n\r\nhello\r\n")
            self.assertEqual(caught.exception.smtp_code, 550)

    def test_sendmail_with_scram_and_tls(self):
        message = "To: you@good.test\nBcc: other@good.test\nSubject: from sendmail\n\nHello\n.\nnot sent\n"
        run([PROGRAM, "sendmail", "-C", self.outpost.config, "-t", "-f", "me@origin.test", "-F", "Me Myself"], input=message)
        content = self.arrived("Subject: from sendmail")
        self.assertIn(b'From: "Me Myself" <me@origin.test>', content)
        self.assertNotIn(b"not sent", content)
        self.assertNotIn(b"Bcc", content)

    def test_sendmail_by_unix_socket(self):
        socket = SCRATCH / "submit.sock"
        self.assertEqual(stat.S_IMODE(socket.stat().st_mode), 0o660)
        config = SCRATCH / "local.yaml"
        config.write_text(f"hostname: x.test\nsendmail: {{socket: {socket}}}\n")
        run([PROGRAM, "sendmail", "-C", config, "-i", "-f", "me@origin.test", "you@good.test"], input="Subject: by socket\n\nHello\n")
        content = self.arrived("Subject: by socket")
        self.assertIn(b"Message-ID:", content)
        account = self.outpost.postgres.sql("select account from outpost.messages where client like 'unix socket%'")
        self.assertEqual(account, "app")

    def test_sendmail_keeps_what_nobody_takes(self):
        config = SCRATCH / "nobody.yaml"
        config.write_text(f"hostname: x.test\nsendmail: {{server: {{type: smtp, host: 127.0.0.1, port: 9, tls: none}}, spool: {SCRATCH}/unsent}}\n")
        done = run([PROGRAM, "sendmail", "-C", config, "-i", "you@good.test"], input="Subject: kept\n\n.\nbody\n", check=False)
        self.assertEqual(done.returncode, 75)
        kept = done.stderr.split("kept in ")[1].strip()
        self.assertIn("Subject: kept", open(kept).read())

    def test_sendmail_says_smtp_on_stdio(self):
        dialogue = ("EHLO me.test\r\nMAIL FROM:<me@origin.test>\r\nRCPT TO:<you@good.test>\r\nDATA\r\n")
        done = run(["bash", "-c", f"(printf '{dialogue}'; sleep 1; printf 'Subject: stdio\\r\\n\\r\\nhi\\r\\n.\\r\\nQUIT\\r\\n'; sleep 1) | "
                    f"{PROGRAM} sendmail -C {self.outpost.config} -bs"])
        self.assertIn("queued as", done.stdout)
        self.arrived("Subject: stdio")

    def test_a_refused_recipient_is_reported_to_the_sender(self):
        message = self.outpost.send("gone@refusing.test", sender="me@origin.test", subject="to nobody",
                                    options=["RET=HDRS", "ENVID=order-7"], rcpt_options=["NOTIFY=FAILURE", "ORCPT=rfc822;alias@refusing.test"])
        self.outpost.wait_state(message, "failed")
        report = self.arrived("order-7", self.origin).replace(b"rfc822; ", b"rfc822;")
        for part in (b"multipart/report", b"Final-Recipient: rfc822;gone@refusing.test", b"Original-Recipient: rfc822;alias@refusing.test",
                     b"Action: failed", b"Status: 5.1.1", b"nobody of that name", b"Original-Envelope-Id: order-7", b"Subject: to nobody"):
            self.assertIn(part, report)

    def test_success_is_reported_when_asked_and_never_means_never(self):
        self.outpost.wait_state(self.outpost.send("you@good.test", sender="me@origin.test", subject="tell me", options=["ENVID=yes-please"],
                                                  rcpt_options=["NOTIFY=SUCCESS"]), "delivered")
        self.assertIn(b"Action: relayed", self.arrived("yes-please", self.origin))
        self.outpost.wait_state(self.outpost.send("gone@refusing.test", sender="me@origin.test", options=["ENVID=be-quiet"],
                                                  rcpt_options=["NOTIFY=NEVER"]), "failed")
        self.assertEqual(self.outpost.postgres.sql("select count(*) from outpost.messages where source = 'dsn' and client like '%be-quiet%'"), "0")

    def test_an_idempotency_key_in_the_header_queues_once(self):
        ids = {self.outpost.send("you@good.test", headers="X-Outpost-Idempotency-Key: invoice-9\r\n") for _ in range(2)}
        self.assertEqual(len(ids), 1)

    def test_the_sender_null_never_bounces(self):
        message = self.outpost.send("gone@refusing.test", sender="")
        self.outpost.wait_state(message, "failed")
        wait_until(lambda: self.outpost.postgres.rows(f"select * from outpost.double_bounces where message_id = {message}"), "the double bounce is recorded")

    def test_explain_why_and_queue_commands(self):
        message = self.outpost.send("you@good.test", subject="why")
        self.outpost.wait_state(message, "delivered")
        story = run([PROGRAM, "why", "--config", self.outpost.config, str(message)]).stdout
        self.assertIn("mx.good.test", story)
        self.assertIn("delivered", story)
        trace = run([PROGRAM, "route", "explain", "--config", self.outpost.config, "--from", "me@origin.test", "--to", "you@good.test"]).stdout
        self.assertIn("direct", trace)
        held = int(self.outpost.postgres.sql("select outpost.enqueue('app', 'me@origin.test', ARRAY['you@good.test'], "
                                             "convert_to(E'Subject: held\\n\\nx\\n', 'UTF8'), '{\"hold_for\": \"1 hour\"}')"))
        self.assertIn("1 recipient changed", run([PROGRAM, "queue", "hold", "--config", self.outpost.config, str(held), "check it first"]).stdout)
        self.assertIn("check it first", run([PROGRAM, "why", "--config", self.outpost.config, str(held)]).stdout)
        self.assertIn("check it first", run([PROGRAM, "queue", "list", "--config", self.outpost.config]).stdout)
        run([PROGRAM, "queue", "drop", "--config", self.outpost.config, str(held)])
        self.assertEqual(self.outpost.recipients(held)[0]["state"], "dropped")

    def test_reload_takes_a_new_route_and_refuses_a_broken_file(self):
        text = self.outpost.config.read_text()
        try:
            self.outpost.config.write_text(text + "\nroutes: [{to: [good.test], transport: nowhere}]\n")
            self.outpost.process.signal(1)
            wait_until(lambda: "nowhere" in self.outpost.process.output(), "the broken file is complained about")
            self.outpost.wait_state(self.outpost.send("you@good.test", subject="still old"), "delivered")
            self.outpost.config.write_text(text + "\nroutes: [{to: [good.test], transport: no}]\ntransports: {no: {type: fail, code: 550, message: new route}}\n")
            self.outpost.process.signal(1)
            def refused():
                message = self.outpost.send("you@good.test", sender="", subject="new")
                return wait_until(lambda: [r for r in self.outpost.recipients(message) if r["state"] in ("failed", "delivered")], "it has an end")[0]["state"] == "failed"
            wait_until(refused, "the new route counts")
        finally:
            self.outpost.config.write_text(text)
            self.outpost.process.signal(1)
            wait_until(lambda: self.outpost.process.output().count("is in effect") == 2, "the old routes are back")

    def test_settings_that_need_a_restart_are_named_at_a_reload(self):
        text = self.outpost.config.read_text()
        changed = text + "\n  lease: 45s\n  patience: 2s\nlog_level: debug\n"
        wanted = [f"database.{key}: in effect after a restart" for key in ("patience", "lease")]
        before = self.outpost.process.output().count("is in effect")
        try:
            self.outpost.config.write_text(changed)
            self.outpost.process.signal(1)
            wait_until(lambda: self.outpost.process.output().count("is in effect") == before + 1, "it is read")
            log = self.outpost.process.output()
            self.assertEqual([line for line in wanted if line in log], wanted)
            self.assertEqual(log.count("in effect after a restart"), len(wanted))
            # The same is said beforehand.
            old = self.outpost.config.with_suffix(".old")
            old.write_text(text)
            checked = run([PROGRAM, "config", "check", self.outpost.config, "--old", old]).stdout
            self.assertEqual(checked.splitlines()[1:], wanted)
        finally:
            self.outpost.config.write_text(text)
            self.outpost.process.signal(1)
            wait_until(lambda: self.outpost.process.output().count("is in effect") == before + 2, "the old file is back")


if __name__ == "__main__":
    unittest.main(verbosity=2)
