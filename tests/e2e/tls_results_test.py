# SPDX-License-Identifier: Apache-2.0
"""What deliveries learn of others' TLS: each result type of RFC 8460 from a session that shows it to the
rows that reports are made of, and what each domain can do."""
import json
import unittest

from lab.certificates import self_signed, tlsa
from lab.faulty_dns import FaultyDns, servfail
from lab.policy_host import PolicyHosts, Site, policy
from lab.secure_mail import SecureMail
from lab.signed_zones import break_signature

WRONG = "3 1 1 " + "ab" * 32
UNUSABLE = "1 1 1 " + "ab" * 32
SPOILER = "127.0.5.9"

# Where mail goes, and what of it is a failure: (policy type, result type, reason).
DANE_FAILURES = {
    "mismatch.signed.test": ("tlsa", "validation-failure", "dane-no-match"),
    "stripped.signed.test": ("tlsa", "starttls-not-supported", "smtp-starttls-reply-code-502"),  # asked for it all the same
    "refused.signed.test": ("tlsa", "starttls-not-supported", "smtp-starttls-reply-code-454"),
    "closed.signed.test": ("tlsa", "validation-failure", "connection-closed-during-handshake"),
    "reset.signed.test": ("tlsa", "validation-failure", "connection-closed-during-handshake"),
    "unusable.signed.test": ("tlsa", "tlsa-invalid", "all-unusable-records+ignored"),
    "servfail.spoilt.test": ("tlsa", "tlsa-invalid", ""),
    "must.signed.test": ("tlsa", "dane-required", ""),
    "records.bogus.test": ("tlsa", "dnssec-invalid", "dns-extended-error-6-dnssec-bogus"),
}
STS_FAILURES = {
    "name.signed.test": ("sts", "certificate-host-mismatch", ""),
    "expired.signed.test": ("sts", "certificate-expired", ""),
    "unknown.signed.test": ("sts", "certificate-not-trusted", ""),
    "unnamed.signed.test": ("sts", "validation-failure", "mtasts-policy-mx-mismatch"),
    "clear.signed.test": ("sts", "starttls-not-supported", "smtp-starttls-reply-code-502"),
    "missing.signed.test": ("sts", "sts-policy-fetch-error", "no-policy-served"),
    "failing.signed.test": ("sts", "sts-policy-fetch-error", "cannot-fetch-policy"),
    "strange.signed.test": ("sts", "sts-webpki-invalid", "certificate-not-trusted+self-signed"),
    "nonsense.signed.test": ("sts", "sts-policy-invalid", "policy-syntax-error"),
}
OPPORTUNISTIC_FAILURES = {
    "bare.signed.test": ("no-policy-found", "starttls-not-supported", ""),
    "broken.signed.test": ("no-policy-found", "validation-failure", "connection-closed-during-handshake"),
}
FAILURES = {**DANE_FAILURES, **STS_FAILURES, **OPPORTUNISTIC_FAILURES}
DELIVERED = (*OPPORTUNISTIC_FAILURES, "unusable.signed.test", "missing.signed.test", "failing.signed.test", "strange.signed.test", "nonsense.signed.test")


