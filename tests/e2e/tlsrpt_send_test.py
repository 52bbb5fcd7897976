# SPDX-License-Identifier: Apache-2.0
"""TLS reports from deliveries that met each result type of RFC 8460 to Postfix' mailbox and to a receiver by HTTPS,
read back by a strict reader, each once from two nodes, and with both of them killed again and again."""
import random
import re
import subprocess
import threading
import time
import unittest
from pathlib import Path

import dkim

from lab.certificates import self_signed
from lab.every_result import FAILURES, SUCCESSES, EveryResult
from lab.outpost import PROGRAM
from lab.processes import SCRATCH, wait_until
from lab.receivers import Postfix
from lab.report_receiver import ReportReceiver
from lab.tlsrpt_reader import RESULT_TYPES, Mail, read_gzip

MAILBOX, GONE, HTTPS, UNTRUSTED = "127.0.2.5", "127.0.2.6", "127.0.2.7", "127.0.2.8"
EVERYBODY = "mailto:tls@reports.signed.test,https://reports.signed.test/v1/tlsrpt"
# What some domains want instead, or besides.
WISHES = {
    "bare.signed.test": "mailto:tls%2Bbare@reports.signed.test",
    "broken.signed.test": "mailto:tls@reports.signed.test,mailto:nobody@gone.signed.test",
    "name.signed.test": "https://untrusted.signed.test/v1,mailto:tls@reports.signed.test",
    "mx.mismatch.signed.test": "mailto:hosts@reports.signed.test",
    "mx.reset.signed.test": EVERYBODY,  # as the domain itself: not told twice
}
SILENT = "closed.signed.test"  # publishes no record
# Whose certificate DANE makes good, or nobody asks for, is none that PKIX would trust: that is told.
WORTH_TELLING = (set(FAILURES) | {"good.signed.test", "plain.signed.test"}) - {SILENT}
SHIFT = "UPDATE outpost_private.tls_result SET day = day - 1"
OWED = "SELECT count(*) FROM outpost.tls_reports_sent WHERE state = 'due'"


def relative(domain):
    """(its record's owner, its zone)"""
    zone = ".".join(domain.split(".")[-2:])
    return f"_smtp._tls.{domain.removesuffix('.' + zone)}", zone


