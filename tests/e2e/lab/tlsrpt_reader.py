# SPDX-License-Identifier: Apache-2.0
"""Reads TLS reports as strictly as RFC 8460 is written: what it does not allow is an error. Written from the
RFC alone, so that it knows nothing of how Outpost makes them."""
import base64
import email
import email.policy
import gzip
import ipaddress
import json
import re
from datetime import datetime, timedelta, timezone

LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
DOMAIN = rf"{LABEL}(?:\.{LABEL})+"
RESULT_TYPES = {"starttls-not-supported", "certificate-host-mismatch", "certificate-expired", "certificate-not-trusted",
                "validation-failure", "tlsa-invalid", "dnssec-invalid", "dane-required", "sts-policy-fetch-error",
                "sts-policy-invalid", "sts-webpki-invalid"}  # section 4.3


class Invalid(Exception):
    pass


def require(condition, complaint):
    if not condition:
        raise Invalid(complaint)


def _no_duplicates(pairs):
    names = [name for name, _ in pairs]
    require(len(names) == len(set(names)), f"a member is there twice: {names}")
    return dict(pairs)


def _members(value, where, required, optional=()):
    require(isinstance(value, dict), f"{where} is no object")
    require(set(required) <= set(value), f"{where} lacks {set(required) - set(value)}")
    require(set(value) <= set(required) | set(optional), f"{where} has unknown members {set(value) - set(required) - set(optional)}")


def _text(value, where, pattern=".+"):
    require(isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL), f"{where} is {value!r}")


def _count(value, where):
    require(isinstance(value, int) and not isinstance(value, bool) and value >= 0, f"{where} is {value!r}")


def _texts(value, where):
    require(isinstance(value, list), f"{where} is no list")
    for one in value:
        _text(one, where)


def _address(value, where):
    _text(value, where)
    try:
        ipaddress.ip_address(value)
    except ValueError as error:
        raise Invalid(f"{where}: {error}") from error


def date_time(value, where):
    """RFC 3339 section 5.6."""
    _text(value, where, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
    return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(timezone.utc)


def _policy(value, where):
    _members(value, where, ("policy-type", "policy-domain"), ("policy-string", "mx-host"))
    kind = value["policy-type"]
    require(kind in ("tlsa", "sts", "no-policy-found"), f"{where} has the type {kind!r}")
    _text(value["policy-domain"], f"{where}/policy-domain", DOMAIN)
    _texts(value.get("policy-string", []), f"{where}/policy-string")
    _texts(value.get("mx-host", []), f"{where}/mx-host")
    for record in value.get("policy-string", []) if kind == "tlsa" else ():
        _text(record, f"{where}/policy-string", r"\d+ \d+ \d+ [0-9a-fA-F]+")


def _details(value, where):
    _members(value, where, ("result-type", "failed-session-count"),
             ("sending-mta-ip", "receiving-mx-hostname", "receiving-mx-helo", "receiving-ip", "additional-information", "failure-reason-code"))
    require(value["result-type"] in RESULT_TYPES, f"{where} has the result type {value['result-type']!r}")
    _count(value["failed-session-count"], f"{where}/failed-session-count")
    for name in ("sending-mta-ip", "receiving-ip"):
        if name in value:
            _address(value[name], f"{where}/{name}")
    if "receiving-mx-hostname" in value:
        _text(value["receiving-mx-hostname"], f"{where}/receiving-mx-hostname", DOMAIN)
    for name in ("receiving-mx-helo", "additional-information", "failure-reason-code"):
        if name in value:
            _text(value[name], f"{where}/{name}")


def read_json(octets):
    """The report (section 4.4), checked."""
    report = json.loads(octets.decode("utf-8"), object_pairs_hook=_no_duplicates)
    _members(report, "the report", ("organization-name", "date-range", "contact-info", "report-id", "policies"))
    for name in ("organization-name", "contact-info", "report-id"):
        _text(report[name], name)
    _members(report["date-range"], "date-range", ("start-datetime", "end-datetime"))
    start = date_time(report["date-range"]["start-datetime"], "start-datetime")
    end = date_time(report["date-range"]["end-datetime"], "end-datetime")
    require(timedelta(0) < end - start <= timedelta(days=1), f"the period is {start} to {end}")
    require(isinstance(report["policies"], list) and report["policies"], "there are no policies")
    for number, entry in enumerate(report["policies"]):
        where = f"policies/{number}"
        _members(entry, where, ("policy", "summary"), ("failure-details",))
        _policy(entry["policy"], f"{where}/policy")
        _members(entry["summary"], f"{where}/summary", ("total-successful-session-count", "total-failure-session-count"))
        for name, count in entry["summary"].items():
            _count(count, f"{where}/{name}")
        require(isinstance(entry.get("failure-details", []), list), f"{where}/failure-details is no list")
        for index, detail in enumerate(entry.get("failure-details", [])):
            _details(detail, f"{where}/failure-details/{index}")
    return report


def read_gzip(octets):
    return read_json(gzip.decompress(octets))


class Mail:
    """A report that came by mail, checked against section 5.3. `octets`: as they were delivered."""

    def __init__(self, octets):
        self.octets = octets
        self.message = message = email.message_from_bytes(octets, policy=email.policy.default)
        self.domain, self.submitter = self._one("TLS-Report-Domain"), self._one("TLS-Report-Submitter")
        require(self._one("TLS-Required") == "No", "TLS-Required is not No")  # RFC 8689 section 5
        require(self._one("MIME-Version") == "1.0", "MIME-Version")
        for name in ("From", "To", "Date", "Message-ID"):
            self._one(name)
        subject = re.fullmatch(rf"Report\s+Domain:\s+({DOMAIN})\s+Submitter:\s+({DOMAIN})\s+Report-ID:\s+<([^@<>\s]+@[^@<>\s]+)>", self._one("Subject"))
        require(subject, f"the subject is {message['Subject']!r}")
        require((subject[1], subject[2]) == (self.domain, self.submitter), f"the subject names {subject[1]} and {subject[2]}")
        self.report_id = subject[3]
        self.to = [one.addr_spec for one in message["To"].addresses]
        require(message.get_content_type() == "multipart/report" and message.get_param("report-type") == "tlsrpt", message["Content-Type"])
        parts = message.get_payload()
        require([part.get_content_type() for part in parts] == ["text/plain", "application/tlsrpt+gzip"], "the parts")
        require(parts[1]["Content-Transfer-Encoding"] == "base64", "the encoding")
        require(parts[1].get_content_disposition() == "attachment", "the disposition")
        self.filename = parts[1].get_filename()
        self.json = read_gzip(base64.b64decode(parts[1].get_payload(), validate=False))
        self._compare()

    def _one(self, name):
        found = self.message.get_all(name, [])
        require(len(found) == 1, f"{name} is there {len(found)} times")
        return str(found[0])

    def _compare(self):
        """What the mail says beside its report is what the report says. The file's name: section 5.1."""
        require(self.report_id == self.json["report-id"], "the ids differ")
        start, end = (int(date_time(self.json["date-range"][f"{which}-datetime"], which).timestamp()) for which in ("start", "end"))
        require(self.filename == f"{self.submitter}!{self.domain}!{start}!{end}.json.gz", f"the file is {self.filename}")
