# SPDX-License-Identifier: Apache-2.0
"""A throw-away CA and certificates signed by it."""
from lab.processes import SCRATCH, run


class Authority:
    def __init__(self, name="ca"):
        self.directory = SCRATCH / name
        self.directory.mkdir()
        self.certificate = self.directory / "ca.pem"
        self._key = self.directory / "ca.key"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", self._key, "-out", self.certificate, "-days", "2", "-subj", f"/CN=test {name}"])
        self.directory.chmod(0o755)

    def issue(self, *names, rsa=False):
        """(certificate, key) paths of a certificate for these DNS names or IP addresses."""
        algorithm = ["rsa:2048"] if rsa else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        stem = self.directory / names[0].replace("*", "star").replace(":", "_")
        key, request, certificate = (stem.with_name(stem.name + end) for end in (".key", ".csr", ".pem"))
        kind = lambda name: "IP" if name.replace(".", "").isdigit() or ":" in name else "DNS"
        extension = stem.with_name(stem.name + ".ext")
        extension.write_text("subjectAltName=" + ",".join(f"{kind(n)}:{n}" for n in names))
        run(["openssl", "req", "-newkey", *algorithm, "-nodes",
             "-keyout", key, "-out", request, "-subj", f"/CN={names[0]}"])
        run(["openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
             "-CAcreateserial", "-days", "2", "-out", certificate, "-extfile", extension])
        key.chmod(0o644)  # throw-away keys, read by daemons under their own users
        return certificate, key