class SendingReports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        every = EveryResult()
        cls.mail = mail = every.mail
        cls.make_receivers()
        cls.publish()
        key = SCRATCH / "submitter.pem"
        made = subprocess.run([PROGRAM, "dkim", "generate", "r", "origin.test", "--key-file", key], check=True, capture_output=True, text=True).stdout
        cls.key_record = "".join(re.findall('"([^"]*)"', made)).encode()
        every.start(f"""
tls_reports:
  allow_networks: [127.0.0.0/8]
domains:
  origin.test: {{dkim: {{keys: {{r: {{file: "{key}"}}}}}}}}
""", nodes=2)
        every.send()
        for node in mail.nodes:
            node.process.stop()  # which writes what it has learned
        mail.postgres.sql(SHIFT)
        cls.dry = mail.outpost.command("tlsrpt", "send", "--dry-run").stdout
        cls.after_dry_run = mail.postgres.sql("SELECT count(*) FROM outpost.tls_reports_sent"), len(cls.posted())
        for node in mail.nodes:
            node.start()
        cls.said = mail.outpost.command("tlsrpt", "send", timeout=200).stdout
        wait_until(lambda: len(cls.letters()) >= len(WORTH_TELLING) + 1, "all reports have arrived", 90)
        time.sleep(3)  # for those that ought not to come
        cls.reports = [Mail(octets) for octets in cls.letters()]

    @classmethod
    def make_receivers(cls):
        mail = cls.mail
        mail.records(f"reports MX 10 mx.reports\nmx.reports A {MAILBOX}\nreports A {HTTPS}\nuntrusted A {UNTRUSTED}")
        mail.host("gone", refuses=("RCPT", "550 5.1.1 no such user"))
        cls.postfix = Postfix(MAILBOX, ["reports.signed.test"])
        cls.receiver = ReportReceiver(HTTPS, mail.ca.issue("reports.signed.test"))
        cls.untrusted = ReportReceiver(UNTRUSTED, self_signed("untrusted.signed.test"))

    @classmethod
    def publish(cls):
        for domain in {*FAILURES, *WISHES, *(f"{name}.signed.test" for name in SUCCESSES)} - {SILENT}:
            owner, zone = relative(domain)
            cls.mail.records(f'{owner} TXT "v=TLSRPTv1; rua={WISHES.get(domain, EVERYBODY)}"', zone)

    @classmethod
    def letters(cls):
        return [path.read_bytes() for folder in ("new", "cur") for path in sorted(Path(cls.postfix.maildir, folder).glob("*"))]

    @classmethod
    def posted(cls):
        return [read_gzip(post.octets) for post in cls.receiver.taken()]

    def rows(self, query):
        return self.mail.postgres.rows(query)

    # -- what arrives

    def test_every_domain_that_wants_a_report_gets_one_and_no_other(self):
        domains = sorted(report.domain for report in self.reports)
        self.assertEqual(domains, sorted([*WORTH_TELLING, "mx.mismatch.signed.test"]))
        ids = [report.report_id for report in self.reports]
        self.assertEqual(len(ids), len(set(ids)))

    def test_posts_are_the_same_reports(self):
        by_id = {report.report_id: report.json for report in self.reports}
        posted = self.posted()
        wanted = {domain for domain in WORTH_TELLING if WISHES.get(domain, EVERYBODY) == EVERYBODY}
        self.assertEqual(sorted(report["report-id"] for report in posted), sorted(id for id in by_id if id.split(".", 1)[1].split("@")[0] in wanted))
        for report in posted:
            self.assertEqual(report, by_id[report["report-id"]])
        self.assertEqual({(post.path, post.content_type) for post in self.receiver.posts}, {("/v1/tlsrpt", "application/tlsrpt+gzip")})

    def test_each_result_type_is_told_as_it_was_met(self):
        told = {report.domain: [(entry["policy"]["policy-type"], detail["result-type"], detail.get("failure-reason-code", ""))
                                for entry in report.json["policies"] for detail in entry["failure-details"]] for report in self.reports}
        for domain in set(FAILURES) - {SILENT}:
            with self.subTest(domain):
                self.assertIn(FAILURES[domain], told[domain])
        self.assertEqual({kind for details in told.values() for _, kind, _ in details}, RESULT_TYPES)

    def test_a_report_is_of_the_day_before_in_the_name_of_the_domain_that_signs(self):
        yesterday = self.mail.postgres.sql("SELECT to_char((now() AT TIME ZONE 'UTC')::date - 1, 'YYYY-MM-DD')")
        for report in self.reports:
            self.assertEqual(report.submitter, "origin.test")
            self.assertEqual(report.json["date-range"], {"start-datetime": f"{yesterday}T00:00:00Z", "end-datetime": f"{yesterday}T23:59:59Z"})
            self.assertTrue(report.report_id.startswith(yesterday.replace("-", "")))

    def test_its_signature_is_that_of_the_submitter_and_covers_what_it_is_about(self):
        for report in self.reports:
            signed = dkim.DKIM(report.octets)
            self.assertTrue(signed.verify(dnsfunc=lambda name, timeout=5: self.key_record if name == b"r._domainkey.origin.test." else None))
            self.assertEqual(signed.domain, b"origin.test")
            fields = [name.lower() for name in re.sub(rb"\s", b"", signed.signature_fields[b"h"]).split(b":")]
            for name in (b"tls-report-domain", b"tls-report-submitter", b"subject"):
                self.assertEqual(fields.count(name), 2, fields)  # nobody may add one

    def test_escapes_in_an_address_are_resolved(self):
        self.assertEqual([report.to for report in self.reports if report.domain == "bare.signed.test"], [["tls+bare@reports.signed.test"]])

    def test_hosts_are_told_what_their_recipients_were_not_told_at_the_same_place(self):
        report, = (report for report in self.reports if report.domain == "mx.mismatch.signed.test")
        self.assertEqual(report.to, ["hosts@reports.signed.test"])
        policy = report.json["policies"][0]["policy"]
        self.assertEqual((policy["policy-domain"], policy["mx-host"]), ("mismatch.signed.test", ["mx.mismatch.signed.test"]))
        skipped, = self.rows("SELECT state, reason FROM outpost.tls_reports_sent WHERE domain = 'mx.reset.signed.test'")
        self.assertEqual(skipped, {"state": "skipped", "reason": "the same places get all of it with other reports"})

    # -- how it was sent

    def test_the_certificate_of_a_receiver_is_checked(self):
        self.assertEqual(self.untrusted.posts, [])
        place, = self.rows("SELECT state, reason FROM outpost.tls_report_places WHERE place = 'https://untrusted.signed.test/v1'")
        self.assertEqual(place["state"], "posting")
        self.assertIn("certificate", place["reason"])

    def test_who_refuses_a_report_is_suppressed_and_nobody_else_is_told(self):
        query = "SELECT place, reason FROM outpost.tls_report_suppressions WHERE suppressed_by = ''"
        found = wait_until(lambda: self.rows(query), "the place is suppressed", 40)
        self.assertEqual([row["place"] for row in found], ["mailto:nobody@gone.signed.test"])
        self.assertIn("no such user", found[0]["reason"])
        self.assertEqual(self.rows("SELECT d.message_id FROM outpost.messages d JOIN outpost.recipients r USING (message_id) WHERE d.source = 'dsn' AND r.address = 'postmaster@origin.test'"), [])
        self.assertIn("nobody@gone.signed.test", self.mail.outpost.command("tlsrpt", "suppress", "list").stdout)

    def test_reports_are_no_reason_for_reports(self):
        rows = wait_until(lambda: self.rows("SELECT send_report FROM outpost.tls_results WHERE recipient_domain = 'reports.signed.test'"),
                          "the deliveries of reports are noted", 20)
        self.assertEqual({row["send_report"] for row in rows}, {False})

    def test_a_dry_run_shows_the_reports_and_changes_nothing(self):
        self.assertEqual(self.after_dry_run, ("0", 0))
        shown = set(re.findall(r'"report-id": "([^"]+)"', self.dry))
        self.assertEqual(shown, {report.report_id for report in self.reports})
        self.assertIn("to mailto:tls+bare@reports.signed.test", self.dry)

    def test_the_command_says_what_became_of_each(self):
        for domain in WORTH_TELLING:
            self.assertIn(f"  {domain}: sen", self.said)
        self.assertIn("closed.signed.test: skipped, it publishes no TLSRPT record", self.said)

    def test_the_command_suppresses_and_lets_go(self):
        outpost = self.mail.outpost
        outpost.command("tlsrpt", "suppress", "add", "postmaster@elsewhere.test", "--days", "3", "--reason", "asked for it")
        self.assertIn("mailto:postmaster@elsewhere.test", outpost.command("tlsrpt", "suppress", "list").stdout)
        outpost.command("tlsrpt", "suppress", "remove", "mailto:postmaster@elsewhere.test")
        self.assertNotIn("elsewhere", outpost.command("tlsrpt", "suppress", "list").stdout)
        self.assertNotEqual(outpost.command("tlsrpt", "suppress", "remove", "postmaster@elsewhere.test", check=False).returncode, 0)


