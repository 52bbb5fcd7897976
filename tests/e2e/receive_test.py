# SPDX-License-Identifier: Apache-2.0
"""The listener for strangers: what is refused to whom, and what is said of the mail that is taken. Signed and
unsigned zones, a resolver that validates, senders that are what they say and senders that are not."""
import base64
import gzip
import json
import re
import smtplib
import ssl
import subprocess
import unittest
import urllib.request

import dkim

from lab.certificates import Authority
from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import SCRATCH, run, wait_until
from lab.receivers import Postfix
from lab.resolvers import VALIDATING, Unbound
from lab.signed_zones import Tree, Zone, break_signature

PUBLIC = "127.0.2.7"
POSTFIX, FORGER = "127.0.2.8", "127.0.3.66"
# Providers that send reports: by their zones, the address that each sends from.
PROVIDERS = {"signed.test": "127.0.3.20", "plain.test": "127.0.3.21", "bogus.test": "127.0.3.22"}
PROVIDER = PROVIDERS["signed.test"]
REPORTS = "tlsreports@us.signed.test"


def key_file(zone):
    return SCRATCH / f"provider.{zone}.pem"


def provider(zone):
    """The records of a provider, with a key for what it signs."""
    made = subprocess.run([PROGRAM, "dkim", "generate", "s", f"provider.{zone}", "--key-file", key_file(zone)],
                          check=True, capture_output=True, text=True).stdout
    return made + f"""
provider TXT "v=spf1 ip4:{PROVIDERS[zone]} ip4:{POSTFIX} -all"
_dmarc.provider TXT "v=DMARC1; p=reject"
out.provider A {PROVIDERS[zone]}
out.provider TXT "v=spf1 a -all"
"""


