# SPDX-License-Identifier: Apache-2.0
"""outpost dns check: a domain for which everything is published as `dns records` says is well, and of one that is
broken in one way just that is told. Signed zones, a validating resolver, policy hosts, and mail servers; and what a
running node says when its certificate has no TLSA record."""
import json
import os
import unittest

from lab.certificates import Authority, self_signed
from lab.faulty_dns import FaultyDns, servfail
from lab.outpost import PROGRAM, Outpost
from lab.policy_host import PolicyHosts, Site, policy
from lab.postgres import Postgres
from lab.processes import SCRATCH, run, wait_until
from lab.resolvers import BELIEVING, VALIDATING, Unbound
from lab.signed_zones import Tree, Zone, break_signature
from lab.tls_receiver import TlsReceiver

# Addresses of the public internet, for only such ones are taken for what receivers see. They never leave the sandbox.
HOSTS, PROXIES = "45.10.20", "45.10.21"
FAULTY = "127.0.5.9"  # a name server that fails for some questions
OTHER_KEY = "3 1 1 " + "ab" * 32
TWO_WEEKS = 14 * 86400


def quoted(text):
    return " ".join(f'"{text[n:n + 255]}"' for n in range(0, len(text), 255))


class Domain:
    """NAME.ZONE with its host mx.NAME.ZONE, and the records that `dns records` tells for it, to be changed: a list of
    values for each (name, type), names below NAME.ZONE without it, "@" itself."""
    ca, keys = None, {}
    all = {}

    def __init__(self, name, zone="ours.test", listener="receive: true", bounces=True):
        self.number = len(Domain.all) + 1
        Domain.all[name] = self
        self.name, self.zone = f"{name}.{zone}", zone
        self.address, self.proxy = f"{HOSTS}.{self.number}", f"{PROXIES}.{self.number}"
        self.pair = self.policy_pair = self.ca.issue(f"mx.{self.name}", f"mta-sts.{self.name}")
        self.policy, self.answer = policy("enforce", f"mx.{self.name}", max_age=TWO_WEEKS), 200
        self.receiver = {}
        self.config = SCRATCH / f"{name}.yaml"
        self.sections = f"""
hostname: mx.{self.name}
outgoing_addresses: [{self.address}]
host_keys: ["@KEY@"]
tls_reports: {{host_address: host-tls@{self.name}}}
{f"bounces: {{domain: bounces.{self.name}, secret: {'0123456789abcdef' * 2}}}" if bounces else ""}
listeners:
  in: {{address: {self.address}, port: 25, tls: starttls, certificate: "@CERTIFICATE@", key: "@KEY@", {listener}}}
  relay: {{address: 127.0.0.1, port: @PORT@, submission: false, tls: none, auth: none, allowed_networks: [127.0.0.0/8]}}
transports:
  away: {{type: socks, proxy_host: 127.0.0.1, remote_ips: [{self.proxy}], ehlo_name: out.{self.name}}}
dns: {{servers: [{VALIDATING}], security: trust-ad, timeout: 4s, rounds: 2}}
tls: {{ca_files: ["{self.ca.certificate}"]}}
domains:
  {self.name}:
    mx: [mx.{self.name}]
    spf: {{fail_others: true}}
    dkim: {{keys: {{r1: {{file: "{self.keys['r1']}"}}, e1: {{file: "{self.keys['e1']}"}}}}}}
    dmarc: {{policy: reject, reports: dmarc@reports.test}}
    mta_sts: {{mode: enforce, max_age: {TWO_WEEKS}s}}
    tls_reports: tls@{self.name}
"""
        self.write()
        told = json.loads(run([PROGRAM, "dns", "records", self.name, "--json", "--config", self.config]).stdout)
        self.records = {}
        for record in told["records"]:
            self.records.setdefault((self._label(record["name"]), record["type"]), []).append(record["value"])

    def _label(self, name):
        return "@" if name == self.name else name.removesuffix("." + self.name)

    def _full(self, label):
        below = not label.endswith((".arpa", ".reports.test"))
        return self.name if label == "@" else f"{label}.{self.name}" if below else label

    def text(self, **changes):
        """The configuration. `changes`: what stands in it instead."""
        text = self.sections.replace("@CERTIFICATE@", str(self.pair[0])).replace("@KEY@", str(self.pair[1]))
        for old, new in changes.items():
            text = text.replace(old, new)
        return text

    def write(self, **changes):
        self.config.write_text(self.text(**changes).replace("@PORT@", "2525"))

    def set(self, label, kind, *values):
        """Only these records from now on; none: no such record."""
        assert values or (label, kind) in self.records, f"there is no {label} {kind} to take away"
        self.records[label, kind] = list(values)

    def lines(self):
        """By zone."""
        zones = {}
        for (label, kind), values in self.records.items():
            name = self._full(label)
            zone = next(zone for zone in (self.zone, "reports.test", f"{'.'.join(reversed(HOSTS.split('.')))}.in-addr.arpa",
                                          f"{'.'.join(reversed(PROXIES.split('.')))}.in-addr.arpa") if name.endswith(zone))
            for value in values:
                zones.setdefault(zone, []).append(f"{name}. {kind} {quoted(value) if kind == 'TXT' else value}")
        return zones

    def check(self, *options):
        """(exit code, all that is not ok: (result, topic, name))."""
        done = run([PROGRAM, "dns", "check", self.name, "--json", "--config", self.config, *options], check=False, timeout=120)
        assert done.stdout, (done.returncode, done.stderr)
        self.told = json.loads(done.stdout)
        assert self.told["ok"] == (done.returncode == 0)
        self.bad = [one for one in self.told["findings"] if one["result"] != "ok"]
        return done.returncode, sorted({(one["result"], one["topic"], self._label(one["name"])) for one in self.bad})


