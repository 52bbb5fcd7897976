# SPDX-License-Identifier: Apache-2.0
"""An authoritative name server (NSD) on 127.0.0.1:53 for the zone "test"."""
import shutil
from lab.processes import SCRATCH, Process, wait_until
import socket


class Nsd:
    def __init__(self, records, address="127.0.0.1"):
        directory = SCRATCH / "nsd"
        directory.mkdir(exist_ok=True)
        shutil.chown(directory, "nsd", "nsd")
        self._zone = directory / "test.zone"
        self._serial = 0
        self._write(records)
        config = directory / "nsd.conf"
        config.write_text(f"""
server:
    ip-address: {address}
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
zone:
    name: "test"
    zonefile: "{self._zone}"
""")
        self.process = Process("nsd", ["nsd", "-d", "-c", config])
        wait_until(lambda: self._answers(address), "nsd answers")

    def _write(self, records):
        self._serial += 1
        self._zone.write_text(
            "$ORIGIN test.\n$TTL 1\n"
            f"@ SOA ns.test. hostmaster.test. {self._serial} 3600 600 86400 1\n@ NS ns\nns A 127.0.0.1\n" + records + "\n")

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
