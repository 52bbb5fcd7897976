# SPDX-License-Identifier: Apache-2.0
"""TLS reports of others, as their software writes them, by mail and by HTTPS: kept once, shown by day and by
failure, or refused with a reason. And the MTA-STS policies that are served beside."""
import base64
import email
import email.policy
import gzip
import json
import smtplib
import subprocess
import unittest
from email.message import EmailMessage
from pathlib import Path

import dkim

from lab.certificates import Authority
from lab.dns import Nsd
from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import SCRATCH, run, wait_port, wait_until

PUBLIC, WEB, SENDER = "127.0.2.7", "127.0.2.8", "127.0.3.20"
REPORTS, HOST_REPORTS = "tlsreports@us.test", "host@us.test"
DAY = {"start-datetime": "2026-11-25T00:00:00Z", "end-datetime": "2026-11-25T23:59:59Z"}


def policy(domain="us.test", successes=1, failures=0, details=(), **more):
    return {"policy": {"policy-type": "sts", "policy-domain": domain, **more},
            "summary": {"total-successful-session-count": successes, "total-failure-session-count": failures},
            **({"failure-details": list(details)} if details else {})}


def report(name, *policies, organization="Company-X", **more):
    return {"organization-name": organization, "date-range": DAY, "contact-info": "tls@company-x.test", "report-id": name,
            "policies": list(policies) or [policy()], **more}


def packed(content):
    return gzip.compress(json.dumps(content).encode() if isinstance(content, dict) else content)


