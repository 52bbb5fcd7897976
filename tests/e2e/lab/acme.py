# SPDX-License-Identifier: Apache-2.0
"""A certificate authority that speaks ACME (Pebble), and what clients need to know of it."""
import json

from lab.certificates import Authority
from lab.processes import SCRATCH, Process, wait_port


class AcmeServer:
    """Checks names by HTTP on port 80 of where the name server says that they are."""

    def __init__(self, name_server="127.0.0.1:53"):
        ca = Authority("acme-ca")
        certificate, key = ca.issue("localhost")
        config = SCRATCH / "pebble.json"
        config.write_text(json.dumps({"pebble": {
            "listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
            "certificate": str(certificate), "privateKey": str(key), "httpPort": 80, "tlsPort": 443}}))
        self.process = Process("pebble", ["pebble", "-config", config, "-dnsserver", name_server],
                               env={"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"})
        wait_port("127.0.0.1", 14000, self.process)
        self.url = "https://localhost:14000/dir"
        # So that lego and certbot trust it.
        self.environment = {"LEGO_CA_CERTIFICATES": str(ca.certificate), "REQUESTS_CA_BUNDLE": str(ca.certificate)}
