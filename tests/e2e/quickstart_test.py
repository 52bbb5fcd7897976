# SPDX-License-Identifier: Apache-2.0
"""`outpost quickstart` on a machine of its own: what it writes starts as it is under the server's user, what it
prints is a zone that BIND takes and that the server's certificate and signatures fit, its commands work as
printed, and it never touches what is there."""
import hashlib
import pwd
import re
import smtplib
import socket
import ssl
import stat
import unittest

import dkim
import dns.rdatatype
import dns.zone
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lab.dns import NameServer
from lab.faulty import FaultyServer
from lab.outpost import PROGRAM
from lab.postgres import Postgres
from lab.processes import SCRATCH, Process, run, wait_port, wait_until

HOST, DOMAIN, ADDRESS = "mta.origin.test", "origin.test", "192.0.2.25"
DIRECTORY = SCRATCH / "outpost"
AS_SERVER = ["setpriv", "--reuid", "outpost", "--regid", "outpost", "--init-groups", "--inh-caps", "+net_bind_service",
             "--ambient-caps", "+net_bind_service"]
BEGIN = "$TTL 1\n@ SOA ns.test. hostmaster.test. 1 3600 600 86400 1\n@ NS ns.test.\n"
BEFORE = f"""$ORIGIN test.
{BEGIN}ns A 127.0.0.1
origin MX 20 mx2.provider.test.
origin MX 10 mx1.provider.test.
origin TXT "v=spf1 include:_spf.provider.test -all"
_dmarc.origin TXT "v=DMARC1; p=quarantine"
mta.origin A {ADDRESS}
good MX 10 mx.good
mx.good A 127.0.3.1
"""
REVERSE = f"$ORIGIN 2.0.192.in-addr.arpa.\n{BEGIN}25 PTR {HOST}.\n"


def serve_zones(name, text):
    forward, reverse = SCRATCH / f"{name}.zone", SCRATCH / f"{name}.reverse"
    forward.write_text(text)
    reverse.write_text(REVERSE)
    return NameServer(name, ["127.0.0.1"], {"test": forward, "2.0.192.in-addr.arpa": reverse})


def quickstart(*options, directory=DIRECTORY, check=True):
    return run([PROGRAM, "quickstart", DOMAIN, "--directory", directory, *options], check=check)


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def printed_zone(text):
    """The records of the forward zone as they were printed."""
    records = text.split("each below its reason:\n\n")[1].split("\nNext, in this order:")[0]
    return "".join(line for line in records.splitlines(True) if ".arpa." not in line)


