# SPDX-License-Identifier: Apache-2.0
"""Direct delivery with transport security: signed zones, a resolver that validates, receivers of all kinds,
each the only mail host of its domain, and Outpost among them."""
import re
import ssl
import time
import urllib.request

from lab.certificates import Authority
from lab.outpost import Outpost
from lab.postgres import Postgres
from lab.processes import wait_until
from lab.resolvers import BELIEVING, VALIDATING, Unbound
from lab.signed_zones import Tree, Zone
from lab.tls_receiver import TlsReceiver


class SecureMail:
    """First the hosts and zones are named, then `start` brings all to life.

        mail = SecureMail()
        mail.host("good", mail.ca.issue("mx.good.signed.test"), tlsa=["3 1 1 ab12…"])
        mail.start()
        mail.send("good")

    `host` makes the domain NAME.signed.test with its one MX host mx.NAME.signed.test, all of it in one zone."""

    def __init__(self, security="trust-ad"):
        """`security`: Outpost believes a resolver that validates, or with "validate" one that does not has
        nothing to say, and Outpost does it itself."""
        self._security = security
        self.ca = Authority()
        self.hosts = {}      # name -> TlsReceiver
        self.zones = {"signed.test": Zone("signed.test")}
        self._next = 0

    def zone(self, name, **options):
        self.zones[name] = Zone(name, **options)

    def records(self, text, zone="signed.test"):
        self.zones[zone].records += text + "\n"

    def address(self):
        self._next += 1
        return f"127.0.{3 + self._next // 250}.{self._next % 250 + 1}"

    def host(self, name, pair=None, tlsa=(), zone="signed.test", mx=True, **receiver):
        """`receiver`: how it behaves (TlsReceiver)."""
        address = self.address()
        self.hosts[name] = TlsReceiver(address, pair or self.ca.issue(f"mx.{name}.{zone}"), **receiver)
        self.records((f"{name} MX 10 mx.{name}\n" if mx else "") + f"mx.{name} A {address}\n"
                     + "".join(f"_25._tcp.mx.{name} TLSA {data}\n" for data in tlsa), zone)
        return self.hosts[name]

    def start(self, config="", nodes=1):
        """`config`: more of Outpost's."""
        self.tree = Tree([Zone("", two_keys=True), Zone("test"), *self.zones.values()])
        own = self._security == "validate"
        resolver = BELIEVING if own else VALIDATING
        Unbound(resolver, None if own else self.tree.anchor)
        trust = f"  trust_anchors: {self.tree.anchor}\n" if own else ""
        self.postgres = Postgres()
        certificate, key = self.ca.issue("mta.origin.test")
        listener = f"""
listeners:
  relay: {{address: 127.0.0.1, port: @PORT@, submission: false, tls: starttls, certificate: {certificate}, key: {key},
          auth: none, allowed_networks: [127.0.0.0/8]}}
metrics: {{listen: "127.0.0.1:1@PORT@"}}
"""
        self._config = listener + f"dns:\n  servers: [{resolver}]\n  security: {self._security}\n  timeout: 4s\n  rounds: 1\n{trust}tls:\n  ca_files: [{self.ca.certificate}]\n{config}"
        self.nodes = [Outpost(self.postgres, self._config, name=f"node{n + 1}", relay_port=2525 + n).start() for n in range(nodes)]
        self.outpost = self.nodes[0]
        return self

    @staticmethod
    def wait_for_ttl():
        """Until what a zone with a TTL of 1 s said is forgotten."""
        time.sleep(2.5)

    def counted(self, node=0):
        """The counters above 0: {("dane_hosts", "verified"): 3}, the name without what all names have in common."""
        with urllib.request.urlopen(f"http://127.0.0.1:1{self.nodes[node].relay_port}/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
        found = (re.fullmatch(r'outpost_(\w+)_total\{\w+="(\w+)"\} (\d+)', line) for line in lines)
        return {(one[1], one[2]): int(one[3]) for one in found if one and int(one[3])}

    # -- what becomes of mail

    def send(self, domain, node=0, **options):
        """Sends a message there and waits for the end of its first attempt: its row."""
        if "." not in domain:
            domain += ".signed.test"
        subject = options.pop("subject", f"to {domain}")
        outpost = self.nodes[node]
        if "REQUIRETLS" in options.get("options", ()):
            options["tls"] = ssl._create_unverified_context()
        self.message = outpost.send(f"user@{domain}", subject=subject, **options)
        return wait_until(lambda: outpost.attempts(self.message), f"an attempt for {domain} has ended", 60)[0]

    def attempts(self, message, count):
        """Waits for so many."""
        return wait_until(lambda: len(rows := self.outpost.attempts(message)) >= count and rows, f"{count} attempts have ended", 60)

    def delivered(self, domain, **options):
        attempt = self.send(domain, **options)
        assert attempt["outcome"] == "delivered", attempt
        return attempt

    def deferred(self, domain, **options):
        """Not delivered, to be tried again."""
        attempt = self.send(domain, **options)
        assert attempt["outcome"] == "deferred", attempt
        return attempt

    def failed(self, domain, **options):
        attempt = self.send(domain, **options)
        assert attempt["outcome"] == "failed", attempt
        return attempt


def mail_commands(receiver):
    """(under TLS, line) of what could have brought or begun a message."""
    return [command for session in receiver.sessions for verb in ("MAIL", "RCPT", "DATA", "AUTH") for command in session.said(verb)]