BROKEN = {}  # name -> (expected findings, exit code)


def broken(name, *findings, code=1, **options):
    """A domain to be broken in one way, and what is to be told of it."""
    BROKEN[name] = (sorted(findings), code)
    return Domain(name, **options)


def break_mail_exchangers():
    broken("nomx", ("missing", "MX", "@"), ("warning", "MTA-STS", "mta-sts")).set("@", "MX")
    broken("nullmx", ("wrong", "MX", "@"), ("warning", "MTA-STS", "mta-sts")).set("@", "MX", "0 .")
    domain = broken("othermx", ("wrong", "MX", "@"), ("wrong", "MTA-STS", "mta-sts"))
    domain.set("@", "MX", f"10 mx.{domain.name}.", "20 old.elsewhere.test.")
    domain = broken("aliasmx", ("wrong", "MX", "mx"), ("warning", "EHLO", "mx"))
    domain.set("real", "TXT", *domain.records["mx", "TXT"])
    domain.set("mx", "TXT")
    domain.set("mx", "A")
    domain.set("real", "A", domain.address)
    domain.set("mx", "CNAME", f"real.{domain.name}.")
    domain = broken("foreignmx", ("wrong", "MX", "mx"), ("unknown", "STARTTLS", "mx.foreignmx.ours.test (45.10.99.99)"))
    domain.set("mx", "A", domain.address, "45.10.99.99")


def break_spf():
    broken("nospf", ("missing", "SPF", "@")).set("@", "TXT")
    domain = broken("twospf", ("wrong", "SPF", "@"))
    domain.set("@", "TXT", *domain.records["@", "TXT"], "v=spf1 -all")
    domain = broken("noproxy", ("wrong", "SPF", "@"))
    domain.set("@", "TXT", f"v=spf1 ip4:{domain.address} -all")
    broken("allspf", ("warning", "SPF", "@"), code=0).set("@", "TXT", "v=spf1 +all")
    domain = broken("longspf", ("wrong", "SPF", "@"))
    many = " ".join(f"a:h{n}.{domain.name}" for n in range(11))
    domain.set("@", "TXT", f"v=spf1 ip4:{domain.address} ip4:{domain.proxy} {many} -all")
    for n in range(11):
        domain.set(f"h{n}", "A", "192.0.2.1")
    broken("noehlospf", ("missing", "SPF", "out")).set("out", "TXT")
    broken("nobouncespf", ("missing", "SPF", "bounces")).set("bounces", "TXT")
    domain = broken("otherspf", code=0)  # another text that says the same
    domain.set("@", "TXT", f"v=spf1 include:_spf.{domain.name} -all")
    domain.set("_spf", "TXT", f"v=spf1 ip4:{HOSTS}.0/24 ip4:{PROXIES}.0/24 ?all")


