# SPDX-License-Identifier: Apache-2.0
"""lego and certbot, called as `outpost quickstart` and deploy/certificates.md say, get certificates for the
requests that were made ahead. The server uses each as soon as it is there, and its TLSA record stays true."""
import hashlib
import re
import smtplib
import ssl
import unittest
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lab.acme import AcmeServer
from lab.dns import Nsd
from lab.outpost import PROGRAM
from lab.postgres import Postgres
from lab.processes import SCRATCH, Process, run, wait_port, wait_until

DIRECTORY = SCRATCH / "outpost"
CERTIFICATE, REQUEST = (DIRECTORY / "tls" / f"mta.origin.test-ecdsa.{end}" for end in ("crt", "csr"))
RENEW = Path(__file__).resolve().parents[2] / "deploy" / "renew-certificate"


class Acme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Nsd("mta.origin A 127.0.0.1\nmta-sts.origin CNAME mta.origin\n")
        postgres = Postgres()
        cls.printed = run([PROGRAM, "quickstart", "origin.test", "--directory", DIRECTORY, "--database", postgres.conninfo,
                           "--mta-sts"]).stdout
        cls.self_signed = CERTIFICATE.read_bytes()
        cls.authority = AcmeServer()
        config = DIRECTORY / "outpost.yaml"
        cls.server = Process("outpost", [PROGRAM, "serve", "--config", config])
        wait_port("127.0.0.1", 587, cls.server)

    def setUp(self):
        """Each client begins where quickstart has ended."""
        CERTIFICATE.write_bytes(self.self_signed)
        self.wait_served(x509.load_pem_x509_certificate(self.self_signed))

    @staticmethod
    def served():
        with smtplib.SMTP("127.0.0.1", 587) as client:
            client.starttls(context=ssl._create_unverified_context())
            return x509.load_der_x509_certificate(client.sock.getpeercert(binary_form=True))

    def wait_served(self, certificate):
        wait_until(lambda: self.served() == certificate, "the certificate is served", timeout=60)

    def check_new(self):
        """What the client has left is from the authority, for all names and the published key, and is served."""
        certificate = x509.load_pem_x509_certificate(CERTIFICATE.read_bytes())
        self.assertIn("Pebble", certificate.issuer.rfc4514_string())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        self.assertEqual(sorted(names), ["mta-sts.origin.test", "mta.origin.test"])
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.assertIn(f"_25._tcp.mta.origin.test. IN TLSA 3 1 1 {hashlib.sha256(key).hexdigest()}\n", self.printed)
        self.wait_served(certificate)
        return certificate

    def run_as_printed(self, program, first, more):
        """The command that quickstart printed, with `more` options behind `first`: which authority, and who asks."""
        command = re.search(rf"(?m)^ +(?:[^\n#]* )?{program} (?:[^\n]*\\\n)+[^\n]*", self.printed).group(0)
        self.assertIn(first, command)
        run(["bash", "-c", command.replace(first, f"{first} {more}")], env=self.authority.environment)

    @property
    def certbot_options(self):
        home = SCRATCH / "certbot"
        return f"--server {self.authority.url} --config-dir {home} --work-dir {home} --logs-dir {home} --agree-tos -m you@origin.test"

    def test_lego(self):
        self.run_as_printed("lego", "lego", f"--server {self.authority.url}")
        first = self.check_new()
        lego = ["lego", "--server", self.authority.url, "--path", DIRECTORY / "acme", "--email", "postmaster@origin.test", "--accept-tos",
                "--http", "--csr", REQUEST, "renew", "--no-random-sleep", "--renew-hook",
                f"install -m 644 {DIRECTORY}/acme/certificates/mta.origin.test.crt {CERTIFICATE}"]
        run([*lego, "--days", "30"], env=self.authority.environment)  # there is time
        self.assertEqual(self.check_new(), first)
        run([*lego, "--days", "4000"], env=self.authority.environment)
        self.assertNotEqual(self.check_new(), first)

    def test_certbot(self):
        self.run_as_printed("certbot", "certonly", f"--non-interactive {self.certbot_options}")
        self.check_new()

    def test_certbot_as_a_timer_runs_it(self):
        renew = [RENEW, REQUEST, CERTIFICATE, "--standalone", *self.certbot_options.split()]
        run(renew, env=self.authority.environment)
        first = self.check_new()
        run(renew, env=self.authority.environment)  # there is time
        self.assertEqual(self.check_new(), first)
        self.assertEqual(CERTIFICATE.stat().st_mode & 0o777, 0o644)
        self.assertTrue(self.server.alive())


if __name__ == "__main__":
    unittest.main(verbosity=2)
