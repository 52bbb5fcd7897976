# SPDX-License-Identifier: Apache-2.0
"""MTA-STS policies over HTTPS (nginx), each of its own domain on its own address."""
import signal
import time
from dataclasses import dataclass

from lab.processes import SCRATCH, Process, wait_port


@dataclass
class Site:
    """`domain`'s policy host. `answer`: a status other than 200, a URL to be redirected to, or "slow": one
    octet a second."""
    domain: str
    address: str
    pair: tuple        # (certificate, key) files
    policy: str = ""
    answer: object = 200

    @property
    def host(self):
        return f"mta-sts.{self.domain}"


def policy(mode, *mx, max_age=86400, version="STSv1"):
    lines = [f"version: {version}", f"mode: {mode}", *(f"mx: {name}" for name in mx), f"max_age: {max_age}"]
    return "\r\n".join(lines) + "\r\n"


class PolicyHosts:
    def __init__(self, sites):
        self._home = SCRATCH / "nginx"
        self._home.mkdir()
        self._home.chmod(0o755)
        self._sites = {site.domain: site for site in sites}
        for site in sites:
            self.serve(site.domain, site.policy)
        self._write()
        self.process = Process("nginx", ["nginx", "-c", self._home / "nginx.conf"])
        for site in sites:
            wait_port(site.address, 443, self.process)

    def serve(self, domain, text):
        """From now on that is its policy."""
        folder = self._home / domain / ".well-known"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mta-sts.txt").write_bytes(text.encode())

    def answer(self, domain, answer):
        """From now on that is what becomes of a fetch: as in Site."""
        self._sites[domain].answer = answer
        self._write()
        self.process.signal(signal.SIGHUP)
        time.sleep(0.3)  # its old workers take no more connections

    def fetches(self, domain):
        """The status codes that were answered so far."""
        lines = (self._home / "access.log").read_text().splitlines() if (self._home / "access.log").exists() else []
        return [int(line.split()[1]) for line in lines if line.split()[0] == f"mta-sts.{domain}"]

    def _write(self):
        servers = ""
        for site in list(self._sites.values()):
            what = {200: "", "slow": "limit_rate 1;"}.get(site.answer) if site.answer in (200, "slow") else (
                f"return 302 {site.answer};" if isinstance(site.answer, str) else f"return {site.answer};")
            servers += f"""
    server {{
        listen {site.address}:443 ssl;
        server_name {site.host};
        ssl_certificate {site.pair[0]};
        ssl_certificate_key {site.pair[1]};
        location / {{ root {self._home}/{site.domain}; default_type text/plain; {what} }}
    }}"""
        temporary = "".join(f"    {kind}_temp_path {self._home}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self._home / "nginx.conf").write_text(f"""
daemon off;
user root;
worker_processes 1;
pid {self._home}/pid;
error_log {self._home}/error.log;
events {{ worker_connections 200; }}
http {{
    log_format short "$ssl_server_name $status";
    access_log {self._home}/access.log short;
{temporary}{servers}
}}
""")