def report(zone, name, field=""):
    """A signed report, as it is sent. `field`: one more, which is not signed."""
    text = json.dumps({
        "organization-name": "Provider", "contact-info": "tls@provider.test", "report-id": name,
        "date-range": {"start-datetime": "2026-11-25T00:00:00Z", "end-datetime": "2026-11-25T23:59:59Z"},
        "policies": [{"policy": {"policy-type": "no-policy-found", "policy-domain": "us.signed.test"},
                      "summary": {"total-successful-session-count": 7, "total-failure-session-count": 0}}]})
    body = base64.encodebytes(gzip.compress(text.encode())).replace(b"\n", b"\r\n")
    message = (f"From: Reports <reports@provider.{zone}>\r\nTo: {REPORTS}\r\nSubject: Report {name}\r\n"
               f"Date: Thu, 26 Nov 2026 02:00:00 +0000\r\nMessage-ID: <{name}@provider.{zone}>\r\nMIME-Version: 1.0\r\n"
               "Content-Type: application/tlsrpt+gzip; name=report.json.gz\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode() + body
    signature = dkim.sign(message, b"s", f"provider.{zone}".encode(), key_file(zone).read_bytes(), canonicalize=(b"relaxed", b"relaxed"))
    return field.encode() + signature + message


class Receive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reverse = "".join(f"{'.'.join(reversed(address.split('.')[1:]))}.127 PTR out.provider.{zone}.\n" for zone, address in PROVIDERS.items())
        zones = [Zone("signed.test", f"us MX 10 mx.us\nmx.us A {PUBLIC}\n" + provider("signed.test")),
                 Zone("plain.test", provider("plain.test"), signed=False),
                 Zone("bogus.test", provider("bogus.test"), spoil=(break_signature("s._domainkey.provider.bogus.test", "TXT"),)),
                 Zone("in-addr.arpa", reverse)]
        Unbound(VALIDATING, Tree([Zone("", two_keys=True), Zone("test"), *zones]).anchor)
        cls.ca = Authority()
        certificate, key = cls.ca.issue("mx.us.signed.test")
        cls.postgres = Postgres()
        cls.config = f"""
hostname: mx.us.signed.test
listeners:
  relay: {{address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8]}}
  public: {{address: {PUBLIC}, port: 25, receive: true, tls: starttls, certificate: {certificate}, key: {key}}}
domains: {{us.signed.test: {{tls_reports: {REPORTS}}}}}
metrics: {{listen: "127.0.0.1:9100"}}
dns: {{servers: [{VALIDATING}], security: trust-ad}}
"""
        cls.outpost = Outpost(cls.postgres, cls.config).start()
        cls.postfix = Postfix(POSTFIX, ["provider.test"], sends_to=PUBLIC)

    def stranger(self, address=PROVIDER):
        return smtplib.SMTP(PUBLIC, 25, local_hostname="out.provider.test", timeout=30, source_address=(address, 0))

    def context(self):
        context = ssl.create_default_context(cafile=self.ca.certificate)
        context.check_hostname = False
        return context

    def queued(self):
        return int(self.postgres.sql("select count(*) from outpost.messages"))

    def hand_in(self, message, sender, address=PROVIDER, helo="out.provider.signed.test", tls=False):
        """The answer to the message's end."""
        with smtplib.SMTP(PUBLIC, 25, local_hostname=helo, timeout=60, source_address=(address, 0)) as client:
            if tls:
                client.starttls(context=self.context())
            client.ehlo()
            self.assertEqual(client.mail(sender)[0], 250)
            self.assertEqual(client.rcpt(REPORTS)[0], 250)
            code, text = client.data(message)
            return code, text.decode()

    def verdicts(self, sender):
        """What the log says of the message from there: {"spf": "pass/secure", ...}."""
        line = wait_until(lambda: re.search(rf"<{re.escape(sender)}> to <{REPORTS}>, ([^:]+):", self.outpost.process.output()), f"{sender} is logged")
        return dict(part.split("=") for part in line[1].split())

    def header(self, name):
        """The stored header of a report, unfolded."""
        text = self.postgres.sql(f"select header from outpost.received_tls_reports where report_id = '{name}'")
        return re.sub(r"\r?\n[ \t]+", " ", text)

    # -- what is said of mail that is taken

    def test_a_report_that_is_what_it_says_passes_everything(self):
        sender = "all@provider.signed.test"
        forged = "Authentication-Results: mx.us.signed.test; dkim=pass header.d=bank.test\r\n"
        self.assertEqual(self.hand_in(report("signed.test", "all", forged), sender, tls=True)[0], 250)
        self.assertEqual(self.verdicts(sender), {"spf": "pass/secure", "dkim": "pass/secure", "dmarc": "pass/secure", "iprev": "pass/secure"})
        header = self.header("all")
        self.assertTrue(header.startswith(f"Return-Path: <{sender}>"), header)
        self.assertNotIn("bank.test", header)
        self.assertRegex(header, r"Authentication-Results: mx\.us\.signed\.test; "
                                 rf"iprev=pass policy\.iprev={PROVIDER} \(dnssec: secure; out\.provider\.signed\.test\); "
                                 r"spf=pass smtp\.helo=out\.provider\.signed\.test \(dnssec: secure[^)]*\); "
                                 r"spf=pass smtp\.mailfrom=provider\.signed\.test \(dnssec: secure[^)]*\); "
                                 r"dkim=pass header\.d=provider\.signed\.test header\.s=s header\.a=rsa-sha256 header\.b=\S+ \(dnssec: secure[^)]*\); "
                                 r"dmarc=pass header\.from=provider\.signed\.test policy\.dmarc=reject \(dnssec: secure\)")
        self.assertRegex(header, rf"Received: from out\.provider\.signed\.test \(out\.provider\.signed\.test \[{PROVIDER}\]\) "
                                 r"\(iprev=pass dnssec=secure\) by mx\.us\.signed\.test with ESMTPS \(TLSv1\.3 with \S+\) "
                                 rf"id [0-9a-f]{{16}} for <{REPORTS}>; ")

    def test_what_rests_on_an_unsigned_zone_says_so(self):
        sender = "plain@provider.plain.test"
        self.assertEqual(self.hand_in(report("plain.test", "plain"), sender, PROVIDERS["plain.test"], "out.provider.plain.test")[0], 250)
        self.assertEqual(self.verdicts(sender), {method: "pass/insecure" for method in ("spf", "dkim", "dmarc", "iprev")})
        self.assertEqual(self.header("plain").count("(dnssec: insecure"), 5)
        self.assertIn("(iprev=pass dnssec=insecure)", self.header("plain"))

    def test_a_report_on_a_detour_is_known_by_its_signature(self):
        sender = "detour@provider.signed.test"
        self.assertEqual(self.hand_in(report("signed.test", "detour"), sender, FORGER)[0], 250)
        self.assertEqual(self.verdicts(sender), {"spf": "fail/secure", "dkim": "pass/secure", "dmarc": "pass/secure", "iprev": "permerror/secure"})
        self.assertIn("spf=fail smtp.mailfrom=provider.signed.test", self.header("detour"))
        self.assertIn(f"from out.provider.signed.test ([{FORGER}]) (iprev=permerror dnssec=secure)", self.header("detour"))

    def test_a_forged_report_fails_and_is_refused(self):
        changed = report("signed.test", "forged").replace(b"Subject: Report", b"Subject: Forged")
        for sender, address, spf, dmarc in (("changed@provider.signed.test", PROVIDER, "pass/secure", "pass/secure"),
                                            ("forged@provider.signed.test", FORGER, "fail/secure", "fail/secure")):
            code, text = self.hand_in(changed, sender, address)
            self.assertEqual((code, text[:6]), (550, "5.7.20"))
            found = self.verdicts(sender)
            self.assertEqual((found["spf"], found["dkim"], found["dmarc"]), (spf, "fail/secure", dmarc))
        self.assertEqual(self.header("forged"), "")

    def test_a_key_with_a_broken_proof_is_asked_for_again(self):
        sender = "bogus@provider.bogus.test"
        code, _ = self.hand_in(report("bogus.test", "bogus"), sender, PROVIDERS["bogus.test"], "out.provider.bogus.test")
        self.assertEqual(code, 451)
        found = self.verdicts(sender)
        self.assertEqual((found["spf"], found["dkim"], found["dmarc"]), ("pass/secure", "temperror/bogus", "pass/secure"))

    def test_postfix_brings_a_report(self):
        sender = "postfix@provider.signed.test"
        with smtplib.SMTP(POSTFIX, 25) as client:
            client.sendmail(sender, [REPORTS], report("signed.test", "postfix"))
        found = self.verdicts(sender)
        self.assertEqual((found["spf"], found["dkim"], found["dmarc"]), ("pass/secure", "pass/secure", "pass/secure"))
        wait_until(lambda: "with ESMTPS" in self.header("postfix"), "the report is stored")

    def test_all_that_is_taken_is_counted(self):
        before = self.counted("accepted")
        self.hand_in(report("signed.test", "counted"), "counted@provider.signed.test")
        self.assertEqual(self.counted("accepted"), before + 1)

    @staticmethod
    def counted(answer):
        page = urllib.request.urlopen("http://127.0.0.1:9100/metrics", timeout=10).read().decode()
        return int(re.search(rf'outpost_messages_total{{listener="public",source="receive",answer="{answer}"}} (\d+)', page)[1])

    def test_a_reload_changes_what_is_taken(self):
        def answer(address):
            with self.stranger() as client:
                client.ehlo()
                client.mail("a@provider.test")
                return client.rcpt(address)[0]
        other = "other@us.signed.test"
        self.assertEqual((answer(REPORTS), answer(other)), (250, 550))
        self.outpost.reload(self.config.replace(f"tls_reports: {REPORTS}", f"tls_reports: {other}"))
        wait_until(lambda: answer(other) == 250, "the new address is known")
        self.assertEqual(answer(REPORTS), 550)
        self.outpost.reload(self.config)
        wait_until(lambda: answer(REPORTS) == 250, "the old address is back")

    # -- what is refused

    def test_everything_else_is_refused_at_rcpt(self):
        for recipient in ("someone@elsewhere.test", "postmaster", "someone@us.signed.test", "someone%elsewhere.test@us.signed.test",
                          "@us.signed.test:someone@elsewhere.test", '"someone@elsewhere.test"@us.signed.test',
                          "elsewhere.test!someone@us.signed.test", "someone@[127.0.3.66]"):
            with self.subTest(recipient), self.stranger() as client:
                client.ehlo()
                self.assertEqual(client.docmd("MAIL", "FROM:<a@provider.test>")[0], 250)
                code, text = client.docmd("RCPT", f"TO:<{recipient}>")
                self.assertEqual((code, text[:6]), (550, b"5.7.1 "))
                self.assertEqual(client.docmd("DATA")[0], 554)
        self.assertEqual(self.queued(), 0)

    def test_nobody_logs_in(self):
        with self.stranger() as client:
            client.ehlo()
            self.assertFalse(client.has_extn("auth"))
            client.starttls(context=self.context())
            client.ehlo()
            for absent in ("auth", "dsn", "futurerelease"):
                self.assertFalse(client.has_extn(absent), absent)
            for offered in ("size", "8bitmime", "smtputf8", "pipelining", "chunking"):
                self.assertTrue(client.has_extn(offered), offered)
            self.assertEqual(client.docmd("AUTH", "PLAIN AGEAYg==")[0], 502)

    def test_swaks_is_refused_with_and_without_tls(self):
        for tls in ([], ["--tls"]):
            done = run(["swaks", "--server", PUBLIC, *tls, "--from", "me@provider.test", "--to", "you@elsewhere.test"], check=False)
            self.assertIn("550 5.7.1", done.stdout)
            self.assertEqual("TLS started" in done.stdout, bool(tls))

    def test_the_sender_of_a_real_server_hears_of_the_refusal(self):
        postfix = self.postfix
        with smtplib.SMTP(POSTFIX, 25) as client:
            client.sendmail("me@provider.test", ["you@us.signed.test"], "Subject: not for us\r\n\r\nhello\r\n")
        bounce = wait_until(lambda: postfix.messages(), "the bounce is back")[0]
        self.assertIn("550 5.7.1 this host takes reports and bounces", re.sub(r"\s+", " ", bounce.as_string()))
        self.assertRegex(postfix.log.read_text(), rf"TLS connection established to {re.escape(PUBLIC)}")

    def test_who_guesses_addresses_is_sent_away(self):
        with self.assertRaises(smtplib.SMTPServerDisconnected), self.stranger() as client:
            client.ehlo()
            client.mail("a@provider.test")
            for guess in range(100):
                client.rcpt(f"guess{guess}@us.signed.test")

    # -- when the database is away

    def test_while_nothing_can_be_kept_senders_are_put_off(self):
        def mail():
            with self.stranger() as client:
                client.ehlo()
                return client.mail("a@provider.test")[0]
        self.assertEqual(mail(), 250)
        self.postgres.stop_immediately()
        try:
            wait_until(lambda: mail() == 451, "senders hear 451")
        finally:
            self.postgres.start()
        wait_until(lambda: mail() == 250, "mail is taken again")


if __name__ == "__main__":
    unittest.main(verbosity=2)