class TlsrptReceive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        zone = "us MX 10 mx.us\nmx.us A " + PUBLIC + "\n"
        for selector, domain in (("any", "org.test"), ("special", "org.test"), ("mailonly", "org.test"), ("any", "other.test")):
            zone += cls.generate(selector, domain)
        Nsd(zone)
        cls.ca = Authority()
        cls.certificate, cls.key = cls.ca.issue("mta-sts.us.test", "mx.us.test")
        cls.postgres = Postgres()
        cls.outpost = Outpost(cls.postgres, f"""
hostname: mx.us.test
listeners:
  relay: {{address: 127.0.0.1, port: 2525, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8]}}
  public: {{address: {PUBLIC}, port: 25, receive: true, tls: none}}
https: {{listen: "{WEB}:443", certificate: {cls.certificate}, key: {cls.key}}}
metrics: {{listen: "127.0.0.1:9100"}}
tls_reports: {{host_address: {HOST_REPORTS}}}
domains:
  us.test: {{mx: [mx.us.test], tls_reports: {REPORTS}, mta_sts: {{mode: testing, max_age: 1d}}}}
  silent.test: {{}}
  example.com: {{}}
  company-y.example: {{}}
  cardinalhealth.ca: {{}}
""").start()
        wait_port(WEB, 443, cls.outpost.process)

    @staticmethod
    def generate(selector, domain):
        """A DKIM key; returns its record, with the services that the selector's name speaks of."""
        made = subprocess.run([PROGRAM, "dkim", "generate", selector, domain, "--algorithm", "ed25519", "--key-file", SCRATCH / f"{selector}.{domain}"],
                              check=True, capture_output=True, text=True).stdout
        services = {"special": "s=tlsrpt; ", "mailonly": "s=email; "}.get(selector, "")
        return made.replace("v=DKIM1; ", "v=DKIM1; " + services, 1)

    # -- sending as others do

    @staticmethod
    def mail(content, kind="application/tlsrpt+gzip", sender="noreply@tls.org.test"):
        """As RFC 8460 section 5.3 shows it."""
        message = EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"], message["Subject"] = sender, REPORTS, "Report Domain: us.test Submitter: org.test"
        message["Date"], message["Message-ID"] = "Thu, 26 Nov 2026 02:00:00 +0000", "<1@org.test>"
        message["TLS-Report-Domain"], message["TLS-Report-Submitter"] = "us.test", "org.test"
        message.set_content("This is an aggregate TLS report.\n")
        message.make_mixed()
        main, sub = kind.split("/")
        message.add_attachment(content, main, sub, filename="org.test!us.test!1764028800!1764115199.json.gz")
        message.replace_header("Content-Type", 'multipart/report; report-type="tlsrpt"; boundary="bound"')
        message.set_boundary("bound")
        return message.as_bytes()

    @staticmethod
    def signed(message, selector="any", domain="org.test", **options):
        pem = (SCRATCH / f"{selector}.{domain}").read_text()
        seed = base64.b64encode(base64.b64decode("".join(pem.splitlines()[1:-1]))[-32:])
        return dkim.sign(message, selector.encode(), domain.encode(), seed, canonicalize=(b"relaxed", b"relaxed"),
                         signature_algorithm=b"ed25519-sha256", **options) + message

    @staticmethod
    def hand_in(message, to=REPORTS, sender="bounces@org.test"):
        """The reply to the message: "250 2.0.0 ..."."""
        with smtplib.SMTP(PUBLIC, 25, local_hostname="out.org.test", timeout=60, source_address=(SENDER, 0)) as client:
            client.ehlo()
            assert client.mail(sender)[0] == 250
            assert client.rcpt(to)[0] == 250
            code, text = client.data(message)
            return f"{code} {text.decode()}"

    def curl(self, path, *options, host="mx.us.test"):
        """Status and body."""
        got = run(["curl", "--silent", "--cacert", self.ca.certificate, "--resolve", f"{host}:443:{WEB}", "--write-out", r"\n%{http_code}",
                   *options, f"https://{host}{path}"])
        body, status = got.stdout.rsplit("\n", 1)
        return int(status), body

    def post(self, octets, kind="application/tlsrpt+gzip", path="/tlsrpt"):
        file = SCRATCH / "posted"
        file.write_bytes(octets)
        return self.curl(path, "--data-binary", f"@{file}", "--header", f"Content-Type: {kind}")

    # -- looking at what is kept

    def kept(self, name):
        return self.postgres.rows(f"select * from outpost.received_tls_reports where report_id = '{name}'")

    def failures(self, name):
        return self.postgres.rows("select f.* from outpost.received_tls_failures f join outpost.received_tls_reports r using (report) "
                                  f"where r.report_id = '{name}' order by f.sessions desc")

    # -- by mail

    def test_reports_of_different_software_are_kept(self):
        rfc = report("rfc", policy(successes=5326, failures=303, **{"policy-string": ["version: STSv1", "mode: testing"], "mx-host": "*.us.test"}, details=[
            {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:12::1", "receiving-mx-hostname": "mx1.us.test", "failed-session-count": 100},
            {"result-type": "starttls-not-supported", "sending-mta-ip": "198.51.100.9", "receiving-mx-hostname": "mx2.us.test", "receiving-ip": "203.0.113.56",
             "failed-session-count": 200, "additional-information": "https://reports.company-x.test/?id=1"},
            {"result-type": "validation-failure", "sending-mta-ip": "198.51.100.62", "receiving-ip": "203.0.113.58", "receiving-mx-hostname": "mx-backup.us.test",
             "failed-session-count": 3, "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"}]))
        # No zone in its times; a list of policies without summaries' details; members in another order.
        zoneless = report("zoneless", policy(), **{"date-range": {"start-datetime": "2026-11-25T00:00:00", "end-datetime": "2026-11-25T23:59:59"}})
        # Failures without hosts; period that ends where the next one begins.
        bare = report("bare", policy(successes=0, failures=1, details=[
            {"result-type": "sts-policy-fetch-error", "failed-session-count": 1, "failure-reason-code": "bad https response code: 404"},
            {"result-type": "sts-policy-fetch-error", "failed-session-count": 1, "failure-reason-code": "bad https response code: 500"}]),
            **{"date-range": {"start-datetime": "2026-11-25T00:00:00Z", "end-datetime": "2026-11-26T00:00:00Z"}})
        for content, kind in ((rfc, "application/tlsrpt+gzip"), (zoneless, "application/tlsrpt+json"), (bare, "application/gzip")):
            octets = json.dumps(content).encode() if kind.endswith("json") else packed(content)
            self.assertRegex(self.hand_in(self.signed(self.mail(octets, kind))), "^250 2.0.0 ")
        row = self.kept("rfc")[0]
        self.assertEqual((row["way"], row["organization"], row["from_domain"], row["mail_from"]), ("mail", "Company-X", "tls.org.test", "bounces@org.test"))
        self.assertEqual((row["successes"], row["failures"], row["policy_domains"]), (5326, 303, ["us.test"]))
        self.assertIn(SENDER, row["client"])
        self.assertIn("Authentication-Results: mx.us.test;", row["header"])
        self.assertIn("dkim=pass", row["header"])
        self.assertEqual([(f["result_type"], f["sending_mta_ip"], f["receiving_mx_hostname"], f["failure_reason_code"], f["sessions"]) for f in self.failures("rfc")],
                         [("starttls-not-supported", "198.51.100.9", "mx2.us.test", "", 200), ("certificate-expired", "2001:db8:abcd:12::1", "mx1.us.test", "", 100),
                          ("validation-failure", "198.51.100.62", "mx-backup.us.test", "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED", 3)])
        self.assertEqual(self.kept("zoneless")[0]["period_begin"][:19], row["period_begin"][:19])
        self.assertEqual(len(self.failures("bare")), 2)

    def test_a_whole_message_may_be_the_report_and_the_host_has_an_address_of_its_own(self):
        message = (b"From: a@org.test\r\nTo: " + HOST_REPORTS.encode() + b"\r\nSubject: report\r\nDate: Thu, 26 Nov 2026 02:00:00 +0000\r\n"
                   b"Content-Type: application/tlsrpt+json\r\n\r\n" + json.dumps(report("whole", policy("mx.us.test"), policy("stranger.test"))).encode() + b"\r\n")
        self.assertRegex(self.hand_in(self.signed(message), HOST_REPORTS.upper()), "^250 ")
        self.assertEqual(self.kept("whole")[0]["policy_domains"], ["mx.us.test"])
        days = self.postgres.rows("select about from outpost.received_tls_days where policy_domain = 'mx.us.test'")
        self.assertEqual([day["about"] for day in days], ["mx host"])

    def test_a_key_for_reports_alone_is_good(self):
        self.assertRegex(self.hand_in(self.signed(self.mail(packed(report("special"))), "special")), "^250 ")

    def test_a_report_that_comes_again_is_kept_once(self):
        message = self.signed(self.mail(packed(report("twice"))))
        for _ in range(3):
            self.assertRegex(self.hand_in(message), "^250 ")
        self.assertEqual([row["duplicates"] for row in self.kept("twice")], [2])

    def test_what_is_refused_says_why(self):
        good = self.mail(packed(report("refused")))
        swollen = report("refused", policy(**{"mx-host": ["x"] * 800_000}))
        for message, reply in (
                (good, "550 5.7.20 "),
                (self.signed(good).replace(b"Subject: ", b"Subject: x"), "550 5.7.20 "),
                (self.signed(good, domain="other.test"), "550 5.7.22 "),
                (self.signed(good, length=True), "550 5.7.21 .*l="),
                (self.signed(good, "mailonly"), "550 5.7.21 .*tlsrpt"),
                (self.signed(self.mail(b"no gzip")), "550 5.6.0 .*JSON"),
                (self.signed(self.mail(packed(report("refused"))[:60])), "550 5.6.0 .*gzip"),
                (self.signed(self.mail(b"Hello.", "text/x-note")), "550 5.6.0 .*no part"),
                (self.signed(self.mail(packed(report("refused", policy("stranger.test"), policy("silent.example"))))), "550 5.7.1 "),
                (self.signed(self.mail(packed(b" " * (21 << 20)))), "552 5.3.4 "),
                (self.signed(self.mail(packed(swollen))), "550 5.6.0 .*too many values")):
            with self.subTest(reply):
                self.assertRegex(self.hand_in(message), "^" + reply)
        self.assertEqual(self.kept("refused"), [])

    # -- by HTTPS

    def test_reports_are_posted(self):
        content = report("posted", policy(successes=3), organization="Poster")
        self.assertEqual(self.post(packed(content))[0], 201)
        self.assertEqual(self.post(json.dumps(content).encode(), "application/tlsrpt+json")[0], 200)
        row = self.kept("posted")[0]
        self.assertEqual((row["way"], row["from_domain"], row["duplicates"], row["header"]), ("https", "", 1, ""))
        self.assertTrue(row["client"].startswith("127."), row)
        # The same one by mail is worth more, and does not count twice.
        self.assertRegex(self.hand_in(self.signed(self.mail(packed(content)))), "^250 ")
        self.assertEqual([row["way"] for row in self.kept("posted")], ["mail"])
        self.assertEqual(self.post(packed(content))[0], 200)
        self.assertEqual(len(self.kept("posted")), 1)

    def test_samples_of_other_programs_are_taken(self):
        samples = Path(__file__).parent / "samples" / "tlsrpt"
        files = [file.read_bytes() for file in sorted(samples.rglob("*.json"))]
        for file in samples.rglob("*.eml"):
            parts = [part.get_payload(decode=True) for part in email.message_from_bytes(file.read_bytes()).walk() if not part.is_multipart()]
            files += [gzip.decompress(part) for part in parts if part.startswith(b"\x1f\x8b")]
        taken = 0
        for text in files:
            content = json.loads(text)
            ours = [one for one in content["policies"] if "policy-domain" in one["policy"]]
            status = self.post(gzip.compress(text))[0]
            self.assertIn(status, (200, 201) if ours else (422,), content)
            if not ours:
                continue
            taken += status == 201
            row = self.postgres.rows(f"select * from outpost.received_tls_reports where report_id = '{content['report-id']}' "
                                     f"and organization = '{content['organization-name']}'")[0]
            for column, member in (("successes", "total-successful-session-count"), ("failures", "total-failure-session-count")):
                self.assertEqual(row[column], sum(one["summary"].get(member, 0) for one in ours), content)
        self.assertGreaterEqual(taken, 4)

    def test_posts_are_refused_with_a_reason(self):
        self.assertEqual(self.post(packed(report("no")), "text/plain")[0], 415)
        self.assertEqual(self.post(b"hello")[0], 400)
        self.assertEqual(self.post(packed(report("no", policy("stranger.test"))))[0], 422)
        self.assertEqual(self.post(packed(b" " * (21 << 20)))[0], 413)
        self.assertEqual(self.post(b"x" * (16 << 20))[0], 413)
        self.assertEqual(self.post(packed(report("no")), path="/elsewhere")[0], 404)
        self.assertEqual(self.curl("/tlsrpt")[0], 405)
        self.assertEqual(self.kept("no"), [])

    def test_the_policy_is_served(self):
        path = "/.well-known/mta-sts.txt"
        self.assertEqual(self.curl(path, host="mta-sts.us.test"), (200, "version: STSv1\nmode: testing\nmx: mx.us.test\nmax_age: 86400\n"))
        self.assertEqual(self.curl(path)[0], 404)
        self.assertEqual(self.curl("/", host="mta-sts.us.test")[0], 404)
        self.assertEqual(self.curl(path, "--head", host="mta-sts.us.test")[0], 200)
        self.assertEqual(self.curl(path, "--request", "DELETE", host="mta-sts.us.test")[0], 405)

    def test_a_renewed_certificate_is_served(self):
        def subject():
            shown = subprocess.run(["openssl", "s_client", "-connect", f"{WEB}:443", "-servername", "mx.us.test"], input=b"", capture_output=True).stdout
            return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=shown, capture_output=True).stdout
        before = subject()
        self.assertIn(b"serial=", before)
        certificate, key = self.ca.issue("mta-sts.us.test", "mx.us.test")
        self.key.write_bytes(key.read_bytes())
        self.certificate.write_bytes(certificate.read_bytes())
        wait_until(lambda: subject() not in (before, b""), "the new certificate is served", 60)
        self.assertEqual(self.curl("/.well-known/mta-sts.txt", host="mta-sts.us.test")[0], 200)

    # -- what people see

    def test_the_command_and_the_metrics_show_it(self):
        period = {"start-datetime": "2026-11-20T00:00:00Z", "end-datetime": "2026-11-20T23:59:59Z"}
        content = report("shown", policy(successes=41, failures=2, details=[
            {"result-type": "certificate-expired", "sending-mta-ip": "192.0.2.1", "receiving-mx-hostname": "mx.us.test", "failed-session-count": 2,
             "failure-reason-code": "it\x1b[31m is old"}]), **{"date-range": period})
        self.assertRegex(self.hand_in(self.signed(self.mail(packed(content)))), "^250 ")
        number = self.kept("shown")[0]["report"]
        text = self.outpost.command("tlsrpt", "received", "--domain", "US.test", "--days", "36500").stdout
        self.assertIn("2026-11-20  domain us.test  41 succeeded, 2 failed  1 report by mail: Company-X\n"
                      f"    2 x certificate-expired  from 192.0.2.1  to mx.us.test  (it?[31m is old)  report {number}\n", text)
        lines = self.outpost.command("tlsrpt", "received", "--json", "--days", "36500").stdout.splitlines()
        day = next(day for day in map(json.loads, lines) if day["day"] == "2026-11-20")
        self.assertEqual((day["policy_domain"], day["successes"], day["failure_details"][0]["sessions"]), ("us.test", 41, 2))
        self.assertEqual(json.loads(self.outpost.command("tlsrpt", "received", "--raw", str(number)).stdout), content)
        self.assertEqual(self.outpost.command("tlsrpt", "received", "--domain", "silent.test").stdout, "no reports\n")
        metrics = run(["curl", "--silent", "http://127.0.0.1:9100/metrics"]).stdout
        self.assertRegex(metrics, r'outpost_tls_reports_received_total\{way="mail",outcome="stored"\} [1-9]')
        self.assertRegex(metrics, r'outpost_tls_report_sessions_total\{type="certificate-expired"\} [1-9]')


if __name__ == "__main__":
    unittest.main()
