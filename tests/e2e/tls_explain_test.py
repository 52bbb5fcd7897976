# SPDX-License-Identifier: Apache-2.0
"""outpost tls explain: what it says of a domain is what delivery does with it."""
import json
import unittest

from lab.certificates import self_signed, tlsa
from lab.secure_mail import SecureMail, mail_commands

WRONG = "3 1 1 " + "ab" * 32


class TlsExplain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = mail = SecureMail()
        good = self_signed("good.elsewhere.test")
        cls.record = tlsa(good[0])
        mail.host("good", good, [WRONG, cls.record, "1 1 1 " + "ab" * 32])
        mail.host("wrong", tlsa=[WRONG])
        mail.host("plain", offers=False, reply=None)
        mail.records("null MX 0 .")
        mail.start()

    def explain(self, domain, *options):
        done = self.mail.outpost.command("tls", "explain", f"{domain}.signed.test", *options, check=False)
        return done.returncode, done.stdout

    def explained(self, domain, *options):
        code, out = self.explain(domain, "--json", *options)
        return code, json.loads(out)

    def test_every_step_and_the_decision_for_each_wish(self):
        code, all = self.explained("good")
        self.assertEqual(code, 0)
        self.assertEqual(all["mx"]["security"], "secure")
        host, = all["hosts"]
        self.assertEqual((host["name"], host["mx_secure"], host["addresses_secure"]), ("mx.good.signed.test", True, True))
        records = {one["record"].lower(): one["usable"] for one in host["tlsa"]["records"]}
        self.assertEqual(records, {WRONG: True, self.record.lower(): True, "1 1 1 " + "ab" * 32: False})
        decision = host["decision"]
        self.assertEqual(decision["default"]["enforced"]["summary"], "dane")
        self.assertFalse(decision["default"]["in_clear_if_tls_fails"])
        self.assertEqual(decision["requiretls"]["enforced"]["summary"], "dane+requiretls")
        self.assertTrue(decision["tls_required_no"]["in_clear_if_tls_fails"])
        self.assertEqual(self.mail.delivered("good")["tls_requirement"], decision["default"]["enforced"]["summary"])

    def test_a_probe_shows_the_certificate_and_the_record_that_matched(self):
        code, all = self.explained("good", "--probe")
        self.assertEqual(code, 0)
        tls = all["hosts"][0]["probe"]["tls"]
        self.assertEqual(tls["dane"]["record"].lower(), self.record.lower())
        self.assertTrue(tls["dane"]["verified"])
        self.assertFalse(tls["pkix"]["verified"])
        self.assertEqual(tls["chain"][0]["public_key_sha256"], self.record.split()[-1].lower())
        self.assertEqual(tls["chain"][0]["names"], ["good.elsewhere.test"])

    def test_a_probe_that_does_not_match_says_so_and_sends_no_mail(self):
        code, all = self.explained("wrong", "--probe")
        self.assertEqual((code, all["deliverable"]), (1, False))
        probe = all["hosts"][0]["probe"]
        self.assertFalse(probe["good_enough"])
        self.assertFalse(probe["tls"]["dane"]["verified"])
        self.assertEqual(mail_commands(self.mail.hosts["wrong"]), [])
        self.mail.deferred("wrong")

    def test_without_tls_mail_goes_in_clear_but_not_with_requiretls(self):
        code, all = self.explained("plain", "--probe")
        self.assertEqual(code, 0)
        host = all["hosts"][0]
        self.assertFalse(host["probe"]["starttls_offered"])
        self.assertEqual(host["decision"]["requiretls"]["refused"]["status"], "4.7.30")

    def test_a_domain_without_mail_server_is_not_deliverable(self):
        code, all = self.explained("null")
        self.assertEqual(code, 1)
        self.assertEqual(all["mx"]["error"]["status"], "5.1.10")
        self.assertEqual(all["hosts"], [])

    def test_people_are_told_the_same(self):
        code, text = self.explain("good", "--probe")
        self.assertEqual(code, 0)
        for words in ("mx.good.signed.test", "secure", self.record.lower()[:30], "dane", "REQUIRETLS", "certificate", "matched"):
            self.assertIn(words, text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