class TlsResults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = mail = SecureMail()
        cls.sites = []
        cls.hosts_with_records()
        cls.domains_with_policies()
        PolicyHosts(cls.sites)
        mail.start("""
mta_sts:
  allow_networks: [127.0.0.0/8]
routes:
  - {name: strict, to: must.signed.test, transport: direct, dane: require}
""")
        for domain in FAILURES:
            (mail.delivered if domain in DELIVERED else mail.deferred)(domain)
        for domain in ("good", "both", "plain"):
            mail.delivered(domain)
        cls.counted = mail.counted()
        mail.outpost.process.stop()  # which writes what it has learned
        cls.results = mail.postgres.rows("select * from outpost.tls_results")
        cls.failures = mail.postgres.rows("select * from outpost.tls_failures")

    @classmethod
    def hosts_with_records(cls):
        mail = cls.mail
        good = self_signed("mx.good.signed.test")
        mail.host("good", good, [tlsa(good[0])], requiretls="under TLS")
        mail.host("plain", self_signed("mx.plain.signed.test"))
        mail.host("bare", offers=False)
        mail.host("broken", handshake="closed")
        mail.host("mismatch", tlsa=[WRONG])
        mail.host("stripped", tlsa=[WRONG], offers=False, reply=None)
        mail.host("refused", tlsa=[WRONG], reply="454 4.7.0 not now")
        mail.host("closed", tlsa=[WRONG], handshake="closed")
        mail.host("reset", tlsa=[WRONG], handshake="reset")
        mail.host("unusable", tlsa=[UNUSABLE])
        mail.host("must")
        mail.zone("spoilt.test", ns=(SPOILER,))
        mail.host("servfail", zone="spoilt.test", tlsa=[WRONG])
        FaultyDns(SPOILER, {("TLSA", "mx.servfail.spoilt.test"): servfail})
        mail.zone("bogus.test", spoil=(break_signature("_25._tcp.mx.records.bogus.test", "TLSA"),))
        mail.host("records", zone="bogus.test", tlsa=[WRONG])

    @classmethod
    def domains_with_policies(cls):
        issue = cls.mail.ca.issue
        both = issue("mx.both.signed.test")
        cls.domain("both", pair=both, tlsa=[tlsa(both[0])])
        cls.domain("name", pair=issue("mx.other.test"))
        cls.domain("expired", pair=issue("mx.expired.signed.test", expired=True))
        cls.domain("unknown", pair=self_signed("mx.unknown.signed.test"))
        cls.domain("unnamed", mx="mx.other.test")
        cls.domain("clear", offers=False, reply=None)
        cls.domain("missing", answer=404)
        cls.domain("failing", answer=500)
        cls.domain("strange", policy_pair=self_signed("mta-sts.strange.signed.test"))
        cls.domain("nonsense", text="<html></html>\n")

    @classmethod
    def domain(cls, name, mx=None, answer=200, policy_pair=None, text=None, **host):
        domain = f"{name}.signed.test"
        cls.mail.host(name, **host)
        address = cls.mail.address()
        cls.mail.records(f'_mta-sts.{name} TXT "v=STSv1; id=1"\nmta-sts.{name} A {address}')
        cls.sites.append(Site(domain, address, policy_pair or cls.mail.ca.issue(f"mta-sts.{domain}"),
                              text or policy("enforce", mx or f"mx.{domain}"), answer))

    def results_of(self, domain):
        """(what it is about, policy type, successes, failures)"""
        return sorted((row["about"], row["policy_type"], row["successes"], row["failures"])
                      for row in self.results if row["recipient_domain"] == domain)

    def test_each_failure_is_recorded_with_its_type_and_reason(self):
        for domain, wanted in FAILURES.items():
            with self.subTest(domain):
                found = [row for row in self.failures if row["recipient_domain"] == domain and row["policy_type"] == wanted[0]]
                self.assertIn(wanted, [(row["policy_type"], row["result_type"], row["failure_reason_code"]) for row in found])

    def test_a_failure_that_stopped_mail_counts_as_a_failed_session(self):
        for domain in set(DANE_FAILURES) - set(DELIVERED):
            with self.subTest(domain):
                self.assertIn(("mx host", "tlsa", 0, 1), self.results_of(domain))
        for domain in set(STS_FAILURES) - set(DELIVERED):
            with self.subTest(domain):
                self.assertIn(("domain", "sts", 0, 1), self.results_of(domain))

    def test_a_success_counts_for_the_domain_and_for_the_host(self):
        self.assertEqual(self.results_of("good.signed.test"), [("domain", "no-policy-found", 1, 0), ("mx host", "tlsa", 1, 0)])
        self.assertEqual(self.results_of("both.signed.test"), [("domain", "sts", 1, 0), ("mx host", "tlsa", 1, 0)])
        self.assertEqual(self.results_of("plain.signed.test"), [("domain", "no-policy-found", 1, 0), ("mx host", "no-policy-found", 1, 0)])

    def test_a_policy_is_told_as_it_was_found(self):
        rows = {row["about"]: row for row in self.results if row["recipient_domain"] == "both.signed.test"}
        self.assertEqual(rows["domain"]["policy_strings"], policy("enforce", "mx.both.signed.test").splitlines())
        self.assertEqual(rows["domain"]["mx_hosts"], ["mx.both.signed.test"])
        self.assertEqual(rows["mx host"]["policy_domain"], "mx.both.signed.test")
        self.assertEqual(len(rows["mx host"]["policy_strings"]), 1)

    def test_a_failure_names_the_host_and_both_addresses(self):
        row = next(row for row in self.failures if row["recipient_domain"] == "mismatch.signed.test" and row["policy_type"] == "tlsa")
        self.assertEqual(row["receiving_mx_hostname"], "mx.mismatch.signed.test")
        self.assertTrue(row["receiving_ip"].startswith("127.0.3."), row)
        self.assertTrue(row["sending_mta_ip"].startswith("127."), row)
        self.assertEqual(row["receiving_mx_helo"], "scripted.test ESMTP")

    def test_the_command_shows_what_the_views_have(self):
        shown = self.mail.outpost.command("tls", "results").stdout
        for domain in DANE_FAILURES:
            self.assertIn(domain, shown)

    def test_the_counters_say_the_same(self):
        wanted = {("dane_hosts", "verified"): 2, ("dane_hosts", "failed"): 6, ("dane_hosts", "unauthenticated"): 1,
                  ("dane_hosts", "lookup_failed"): 2, ("mta_sts_hosts", "verified"): 1, ("mta_sts_hosts", "failed"): 4,
                  ("mta_sts_hosts", "mx_mismatch"): 1, ("plaintext_deliveries", "not_offered"): 1, ("plaintext_deliveries", "fallback"): 1,
                  ("mx_lookups", "secure"): len(FAILURES) + 3}
        families = {family for family, _ in wanted}
        self.assertEqual({key: count for key, count in self.counted.items() if key[0] in families}, wanted)

    def test_what_domains_can_do_is_known_afterwards(self):
        answer = json.loads(self.mail.outpost.command("tls", "abilities", "--json", "a@good.signed.test", "b@both.signed.test",
                                                      "c@plain.signed.test", "d@elsewhere.test").stdout)
        abilities = lambda row: [row[kind] for kind in ("starttls", "requiretls", "mta_sts", "dane", "dnssec")] + [row["requiretls_safe"]]
        found = {row["domain"].split(".")[0]: abilities(row) for row in answer["recipients"]}
        self.assertEqual(found["good"], ["yes", "yes", "no", "yes", "yes", True])
        self.assertEqual(found["both"], ["yes", "no", "yes", "yes", "yes", False])
        self.assertEqual(found["plain"], ["yes", "no", "no", "no", "yes", False])
        self.assertEqual(found["elsewhere"], ["unknown"] * 5 + [False])
        self.assertFalse(answer["requiretls_safe"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
