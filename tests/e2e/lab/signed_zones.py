# SPDX-License-Identifier: Apache-2.0
"""A DNS of its own: a signed root and the zones below it, with what goes wrong in the wild built in.
Signed with BIND's tools, served by NSD: the root on 127.0.5.1, its children on .2, all others on .3."""
import base64
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdata

from lab.dns import NameServer
from lab.processes import SCRATCH, run

ROOT, TOP, LEAVES = "127.0.5.1", "127.0.5.2", "127.0.5.3"
NOBODY = "127.0.5.4"  # no name server listens there
DAY = 86400


@dataclass
class Zone:
    """`name` is absolute without its last dot ("" is the root). `records` is a master file relative to
    it, without SOA, NS and DNSSEC records."""
    name: str
    records: str = ""
    signed: bool = True
    algorithm: str = "ECDSAP256SHA256"
    denial: str = "nsec"          # or nsec3, opt-out
    iterations: int = 0           # of NSEC3
    salt: str = "-"
    valid: tuple = (-DAY, 30 * DAY)  # signatures from, until: seconds from now
    two_keys: bool = False        # a key-signing key and a zone-signing key
    ds: str = "right"             # in the parent: right, none, wrong, wrong and right, unknown digest
    ns: tuple = ()                # name servers' addresses in NS and glue, where not those that serve it
    lame: bool = False            # served by nobody
    ttl: int = 300
    spoil: tuple = ()             # functions (list of lines) -> list of lines, applied after signing
    keys: list = field(default_factory=list)

    @property
    def origin(self):
        return self.name + "."

    @property
    def address(self):
        return ROOT if not self.name else TOP if "." not in self.name else LEAVES


def break_signature(owner, covered):
    """Spoils one record set's signature: that name is bogus, the rest of the zone is well."""
    def spoil(lines):
        hit = [n for n, line in enumerate(lines) if line.split()[0] == owner + "." and line.split()[3:5] == ["RRSIG", covered]]
        assert hit, f"no signature of {owner} {covered}"
        for n in hit:
            fields = lines[n].split()
            octets = bytearray(base64.b64decode("".join(fields[12:])))
            octets[-1] ^= 1
            lines[n] = " ".join(fields[:12] + [base64.b64encode(octets).decode()])
        return lines
    return spoil


def drop(condition):
    """Leaves out the lines for which condition(fields) is true."""
    return lambda lines: [line for line in lines if not condition(line.split())]


def renumber_algorithm(number):
    """The whole zone claims to be signed with another algorithm: one that nobody implements."""
    def spoil(lines):
        def fixed(line):
            fields = line.split()
            if fields[3] == "DNSKEY":
                fields[6] = str(number)
            elif fields[3] == "RRSIG":
                fields[5] = str(number)
            return " ".join(fields)
        return [fixed(line) for line in lines]
    return spoil


