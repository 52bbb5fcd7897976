# SPDX-License-Identifier: Apache-2.0
"""DNSSEC: for each name of the lab Outpost's verdict is that of Unbound and of delv, whether it validates
for itself through a resolver that does not, or believes one that does."""
import json
import re
import unittest

from lab.faulty_dns import FaultyDns, denied, refused, servfail, without_proof, without_signatures
from lab.processes import SCRATCH, run
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
    Zone("lame.test", HOSTS, ns=(LAME,)), Zone("dead.test", HOSTS, ns=(NOBODY,)),
    Zone("halflame.test", HOSTS, ns=(LAME, "127.0.5.3")),
    Zone("halfdead.test", HOSTS, ns=(NOBODY, "127.0.5.3")),
    Zone("spoilt.test", HOSTS + "sub.nosig A 127.0.9.5\nnosig A 127.0.9.5\nliar A 127.0.9.6\n", ns=(SPOILER,)),
    Zone("spoilt3.test", HOSTS, ns=(SPOILER,), denial="nsec3"),
]

# name, type, what a validator says
SECURE, INSECURE, BOGUS, FAILED = "secure", "insecure", "bogus", "failed"
NAMES = [("test", "SOA", SECURE), ("nowhere.test", "A", SECURE), ("nowhere", "A", SECURE)]


def all_of(zone, verdict, wild=None):
    """The names that each zone has: what is there, what is a wildcard's, and what is not there."""
    NAMES.extend((f"{name}{zone}", kind, verdict) for name, kind in [
        ("", "MX"), ("mx.", "A"), ("mx.", "AAAA"), ("_25._tcp.mx.", "TLSA"), ("mx.", "TXT"), ("nowhere.", "A"),
        ("a.b.nowhere.", "TLSA"), ("between.", "A"), ("_tcp.mx.", "A"), ("alias.", "A"), ("alias.", "CNAME")])
    NAMES.extend((f"{name}{zone}", kind, wild or verdict) for name, kind in [
        ("any.wild.", "A"), ("a.b.wild.", "TXT"), ("any.wild.", "MX"), ("wild.", "A")])
    NAMES.append((f"away.{zone}", "A", BOGUS if verdict == BOGUS else INSECURE))


for zone in ("nsec", "nsec3", "salted", "rsa", "p384", "ed25519", "twods", "halflame", "halfdead", "deep", "secure.deep"):
    all_of(f"{zone}.test", SECURE)
for zone in ("unknown", "digest", "nods", "unsigned", "insecure.deep", "below.insecure.deep", "unsigned.optout"):
    all_of(f"{zone}.test", INSECURE)
for zone in ("expired", "future", "wrongkey", "stripped", "nokey"):
    all_of(f"{zone}.test", BOGUS)
NAMES += [(f"{name}.nsec.test", kind, verdict) for name, kind, verdict in [
    ("badsig", "A", BOGUS), ("badmx", "MX", BOGUS), ("badalias", "A", BOGUS), ("tobad", "A", BOGUS), ("badsig", "TXT", SECURE),
    ("tonowhere", "A", SECURE), ("towild", "A", SECURE), ("abroad", "A", SECURE), ("abroad", "TXT", SECURE),
    ("toexpired", "A", BOGUS), ("chain1", "A", SECURE), ("wildabroad", "A", SECURE), ("wildinsecure", "A", INSECURE),
    ("big", "TXT", SECURE), ("mx.old", "A", SECURE), ("nowhere.old", "A", SECURE)]]
NAMES += [(f"{name}optout.test", kind, verdict) for name, kind, verdict in [
    ("", "MX", SECURE), ("mx.", "A", SECURE), ("mx.", "TXT", SECURE), ("signed.", "MX", SECURE), ("mx.signed.", "A", SECURE),
    ("nowhere.signed.", "A", SECURE), ("nowhere.", "A", INSECURE), ("any.wild.", "A", INSECURE)]]
NAMES += [("mx.toomany.test", "A", SECURE), ("nowhere.toomany.test", "A", INSECURE), ("mx.toomany.test", "TXT", INSECURE)]
NAMES += [("mx.lame.test", "A", FAILED), ("mx.dead.test", "A", FAILED)]
NAMES += [("mx.spoilt.test", "A", SECURE), ("_25._tcp.mx.spoilt.test", "TLSA", FAILED), ("nosig.spoilt.test", "A", BOGUS),
          ("liar.spoilt.test", "A", BOGUS), ("gone.spoilt.test", "TXT", BOGUS),
          ("gone.spoilt3.test", "TXT", BOGUS), ("mx.spoilt3.test", "TXT", BOGUS), ("mx.spoilt3.test", "A", SECURE)]


def dig(address, name, kind, *options):
    text = run(["dig", "+time=15", "+tries=1", "+dnssec", *options, f"@{address}", name + ".", kind], check=False, timeout=120).stdout
    status = re.search(r"status: (\w+)", text)
    flags = re.search(r";; flags:([^;]*);", text)
    return (status.group(1) if status else "NONE"), (flags.group(1).split() if flags else [])


def unbound_says(name, kind):
    status, flags = dig(VALIDATING, name, kind)
    if status in ("NOERROR", "NXDOMAIN"):
        return SECURE if "ad" in flags else INSECURE
    return BOGUS if dig(VALIDATING, name, kind, "+cdflag")[0] in ("NOERROR", "NXDOMAIN") else FAILED


def delv_says(anchor, name, kind):
    text = run(["delv", f"@{BELIEVING}", "-a", anchor, "+root=.", "+nosplit", name + ".", kind], check=False, timeout=120)
    text = text.stdout + text.stderr
    if "fully validated" in text and "resolution failed: ncache" in text:
        return SECURE
    if reason := re.search("resolution failed: (.*)", text):
        if reason.group(1).startswith("ncache"):
            return INSECURE
        return FAILED if reason.group(1) in ("failure", "timed out") else BOGUS
    return INSECURE if "unsigned answer" in text else SECURE


if __name__ == "__main__":
    unittest.main(verbosity=2)
