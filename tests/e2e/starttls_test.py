# SPDX-License-Identifier: Apache-2.0
"""STARTTLS as others get it wrong: mail falls back to plaintext only where nobody asked for more, a password
goes only to whom the certificate names, and who says too much before the handshake gets nothing."""
import unittest

from lab.certificates import self_signed
from lab.secure_mail import SecureMail, mail_commands

FAILURES = {"stripped": {"offers": False}, "refused4": {"reply": "454 4.7.0 not now"}, "refused5": {"reply": "554 5.7.0 never"},
            "unknown": {"reply": None}, "garbage": {"handshake": "garbage"}, "closed": {"handshake": "closed"}, "old": {"handshake": "old"}}


class StartTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = mail = SecureMail()
        for name, behaviour in FAILURES.items():
            mail.host(name, **behaviour)
        mail.host("injecting", injected=b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n")
        mail.host("smarthost", auth=True)
        smarthosts = ""
        pairs = {"othername": mail.ca.issue("mx.elsewhere.test"), "stale": mail.ca.issue("mx.stale.signed.test", expired=True),
                 "stranger": self_signed("mx.stranger.signed.test")}
        cls.unverified = [*pairs, "bare", "later", "never", "talking"]
        for name, pair in pairs.items():
            mail.host(name, pair, auth=True)
        mail.host("bare", auth=True, offers=False, reply=None)
        mail.host("later", auth=True, reply="454 4.7.0 not now")
        mail.host("never", auth=True, reply="554 5.7.0 never")
        mail.host("talking", auth=True, injected=b"250-injected\r\n250 AUTH PLAIN\r\n")
        for name in ("smarthost", *cls.unverified):
            smarthosts += f"""
  {name}:
    type: smtp
    host: mx.{name}.signed.test
    auth: {{username: me, password: secret, mechanisms: [PLAIN, LOGIN]}}
"""
        mail.start("transports:" + smarthosts + "routes:\n" + "".join(
            f"  - {{to: {name}.signed.test, transport: {name}}}\n" for name in ("smarthost", *cls.unverified)))

    def test_where_nobody_asks_for_more_mail_goes_in_clear_when_tls_fails(self):
        for name in FAILURES:
            with self.subTest(name):
                self.assertFalse(self.mail.delivered(name)["tls_version"])
                self.assertEqual(self.mail.hosts[name].mails[0].tls, "")

    def test_a_session_with_replies_injected_before_the_handshake_is_ended(self):
        attempt = self.mail.deferred("injecting")
        self.assertEqual(attempt["error_kind"], "protocol")
        self.assertEqual(attempt["tls_result"], "the remote sent data behind its reply to STARTTLS, in clear")
        self.assertEqual(mail_commands(self.mail.hosts["injecting"]), [])

    def test_a_password_is_told_to_whom_the_certificate_names(self):
        self.mail.send("smarthost")
        self.assertTrue(all(secure for secure, _ in mail_commands(self.mail.hosts["smarthost"])))
        self.assertEqual(len(self.mail.hosts["smarthost"].sessions[0].said("AUTH")), 1)

    def test_a_password_and_mail_are_told_to_nobody_else(self):
        for name in self.unverified:
            with self.subTest(name):
                self.mail.deferred(name)
                self.assertEqual(mail_commands(self.mail.hosts[name]), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