class Tree:
    """Signs and serves these zones; `anchor` is the file with the root's key, `delv_anchor` the same for delv."""

    def __init__(self, zones):
        self._directory = SCRATCH / "zones"
        self._directory.mkdir(exist_ok=True)
        self.zones = {zone.name: zone for zone in zones}
        self._sign()
        self.anchor = SCRATCH / "root.key"
        self.anchor.write_text("".join(f". 172800 IN DNSKEY {key}\n" for key in self.zones[""].keys if key.flags & 1))
        self.delv_anchor = SCRATCH / "root.delv"
        self.delv_anchor.write_text("trust-anchors {" + "".join(
            f' . static-key {key.flags} {key.protocol} {int(key.algorithm)} "{base64.b64encode(key.key).decode()}";'
            for key in self.zones[""].keys if key.flags & 1) + " };\n")
        self.servers = []
        for name, address in (("root", ROOT), ("top", TOP), ("leaves", LEAVES)):
            files = {z.origin: self._file(z, "signed") for z in zones if z.address == address and not z.lame}
            self.servers.append(NameServer(name, [address], files))

    def _sign(self):
        """Children first: their DS records belong to the parent."""
        depths = {}
        for zone in self.zones.values():
            depths.setdefault(len(self._labels(zone.name)), []).append(zone)
        with ThreadPoolExecutor(8) as pool:
            for _, level in sorted(depths.items(), reverse=True):
                list(pool.map(self._write, level))

    @staticmethod
    def _labels(name):
        return name.split(".") if name else []

    def _file(self, zone, kind):
        return self._directory / f"{zone.name or 'root'}.{kind}"

    def _parent(self, zone):
        labels = self._labels(zone.name)
        return next(self.zones[".".join(labels[n:])] for n in range(1, len(labels) + 1) if ".".join(labels[n:]) in self.zones)

    def _children(self, zone):
        return [z for z in self.zones.values() if z.name and self._parent(z) is zone]

    @staticmethod
    def _name_servers(zone):
        hosts = [(f"ns{n}.{zone.origin.lstrip('.')}", address) for n, address in enumerate(zone.ns or [zone.address])]
        return "".join(f"{zone.origin} NS {host}\n{host} A {address}\n" for host, address in hosts)

    def _write(self, zone):
        text = (f"$ORIGIN {zone.origin}\n$TTL {zone.ttl}\n@ SOA ns0 hostmaster 1 3600 600 86400 {min(zone.ttl, 60)}\n"
                + self._name_servers(zone) + zone.records + "\n")
        for child in self._children(zone):
            text += self._name_servers(child) + self._ds(child)
        plain, signed = self._file(zone, "zone"), self._file(zone, "signed")
        if not zone.signed:
            signed.write_text(text)
            return
        names = self._make_keys(zone)
        plain.write_text(text + "".join((self._directory / f"{name}.key").read_text() for name in names))
        stamp = lambda offset: time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + offset))
        first, last = stamp(zone.valid[0]), stamp(zone.valid[1])
        if zone.iterations > 150:  # more than BIND signs with
            run(["ldns-signzone", "-n", "-t", zone.iterations, "-i", first, "-e", last, "-f", signed, plain,
                 *(self._directory / name for name in names)])
        else:
            denial = [] if zone.denial == "nsec" else ["-3", zone.salt, "-H", zone.iterations]
            run(["dnssec-signzone", "-q", "-P", "-O", "full", "-K", self._directory, "-d", self._directory, "-o", zone.origin,
                 "-s", first, "-e", last, *([] if zone.two_keys else ["-z"]), *denial,
                 *(["-A"] if zone.denial == "opt-out" else []), "-f", signed, plain, *names])
        lines = [line for line in signed.read_text().splitlines() if line and not line.startswith(";")]
        for spoil in zone.spoil:
            lines = spoil(lines)
        signed.write_text("\n".join(lines) + "\n")
        zone.keys = [dns.rdata.from_text("IN", "DNSKEY", " ".join(line.split()[4:])) for line in lines if line.split()[3] == "DNSKEY"]

    def _make_keys(self, zone):
        make = lambda *options: run(["dnssec-keygen", "-q", "-K", self._directory, "-a", zone.algorithm,
                                     *(["-b", "2048"] if "RSA" in zone.algorithm else []), *options, zone.origin]).stdout.strip()
        return [make("-f", "KSK")] + ([make()] if zone.two_keys else [])

    def _ds(self, zone):
        if zone.ds == "none" or not (zone.keys or zone.ds == "wrong"):
            return ""
        if not zone.keys:  # the parent promises signatures that there are not
            return f"{zone.origin} DS 4711 13 2 {'ab' * 32}\n"
        key = next(key for key in zone.keys if key.flags & 1)
        right = dns.dnssec.make_ds(dns.name.from_text(zone.origin), key, "SHA256").to_text()
        tag, algorithm, digest_type, digest = right.split()
        wrong = f"{tag} {algorithm} {digest_type} {digest[::-1]}"
        unknown = f"{tag} {algorithm} 250 {digest}"
        return "".join(f"{zone.origin} DS {data}\n" for data in {
            "right": [right], "wrong": [wrong], "wrong and right": [wrong, right], "unknown digest": [unknown]}[zone.ds])