class Quickstart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run(["ip", "addr", "add", f"{ADDRESS}/32", "dev", "lo"])
        postgres = Postgres()
        before = serve_zones("before", BEFORE)
        done = quickstart("--database", postgres.conninfo, "--mta-sts")
        cls.printed, cls.warnings = done.stdout, done.stderr
        before.process.kill()
        # The owner of the zone replaces SPF and DMARC as the text asks for, and publishes the rest.
        kept = "".join(line for line in BEFORE.splitlines(True) if not line.startswith(("origin", "_dmarc", "mta")))
        serve_zones("published", kept + printed_zone(cls.printed))
        cls.receiver = FaultyServer("127.0.3.1")
        # The lab's receivers have port 25 of this machine's other addresses.
        config = DIRECTORY / "outpost.yaml"
        config.write_text(config.read_text().replace("    port: 25\n", f"    port: 25\n    address: {ADDRESS}\n"))
        # From a place that the server's user can reach.
        program = SCRATCH / "outpost-program"
        program.write_bytes(PROGRAM.read_bytes())
        program.chmod(0o755)
        cls.server = Process("outpost", [*AS_SERVER, program, "serve", "--config", config])
        wait_port("127.0.0.1", 587, cls.server)

    def test_what_was_found_is_in_the_configuration(self):
        checked = run([PROGRAM, "config", "check", DIRECTORY / "outpost.yaml"])
        self.assertRegex(checked.stdout, r"^[^\n]*outpost\.yaml: ok, version [0-9a-f]+\n$")
        text = (DIRECTORY / "outpost.yaml").read_text()
        for line in (f"hostname: {HOST}", f'outgoing_addresses: ["{ADDRESS}"]', "    mx: [mx1.provider.test, mx2.provider.test]",
                     '      mechanisms: ["include:_spf.provider.test"]', "      policy: quarantine", "    mta_sts: {mode: testing, max_age: 1d}"):
            self.assertIn(line + "\n", text)
        self.assertRegex(text, "\n      fail_others: true ")
        for warning in ("publishes SPF already", "publishes DMARC already", "DNSSEC"):
            self.assertIn(warning, self.warnings)
        self.assertNotIn("PTR", self.warnings)

    def test_requests_are_for_the_keys_and_name_all_hosts(self):
        for kind in ("ecdsa", "rsa"):
            request, key = (DIRECTORY / "tls" / f"{HOST}-{kind}.{end}" for end in ("csr", "key"))
            told = run(["openssl", "req", "-in", request, "-verify", "-noout", "-text"])
            self.assertIn("verify OK", told.stdout + told.stderr)
            self.assertIn(f"DNS:{HOST}, DNS:mta-sts.{DOMAIN}", told.stdout)
            self.assertIn(f"CN = {HOST}", told.stdout)
            self.assertEqual(run(["openssl", "req", "-in", request, "-noout", "-pubkey"]).stdout,
                             run(["openssl", "pkey", "-in", key, "-pubout"]).stdout)
            self.assertTrue(key.read_text().startswith("-----BEGIN PRIVATE KEY-----\n"))

    def test_secrets_are_for_the_server_alone(self):
        server = pwd.getpwnam("outpost").pw_uid
        for path in DIRECTORY.rglob("*"):
            found = path.stat()
            secret = path.suffix in (".key", ".pem", ".verifier") or path.parent.name == "secrets"
            mode = 0o750 if path.is_dir() else 0o600 if secret else 0o640 if path.suffix == ".yaml" else 0o644
            self.assertEqual((stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid), (mode, server if secret else 0, server), path)

    def test_the_records_are_a_zone_that_bind_takes(self):
        zone_file = SCRATCH / "printed.zone"
        zone_file.write_text(f"$ORIGIN {DOMAIN}.\n{BEGIN}" + printed_zone(self.printed))
        run(["named-checkzone", DOMAIN, zone_file])
        zone = dns.zone.from_file(str(zone_file), DOMAIN, relativize=False)
        (spf,) = zone.get_rdataset(f"{DOMAIN}.", dns.rdatatype.TXT)
        self.assertEqual(spf.strings, (f"v=spf1 ip4:{ADDRESS} include:_spf.provider.test -all".encode(),))
        self.assertIn(f"25.2.0.192.in-addr.arpa. IN PTR {HOST}.", self.printed)
        again = run([PROGRAM, "dns", "records", DOMAIN, "--config", DIRECTORY / "outpost.yaml"]).stdout
        self.assertIn(again, self.printed)

    def test_the_certificate_that_is_served_fits_the_printed_tlsa_records(self):
        printed = re.findall(rf"(?m)^_25\._tcp\.{HOST}\. IN TLSA 3 1 1 ([0-9a-f]{{64}})$", self.printed)
        self.assertEqual(len(set(printed)), 2)
        with smtplib.SMTP(HOST, 587) as client:
            client.starttls(context=ssl._create_unverified_context())
            certificate = x509.load_der_x509_certificate(client.sock.getpeercert(binary_form=True))
        with ssl._create_unverified_context().wrap_socket(socket.create_connection((HOST, 465))) as stream:
            self.assertEqual(x509.load_der_x509_certificate(stream.getpeercert(binary_form=True)), certificate)
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.assertIn(hashlib.sha256(key).hexdigest(), printed)

    def test_the_printed_command_sends_a_message_that_is_signed(self):
        command = re.search(r"swaks (?:.*\\\n)?.*", self.printed).group(0).replace("YOU@ELSEWHERE", "you@good.test")
        done = run(["bash", "-c", command])
        self.assertIn("TLS started", done.stdout)
        content = wait_until(lambda: self.receiver.accepted and self.receiver.accepted[0][2], "the message has arrived")
        message = re.sub(rb"^\.", b"", content, flags=re.MULTILINE)
        self.assertEqual(len(re.findall(rb"^DKIM-Signature:", message, re.MULTILINE)), 2)
        for index in (0, 1):
            self.assertTrue(dkim.DKIM(message).verify(idx=index, dnsfunc=self.published_key))
        verdict = run([PROGRAM, "dkim", "verify", "--config", self.lookups()], input=message.decode()).stdout
        self.assertEqual(len(re.findall(r"(?m)^pass d=origin\.test ", verdict)), 2, verdict)

    @staticmethod
    def published_key(name, timeout=5):
        answer = run(["dig", "+short", "@127.0.0.1", name.decode(), "TXT"]).stdout
        return "".join(re.findall('"([^"]*)"', answer)).encode()

    @staticmethod
    def lookups():
        config = SCRATCH / "lookups.yaml"
        config.write_text("hostname: verifier.test\ndns: {servers: [127.0.0.1]}\n")
        return config

    def test_no_other_password_opens_the_account(self):
        password = re.search(r"--auth-password ([a-z2-9]{20})", self.printed).group(1)
        self.assertEqual(self.printed.count(password), 1)
        for content in contents(DIRECTORY).values():
            self.assertNotIn(password.encode(), content)
        with smtplib.SMTP_SSL(HOST, 465, context=ssl._create_unverified_context()) as client:
            client.login("app", password)
        with smtplib.SMTP_SSL(HOST, 465, context=ssl._create_unverified_context()) as client:
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                client.login("app", password[::-1])

    def test_a_second_run_changes_nothing_and_names_what_is_in_the_way(self):
        before = contents(DIRECTORY)
        refused = quickstart("--mta-sts", check=False)
        self.assertEqual(refused.returncode, 73)
        self.assertEqual(refused.stdout, "")
        for part in ("outpost.yaml", f"tls/{HOST}-ecdsa.key", f"tls/{HOST}-rsa.csr", "secrets/app.verifier", "secrets/bounces"):
            self.assertIn(f"  {DIRECTORY}/{part}\n", refused.stderr)
        self.assertEqual(contents(DIRECTORY), before)

    def test_when_one_file_cannot_be_made_none_is(self):
        directory = SCRATCH / "half"
        directory.mkdir()
        (directory / "secrets").write_text("a file where a folder should be")
        refused = quickstart(directory=directory, check=False)
        self.assertEqual(refused.returncode, 73)
        self.assertIn(f"{directory}/secrets", refused.stderr)
        self.assertEqual([path.name for path in directory.rglob("*")], ["secrets"])

    def test_another_place_without_a_name_server(self):
        resolv_conf = SCRATCH / "etc" / "resolv.conf"  # the sandbox's /etc
        usual = resolv_conf.read_text()
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("127.0.0.77", 53))
        try:
            resolv_conf.write_text("nameserver 127.0.0.77\n")
            done = quickstart("--hostname", "other.origin.test", "--account", "shop", directory=SCRATCH / "offline" / "deep")
        finally:
            resolv_conf.write_text(usual)
            silent.close()
        self.assertIn("No name server answers", done.stderr)
        self.assertIn(f"outpost serve --config {SCRATCH}/offline/deep/outpost.yaml\n", done.stdout)
        run([PROGRAM, "config", "check", SCRATCH / "offline" / "deep" / "outpost.yaml"])

    def test_port_25_is_tried_when_asked_for(self):
        sessions = self.receiver.sessions
        tried = quickstart("--dial", "good.test", directory=SCRATCH / "dialled")
        self.assertNotIn("Port 25", tried.stderr)
        self.assertGreater(self.receiver.sessions, sessions)

    def test_what_is_no_name_is_refused(self):
        for arguments in (["--account", "a/b"], ["--hostname", "192.0.2.1"], ["--dial", "-"]):
            directory = SCRATCH / "never"
            refused = quickstart(*arguments, directory=directory, check=False)
            self.assertEqual(refused.returncode, 64, refused.stderr)
            self.assertFalse(directory.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