def break_keys():
    broken("nodkim", ("missing", "DKIM", "r1._domainkey")).set("r1._domainkey", "TXT")
    domain = broken("otherdkim", ("wrong", "DKIM", "e1._domainkey"))
    domain.set("e1._domainkey", "TXT", "v=DKIM1; k=ed25519; p=" + "A" * 43 + "=")
    broken("revoked", ("wrong", "DKIM", "e1._domainkey")).set("e1._domainkey", "TXT", "v=DKIM1; k=ed25519; p=")
    domain = broken("testing", ("warning", "DKIM", "e1._domainkey"), code=0)
    domain.set("e1._domainkey", "TXT", domain.records["e1._domainkey", "TXT"][0].replace("k=", "t=y; k=", 1))
    domain = broken("notmail", ("wrong", "DKIM", "r1._domainkey"))
    domain.set("r1._domainkey", "TXT", domain.records["r1._domainkey", "TXT"][0].replace("k=", "s=tlsrpt; k=", 1))


def break_policies():
    broken("nodmarc", ("missing", "DMARC", "_dmarc")).set("_dmarc", "TXT")
    broken("weakdmarc", ("wrong", "DMARC", "_dmarc")).set("_dmarc", "TXT", "v=DMARC1; p=none; rua=mailto:dmarc@reports.test")
    broken("norua", ("wrong", "DMARC", "_dmarc")).set("_dmarc", "TXT", "v=DMARC1; p=reject; rua=mailto:other@reports.test")
    domain = broken("noconsent", ("missing", "DMARC", "noconsent.ours.test._report._dmarc.reports.test"))
    domain.set(f"{domain.name}._report._dmarc.reports.test", "TXT")
    broken("nosts", ("missing", "MTA-STS", "_mta-sts")).set("_mta-sts", "TXT")
    broken("oldsts", ("warning", "MTA-STS", "_mta-sts"), code=0).set("_mta-sts", "TXT", "v=STSv1; id=2020")
    broken("nopolicyhost", ("missing", "MTA-STS", "mta-sts")).set("mta-sts", "CNAME")
    broken("nopolicy", ("missing", "MTA-STS", "mta-sts")).answer = 404
    broken("movedpolicy", ("wrong", "MTA-STS", "mta-sts")).answer = "https://www.example.test/"
    domain = broken("weakpolicy", ("warning", "MTA-STS", "mta-sts"), ("wrong", "MTA-STS", "mta-sts"))
    domain.policy = policy("testing", f"mx.{domain.name}", max_age=TWO_WEEKS)
    domain = broken("otherpolicy", ("warning", "MTA-STS", "mta-sts"), ("wrong", "MTA-STS", "mta-sts"))
    domain.policy = policy("enforce", "mx.elsewhere.test", max_age=TWO_WEEKS)
    domain = broken("stalepolicy", ("wrong", "MTA-STS", "mta-sts"))
    domain.policy_pair = Domain.ca.issue(f"mta-sts.{domain.name}", expired=True)
    broken("notlsrpt", ("missing", "TLSRPT", "_smtp._tls")).set("_smtp._tls", "TXT")
    broken("othertlsrpt", ("wrong", "TLSRPT", "_smtp._tls")).set("_smtp._tls", "TXT", "v=TLSRPTv1; rua=mailto:x@other.test")
    broken("nohosttlsrpt", ("missing", "TLSRPT", "_smtp._tls.mx")).set("_smtp._tls.mx", "TXT")


def at_host(domain):
    return f"mx.{domain}.ours.test ({Domain.all[domain].address})"


