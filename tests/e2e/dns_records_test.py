# SPDX-License-Identifier: Apache-2.0
"""What `outpost dns records` says is a zone that BIND takes, and that says of the keys and addresses what others
read from it: dnspython, and OpenSSL for the hash of a host key."""
import base64
import hashlib
import json
import re
import subprocess
import unittest

import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from lab.outpost import PROGRAM
from lab.processes import SCRATCH, run

CONFIG = SCRATCH / "records.yaml"
REST = "@ SOA ns.author.test. admin.author.test. 1 3600 600 86400 300\n@ NS ns.author.test.\nns A 192.0.2.53\n"


class DnsRecords(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host_keys = [SCRATCH / "host-rsa.key", SCRATCH / "host-ec.key"]
        run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", cls.host_keys[0]])
        run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", cls.host_keys[1]])
        keys = {}
        for selector, algorithm in (("r1", "rsa"), ("e1", "ed25519")):
            keys[selector] = SCRATCH / f"{selector}.pem"
            run([PROGRAM, "dkim", "generate", selector, "author.test", "--algorithm", algorithm, "--key-file", keys[selector]])
        CONFIG.write_text(f"""
hostname: mx.author.test
outgoing_addresses: [192.0.2.1, "2001:db8::1"]
host_keys: ["{cls.host_keys[0]}", "{cls.host_keys[1]}"]
tls_reports: {{host_address: host-tls@author.test}}
transports:
  away: {{type: socks, proxy_host: proxy.author.test, remote_ips: [198.51.100.7], ehlo_name: out.author.test}}
domains:
  author.test:
    mx: [mx.author.test]
    spf: {{mechanisms: ["include:_spf.relay.test"], fail_others: true}}
    dkim: {{keys: {{r1: {{file: "{keys['r1']}"}}, e1: {{file: "{keys['e1']}"}}}}, sign: [r1]}}
    dmarc: {{policy: quarantine, reports: dmarc@author.test}}
    mta_sts: {{mode: testing, max_age: 1d}}
    tls_reports: "tls!reports@author.test"
""")
        cls.text = run([PROGRAM, "dns", "records", "author.test", "--config", CONFIG]).stdout
        here = "".join(line for line in cls.text.splitlines(True) if ".arpa." not in line)
        zone = SCRATCH / "author.zone"
        zone.write_text("$ORIGIN author.test.\n$TTL 300\n" + REST + here)
        run(["named-checkzone", "author.test", zone])
        cls.zone = dns.zone.from_file(str(zone), "author.test", relativize=False)

    def found(self, name, kind):
        kind = dns.rdatatype.from_text(kind)
        rdataset = self.zone.get_rdataset(f"{name}author.test.", kind)
        if kind == dns.rdatatype.TXT:
            return sorted(b"".join(record.strings).decode() for record in rdataset)
        return sorted(record.to_text() for record in rdataset)

    def test_mail_and_addresses(self):
        self.assertEqual(self.found("", "MX"), ["10 mx.author.test."])
        self.assertEqual(self.found("", "TXT"),
                         ["v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ip4:198.51.100.7 include:_spf.relay.test -all"])
        self.assertEqual(self.found("mx.", "A") + self.found("mx.", "AAAA"), ["192.0.2.1", "2001:db8::1"])
        self.assertEqual(self.found("out.", "A"), ["198.51.100.7"])
        for address, name in (("1.2.0.192.in-addr.arpa.", "mx"), ("7.100.51.198.in-addr.arpa.", "out")):
            self.assertRegex(self.text, rf"(?m)^{re.escape(address)}\s.*PTR\s+{name}\.author\.test\.$")

    def test_keys(self):
        expected = sorted("3 1 1 " + hashlib.sha256(load_pem_private_key(key.read_bytes(), None).public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest() for key in self.host_keys)
        self.assertEqual(self.found("_25._tcp.mx.", "TLSA"), expected)
        for selector in ("r1", "e1"):
            made = subprocess.run(["openssl", "pkey", "-in", SCRATCH / f"{selector}.pem", "-pubout", "-outform", "DER"],
                                  check=True, capture_output=True).stdout
            (record,) = self.found(f"{selector}._domainkey.", "TXT")
            self.assertTrue(made.endswith(base64.b64decode(record.rsplit("p=", 1)[1])), record)

    def test_policies_and_reports(self):
        self.assertEqual(self.found("_dmarc.", "TXT"), ["v=DMARC1; p=quarantine; rua=mailto:dmarc@author.test"])
        self.assertEqual(self.found("_smtp._tls.", "TXT"), ["v=TLSRPTv1; rua=mailto:tls%21reports@author.test"])
        self.assertEqual(self.found("_smtp._tls.mx.", "TXT"), ["v=TLSRPTv1; rua=mailto:host-tls@author.test"])
        self.assertRegex(self.found("_mta-sts.", "TXT")[0], r"^v=STSv1; ?id=[0-9A-Za-z]{1,32};?$")
        self.assertEqual(self.found("mta-sts.", "CNAME"), ["mx.author.test."])
        self.assertIn(";   mode: testing\n;   mx: mx.author.test\n;   max_age: 86400\n", self.text)

    def test_the_same_as_json_and_as_a_table(self):
        told = json.loads(run([PROGRAM, "dns", "records", "author.test", "--config", CONFIG, "--json"]).stdout)
        self.assertEqual(told["host"], "mx.author.test")
        self.assertTrue(all(record["reason"] for record in told["records"]))
        table = run([PROGRAM, "dns", "records", "author.test", "--config", CONFIG, "--table"]).stdout
        for record in told["records"]:
            self.assertIn(record["value"], table)

    def test_a_domain_that_is_not_ours_is_refused(self):
        refused = run([PROGRAM, "dns", "records", "other.test", "--config", CONFIG], check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("neither one of the configured domains nor the host name", refused.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
