# SPDX-License-Identifier: Apache-2.0
"""MTA-STS (RFC 8461) in direct delivery: what a policy asks for is kept, what cannot be fetched stops
nothing, and what was once known holds though DNS and HTTPS fail."""
import unittest

from lab.certificates import Authority, self_signed, tlsa
from lab.faulty_dns import FaultyDns, servfail, text
from lab.policy_host import PolicyHosts, Site, policy
from lab.secure_mail import SecureMail, mail_commands

WRONG = "3 1 1 " + "ab" * 32
SWITCHED = "127.0.5.9"  # a name server whose answers change in the course of a test


class MtaSts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = SecureMail()
        cls.mail.zone("switched.test", signed=False, ns=(SWITCHED,), ttl=1)
        cls.dns = FaultyDns(SWITCHED, {("TXT", "_mta-sts.changing.switched.test"): text("v=STSv1; id=1"),
                                       ("TXT", "_mta-sts.unsure.switched.test"): servfail})
        cls.sites = []
        cls.hosts_by_mode()
        cls.policy_hosts()
        cls.with_dane()
        cls.policies = PolicyHosts(cls.sites)
        cls.mail.start("""
mta_sts:
  allow_networks: [127.0.0.0/8]
routes:
  - {name: careful, to: [watched.signed.test], transport: direct, mta_sts: report}
""")
        cls.slow = cls.mail.outpost.send("user@slow.signed.test")  # fetched while the tests run

    @classmethod
    def domain(cls, name, mode="enforce", mx=None, zone="signed.test", pair=None, tlsa=(), policy_pair=None, text=None, answer=200,
               record="v=STSv1; id=1", host=True, **receiver):
        """A domain with one host and a policy. `mx`: the policy's, where it is not that host."""
        domain = f"{name}.{zone}"
        if host:
            cls.mail.host(name, pair, tlsa, zone, **receiver)
        address = cls.mail.address()
        cls.mail.records(f'_mta-sts.{name} TXT "{record}"\nmta-sts.{name} A {address}', zone)
        pair = policy_pair or cls.mail.ca.issue(f"mta-sts.{domain}")
        cls.sites.append(Site(domain, address, pair, policy(mode, *(mx or [f"mx.{domain}"])) if text is None else text, answer))

    @classmethod
    def hosts_by_mode(cls):
        for mode in ("enforce", "testing", "none"):
            cls.domain(f"{mode}good", mode)
            cls.domain(f"{mode}name", mode, pair=cls.mail.ca.issue("mx.other.test"))
            cls.domain(f"{mode}expired", mode, pair=cls.mail.ca.issue(f"mx.{mode}expired.signed.test", expired=True))
            cls.domain(f"{mode}unknown", mode, pair=self_signed(f"mx.{mode}unknown.signed.test"))
            cls.domain(f"{mode}mx", mode, mx=["mx.other.test"])
            cls.domain(f"{mode}stripped", mode, offers=False, reply=None)
            cls.domain(f"{mode}refused", mode, reply="554 5.7.0 never")
            cls.domain(f"{mode}closed", mode, handshake="closed")
        cls.domain("wildcard", mx=["*.wildcard.signed.test"])
        cls.domain("xn--bcher-kva")
        cls.domain("toodeep", mx=["*.signed.test"])  # an asterisk is one label
        cls.domain("watched", mx=["mx.other.test"], pair=self_signed("mx.watched.signed.test"))
        # One host of two domains, of which one has a policy that does not name it, and the other has none.
        cls.domain("shared", host=False, mx=["mx.other.test"])
        cls.mail.host("common", self_signed("mx.common.signed.test"))
        cls.mail.records("shared MX 10 mx.common\nstrict MX 10 mx.common\nfree MX 10 mx.common")
        cls.domain("strict", host=False, mx=["mx.common.signed.test"])
        # The better one of two hosts is not in the policy.
        cls.domain("second", host=False, mx=["mx.enforcegood.signed.test"])
        cls.mail.records("second MX 5 mx.common\nsecond MX 10 mx.enforcegood")

    @classmethod
    def policy_hosts(cls):
        stranger = Authority("stranger")
        mismatch = dict(mx=["mx.other.test"])  # would stop delivery if the policy were taken
        cls.domain("wrongname", policy_pair=cls.mail.ca.issue("www.wrongname.signed.test"), **mismatch)
        cls.domain("strange", policy_pair=stranger.issue("mta-sts.strange.signed.test"), **mismatch)
        cls.domain("stale", policy_pair=cls.mail.ca.issue("mta-sts.stale.signed.test", expired=True), **mismatch)
        cls.domain("missing", answer=404, **mismatch)
        cls.domain("moved", answer="https://mta-sts.enforcemx.signed.test/.well-known/mta-sts.txt", **mismatch)
        cls.domain("failing", answer=500, **mismatch)
        for name, record in {"down": "mta-sts.down A 127.0.9.8", "nohost": ""}.items():  # where nobody listens; no such name
            cls.mail.host(name)
            cls.mail.records(f'_mta-sts.{name} TXT "v=STSv1; id=1"\n{record}')
        cls.domain("slow", answer="slow", **mismatch)
        cls.domain("huge", text=policy("enforce", *(f"mx{n}.other.test" for n in range(5000))))
        cls.domain("nonsense", text="<html>enforce</html>\n")
        cls.domain("badrecord", record="v=STSv1; id=not-alphanumeric", **mismatch)
        cls.domain("kept", zone="switched.test")
        cls.domain("changing", zone="switched.test")
        cls.domain("unsure", zone="switched.test")

    @classmethod
    def with_dane(cls):
        issue = cls.mail.ca.issue
        both = issue("mx.both.signed.test")
        cls.domain("both", pair=both, tlsa=[tlsa(both[0])])
        daneonly = self_signed("mx.daneonly.signed.test")
        cls.domain("daneonly", pair=daneonly, tlsa=[tlsa(daneonly[0])])
        cls.domain("pkixonly", tlsa=[WRONG])
        tested = self_signed("mx.tested.signed.test")
        cls.domain("tested", "testing", pair=tested, tlsa=[tlsa(tested[0])])

    def fetches(self, domain):
        return self.policies.fetches(domain)

    def test_a_host_that_is_named_and_verified_gets_mail(self):
        for name in ("enforcegood", "wildcard", "second", "xn--bcher-kva"):
            with self.subTest(name):
                attempt = self.mail.delivered(name)
                self.assertEqual((attempt["tls_policy"], attempt["tls_requirement"]), ("mta-sts", f"pkix({attempt['remote_host']})"))
                self.assertTrue(attempt["tls_verified"])

    def test_enforce_stops_what_is_not_as_the_policy_says_and_waits(self):
        for name in ("name", "expired", "unknown", "stripped", "refused", "closed"):
            with self.subTest(name):
                self.mail.deferred(f"enforce{name}")
                self.assertEqual(mail_commands(self.mail.hosts[f"enforce{name}"]), [])

    def test_a_host_that_is_not_named_is_not_talked_to(self):
        for name in ("enforcemx", "toodeep"):
            with self.subTest(name):
                self.mail.deferred(name)
                self.assertEqual(self.mail.hosts[name].sessions, [])

    def test_a_second_attempt_is_no_weaker(self):
        self.mail.deferred("enforceunknown")
        message = self.mail.message
        self.mail.postgres.sql(f"select outpost.retry_now({message})")
        attempts = self.mail.attempts(message, 2)
        self.assertEqual([attempt["outcome"] for attempt in attempts], ["deferred", "deferred"])
        self.assertEqual(mail_commands(self.mail.hosts["enforceunknown"]), [])

    def test_testing_and_none_stop_nothing(self):
        for mode in ("testing", "none"):
            for name in ("good", "name", "expired", "unknown", "mx", "stripped", "refused", "closed"):
                with self.subTest(mode + name):
                    self.mail.delivered(mode + name)

    def test_a_policy_is_of_the_domain_and_not_of_its_hosts(self):
        self.mail.deferred("shared")
        self.mail.delivered("free")
        self.mail.deferred("shared")
        self.mail.deferred("strict")  # though there is a session of the other domain to go on with

    def test_what_cannot_be_fetched_or_read_stops_nothing(self):
        for name in ("wrongname", "strange", "stale", "missing", "moved", "failing", "huge", "nonsense", "badrecord",
                     "down", "nohost"):
            with self.subTest(name):
                self.mail.delivered(name)
        self.assertEqual(self.fetches("enforcemx.signed.test").count(302), 0)

    def test_who_sends_a_policy_octet_by_octet_holds_up_nobody_else_and_his_own_mail_a_minute(self):
        if self.mail.outpost.recipients(self.slow)[0]["state"] != "delivered":
            self.mail.delivered("free")
        self.mail.outpost.wait_state(self.slow, "delivered", timeout=120)

    def test_whether_there_is_a_policy_must_be_known_before_the_first_mail(self):
        self.mail.deferred("unsure.switched.test")
        self.assertEqual(self.mail.hosts["unsure"].sessions, [])

    def test_a_known_policy_holds_though_dns_and_policy_host_fail(self):
        self.mail.delivered("kept.switched.test")
        self.dns.faults[("TXT", "_mta-sts.kept.switched.test")] = servfail
        self.policies.answer("kept.switched.test", 500)
        self.mail.hosts["kept"].present(self_signed("mx.kept.switched.test"))
        self.mail.deferred("kept.switched.test")
        self.assertEqual(len(self.mail.hosts["kept"].mails), 1)

    def test_a_new_id_brings_the_new_policy(self):
        self.mail.delivered("changing.switched.test")
        self.policies.serve("changing.switched.test", policy("enforce", "mx.other.test"))
        self.mail.delivered("changing.switched.test")
        self.assertEqual(self.fetches("changing.switched.test"), [200])
        self.dns.faults[("TXT", "_mta-sts.changing.switched.test")] = text("v=STSv1; id=2")
        self.mail.wait_for_ttl()
        self.mail.deferred("changing.switched.test")
        self.assertEqual(self.fetches("changing.switched.test"), [200, 200])

    def test_where_dane_and_a_policy_speak_both_must_be_content(self):
        self.assertEqual(self.mail.delivered("both")["tls_policy"], "dane, mta-sts")
        for name in ("daneonly", "pkixonly"):
            with self.subTest(name):
                self.mail.deferred(name)
                self.assertEqual(mail_commands(self.mail.hosts[name]), [])

    def test_a_policy_in_testing_takes_nothing_from_dane(self):
        self.assertIn("dane", self.mail.delivered("tested")["tls_requirement"])

    def test_where_mta_sts_only_reports_mail_is_delivered(self):
        attempt = self.mail.delivered("watched")
        self.assertEqual(attempt["tls_policy"], "(mta-sts)")
        self.assertIn("would have failed", attempt["tls_result"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
