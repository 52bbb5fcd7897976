# SPDX-License-Identifier: Apache-2.0
"""DKIM against dkimpy and OpenDKIM, in both directions: what leaves is signed so that they verify it,
and what they sign is verified here."""
import base64
import re
import subprocess
import unittest

import dkim
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.opendkim import OpenDkim
from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import SCRATCH, wait_until

RECEIVER = "127.0.2.6"
BODIES = {
    "plain": "Hello.\r\n",
    "empty": "",
    "blank lines": "\r\n\r\nHello.\r\n\r\n \t\r\n\r\n",
    "white space": "a  b\t c \r\n\t\r\n  indented\r\n",
    "dots": ".\r\n..\r\n.end\r\n",
    "8 bit": "Gr\u00fc\u00dfe\r\n",
    "large": "".join(f"line {n} of many\r\n" for n in range(50000)),
}
HEADERS = "Reply-To: other@author.test\r\nX-Long: folded\r\n\tonce\r\nList-Id: <list.author.test>\r\n"


class Dkim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.txt, cls.zone = {}, ""
        cls.generate("r", "author.test")
        cls.generate("e", "author.test", "ed25519")
        cls.generate("s", "simple.test", "rsa")
        cls.generate("d", "origin.test", "ed25519")
        Nsd(f"receiver MX 10 mx.receiver\nmx.receiver A {RECEIVER}\n" + cls.zone)
        cls.opendkim = OpenDkim(cls.txt)
        cls.receiver = FaultyServer(RECEIVER)
        cls.outpost = Outpost(Postgres(), f"""
domains:
  author.test: {{dkim: {{keys: {{r: {{file: "{cls.key('r')}"}}, e: {{file: "{cls.key('e')}"}}}}}}}}
  origin.test: {{dkim: {{keys: {{d: {{file: "{cls.key('d')}"}}}}}}}}
  simple.test:
    dkim:
      keys: {{s: {{file: "{cls.key('s')}"}}}}
      header_canonicalization: simple
      body_canonicalization: simple
""").start()

    @staticmethod
    def key(selector):
        return SCRATCH / f"{selector}.pem"

    @classmethod
    def generate(cls, selector, domain, algorithm="rsa"):
        made = subprocess.run([PROGRAM, "dkim", "generate", selector, domain, "--algorithm", algorithm, "--key-file", cls.key(selector)],
                              check=True, capture_output=True, text=True).stdout
        cls.zone += made
        cls.txt[f"{selector}._domainkey.{domain}."] = "".join(re.findall('"([^"]*)"', made)).encode()

    def relayed(self, sender, body="Hello.\r\n", headers=HEADERS, recipient="user@receiver.test"):
        """The octets that arrive at the receiver."""
        before = len(self.receiver.accepted)
        message = self.outpost.send(recipient, sender=sender, body=body, headers=headers, options=["BODY=8BITMIME"])
        self.outpost.wait_state(message, "delivered")
        return self.received(before)

    def received(self, number):
        return re.sub(rb"^\.", b"", self.receiver.accepted[number][2], flags=re.MULTILINE)

    def dkimpy(self, message):
        """For each signature from the top, whether it verifies."""
        count = len(re.findall(rb"^DKIM-Signature:", message, re.MULTILINE | re.IGNORECASE))
        answer = lambda name, timeout=5: self.txt[name.decode()]
        return [self.verdict_of_dkimpy(message, index, answer) for index in range(count)]

    @staticmethod
    def verdict_of_dkimpy(message, index, answer):
        try:
            return dkim.DKIM(message).verify(idx=index, dnsfunc=answer)
        except dkim.ValidationError:
            return False

    def verify(self, message):
        """Exit code and lines of our own verifier."""
        found = subprocess.run([PROGRAM, "dkim", "verify", "--config", self.outpost.config], input=message, capture_output=True)
        return found.returncode, found.stdout.decode().splitlines()

    # -- what we sign

    def test_both_algorithms_sign_and_others_verify_them(self):
        for name, body in BODIES.items():
            with self.subTest(name):
                message = self.relayed("Author@author.test", body)
                self.assertEqual(self.dkimpy(message), [True, True])
                self.assertNotRegex(message, rb"[; ]l=")
                code, lines = self.verify(message)
                self.assertEqual(code, 0)
                self.assertEqual([line.split(" key=")[0] for line in lines],
                                 ["pass d=author.test s=e a=ed25519-sha256", "pass d=author.test s=r a=rsa-sha256"])

    def test_simple_canonicalization(self):
        for name, body in BODIES.items():
            with self.subTest(name):
                message = self.relayed("a@simple.test", body)
                self.assertIn(b"c=simple/simple;", message)
                self.assertEqual(self.dkimpy(message), [True])
                self.assertTrue(self.opendkim.verifies(message))
                self.assertEqual(self.verify(message)[0], 0)

    def test_a_change_on_the_way_is_found_by_all(self):
        message = self.relayed("a@simple.test")
        for altered in (message.replace(b"Subject: test", b"Subject: text"), b"Subject: second\r\n" + message,
                        message.replace(b"Hello.", b"Hallo."), message + b"more\r\n"):
            with self.subTest(altered[-80:]):
                self.assertNotEqual(self.dkimpy(altered), [True])
                self.assertFalse(self.opendkim.verifies(altered))
                code, lines = self.verify(altered)
                self.assertEqual(code, 1)
                self.assertTrue(lines[0].startswith("fail "), lines)

    def test_a_bounce_is_signed_by_the_domain_of_its_author(self):
        before = len(self.receiver.accepted)
        self.outpost.send("user@nowhere.test", sender="sender@receiver.test")
        wait_until(lambda: len(self.receiver.accepted) > before, "the bounce arrives")
        report = self.received(before)
        self.assertIn(b"multipart/report", report)
        self.assertEqual(self.dkimpy(report), [True])
        self.assertIn("d=origin.test s=d", self.verify(report)[1][0])

    def test_mail_of_other_domains_is_not_signed(self):
        self.assertNotIn(b"DKIM-Signature", self.relayed("a@elsewhere.test"))

    # -- what others sign

    def unsigned(self, body):
        return ("From: a@author.test\r\nTo: b@receiver.test\r\nSubject: test\r\nDate: Thu, 26 Nov 2026 02:00:00 +0000\r\n"
                f"Message-ID: <1@author.test>\r\nX-Long:  folded\r\n\t once  \r\n\r\n{body}").encode()

    def test_signatures_of_dkimpy_verify(self):
        rsa, seed = self.key("r").read_bytes(), self.seed()
        for name, body in BODIES.items():
            for header in (b"simple", b"relaxed"):
                for form in (b"simple", b"relaxed"):
                    for selector, key, algorithm in ((b"r", rsa, b"rsa-sha256"), (b"e", seed, b"ed25519-sha256")):
                        with self.subTest(f"{name} {header}/{form} {algorithm}"):
                            message = self.unsigned(body)
                            field = dkim.sign(message, selector, b"author.test", key, canonicalize=(header, form), signature_algorithm=algorithm)
                            code, lines = self.verify(field + message)
                            self.assertEqual((code, lines[0].split()[0]), (0, "pass"), lines)

    def seed(self):
        key = load_pem_private_key(self.key("e").read_bytes(), None)
        return base64.b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))

    def test_signatures_of_opendkim_verify(self):
        for name, body in BODIES.items():
            for form in ("simple", "relaxed"):
                with self.subTest(f"{name} relaxed/{form}"):
                    signed = self.opendkim.sign(self.unsigned(body), "author.test", "r", self.key("r"), f"relaxed/{form}")
                    code, lines = self.verify(signed)
                    self.assertEqual((code, lines[0].split()[0]), (0, "pass"), lines)


if __name__ == "__main__":
    unittest.main()
