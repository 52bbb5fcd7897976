# SPDX-License-Identifier: Apache-2.0
"""Domains whose mail meets each result type of RFC 8460 section 4.3, and some where all goes well."""
from lab.certificates import self_signed, tlsa
from lab.faulty_dns import FaultyDns, servfail
from lab.policy_host import PolicyHosts, Site, policy
from lab.secure_mail import SecureMail
from lab.signed_zones import break_signature

WRONG = "3 1 1 " + "ab" * 32
UNUSABLE = "1 1 1 " + "ab" * 32
SPOILER = "127.0.5.9"

# Where mail goes, and what of it is a failure: (policy type, result type, reason).
DANE_FAILURES = {
    "mismatch.signed.test": ("tlsa", "validation-failure", "dane-no-match"),
    "stripped.signed.test": ("tlsa", "starttls-not-supported", "smtp-starttls-reply-code-502"),  # asked for it all the same
    "refused.signed.test": ("tlsa", "starttls-not-supported", "smtp-starttls-reply-code-454"),
    "closed.signed.test": ("tlsa", "validation-failure", "connection-closed-during-handshake"),
    "reset.signed.test": ("tlsa", "validation-failure", "connection-closed-during-handshake"),
    "unusable.signed.test": ("tlsa", "tlsa-invalid", "all-unusable-records+ignored"),
    "servfail.spoilt.test": ("tlsa", "tlsa-invalid", ""),
    "must.signed.test": ("tlsa", "dane-required", ""),
    "records.bogus.test": ("tlsa", "dnssec-invalid", "dns-extended-error-6-dnssec-bogus"),
}
STS_FAILURES = {
    "name.signed.test": ("sts", "certificate-host-mismatch", ""),
    "expired.signed.test": ("sts", "certificate-expired", ""),
    "unknown.signed.test": ("sts", "certificate-not-trusted", ""),
    "unnamed.signed.test": ("sts", "validation-failure", "mtasts-policy-mx-mismatch"),
    "clear.signed.test": ("sts", "starttls-not-supported", "smtp-starttls-reply-code-502"),
    "missing.signed.test": ("sts", "sts-policy-fetch-error", "no-policy-served"),
    "failing.signed.test": ("sts", "sts-policy-fetch-error", "cannot-fetch-policy"),
    "strange.signed.test": ("sts", "sts-webpki-invalid", "certificate-not-trusted+self-signed"),
    "nonsense.signed.test": ("sts", "sts-policy-invalid", "policy-syntax-error"),
}
OPPORTUNISTIC_FAILURES = {
    "bare.signed.test": ("no-policy-found", "starttls-not-supported", ""),
    "broken.signed.test": ("no-policy-found", "validation-failure", "connection-closed-during-handshake"),
}
FAILURES = {**DANE_FAILURES, **STS_FAILURES, **OPPORTUNISTIC_FAILURES}
DELIVERED = (*OPPORTUNISTIC_FAILURES, "unusable.signed.test", "missing.signed.test", "failing.signed.test", "strange.signed.test", "nonsense.signed.test")
SUCCESSES = ("good", "both", "plain")


class EveryResult:
    """`mail` is the SecureMail of these domains; more may be added to it before `start`."""

    def __init__(self):
        self.mail = SecureMail()
        self._sites = []
        self._hosts_with_records()
        self._domains_with_policies()

    def start(self, config="", nodes=1):
        PolicyHosts(self._sites)
        self.mail.start("""
mta_sts:
  allow_networks: [127.0.0.0/8]
routes:
  - {name: strict, to: must.signed.test, transport: direct, dane: require}
""" + config, nodes)
        return self

    def send(self):
        """A message to each domain, to the end of its first attempt."""
        for domain in FAILURES:
            (self.mail.delivered if domain in DELIVERED else self.mail.deferred)(domain)
        for domain in SUCCESSES:
            self.mail.delivered(domain)

    def _hosts_with_records(self):
        mail = self.mail
        good = self_signed("mx.good.signed.test")
        mail.host("good", good, [tlsa(good[0])], requiretls="under TLS")
        mail.host("plain", self_signed("mx.plain.signed.test"))
        mail.host("bare", offers=False)
        mail.host("broken", handshake="closed")
        mail.host("mismatch", tlsa=[WRONG])
        mail.host("stripped", tlsa=[WRONG], offers=False, reply=None)
        mail.host("refused", tlsa=[WRONG], reply="454 4.7.0 not now")
        mail.host("closed", tlsa=[WRONG], handshake="closed")
        mail.host("reset", tlsa=[WRONG], handshake="reset")
        mail.host("unusable", tlsa=[UNUSABLE])
        mail.host("must")
        mail.zone("spoilt.test", ns=(SPOILER,))
        mail.host("servfail", zone="spoilt.test", tlsa=[WRONG])
        FaultyDns(SPOILER, {("TLSA", "mx.servfail.spoilt.test"): servfail})
        mail.zone("bogus.test", spoil=(break_signature("_25._tcp.mx.records.bogus.test", "TLSA"),))
        mail.host("records", zone="bogus.test", tlsa=[WRONG])

    def _domains_with_policies(self):
        issue = self.mail.ca.issue
        both = issue("mx.both.signed.test")
        self._domain("both", pair=both, tlsa=[tlsa(both[0])])
        self._domain("name", pair=issue("mx.other.test"))
        self._domain("expired", pair=issue("mx.expired.signed.test", expired=True))
        self._domain("unknown", pair=self_signed("mx.unknown.signed.test"))
        self._domain("unnamed", mx="mx.other.test")
        self._domain("clear", offers=False, reply=None)
        self._domain("missing", answer=404)
        self._domain("failing", answer=500)
        self._domain("strange", policy_pair=self_signed("mta-sts.strange.signed.test"))
        self._domain("nonsense", text="<html></html>\n")

    def _domain(self, name, mx=None, answer=200, policy_pair=None, text=None, **host):
        domain = f"{name}.signed.test"
        self.mail.host(name, **host)
        address = self.mail.address()
        self.mail.records(f'_mta-sts.{name} TXT "v=STSv1; id=1"\nmta-sts.{name} A {address}')
        self._sites.append(Site(domain, address, policy_pair or self.mail.ca.issue(f"mta-sts.{domain}"),
                                text or policy("enforce", mx or f"mx.{domain}"), answer))
