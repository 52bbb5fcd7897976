# SPDX-License-Identifier: Apache-2.0
"""Direct delivery over MX to Postfix, Exim and OpenSMTPD, with the DNS as the wild has it."""
import unittest

from lab.certificates import Authority
from lab.dns import Nsd
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import wait_until
from lab.receivers import Exim, OpenSmtpd, Postfix

ZONE = """
postfix MX 10 mx.postfix
mx.postfix A 127.0.2.1
exim MX 10 mx.exim
mx.exim A 127.0.2.2
opensmtpd MX 10 mx.opensmtpd
mx.opensmtpd A 127.0.2.3
; the first MX refuses connections, the second one takes the mail
deadfirst MX 5 dead
deadfirst MX 10 mx.postfix
dead A 127.0.2.8
; the recipient domain is an alias, and so is the MX host
alias CNAME postfix
mxalias MX 10 aliasedmx
aliasedmx CNAME mx.postfix
implicit A 127.0.2.1
nullmx MX 0 .
loop1 CNAME loop2
loop2 CNAME loop1
empty TXT "no address here"
"""


class DirectDelivery(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ca = Authority()
        Nsd(ZONE)
        domains = [f"{name}.test" for name in ("postfix", "deadfirst", "alias", "mxalias", "implicit")]
        cls.postfix = Postfix("127.0.2.1", domains, *ca.issue("mx.postfix.test"))
        cls.exim = Exim("127.0.2.2", ["exim.test"], *ca.issue("mx.exim.test"))
        cls.opensmtpd = OpenSmtpd("127.0.2.3", ["opensmtpd.test"])
        cls.outpost = Outpost(Postgres()).start()

    def deliver(self, recipient, receiver, **options):
        subject = f"to {recipient}"
        message = self.outpost.send(recipient, subject=subject, **options)
        self.outpost.wait_state(message, "delivered")
        wait_until(lambda: subject in receiver.subjects(), f"{subject} has arrived")
        return message

    def test_postfix_takes_it_over_tls(self):
        message = self.deliver("user@postfix.test", self.postfix)
        attempt = self.outpost.attempts(message)[0]
        self.assertEqual(attempt["remote_host"], "mx.postfix.test")
        self.assertEqual(attempt["remote_ip"], "127.0.2.1")
        self.assertEqual(attempt["tls_version"], "TLSv1.3")
        self.assertEqual(attempt["transport"], "direct")
        self.assertEqual(attempt["outcome"], "delivered")

    def test_exim_takes_it_over_tls_with_chunking(self):
        message = self.deliver("user@exim.test", self.exim)
        self.assertTrue(self.outpost.attempts(message)[0]["tls_version"])

    def test_opensmtpd_takes_it_in_clear(self):
        message = self.deliver("user@opensmtpd.test", self.opensmtpd)
        self.assertFalse(self.outpost.attempts(message)[0]["tls_version"])

    def test_a_dead_first_mx_costs_only_time(self):
        message = self.deliver("user@deadfirst.test", self.postfix)
        self.assertEqual(self.outpost.attempts(message)[0]["remote_ip"], "127.0.2.1")

    def test_aliases_and_implicit_mx_are_followed(self):
        for domain in ("alias", "mxalias", "implicit"):
            self.deliver(f"user@{domain}.test", self.postfix)

    def test_null_mx_fails_at_once_with_its_own_status(self):
        message = self.outpost.send("user@nullmx.test")
        recipient = self.outpost.wait_state(message, "failed")[0]
        self.assertEqual(recipient["last_status"], "5.1.10")

    def test_a_domain_that_does_not_exist_fails_at_once(self):
        message = self.outpost.send("user@doesnotexist.test")
        recipient = self.outpost.wait_state(message, "failed")[0]
        self.assertEqual(recipient["last_status"], "5.1.2")

    def test_a_cname_loop_is_retried_not_bounced(self):
        message = self.outpost.send("user@loop1.test")
        wait_until(lambda: self.outpost.attempts(message), "an attempt was made")
        self.assertEqual(self.outpost.recipients(message)[0]["state"], "queued")

    def test_one_recipients_refusal_does_not_decide_anothers_fate(self):
        message = self.outpost.send(["good@exim.test", "unknown@exim.test"], subject="mixed")
        def final():
            rows = self.outpost.recipients(message)
            return all(row["state"] in ("delivered", "failed") for row in rows) and rows
        rows = wait_until(final, "both recipients have their end")
        self.assertEqual([row["state"] for row in rows], ["delivered", "failed"])
        self.assertIn("no such user here", rows[1]["last_reply"])

    def test_bytes_arrive_unchanged(self):
        body = "line\r\n.leading dot\r\n..two\r\n\r\nlast line without anything after it\r\n"
        self.outpost.wait_state(self.outpost.send("user@postfix.test", subject="dots", body=body), "delivered")
        wait_until(lambda: "dots" in self.postfix.subjects(), "it has arrived")
        kept = next(m for m in self.postfix.messages() if m["Subject"] == "dots")
        self.assertEqual(kept.get_payload().replace("\n", "\r\n"), body)


if __name__ == "__main__":
    unittest.main(verbosity=2)
