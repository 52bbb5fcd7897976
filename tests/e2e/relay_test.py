# SPDX-License-Identifier: Apache-2.0
"""Relays: Dovecot submission with each SASL mechanism, TLS that must verify, wrong passwords, SOCKS5,
and LMTP through the plugin."""
import os
import unittest

from lab.certificates import Authority
from lab.dns import Nsd
from lab.dovecot import Dovecot
from lab.faulty import FaultyServer
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import wait_until
from lab.receivers import Postfix
from lab.socks import Microsocks

ZONE = """
dovecot A 127.0.2.5
wrongname A 127.0.2.5
postfix MX 10 mx.postfix
mx.postfix A 127.0.2.1
"""

def relay(name, mechanism, kind="submission", host="dovecot.test", password="correct horse", ca=None):
    return f"""
  {name}:
    type: {kind}
    host: {host}
    tls_files: {{ca_files: [{ca}]}}
    auth:
      username: relay@dovecot.test
      password: "{password}"
      mechanisms: [{mechanism}]
"""

class Relays(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ca = Authority()
        Nsd(ZONE)
        cls.behind = FaultyServer("127.0.2.6")  # where Dovecot relays to; behaves
        cls.dovecot = Dovecot("127.0.2.5", *ca.issue("dovecot.test"), "127.0.2.6",
                              {"relay@dovecot.test": "correct horse"})
        cls.postfix = Postfix("127.0.2.1", ["postfix.test"])
        cls.socks = Microsocks()
        transports = "transports:\n"
        routes = "routes:\n"
        cls.mechanisms = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN")
        for mechanism in cls.mechanisms:
            name = mechanism.lower()
            transports += relay(name, mechanism, ca=ca.certificate)
            routes += f"  - {{to: [{name}.example], transport: {name}}}\n"
        transports += relay("implicit", "SCRAM-SHA-256", kind="submissions", ca=ca.certificate)
        transports += relay("wrongpassword", "SCRAM-SHA-256", password="wrong", ca=ca.certificate)
        transports += relay("wrongname", "SCRAM-SHA-256", host="wrongname.test", ca=ca.certificate)
        transports += f"""
  proxied:
    type: socks
    proxy_host: 127.0.2.7
    proxy_port: 1080
    username: proxy
    password: secret
    ehlo_name: proxied.origin.test
  lmtp:
    type: plugin
    transport: lmtp
    options: {{socket: "{cls.dovecot.lmtp_socket}"}}
"""
        for name in ("implicit", "wrongpassword", "wrongname", "lmtp"):
            routes += f"  - {{to: [{name}.example], transport: {name}}}\n"
        routes += "  - {to: [postfix.test], transport: proxied}\n"

        plugins = f"plugins: [{os.environ['OUTPOST_LMTP_PLUGIN']}]\n"
        cls.outpost = Outpost(Postgres(), transports + routes + plugins).start()

    def test_each_mechanism_logs_in_and_delivers(self):
        for mechanism in self.mechanisms:
            with self.subTest(mechanism):
                message = self.outpost.send(f"user@{mechanism.lower()}.example", subject=mechanism)
                self.outpost.wait_state(message, "delivered")
                attempt = self.outpost.attempts(message)[0]
                self.assertTrue(attempt["tls_verified"])
                self.assertEqual(attempt["route_list"], "global")
                self.assertTrue(any(mechanism.encode() in content for _, _, content in self.behind.accepted))

    def test_implicit_tls(self):
        self.outpost.wait_state(self.outpost.send("user@implicit.example"), "delivered")

    def test_a_wrong_password_defers_and_never_bounces(self):
        message = self.outpost.send("user@wrongpassword.example")
        attempt = wait_until(lambda: self.outpost.attempts(message), "an attempt was made")[0]
        self.assertEqual((attempt["outcome"], attempt["error_kind"]), ("deferred", "auth"))
        self.assertEqual(self.outpost.recipients(message)[0]["state"], "queued")
        self.assertNotIn("wrong", attempt["transcript"].replace("wrongpassword", ""))

    def test_a_certificate_for_another_name_defers_before_the_password_is_sent(self):
        message = self.outpost.send("user@wrongname.example")
        attempt = wait_until(lambda: self.outpost.attempts(message), "an attempt was made")[0]
        self.assertEqual((attempt["outcome"], attempt["error_kind"]), ("deferred", "tls"))
        self.assertNotIn("> AUTH", attempt["transcript"])

    def test_through_a_socks_proxy_with_password(self):
        message = self.outpost.send("user@postfix.test", subject="proxied")
        self.outpost.wait_state(message, "delivered")
        wait_until(lambda: "proxied" in self.postfix.subjects(), "it has arrived")
        kept = next(m for m in self.postfix.messages() if m["Subject"] == "proxied")
        self.assertIn("proxied.origin.test", kept["Received"])

    def test_lmtp_plugin_delivers_to_dovecot(self):
        message = self.outpost.send("user@lmtp.example", subject="by lmtp")
        self.outpost.wait_state(message, "delivered")
        self.assertIn("by lmtp", self.dovecot.subjects())
        self.assertEqual(self.outpost.attempts(message)[0]["transport"], "lmtp")

if __name__ == "__main__":
    unittest.main(verbosity=2)
