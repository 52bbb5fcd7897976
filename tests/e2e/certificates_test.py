# SPDX-License-Identifier: Apache-2.0
"""Certificates are renewed without a word to the server, as ACME clients do it: written in place, or by
symbolic links that lead to new files (certbot). What is half done or wrong leaves the old one in use."""
import os
import re
import smtplib
import ssl
import unittest

from cryptography import x509

from lab.certificates import Authority
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import SCRATCH, wait_until

PORT = 2587
CERTIFICATE, KEY = SCRATCH / "live.pem", SCRATCH / "live.key"


def serial(certificate):
    return x509.load_pem_x509_certificate(certificate).serial_number


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ca = Authority()
        cls.first = cls.ca.issue("localhost")
        cls.lead_to(*cls.first)
        cls.outpost = Outpost(Postgres(), f"""
listeners:
  relay: {{address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8]}}
  tls: {{address: 127.0.0.1, port: {PORT}, tls: starttls, certificate: "{CERTIFICATE}", key: "{KEY}", auth: none,
        allowed_networks: [127.0.0.0/8]}}
""").start()

    @staticmethod
    def lead_to(certificate, key):
        for link, file in ((CERTIFICATE, certificate), (KEY, key)):
            new = link.with_suffix(link.suffix + ".new")
            new.symlink_to(file)
            os.replace(new, link)

    def session(self):
        client = smtplib.SMTP("127.0.0.1", PORT, timeout=10)
        context = ssl.create_default_context(cafile=self.ca.certificate)
        context.check_hostname = False
        client.starttls(context=context)
        return client

    def served(self):
        with self.session() as client:
            return serial(ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(True)).encode())

    def warnings(self):
        return re.findall(r"changed certificates are not in use yet: .*", self.outpost.process.output())

    def test_a_renewed_certificate_is_served_and_sessions_go_on(self):
        self.assertEqual(self.served(), serial(self.first[0].read_bytes()))
        with self.session() as client:
            second = self.ca.issue("localhost")
            self.lead_to(*second)
            renewed = serial(second[0].read_bytes())
            wait_until(lambda: self.served() == renewed, "the renewed certificate is served")
            self.assertEqual(client.noop()[0], 250)

        third = self.ca.issue("localhost", rsa=True)
        second[0].write_bytes(third[0].read_bytes())  # in place, and its key only later
        wait_until(self.warnings, "a certificate without its key is told of")
        self.assertEqual(self.served(), renewed)
        second[1].write_bytes(third[1].read_bytes())
        wait_until(lambda: self.served() == serial(third[0].read_bytes()), "the certificate is served once its key is there")


if __name__ == "__main__":
    unittest.main(verbosity=2)
