# SPDX-License-Identifier: Apache-2.0
"""Unbound twice, over the lab's own root: one that validates, for `trust-ad`, and one that passes
signatures on and believes everything, for `validate`."""
from lab.processes import SCRATCH, Process, run, wait_until
from lab.signed_zones import ROOT

VALIDATING, BELIEVING = "127.0.0.1", "127.0.0.2"


class Unbound:
    def __init__(self, address, anchor=None):
        """`anchor`: the root's key; without it this one does not validate."""
        directory = SCRATCH / f"unbound-{address}"
        directory.mkdir()
        hints = directory / "root.hints"
        hints.write_text(f". 3600 NS ns0.\nns0. 3600 A {ROOT}\n")
        self.config = directory / "unbound.conf"
        self.config.write_text(f"""
server:
    interface: {address}
    outgoing-interface: {address}
    access-control: 127.0.0.0/8 allow
    username: ""
    chroot: ""
    directory: "{directory}"
    pidfile: ""
    use-syslog: no
    verbosity: 1
    num-threads: 1
    do-ip6: no
    do-not-query-localhost: no
    root-hints: "{hints}"
    local-zone: "test." nodefault
    local-zone: "127.in-addr.arpa." nodefault
    ede: yes
    aggressive-nsec: no
    module-config: "{'validator iterator' if anchor else 'iterator'}"
    {f'trust-anchor-file: "{anchor}"' if anchor else ''}
    val-log-level: 2
remote-control:
    control-enable: no
""")
        self.process = Process(f"unbound-{address}", ["unbound", "-d", "-c", self.config])
        wait_until(lambda: run(["dig", "+time=1", "+tries=1", f"@{address}", "test.", "SOA"], check=False).stdout.count("NOERROR"),
                   f"unbound answers at {address}")
