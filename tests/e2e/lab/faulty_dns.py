# SPDX-License-Identifier: Apache-2.0
"""A name server in front of a good one: it passes questions on, and spoils the answers to some."""
import socket
import socketserver
import struct
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from lab.signed_zones import LEAVES


def servfail(answer):
    return _refusal(answer, dns.rcode.SERVFAIL)


def notimp(answer):
    return _refusal(answer, dns.rcode.NOTIMP)


def refused(answer):
    return _refusal(answer, dns.rcode.REFUSED)


def silent(answer):
    """No answer at all."""
    return None


def without_proof(answer):
    """NSEC and NSEC3 records, with their signatures, are left out."""
    gone = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
    answer.authority = [rrset for rrset in answer.authority if rrset.rdtype not in gone and rrset.covers not in gone]
    return answer


def without_signatures(answer):
    for section in (answer.answer, answer.authority, answer.additional):
        section[:] = [rrset for rrset in section if rrset.rdtype != dns.rdatatype.RRSIG]
    return answer


def denied(answer):
    """"No such name", with the zone's SOA and no proof: what a liar says."""
    answer.answer, answer.authority = [], []
    answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer


def text(words):
    """A TXT record, of whatever name is asked for; no words: there is none."""
    def answer_with(answer):
        question = answer.question[0]
        answer.set_rcode(dns.rcode.NOERROR)
        answer.answer = [dns.rrset.from_text(question.name, 1, "IN", "TXT", f'"{words}"')] if words else []
        return answer
    return answer_with


def _refusal(answer, code):
    answer.answer, answer.authority, answer.additional = [], [], []
    answer.set_rcode(code)
    return answer


class FaultyDns:
    """`faults`: {"TLSA": servfail}, or with an owner's last labels, for one type or all of them:
    {("TLSA", "mx.example.test"): silent, ("*", "gone.example.test"): denied}."""

    def __init__(self, address, faults, behind=LEAVES):
        self.faults, self.asked = faults, []
        self._behind = behind
        outer = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self):
                answer = outer.answer(self.request[0])
                if answer:
                    self.request[1].sendto(answer if len(answer) <= 4096 else answer[:2] + b"\x82\x00" + bytes(8), self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(self):
                length, = struct.unpack("!H", self.rfile.read(2))
                answer = outer.answer(self.rfile.read(length))
                if answer:
                    self.wfile.write(struct.pack("!H", len(answer)) + answer)

        class Udp(socketserver.ThreadingUDPServer):
            allow_reuse_address, daemon_threads = True, True

        class Tcp(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads = True, True

        for server in (Udp((address, 53), Datagram), Tcp((address, 53), Stream)):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def answer(self, wire):
        question = dns.message.from_wire(wire).question[0]
        kind, name = dns.rdatatype.to_text(question.rdtype), question.name.to_text().lower().rstrip(".")
        self.asked.append((name, kind))
        reply = self._forward(wire)
        for match, fault in self.faults.items():
            wanted, owner = match if isinstance(match, tuple) else (match, "")
            if wanted in (kind, "*") and name.endswith(owner):
                spoilt = fault(dns.message.from_wire(reply))
                return spoilt.to_wire(max_size=65535) if spoilt else None
        return reply

    def _forward(self, wire):
        with socket.create_connection((self._behind, 53), timeout=5) as server:
            server.sendall(struct.pack("!H", len(wire)) + wire)
            stream = server.makefile("rb")
            length, = struct.unpack("!H", stream.read(2))
            return stream.read(length)
