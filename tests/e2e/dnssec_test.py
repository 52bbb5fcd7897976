# SPDX-License-Identifier: Apache-2.0
"""DNSSEC: of each name of the lab Outpost says what Unbound and delv say, whether it believes a resolver
that validates, or validates for itself what one hands on that does not."""
import json
import re
import types
import unittest
from concurrent.futures import ThreadPoolExecutor

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from lab.dns import NameServer
from lab.faulty_dns import FaultyDns, denied, refused, servfail, without_proof, without_signatures
from lab.outpost import Outpost
from lab.processes import run
from lab.resolvers import BELIEVING, VALIDATING, Unbound
from lab.signed_zones import DAY, NOBODY, Tree, Zone, break_signature, drop, renumber_algorithm

SPOILER, LAME = "127.0.5.9", "127.0.5.10"

HOSTS = """
@ MX 10 mx
mx A 127.0.9.1
mx AAAA ::1
_25._tcp.mx TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
*.wild A 127.0.9.2
*.wild TXT "of a wildcard"
deep.between A 127.0.9.3
alias CNAME mx
away CNAME mx.unsigned.test.
"""

ZONES = [
    Zone("", two_keys=True),
    Zone("test", two_keys=True, algorithm="RSASHA256"),
    Zone("nsec.test", HOSTS + """
badsig A 127.0.9.4
badmx MX 10 mx
badalias CNAME mx
tobad CNAME badsig
tonowhere CNAME nowhere
towild CNAME any.wild
abroad CNAME mx.nsec3.test.
toexpired CNAME mx.expired.test.
chain1 CNAME chain2
chain2 CNAME chain3
chain3 CNAME mx.nsec3.test.
loop1 CNAME loop2
loop2 CNAME loop1
wildabroad CNAME any.wild.nsec3.test.
wildinsecure CNAME any.wild.unsigned.test.
big TXT """ + " ".join(f'"{"x" * 200}"' for _ in range(30)) + """
old DNAME nsec3.test.
""", spoil=(break_signature("badsig.nsec.test", "A"), break_signature("badmx.nsec.test", "MX"),
            break_signature("badalias.nsec.test", "CNAME"))),
    Zone("nsec3.test", HOSTS, denial="nsec3"),
    Zone("salted.test", HOSTS, denial="nsec3", salt="aabbccdd", iterations=10),
    Zone("toomany.test", HOSTS, denial="nsec3", iterations=500),
    Zone("optout.test", HOSTS, denial="opt-out"),
    Zone("signed.optout.test", HOSTS),
    Zone("unsigned.optout.test", HOSTS, signed=False),
    Zone("rsa.test", HOSTS, algorithm="RSASHA256"),
    Zone("p384.test", HOSTS, algorithm="ECDSAP384SHA384", denial="nsec3"),
    Zone("ed25519.test", HOSTS, algorithm="ED25519", two_keys=True),
    Zone("unknown.test", HOSTS, spoil=(renumber_algorithm(253),)),
    Zone("digest.test", HOSTS, ds="unknown digest"),
    Zone("expired.test", HOSTS, valid=(-40 * DAY, -10 * DAY)),
    Zone("future.test", HOSTS, valid=(10 * DAY, 40 * DAY)),
    Zone("wrongkey.test", HOSTS, ds="wrong"),
    Zone("twods.test", HOSTS, ds="wrong and right"),
    Zone("nods.test", HOSTS, ds="none"),
    Zone("unsigned.test", HOSTS, signed=False),
    Zone("stripped.test", HOSTS, signed=False, ds="wrong"),
    Zone("nokey.test", HOSTS, spoil=(drop(lambda f: f[3] == "DNSKEY" or f[3:5] == ["RRSIG", "DNSKEY"]),), ds="wrong"),
    Zone("secure.deep.test", HOSTS), Zone("deep.test", HOSTS), Zone("insecure.deep.test", HOSTS, signed=False),
    Zone("below.insecure.deep.test", HOSTS),
    Zone("lame.test", HOSTS, ns=(LAME,)),
    Zone("halflame.test", HOSTS, ns=(LAME, "127.0.5.3")),
    Zone("halfdead.test", HOSTS, ns=(NOBODY, "127.0.5.3")),
    Zone("spoilt.test", HOSTS + "sub.nosig A 127.0.9.5\nnosig A 127.0.9.5\nliar A 127.0.9.6\n", ns=(SPOILER,)),
    Zone("spoilt3.test", HOSTS, ns=(SPOILER,), denial="nsec3"),
]

