# SPDX-License-Identifier: Apache-2.0
"""Authoritative name servers (NSD), each on its own loopback addresses."""
import shutil
import socket

from lab.processes import SCRATCH, Process, wait_until


class NameServer:
    """An NSD that serves zone files: {"example.test": path}."""

    def __init__(self, name, addresses, files):
        directory = SCRATCH / f"nsd-{name}"
        directory.mkdir()
        shutil.chown(directory, "nsd", "nsd")
        config = directory / "nsd.conf"
        config.write_text(f"""
server:
{"".join(f"    ip-address: {address}{chr(10)}" for address in addresses)}
    port: 53
    username: ""
    zonesdir: "{directory}"
    database: ""
    pidfile: "{directory}/nsd.pid"
    xfrdfile: "{directory}/xfrd.state"
    zonelistfile: "{directory}/zone.list"
    hide-version: yes
    rrl-ratelimit: 0
    server-count: 1
remote-control:
    control-enable: no
""" + "".join(f'zone:\n    name: "{zone}"\n    zonefile: "{path}"\n' for zone, path in files.items()))
        self.process = Process(f"nsd-{name}", ["nsd", "-d", "-c", config])
        for address in addresses:
            wait_until(lambda: self._answers(address), f"nsd answers at {address}")

    @staticmethod
    def _answers(address):
        query = bytes.fromhex("123400000001000000000000") + b"\x04test\x00\x00\x06\x00\x01"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            s.sendto(query, (address, 53))
            try:
                return len(s.recv(512)) > 12
            except OSError:
                return False


class Nsd(NameServer):
    """The one name server of a test that needs no more: the unsigned zone "test" on 127.0.0.1."""

    def __init__(self, records, address="127.0.0.1"):
        zone = SCRATCH / "test.zone"
        zone.write_text("$ORIGIN test.\n$TTL 1\n"
                        "@ SOA ns.test. hostmaster.test. 1 3600 600 86400 1\n@ NS ns\nns A 127.0.0.1\n" + records + "\n")
        super().__init__("test", [address], {"test": zone})
