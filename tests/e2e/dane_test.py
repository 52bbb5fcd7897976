# SPDX-License-Identifier: Apache-2.0
"""DANE (RFC 7672) in direct delivery: what is verified is delivered, what is not is never delivered with
less, and never because the DNS could not tell."""
import json
import unittest

from lab.certificates import Authority, self_signed, tlsa
from lab.faulty_dns import FaultyDns, notimp, refused, servfail, silent, without_proof
from lab.receivers import Exim, Postfix
from lab.secure_mail import SecureMail, mail_commands
from lab.signed_zones import break_signature
from lab.socks import Microsocks

WRONG = "3 1 1 " + "ab" * 32
SPOILER = "127.0.5.9"
POSTFIX, EXIM = "127.0.2.1", "127.0.2.2"


class Dane(unittest.TestCase):
    security = "trust-ad"

    @classmethod
    def setUpClass(cls):
        cls.mail = mail = SecureMail(cls.security)
        cls.end_entities(mail)
        cls.trust_anchors(mail)
        cls.what_is_no_match(mail)
        cls.aliases(mail)
        cls.broken_dns(mail)
        cls.real_servers(mail)
        mail.start("""
routes:
  - {name: careful, to: [.watched.test, watched.test], transport: direct, dane: report}
  - {to: [tunnel.signed.test, tunnelwrong.signed.test], transport: tunnel}
transports:
  tunnel: {type: socks, proxy_host: 127.0.2.7, proxy_port: 1080, username: proxy, password: secret, ehlo_name: tunnel.origin.test}
""")
        cls.proxy = Microsocks()

    @staticmethod
    def end_entities(mail):
        for name, form in {"ee": (3, 1, 1), "eecert": (3, 0, 1), "eefull": (3, 0, 0), "eekey": (3, 1, 0), "ee512": (3, 1, 2)}.items():
            pair = self_signed(f"{name}.elsewhere.test")  # whose name does not matter
            mail.host(name, pair, [tlsa(pair[0], *form)])
        expired = mail.ca.issue("mx.eeexpired.signed.test", expired=True)
        mail.host("eeexpired", expired, [tlsa(expired[0])])
        rollover = self_signed("mx.rollover.signed.test")
        mail.host("rollover", rollover, [WRONG, tlsa(rollover[0])])
        mixed = self_signed("mx.mixed.signed.test")
        mail.host("mixed", mixed, ["1 1 1 " + "ab" * 32, "3 1 200 abcd", tlsa(mixed[0])])

    @staticmethod
    def trust_anchors(mail):
        root = Authority("anchor")
        between = Authority("between", parent=root)
        mail.host("ta", between.issue("mx.ta.signed.test", with_root=True), [tlsa(root.certificate, 2, 0, 1)])
        mail.host("taintermediate", between.issue("mx.taintermediate.signed.test"), [tlsa(between.certificate, 2, 1, 1)])
        mail.host("tadomain", between.issue("tadomain.signed.test", with_root=True), [tlsa(root.certificate, 2, 1, 1)])
        mail.host("taname", between.issue("mx.other.test", with_root=True), [tlsa(root.certificate, 2, 0, 1)])
        mail.host("taexpired", between.issue("mx.taexpired.signed.test", expired=True, with_root=True), [tlsa(root.certificate, 2, 0, 1)])
        mail.host("taother", mail.ca.issue("mx.taother.signed.test", with_root=True), [tlsa(root.certificate, 2, 0, 1)])

    @staticmethod
    def what_is_no_match(mail):
        mail.host("mismatch", tlsa=[WRONG])
        for name, behaviour in {"stripped": {"offers": False, "reply": None}, "refused4": {"reply": "454 4.7.0 not now"},
                                "refused5": {"reply": "554 5.7.0 never"}, "garbage": {"handshake": "garbage"},
                                "closed": {"handshake": "closed"}, "old": {"handshake": "old"}}.items():
            for prefix, data in (("", WRONG), ("any", "1 1 1 " + "ab" * 32)):
                mail.host(prefix + name, tlsa=[data], **behaviour)
        mail.host("unusable", self_signed("x.test"), ["1 1 1 " + "ab" * 32, "3 1 9 " + "ab" * 32])
        mail.host("short", self_signed("v.test"), ["3 1 1 abcd", "2 0 2 " + "ab" * 32, "3 7 1 " + "ab" * 32])
        tunnel = self_signed("w.test")
        mail.host("tunnel", tunnel, [tlsa(tunnel[0])])
        mail.host("tunnelwrong", tunnel, [WRONG])
        mail.host("opportunistic", self_signed("y.test"))
        mail.host("opportunisticgarbage", handshake="garbage")
        # Two hosts: the better one does not match.
        mail.records("two MX 5 mx.mismatch\ntwo MX 10 mx.ee")

    @staticmethod
    def aliases(mail):
        mail.zone("unsigned.test", signed=False)
        mail.host("plain", self_signed("z.test"), [WRONG], zone="unsigned.test")
        mail.records("viasigned MX 10 mx.ee.signed.test.\nviawrong MX 10 mx.mismatch.signed.test.", "unsigned.test")
        mail.records("toinsecure MX 10 mx.plain.unsigned.test.")
        good = self_signed("q.test")
        mail.host("target", good, [tlsa(good[0])])
        mail.records("aliased MX 10 mx.aliased\nmx.aliased CNAME mx.target\n_25._tcp.mx.aliased TLSA " + WRONG)
        original = self_signed("r.test")
        mail.host("bare", original)
        mail.records("original MX 10 mx.original\nmx.original CNAME mx.bare\n_25._tcp.mx.original TLSA " + tlsa(original[0]))
        mail.records("originalwrong MX 10 mx.originalwrong\nmx.originalwrong CNAME mx.bare\n_25._tcp.mx.originalwrong TLSA " + WRONG)
        mail.records("insecurealias MX 10 mx.insecurealias\nmx.insecurealias CNAME mx.plain.unsigned.test.\n"
                     "_25._tcp.mx.insecurealias TLSA " + WRONG)
        mail.records("domainalias CNAME ee")
        mail.records("tlsaalias MX 10 mx.tlsaalias\nmx.tlsaalias CNAME mx.bare\n_25._tcp.mx.tlsaalias CNAME keys\nkeys TLSA " + tlsa(original[0]))
        alone = self_signed("s.test")
        address = mail.address()
        mail.hosts["implicit"] = type(mail.hosts["bare"])(address, alone)
        mail.records(f"implicit A {address}\n_25._tcp.implicit TLSA {tlsa(alone[0])}")

    @staticmethod
    def broken_dns(mail):
        mail.zone("spoilt.test", ns=(SPOILER,))
        for name in ("servfail", "silent", "refused", "notimp", "denied"):
            # The name exists, so that Unbound asks for just that type whatever it has heard of others.
            mail.host(name, zone="spoilt.test")
            mail.records(f'_25._tcp.mx.{name} TXT "here"', "spoilt.test")
        mail.records("next MX 5 mx.servfail\nnext MX 10 mx.ee.signed.test.", "spoilt.test")
        FaultyDns(SPOILER, {("TLSA", f"mx.{name}.spoilt.test"): fault for name, fault in [
            ("servfail", servfail), ("silent", silent), ("refused", refused), ("notimp", notimp), ("denied", without_proof)]})
        bogus = self_signed("t.test")
        mail.zone("bogus.test", spoil=(break_signature("_25._tcp.mx.tlsa.bogus.test", "TLSA"), break_signature("mx.address.bogus.test", "A"),
                                       break_signature("mx.bogus.test", "MX")))
        mail.host("tlsa", bogus, [tlsa(bogus[0])], zone="bogus.test")
        mail.host("address", bogus, [tlsa(bogus[0])], zone="bogus.test")
        mail.host("mx", bogus, [tlsa(bogus[0])], zone="bogus.test")
        mail.zone("watched.test", spoil=(break_signature("_25._tcp.mx.badtlsa.watched.test", "TLSA"),))
        mail.host("wrong", zone="watched.test", tlsa=[WRONG])
        mail.host("badtlsa", zone="watched.test", tlsa=[WRONG])
        mail.host("clear", zone="watched.test", tlsa=[WRONG], offers=False, reply=None)
        # One host for a domain where DANE reports and one where it is enforced.
        mail.host("common", tlsa=[WRONG])
        mail.records("loose MX 10 mx.common.signed.test.", "watched.test")

    @classmethod
    def real_servers(cls, mail):
        for name, address, server in (("postfix", POSTFIX, Postfix), ("exim", EXIM, Exim)):
            pair = mail.ca.issue(f"mx.{name}.signed.test")
            setattr(cls, name, server(address, [f"{name}.signed.test"], *pair))
            mail.records(f"{name} MX 10 mx.{name}\nmx.{name} A {address}\n_25._tcp.mx.{name} TLSA {tlsa(pair[0])}")

    def nothing_was_sent(self, name):
        self.assertEqual(mail_commands(self.mail.hosts[name]), [])

    def test_a_certificate_that_a_record_names_is_good_whatever_else_it_says(self):
        for name in ("ee", "eecert", "eefull", "eekey", "ee512", "eeexpired"):
            with self.subTest(name):
                attempt = self.mail.delivered(name)
                self.assertEqual(attempt["tls_version"], "TLSv1.3")
                self.assertEqual(attempt["tls_policy"], "dane")
                self.assertRegex(attempt["tls_result"], "^dane 3 . . .* matched")
                self.assertEqual(self.mail.hosts[name].sessions[0].sni, f"mx.{name}.signed.test")

    def test_postfix_and_exim_are_verified(self):
        for name in ("postfix", "exim"):
            self.assertIn("dane", self.mail.delivered(name)["tls_requirement"])

    def test_one_record_that_matches_is_enough(self):
        self.mail.delivered("rollover")

    def test_records_that_cannot_be_used_do_not_spoil_one_that_matches(self):
        self.mail.delivered("mixed")

    def test_a_trust_anchor_vouches_for_the_host_or_the_domain(self):
        for name in ("ta", "taintermediate", "tadomain"):
            with self.subTest(name):
                self.mail.delivered(name)

    def test_a_trust_anchor_vouches_for_no_other_name_time_or_issuer(self):
        for name in ("taname", "taexpired", "taother"):
            with self.subTest(name):
                attempt = self.mail.deferred(name)
                self.assertEqual(attempt["error_kind"], "tls")
                self.nothing_was_sent(name)

    def test_a_certificate_that_no_record_names_gets_no_mail(self):
        attempt = self.mail.deferred("mismatch")
        self.assertEqual(attempt["error_kind"], "tls")
        self.assertTrue(attempt["status"].startswith("4.7."), attempt)
        self.assertIn("dane", attempt["tls_result"])
        self.nothing_was_sent("mismatch")

    def test_another_host_of_the_domain_may_still_be_good(self):
        self.assertEqual(self.mail.delivered("two")["remote_host"], "mx.ee.signed.test")

    def test_where_dane_holds_no_trouble_with_starttls_leads_to_plaintext_or_to_a_bounce(self):
        for name in ("stripped", "refused4", "refused5", "garbage", "closed", "old"):
            for prefix in ("", "any"):
                with self.subTest(prefix + name):
                    self.mail.deferred(prefix + name)
                    self.nothing_was_sent(prefix + name)

    def test_records_of_which_none_can_be_used_ask_for_encryption_alone(self):
        for name in ("unusable", "short"):
            with self.subTest(name):
                attempt = self.mail.delivered(name)
                self.assertEqual(attempt["tls_version"], "TLSv1.3")
                self.assertEqual(attempt["tls_policy"], "dane")

    def test_without_records_encryption_is_opportunistic(self):
        self.assertEqual(self.mail.delivered("opportunistic")["tls_version"], "TLSv1.3")
        self.assertFalse(self.mail.delivered("opportunisticgarbage")["tls_version"])

    def test_an_insecure_step_ends_dane(self):
        for domain in ("plain.unsigned.test", "viawrong.unsigned.test", "toinsecure"):
            with self.subTest(domain):
                self.mail.delivered(domain)

    def test_the_name_behind_a_hosts_alias_is_the_base_domain(self):
        self.mail.delivered("aliased")
        self.assertEqual(self.mail.hosts["target"].sessions[0].sni, "mx.target.signed.test")

    def test_the_alias_itself_is_the_base_domain_where_the_name_behind_it_has_no_records(self):
        self.mail.delivered("original")
        self.assertEqual(self.mail.hosts["bare"].sessions[-1].sni, "mx.original.signed.test")
        self.mail.deferred("originalwrong")
        self.mail.delivered("tlsaalias")

    def test_a_secure_alias_of_an_insecure_host_is_a_base_domain(self):
        self.mail.deferred("insecurealias")

    def test_the_alias_of_a_domain_and_a_domain_without_mx_have_dane_too(self):
        for name in ("domainalias", "implicit"):
            with self.subTest(name):
                self.assertIn("dane", self.mail.delivered(name)["tls_requirement"])

    def test_a_host_whose_records_cannot_be_found_out_is_not_talked_to(self):
        for name in ("servfail", "silent", "refused", "notimp", "denied"):
            with self.subTest(name):
                self.mail.deferred(f"{name}.spoilt.test")
                self.assertEqual(self.mail.hosts[name].sessions, [])

    def test_another_host_is_talked_to_when_the_records_of_the_first_cannot_be_found_out(self):
        self.assertEqual(self.mail.delivered("next.spoilt.test")["remote_host"], "mx.ee.signed.test")

    def test_what_is_bogus_is_neither_believed_nor_taken_as_absent(self):
        for name in ("tlsa", "address", "mx"):
            with self.subTest(name):
                self.mail.deferred(f"{name}.bogus.test")
                self.assertEqual(self.mail.hosts[name].sessions, [])

    def test_where_dane_only_reports_mail_is_delivered_and_the_attempt_says_what_would_have_failed(self):
        for name in ("wrong", "badtlsa", "clear"):
            with self.subTest(name):
                attempt = self.mail.delivered(f"{name}.watched.test")
                self.assertEqual(attempt["tls_policy"], "(dane)")
                self.assertIn("would have failed", attempt["tls_result"])

    def test_delivery_through_a_proxy_has_dane_too(self):
        self.assertEqual(self.mail.delivered("tunnel")["tls_policy"], "dane")
        self.mail.deferred("tunnelwrong")
        self.nothing_was_sent("tunnelwrong")
        self.assertGreaterEqual(self.proxy.connections(), 2)

    def test_what_tls_explain_foretells_is_what_delivery_does(self):
        for name in ("ee", "taname", "tadomain", "two", "mismatch", "unusable", "stripped", "refused4", "closed", "opportunistic",
                     "opportunisticgarbage", "toinsecure", "insecurealias", "servfail.spoilt.test", "tlsa.bogus.test", "mx.bogus.test"):
            with self.subTest(name):
                domain = name if "." in name else f"{name}.signed.test"
                told = json.loads(self.mail.outpost.command("tls", "explain", "--probe", "--json", domain, check=False).stdout)
                outcome = self.mail.send(domain)["outcome"]
                self.assertEqual(told["deliverable"], outcome == "delivered", told)

    def test_a_session_of_a_domain_that_asks_for_less_is_not_gone_on_with(self):
        self.mail.delivered("loose.watched.test")
        self.mail.deferred("common")
        self.assertEqual(len(self.mail.hosts["common"].mails), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