# name, type, what a validator says
SECURE, INSECURE, BOGUS, FAILED = "secure", "insecure", "bogus", "failed"
NAMES = [("test", "NS", SECURE), ("nowhere.test", "A", SECURE), ("nowhere", "A", SECURE)]


def some_of(zone, verdict):
    NAMES.extend((f"{name}{zone}", kind, verdict) for name, kind in [
        ("", "MX"), ("_25._tcp.mx.", "TLSA"), ("mx.", "TXT"), ("a.b.nowhere.", "TLSA"), ("any.wild.", "A")])


def all_of(zone, verdict):
    """The names that each zone has: what is there, what is a wildcard's, and what is not there."""
    some_of(zone, verdict)
    NAMES.extend((f"{name}{zone}", kind, verdict) for name, kind in [
        ("mx.", "A"), ("mx.", "AAAA"), ("nowhere.", "A"), ("between.", "A"), ("_tcp.mx.", "A"), ("alias.", "A"), ("alias.", "CNAME"),
        ("a.b.wild.", "TXT"), ("any.wild.", "MX"), ("wild.", "A")])
    NAMES.append((f"away.{zone}", "A", BOGUS if verdict == BOGUS else INSECURE))


for zone in ("nsec", "nsec3", "ed25519"):
    all_of(f"{zone}.test", SECURE)
for zone in ("salted", "rsa", "p384", "twods", "halflame", "halfdead", "deep", "secure.deep"):
    some_of(f"{zone}.test", SECURE)
for zone in ("unknown", "nods", "unsigned"):
    all_of(f"{zone}.test", INSECURE)
for zone in ("digest", "insecure.deep", "below.insecure.deep", "unsigned.optout"):
    some_of(f"{zone}.test", INSECURE)
for zone in ("expired", "wrongkey"):
    all_of(f"{zone}.test", BOGUS)
for zone in ("future", "stripped", "nokey"):
    some_of(f"{zone}.test", BOGUS)
NAMES += [(f"{name}.nsec.test", kind, verdict) for name, kind, verdict in [
    ("badsig", "A", BOGUS), ("badmx", "MX", BOGUS), ("badalias", "A", BOGUS), ("tobad", "A", BOGUS), ("badsig", "TXT", SECURE),
    ("tonowhere", "A", SECURE), ("towild", "A", SECURE), ("abroad", "A", SECURE), ("abroad", "TXT", SECURE),
    ("toexpired", "A", BOGUS), ("chain1", "A", SECURE), ("wildabroad", "A", SECURE), ("wildinsecure", "A", INSECURE),
    ("big", "TXT", SECURE), ("mx.old", "A", SECURE), ("nowhere.old", "A", SECURE)]]
NAMES += [(f"{name}optout.test", kind, verdict) for name, kind, verdict in [
    ("", "MX", SECURE), ("mx.", "A", SECURE), ("mx.", "TXT", SECURE), ("signed.", "MX", SECURE), ("mx.signed.", "A", SECURE),
    ("nowhere.signed.", "A", SECURE), ("nowhere.", "A", INSECURE), ("any.wild.", "A", INSECURE)]]
NAMES += [("mx.toomany.test", "A", SECURE), ("nowhere.toomany.test", "A", INSECURE), ("mx.toomany.test", "TXT", INSECURE)]
NAMES += [("mx.lame.test", "A", FAILED)]
NAMES += [("mx.spoilt.test", "A", SECURE), ("_25._tcp.mx.spoilt.test", "TLSA", FAILED), ("nosig.spoilt.test", "A", BOGUS),
          ("liar.spoilt.test", "A", BOGUS), ("gone.spoilt.test", "TXT", BOGUS),
          ("gone.spoilt3.test", "TXT", BOGUS), ("mx.spoilt3.test", "TXT", BOGUS), ("mx.spoilt3.test", "A", SECURE)]