def break_servers():
    broken("notlsa", ("missing", "DANE", "_25._tcp.mx")).set("_25._tcp.mx", "TLSA")
    domain = Domain("othertlsa")
    domain.set("_25._tcp.mx", "TLSA", OTHER_KEY)
    BROKEN["othertlsa"] = ([("missing", "DANE", "_25._tcp.mx"), ("warning", "DANE", "_25._tcp.mx"),
                            ("wrong", "STARTTLS", at_host("othertlsa"))], 1)
    domain = Domain("othercertificate")
    domain.receiver["pair"] = Domain.ca.issue(f"mx.{domain.name}")
    BROKEN["othercertificate"] = ([("warning", "STARTTLS", at_host("othercertificate")), ("wrong", "STARTTLS", at_host("othercertificate"))], 1)
    domain = Domain("untrusted")
    domain.pair = domain.receiver["pair"] = self_signed(f"mx.{domain.name}")
    domain.write()
    record = next(one for one in json.loads(run([PROGRAM, "dns", "records", domain.name, "--json", "--config", domain.config]).stdout)["records"]
                  if one["type"] == "TLSA")
    domain.set("_25._tcp.mx", "TLSA", record["value"])
    BROKEN["untrusted"] = ([("wrong", "STARTTLS", at_host("untrusted"))], 1)
    Domain("nostarttls").receiver.update(offers=False, reply=None)
    BROKEN["nostarttls"] = ([("wrong", "STARTTLS", at_host("nostarttls"))], 1)
    Domain("closed").receiver.update(handshake="closed")
    BROKEN["closed"] = ([("wrong", "STARTTLS", at_host("closed"))], 1)
    Domain("nobody").receiver = None
    BROKEN["nobody"] = ([("wrong", "STARTTLS", at_host("nobody"))], 1)
    broken("unsigned", ("warning", "DANE", "@"), ("warning", "DANE", "_25._tcp.mx"), code=0, zone="plain.test")


def break_names():
    domain = Domain("noptr")
    domain.set(reverse(domain.address), "PTR")
    BROKEN["noptr"] = ([("missing", "PTR", domain.address)], 1)
    domain = Domain("otherptr")
    domain.set(reverse(domain.address), "PTR", "mx.elsewhere.test.")
    BROKEN["otherptr"] = ([("wrong", "PTR", domain.address)], 1)
    domain = Domain("twonames")
    domain.set(reverse(domain.address), "PTR", f"host.{domain.name}.")
    domain.set("host", "A", domain.address)
    BROKEN["twonames"] = ([("warning", "PTR", domain.address)], 0)
    domain = Domain("noehlo")
    domain.set("out", "A")
    BROKEN["noehlo"] = (sorted([("missing", "EHLO", "out"), ("wrong", "PTR", domain.proxy)]), 1)
    broken("bogus", ("wrong", "DMARC", "_dmarc"))
    broken("failing", ("unknown", "DMARC", "_dmarc"), code=75, zone="fail.test")


def reverse(address):
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


