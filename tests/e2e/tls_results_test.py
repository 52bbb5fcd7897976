# SPDX-License-Identifier: Apache-2.0
"""What deliveries learn of others' TLS: each result type of RFC 8460 from a session that shows it to the
rows that reports are made of, and what each domain can do."""
import json
import unittest

from lab.every_result import DANE_FAILURES, DELIVERED, FAILURES, STS_FAILURES, EveryResult
from lab.policy_host import policy


class TlsResults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        every = EveryResult().start()
        cls.mail = mail = every.mail
        every.send()
        cls.counted = mail.counted()
        mail.outpost.process.stop()  # which writes what it has learned
        cls.results = mail.postgres.rows("select * from outpost.tls_results")
        cls.failures = mail.postgres.rows("select * from outpost.tls_failures")

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