EXPECTED = {(name, kind): verdict for name, kind, verdict in NAMES}
# Where validators could have opinions. But delv calls it secure that there may be something unsigned (RFC 5155 section 9.2).
DELICATE = [pair for pair in EXPECTED if re.search(r"(^|[.])(nsec|optout|toomany|digest|future|lame|spoilt3?)[.]test$", pair[0])
            and pair != ("nowhere.optout.test", "A")]


def said_of_all(look, pairs=tuple(EXPECTED)):
    """(name, type) -> what look(name, type) says."""
    with ThreadPoolExecutor(8) as pool:
        return dict(zip(pairs, pool.map(lambda pair: look(*pair), pairs)))


def different(wanted, found):
    return [f"{name} {kind}: {found[name, kind]}, not {verdict}" for (name, kind), verdict in wanted.items() if found[name, kind] != verdict]


def unbound_answers(name, kind, disabled=False):
    """`disabled`: with checking disabled (CD)."""
    question = dns.message.make_query(name + ".", kind, want_dnssec=True)
    if disabled:
        question.flags |= dns.flags.CD
    return dns.query.udp_with_fallback(question, VALIDATING, timeout=60)[0]


def unbound_says(name, kind):
    answer = unbound_answers(name, kind)
    if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return SECURE if answer.flags & dns.flags.AD else INSECURE
    return FAILED if unbound_answers(name, kind, disabled=True).rcode() == dns.rcode.SERVFAIL else BOGUS


def delv_says(anchor, name, kind):
    done = run(["delv", f"@{BELIEVING}", "-a", anchor, "+root=.", "+nosplit", name + ".", kind], check=False, timeout=120)
    text = done.stdout + done.stderr
    if reason := re.search("resolution failed: (.*)", text):
        if reason.group(1).startswith("ncache"):
            return SECURE if "fully validated" in text else INSECURE
        return FAILED if reason.group(1) in ("failure", "timed out") else BOGUS
    if "unsigned answer" in text:
        return INSECURE
    assert "fully validated" in text, text
    return SECURE


class Verdicts(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.tree = Tree(ZONES)
        NameServer("lame", [LAME], {})
        FaultyDns(SPOILER, {("TLSA", "spoilt.test"): servfail, ("*", "nosig.spoilt.test"): without_signatures,
                            ("*", "liar.spoilt.test"): denied, ("*", "gone.spoilt.test"): without_proof,
                            ("*", "gone.spoilt3.test"): without_proof, ("TXT", "mx.spoilt3.test"): without_proof})
        Unbound(VALIDATING, cls.tree.anchor)
        Unbound(BELIEVING)
        cls.unbound = said_of_all(unbound_says)

    def outpost_says(self, settings):
        """What `outpost dns lookup` says with these settings of `dns`."""
        name = re.sub(r"\W", "", settings)[-20:]
        outpost = Outpost(types.SimpleNamespace(conninfo="host=/nowhere"), f"dns:\n  timeout: 20s\n{settings}", name=name)

        def says(name, kind):
            done = outpost.command("dns", "lookup", name, kind, "--json", check=False)
            assert done.stdout, done.stderr
            found = json.loads(done.stdout)
            return found["security"] or FAILED
        return said_of_all(says)

    def test_unbound_sees_what_was_built_into_each_name(self):
        self.assertEqual(different(EXPECTED, self.unbound), [])

    def test_delv_agrees_where_opinions_could_differ(self):
        delv = said_of_all(lambda name, kind: delv_says(self.tree.delv_anchor, name, kind), DELICATE)
        self.assertEqual(different({pair: self.unbound[pair] for pair in DELICATE}, delv), [])

    def test_outpost_agrees_with_unbound_whose_word_it_takes(self):
        self.assertEqual(different(self.unbound, self.outpost_says("  servers: [127.0.0.1]\n  security: trust-ad\n")), [])

    def test_outpost_agrees_with_unbound_when_it_validates_what_another_hands_on(self):
        own = self.outpost_says(f"  servers: [{BELIEVING}]\n  security: validate\n  trust_anchors: {self.tree.anchor}\n")
        self.assertEqual(different(self.unbound, own), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
