# SPDX-License-Identifier: Apache-2.0
"""REQUIRETLS and TLS-Required: No (RFC 8689) in direct delivery: the one goes only to hosts that are
verified and promise to keep it, the other lets nothing about TLS stand in its way."""
import unittest

from lab.certificates import self_signed, tlsa
from lab.faulty_dns import FaultyDns, servfail
from lab.policy_host import PolicyHosts, Site, policy
from lab.processes import wait_until
from lab.secure_mail import SecureMail, mail_commands

WRONG = "3 1 1 " + "ab" * 32
UNUSABLE = "1 1 1 " + "ab" * 32
SPOILER = "127.0.5.9"
REQUIRED = {"options": ["REQUIRETLS"]}
WAIVED = {"headers": "TLS-Required: No\r\n"}


class RequireTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = mail = SecureMail()
        cls.verified("able", requiretls="under TLS")
        cls.verified("unable")
        cls.verified("early", requiretls="in clear")
        cls.verified("refusing", requiretls="under TLS", refuses=("RCPT", "550 5.1.1 no such user"))
        cls.verified("sender", requiretls="under TLS")
        cls.verified("full", requiretls="under TLS", refuses=("MAIL", "452 4.3.1 full"))
        mail.host("unknown", requiretls="under TLS")  # with a certificate that is good, but nothing says that it must be
        mail.host("unusable", tlsa=[UNUSABLE], requiretls="under TLS")
        mail.host("mismatch", tlsa=[WRONG], requiretls="under TLS")
        mail.host("stripped", tlsa=[WRONG], offers=False, reply=None)
        mail.host("closed", tlsa=[WRONG], handshake="closed")
        mail.records("two MX 5 mx.unable\ntwo MX 10 mx.able\nneither MX 5 mx.unable\nneither MX 10 mx.unknown\n"
                     "perhaps MX 5 mx.unable\nperhaps MX 10 nobody\nnobody A 127.0.9.9\n_25._tcp.nobody TLSA " + WRONG)
        mail.zone("spoilt.test", ns=(SPOILER,))
        mail.host("servfail", zone="spoilt.test", tlsa=[WRONG])
        mail.host("unsure", zone="spoilt.test")
        mail.records('_mta-sts.unsure TXT "v=STSv1; id=1"', "spoilt.test")
        FaultyDns(SPOILER, {("TLSA", "mx.servfail.spoilt.test"): servfail, ("TXT", "_mta-sts.unsure.spoilt.test"): servfail})
        sites = [cls.with_policy("kept", "enforce", requiretls="under TLS"), cls.with_policy("tested", "testing", requiretls="under TLS"),
                 cls.with_policy("unnamed", "enforce", mx="mx.other.test"),
                 cls.with_policy("expired", "enforce", pair=mail.ca.issue("mx.expired.signed.test", expired=True))]
        PolicyHosts(sites)
        mail.start("mta_sts:\n  allow_networks: [127.0.0.0/8]\n")

    @classmethod
    def verified(cls, name, **receiver):
        pair = self_signed(f"mx.{name}.signed.test")
        cls.mail.host(name, pair, [tlsa(pair[0])], **receiver)

    @classmethod
    def with_policy(cls, name, mode, mx=None, **receiver):
        domain = f"{name}.signed.test"
        cls.mail.host(name, **receiver)
        address = cls.mail.address()
        cls.mail.records(f'_mta-sts.{name} TXT "v=STSv1; id=1"\nmta-sts.{name} A {address}')
        return Site(domain, address, cls.mail.ca.issue(f"mta-sts.{domain}"), policy(mode, mx or f"mx.{domain}"))

    def taken(self, name, subject):
        """The message of this subject that this host took."""
        return next(mail for mail in self.mail.hosts[name].mails if f"Subject: {subject}\r\n".encode() in mail.content)

    def unmet(self, name, *reasons):
        """The mail goes back, and these reasons are counted."""
        before = self.mail.counted()
        attempt = self.mail.failed(name, **REQUIRED)
        self.assertEqual(attempt["status"], "5.7.30", attempt)
        after = self.mail.counted()
        for reason in reasons:
            key = ("requiretls_unmet", reason)
            self.assertEqual(after.get(key, 0), before.get(key, 0) + 1, key)

    def test_a_verified_host_that_announces_it_is_asked_for_it(self):
        for name in ("able", "kept"):
            with self.subTest(name):
                self.mail.delivered(name, subject="asked for", **REQUIRED)
                self.assertIn(" REQUIRETLS", self.taken(name, "asked for").sender)

    def test_who_did_not_ask_for_it_does_not_get_it(self):
        self.mail.delivered("able", subject="plain")
        self.assertNotIn("REQUIRETLS", self.taken("able", "plain").sender)

    def test_where_no_host_can_keep_it_the_mail_goes_back(self):
        for name, reasons in {"unable": ["norequiretls"], "early": ["norequiretls"], "neither": ["norequiretls", "nopolicy"]}.items():
            with self.subTest(name):
                self.unmet(name, *reasons)
                self.unmet(name, *reasons)  # now in a session that was open already
        self.assertEqual([line for _, line in mail_commands(self.mail.hosts["unable"]) if "MAIL" in line], [])

    def test_where_nothing_says_how_to_verify_a_host_the_mail_goes_back(self):
        for name in ("unknown", "unusable", "tested"):
            with self.subTest(name):
                self.unmet(name, "nopolicy")
                self.assertEqual(mail_commands(self.mail.hosts[name]), [])

    def test_a_host_that_can_is_found_behind_one_that_cannot(self):
        self.assertEqual(self.mail.delivered("two", **REQUIRED)["remote_host"], "mx.able.signed.test")

    def test_while_one_host_might_be_able_the_mail_waits(self):
        for name in ("perhaps", "mismatch", "full"):
            with self.subTest(name):
                self.mail.deferred(name, **REQUIRED)

    def test_a_waiver_gets_mail_through_each_failure(self):
        for domain, ignored in {"mismatch": "dane", "stripped": "starttls", "closed": "handshake", "servfail.spoilt.test": "tlsa_lookup",
                                "unnamed": "mta_sts_mx", "expired": "pkix", "unsure.spoilt.test": "mta_sts_lookup"}.items():
            with self.subTest(domain):
                self.mail.deferred(domain)
                before = self.mail.counted()
                self.mail.delivered(domain, **WAIVED)
                key = ("tls_required_no_ignored", ignored)
                self.assertEqual(self.mail.counted().get(key, 0), before.get(key, 0) + 1)

    def test_a_waiver_keeps_encryption_where_there_is_some(self):
        self.assertEqual(self.mail.delivered("mismatch", **WAIVED)["tls_version"], "TLSv1.3")
        self.assertFalse(self.mail.delivered("closed", **WAIVED)["tls_version"])

    def test_requiretls_wins_over_the_header(self):
        attempt = self.mail.failed("unable", **REQUIRED, **WAIVED)
        self.assertEqual(attempt["status"], "5.7.30")

    def test_the_report_of_a_failure_is_as_confidential_as_the_message(self):
        for name in ("refusing", "unable"):
            with self.subTest(name):
                subject = f"secret for {name}"
                self.mail.failed(name, sender="me@sender.signed.test", subject=subject, body="CONFIDENTIAL\r\n", **REQUIRED)
                report = wait_until(lambda: next((mail for mail in self.mail.hosts["sender"].mails if subject.encode() in mail.content), None),
                                    "the report has come")
                self.assertIn("REQUIRETLS", report.sender)
                self.assertIn("<>", report.sender)
                self.assertNotIn(b"CONFIDENTIAL", report.content)

    def test_an_operator_changes_what_a_waiting_message_asks_for(self):
        self.mail.deferred("mismatch")
        message = self.mail.message
        self.mail.outpost.command("queue", "tls", "no", str(message))
        self.mail.postgres.sql(f"select outpost.retry_now({message})")
        self.assertEqual(self.mail.attempts(message, 2)[1]["outcome"], "delivered")


if __name__ == "__main__":
    unittest.main(verbosity=2)