class DnsCheck(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Domain.ca = Authority()
        for selector, algorithm in (("r1", "rsa"), ("e1", "ed25519")):
            Domain.keys[selector] = SCRATCH / f"{selector}.pem"
            run([PROGRAM, "dkim", "generate", selector, "ours.test", "--algorithm", algorithm, "--key-file", Domain.keys[selector]])
        cls.good = Domain("good", bounces=False, listener="submission: false, auth: none, allowed_networks: [127.0.0.0/8]")
        cls.live = SCRATCH / "live.pem", SCRATCH / "live.key"
        cls.lead_to(*cls.good.pair)
        cls.good.pair = cls.live
        for part in (break_mail_exchangers, break_spf, break_keys, break_policies, break_servers, break_names):
            part()
        cls.publish()
        cls.serve()

    @classmethod
    def publish(cls):
        zones = {"ours.test": Zone("ours.test", spoil=(break_signature("_dmarc.bogus.ours.test", "TXT"),)),
                 "plain.test": Zone("plain.test", signed=False), "fail.test": Zone("fail.test", ns=(FAULTY,)),
                 "reports.test": Zone("reports.test")}
        for network in (HOSTS, PROXIES):
            name = ".".join(reversed(network.split("."))) + ".in-addr.arpa"
            zones[name] = Zone(name)
        for domain in Domain.all.values():
            for zone, lines in domain.lines().items():
                zones[zone].records += "\n".join(lines) + "\n"
        cls.tree = Tree([Zone("", two_keys=True), Zone("test"), Zone("arpa"), *zones.values()])
        cls.faulty = FaultyDns(FAULTY, {("TXT", "_dmarc.failing.fail.test"): servfail})
        Unbound(VALIDATING, cls.tree.anchor)
        Unbound(BELIEVING)

    @classmethod
    def serve(cls):
        for domain in Domain.all.values():
            run(["ip", "address", "add", f"{domain.address}/32", "dev", "lo"])
            if domain.receiver is not None and domain is not cls.good:
                TlsReceiver(domain.address, **{"pair": domain.pair, **domain.receiver})
        PolicyHosts([Site(d.name, d.address, d.policy_pair, d.policy, d.answer) for d in Domain.all.values()])
        cls.outpost = Outpost(Postgres(), cls.good.text()).start()
        cls.good.config = cls.outpost.config

    @classmethod
    def lead_to(cls, certificate, key):
        for link, file in zip(cls.live, (certificate, key)):
            new = link.with_suffix(link.suffix + ".new")
            new.symlink_to(file)
            os.replace(new, link)

    def warnings(self):
        return [line for line in self.outpost.process.output().splitlines() if " W tls: " in line]

    def test_all_is_well_and_a_renewed_certificate_without_tlsa_record_is_warned_about(self):
        self.assertEqual(self.good.check(), (0, []))
        self.assertEqual({one["security"] for one in self.good.told["findings"]}, {"secure", None})
        self.assertEqual({one["topic"] for one in self.good.told["findings"]},
                         {"resolver", "MX", "SPF", "DKIM", "DMARC", "MTA-STS", "TLSRPT", "DANE", "STARTTLS", "EHLO", "PTR"})
        self.assertEqual(self.warnings(), [])
        self.lead_to(*Domain.ca.issue("mx.good.ours.test"))
        wait_until(self.warnings, "the certificate is warned about", 40)
        self.assertIn("no TLSA record matches it", self.warnings()[0])
        self.assertIn("_25._tcp.mx.good.ours.test. IN TLSA 3 1 1 ", self.warnings()[0])
        code, bad = self.good.check()
        self.assertEqual(code, 1)
        self.assertIn(("wrong", "STARTTLS", f"mx.good.ours.test ({self.good.address})"), bad)

    def test_what_is_broken_is_told_and_nothing_else(self):
        for name, (findings, code) in BROKEN.items():
            with self.subTest(name):
                self.assertEqual(Domain.all[name].check(), (code, findings), json.dumps(Domain.all[name].bad, indent=1))

    def test_a_bogus_answer_says_so(self):
        Domain.all["bogus"].check()
        one, = (one for one in Domain.all["bogus"].told["findings"] if one["result"] == "wrong")
        self.assertEqual(one["security"], "bogus")

    def test_without_connecting_only_the_dns_is_judged(self):
        for name in ("nobody", "nopolicy"):
            with self.subTest(name):
                self.assertEqual(Domain.all[name].check("--no-connect"), (0, []))

    def test_a_resolver_that_does_not_validate_is_wrong(self):
        domain = Domain.all["otherspf"]
        domain.write(**{f"servers: [{VALIDATING}]": f"servers: [{BELIEVING}]"})
        self.assertEqual(domain.check(), (1, [("warning", "DANE", "@"), ("warning", "DANE", "_25._tcp.mx"), ("wrong", "resolver", ".")]))
        domain.write()

    def test_people_are_told_what_to_do(self):
        done = run([PROGRAM, "dns", "check", "noproxy.ours.test", "--config", Domain.all["noproxy"].config], check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"  wrong    noproxy.ours.test (secure): mail from {Domain.all['noproxy'].proxy} does not pass: fail (-all)", done.stdout)
        self.assertIn(f"to do: add ip4:{Domain.all['noproxy'].proxy}", done.stdout)
        self.assertRegex(done.stdout, r"\n\d+ ok, 1 wrong\n$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
