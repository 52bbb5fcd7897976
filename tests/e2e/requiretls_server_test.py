# SPDX-License-Identifier: Apache-2.0
"""REQUIRETLS (RFC 8689) as a server has it: who is told of it, what comes of it in the queue, and how it
goes on from one Outpost to the next. Clients are smtplib, swaks and sendmail."""
import smtplib
import ssl
import unittest

from lab.certificates import Authority
from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import run, wait_until

HEADER = "From: me@origin.test\r\nSubject: {}\r\n{}\r\nconfidential\r\n"


class RequireTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ca = Authority()
        cls.ca = ca.certificate
        certificate, key = ca.issue("localhost", "127.0.0.1", "127.0.3.9")
        Nsd("slow MX 10 mx.slow\nmx.slow A 127.0.3.1\n")
        cls.slow = FaultyServer("127.0.3.1")
        tls = f"certificate: {certificate}, key: {key}"
        open_to_all = "auth: none, allowed_networks: [127.0.0.0/8]"
        # The next hop: it takes what it is given, and keeps it.
        cls.hop = Outpost(Postgres("pg-hop"), f"""
hostname: hop.test
listeners:
  relay: {{address: 127.0.3.9, port: 2625, submission: false, tls: starttls, {tls}, {open_to_all}}}
  watch: {{address: 127.0.0.1, port: 2626, tls: none, {open_to_all}}}
routes: [{{transport: later}}]
transports: {{later: {{type: fail, code: 451, message: later}}}}
""", name="hop", relay_port=2626).start()
        cls.outpost = Outpost(Postgres(), f"""
listeners:
  relay: {{address: 127.0.0.1, port: 2525, submission: false, tls: none, {open_to_all}}}
  submission: {{address: 127.0.0.1, port: 587, tls: starttls, {tls}, {open_to_all}}}
  submissions: {{address: 127.0.0.1, port: 465, tls: implicit, {tls}, {open_to_all}}}
  tlsrelay: {{address: 127.0.0.1, port: 2527, submission: false, tls: starttls, {tls}, {open_to_all}}}
  without: {{address: 127.0.0.1, port: 588, tls: starttls, requiretls: false, {tls}, {open_to_all}}}
limits: {{deliveries_per_destination: 1}}
routes:
  - {{to: [next.test, origin.test], transport: hop}}
  - {{to: loose.test, transport: loose}}
  - {{to: refused.test, transport: no}}
transports:
  hop: {{type: smtp, host: 127.0.3.9, port: 2625, tls_files: {{ca_files: [{cls.ca}]}}}}
  loose: {{type: smtp, host: 127.0.3.9, port: 2625, tls: encrypted}}
  no: {{type: fail, code: 550, message: not here}}
accounts: {{app: {{domains: [origin.test]}}}}
sendmail:
  server: {{type: submission, host: localhost, tls_files: {{ca_files: [{cls.ca}]}}}}
""").start()

    def client(self, port):
        """Under TLS, as the listener has it."""
        context = ssl.create_default_context(cafile=self.ca)
        if port == 465:
            client = smtplib.SMTP_SSL("localhost", port, context=context, local_hostname="client.test")
        else:
            client = smtplib.SMTP("localhost", port, local_hostname="client.test")
            client.ehlo()
            self.assertFalse(client.has_extn("requiretls"), "announced in clear")
            if client.has_extn("starttls"):
                client.starttls(context=context)
        self.addCleanup(client.close)
        client.ehlo()
        return client

    def submit(self, recipient, subject, client=None, options=("REQUIRETLS",), fields=""):
        client = client or self.client(587)
        self.assertEqual(client.mail("me@origin.test", list(options))[0], 250)
        self.assertEqual(client.rcpt(recipient)[0], 250)
        code, text = client.data(HEADER.format(subject, fields).encode())
        self.assertEqual(code, 250, text)
        return int(text.decode().split(" as ")[1].split()[0])

    def message(self, message, server=None):
        return (server or self.outpost).postgres.rows(
            f"select require_tls, require_tls_by from outpost.messages where message_id = {message}")[0]

    def header(self, message, server=None):
        return (server or self.outpost).postgres.sql(
            f"select convert_from(header, 'UTF8') from outpost_private.message where id = {message}")

    def at_hop(self, subject):
        found = lambda: self.hop.postgres.rows(
            "select id, mail_from, require_tls, convert_from(header, 'UTF8') as header, "
            "(select string_agg(convert_from(data, 'UTF8'), '') from outpost_private.content where message_id = id) as body "
            f"from outpost_private.message where convert_from(header, 'UTF8') like '%{subject}%'")
        return wait_until(found, f"'{subject}' has come to the next hop")[0]

    def test_announced_under_tls_by_submission_and_relay_and_where_it_is_switched_off_not(self):
        for port, announced in ((587, True), (465, True), (2527, True), (588, False), (2525, False)):
            with self.subTest(port=port):
                self.assertEqual(self.client(port).has_extn("requiretls"), announced)

    def test_swaks_sees_it_after_starttls_only(self):
        said = run(["swaks", "--server", "127.0.0.1:587", "--tls", "--quit-after", "EHLO"]).stdout
        before, after = said.split("STARTTLS\n", 1)
        self.assertNotIn("REQUIRETLS", before)
        self.assertIn("REQUIRETLS", after)

    def test_the_parameter_where_it_does_not_belong(self):
        mail = lambda client, option: client.mail("me@origin.test", [option])[0]
        clear = smtplib.SMTP("localhost", 587, local_hostname="client.test")
        self.addCleanup(clear.close)
        clear.ehlo()
        self.assertEqual(mail(clear, "REQUIRETLS"), 523)
        self.assertEqual(mail(self.client(588), "REQUIRETLS"), 555)
        self.assertEqual(mail(self.client(2525), "REQUIRETLS"), 555)
        self.assertEqual(mail(self.client(587), "REQUIRETLS=yes"), 501)

    def test_it_goes_on_to_the_next_hop_with_its_comment_in_the_trace(self):
        for port in (587, 465, 2527):
            with self.subTest(port=port):
                subject = f"by port {port}"
                message = self.submit("you@next.test", subject, self.client(port))
                self.outpost.wait_state(message, "delivered")
                self.assertIs(self.message(message)["require_tls"], True)
                arrived = self.at_hop(subject)
                self.assertIs(arrived["require_tls"], True)
                traces = " ".join(arrived["header"].split()).split("Received: ")[1:]
                self.assertEqual(len(traces), 2)  # the hop's and ours
                for trace in traces:
                    self.assertRegex(trace, r"with ESMTPS \(TLSv1\.3 with [A-Z0-9_]+\) \(requiretls\) id [0-9]+ for <you@next\.test>;")

    def test_without_the_parameter_there_is_no_comment(self):
        message = self.submit("you@next.test", "plain", options=())
        self.outpost.wait_state(message, "delivered")
        arrived = self.at_hop("plain")
        self.assertIsNone(arrived["require_tls"])
        self.assertNotIn("requiretls", arrived["header"])

    def test_a_relay_that_is_not_verified_is_not_given_it(self):
        message = self.submit("you@loose.test", "kept from the loose one")
        refused = self.outpost.wait_state(message, "failed")[0]
        self.assertEqual(refused["last_status"], "5.7.30")
        self.assertIn("'loose'", refused["last_reply"])
        self.assertEqual(self.hop.postgres.sql("select count(*) from outpost_private.message where convert_from(header, 'UTF8') "
                                               "like '%Subject: kept from the loose one%'"), "0")

    def test_its_report_asks_for_it_too_and_has_the_header_alone(self):
        for required in (True, False):
            with self.subTest(required=required):
                subject = f"to be refused {required}"
                options = ["RET=FULL", f"ENVID={subject.replace(' ', '-')}"] + (["REQUIRETLS"] if required else [])
                self.outpost.wait_state(self.submit("you@refused.test", subject, options=options), "failed")
                report = wait_until(lambda: self.hop.postgres.rows(
                    "select m.require_tls, convert_from(string_agg(c.data, ''), 'UTF8') as body from outpost_private.message m "
                    "join outpost_private.content c on c.message_id = m.id where m.mail_from = '' group by m.id "
                    f"having convert_from(string_agg(c.data, ''), 'UTF8') like '%Subject: {subject}%'"), "the report has come")[0]
                self.assertEqual(report["require_tls"], True if required else None)
                self.assertEqual("confidential" in report["body"], not required)

    def test_the_header_says_no_by_smtp_by_sendmail_and_in_sql(self):
        by_smtp = self.submit("you@next.test", "says no", options=(), fields="TLS-Required: No\r\n")
        run([PROGRAM, "sendmail", "-C", self.outpost.config, "-i", "-f", "me@origin.test", "you@next.test"],
            input="Subject: sendmail says no\nTLS-Required: no\n\nx\n")
        by_sendmail = self.outpost.postgres.sql(
            "select id from outpost_private.message where convert_from(header, 'UTF8') like '%sendmail says no%'")
        by_sql = self.outpost.postgres.sql("select outpost.enqueue('app', 'me@origin.test', ARRAY['you@next.test'], "
                                           "convert_to(E'Subject: SQL says no\\nTLS-Required: No\\n\\nx\\n', 'UTF8'))")
        for message in (by_smtp, by_sendmail, by_sql):
            self.assertIs(self.message(message)["require_tls"], False)
            self.assertIn("TLS-Required:", self.header(message))
        # The header goes on: the next hop hears it as well. The parameter outweighs it everywhere.
        self.assertIs(self.at_hop("SQL says no")["require_tls"], False)
        both = self.submit("you@next.test", "says both", fields="TLS-Required: No\r\n")
        self.assertIs(self.message(both)["require_tls"], True)
        self.assertIs(self.at_hop("says both")["require_tls"], True)

    def test_sendmail_asks_by_an_option(self):
        for choice, wish in (("yes", True), ("no", False)):
            run([PROGRAM, "sendmail", "-C", self.outpost.config, "-i", "-O", f"RequireTLS={choice}", "-f", "me@origin.test", "you@next.test"],
                input=f"Subject: option {choice}\n\nx\n")
            arrived = self.at_hop(f"option {choice}")
            self.assertIs(arrived["require_tls"], wish)
            self.assertEqual("TLS-Required: No" in arrived["header"], not wish)

    def test_an_operator_changes_it_for_what_is_held_and_sees_it(self):
        queue = lambda *arguments: run([PROGRAM, "queue", arguments[0], "--config", self.outpost.config, *arguments[1:]]).stdout
        held = [int(self.outpost.postgres.sql(
            f"select outpost.enqueue('app', 'me@origin.test', ARRAY['{n}@next.test'], convert_to(E'Subject: held {n}\\n\\nx\\n', 'UTF8'), "
            "'{\"hold\": true, \"tag\": \"held\"}')")) for n in (1, 2)]
        self.assertIn("1 message with 1 recipient changed", queue("tls", "yes", str(held[0])))
        self.assertIn("REQUIRETLS", queue("list"))
        self.assertEqual(self.message(held[0]), {"require_tls": True, "require_tls_by": "outpost"})
        self.assertIn("2 messages with 2 recipients changed", queue("tls", "no", "--tag", "held"))
        self.assertIn("TLS-Required: No, set by outpost at",
                      run([PROGRAM, "why", "--config", self.outpost.config, str(held[1])]).stdout)
        self.assertIn("1 message", queue("tls", "default", "--tag", "held", str(held[1])))
        self.assertEqual([self.message(m)["require_tls"] for m in held], [False, None])
        for wrong in (["tls", "yes"], ["tls", "maybe", str(held[0])]):
            done = run([PROGRAM, "queue", wrong[0], "--config", self.outpost.config, *wrong[1:]], check=False)
            self.assertNotEqual(done.returncode, 0)

    def test_a_change_reaches_what_a_node_holds_and_has_not_begun(self):
        self.slow.think_time = 5
        first, second, third = (self.submit("you@slow.test", f"waits {n}", options=()) for n in (1, 2, 3))
        wait_until(lambda: self.slow.stored, "the first is under way")
        states = lambda: {row["state"] for m in (first, second, third) for row in self.outpost.recipients(m)}
        self.assertEqual(states(), {"leased"})
        self.outpost.postgres.sql(f"select outpost.set_require_tls({first}, true), outpost.set_require_tls({second}, true)")
        self.slow.think_time = 0
        self.outpost.wait_state(first, "delivered")  # as it began
        refused = self.outpost.wait_state(second, "failed")[0]  # nothing verifies that host
        self.assertEqual(refused["last_status"], "5.7.30")
        self.outpost.wait_state(third, "delivered")
        self.assertEqual(len(self.slow.stored), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