class WhenNodesDie(unittest.TestCase):
    """On what the others have left."""

    @classmethod
    def setUpClass(cls):
        if not hasattr(SendingReports, "reports"):
            SendingReports.setUpClass()

    def test_no_report_is_lost_or_sent_twice_when_nodes_die(self):
        mail, postgres = SendingReports.mail, SendingReports.mail.postgres
        before = set(postgres.sql("SELECT report_id FROM outpost.tls_reports_sent WHERE report_id <> ''").split())
        wait_until(lambda: postgres.sql("SELECT count(*) FROM outpost.tls_report_suppressions") == "1", "the refusal is known", 40)
        # The same results on the day before, and reports of them all over again.
        postgres.sql("""
            WITH copies AS (INSERT INTO outpost_private.tls_result (day, policy_domain, recipient_domain, of_host, policy_hash, policy_type,
                    policy_strings, mx_hosts, successes, failures, send_report)
                SELECT day - 7, policy_domain, recipient_domain, of_host, policy_hash, policy_type, policy_strings, mx_hosts, successes,
                    failures + 1, send_report FROM outpost_private.tls_result WHERE send_report AND recipient_domain <> 'both.signed.test' RETURNING id)
            SELECT count(*) FROM copies""")
        wait_until(lambda: postgres.sql(OWED) != "0", "they are planned", 60)
        stop = threading.Event()

        def haste():  # nobody waits for his turn, or for the end of a dead node's
            while not stop.wait(0.2):
                postgres.sql("UPDATE outpost_private.tls_report SET next_at = now() WHERE state = 'due'; SELECT pg_notify('outpost_tls_reports', '')")

        thread = threading.Thread(target=haste)
        thread.start()
        dice = random.Random(8460)
        for round in range(12):
            node = mail.nodes[round % 2]
            time.sleep(dice.uniform(0.05, 0.5))
            node.process.kill()
            node.start()
        wait_until(lambda: postgres.sql(OWED) == "0", "all reports are made", 120)
        stop.set()
        thread.join()

        wanted = WORTH_TELLING | {"mx.mismatch.signed.test"}
        made = postgres.rows("SELECT r.domain, r.report_id, array_agg(DISTINCT p.message_id) AS messages FROM outpost.tls_reports_sent r "
                             "JOIN outpost.tls_report_places p ON p.report_id = r.id WHERE p.message_id IS NOT NULL GROUP BY 1, 2")
        made = [row for row in made if row["report_id"] not in before]
        self.assertEqual(sorted(row["domain"] for row in made), sorted(wanted))
        queued = postgres.rows("SELECT client, count(*) FROM outpost.messages WHERE source = 'tlsrpt' GROUP BY 1")
        self.assertEqual({row["count"] for row in queued}, {1}, queued)
        self.assertEqual({row["client"].removeprefix("report ") for row in queued}, before | {row["report_id"] for row in made})

        def arrived():
            return {letter.report_id for letter in map(Mail, SendingReports.letters())}

        ids = {row["report_id"] for row in made}
        wait_until(lambda: ids <= arrived(), "all mails have arrived", 120)
        # A copy more can only come of a node that died between a final dot and its reply: it is the same message.
        letters = [Mail(octets) for octets in SendingReports.letters()]
        for report_id in ids:
            self.assertEqual(len({letter.message["Message-ID"] for letter in letters if letter.report_id == report_id}), 1)
        suppressed = postgres.rows("SELECT state FROM outpost.tls_report_places WHERE place LIKE '%gone%' ORDER BY day")
        self.assertEqual([row["state"] for row in suppressed], ["suppressed", "failed"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
