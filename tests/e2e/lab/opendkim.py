# SPDX-License-Identifier: Apache-2.0
"""OpenDKIM at work on messages in files: as a signer and as a verifier, without a milter in between."""
import re
import subprocess

from .processes import SCRATCH


class OpenDkim:
    """`records` are the texts of the key records by their names, with a final dot."""

    def __init__(self, records):
        self.keys = SCRATCH / "opendkim.keys"
        self.keys.write_text("".join(f"{name.rstrip('.')} {text.decode()}\n" for name, text in records.items()))

    def verifies(self, message):
        """Whether it takes the signature of the message for good."""
        said = self._run(message, f"Mode v\nTestPublicKeys {self.keys}\nAlwaysAddARHeader true\n")
        verdict = re.search(r"\bdkim=(\w+)", said)
        if not verdict:
            raise AssertionError(f"OpenDKIM has no verdict: {said}")
        return verdict.group(1) == "pass"

    def sign(self, message, domain, selector, key, canonicalization):
        """The message with its signature in front."""
        said = self._run(message, f"Mode s\nDomain {domain}\nSelector {selector}\nKeyFile {key}\nRequireSafeKeys false\n"
                                  f"SignatureAlgorithm rsa-sha256\nCanonicalization {canonicalization}\n")
        field = re.search(r"hname='DKIM-Signature' hvalue='(.*?)'", said, re.DOTALL)
        if not field:
            raise AssertionError(f"OpenDKIM did not sign: {said}")
        return b"DKIM-Signature: " + field.group(1).replace("\n", "\r\n").encode() + b"\r\n" + message

    @staticmethod
    def _run(message, settings):
        letter, configuration = SCRATCH / "opendkim.eml", SCRATCH / "opendkim.conf"
        letter.write_bytes(message)
        configuration.write_text(f"{settings}UserID root\nPidFile {SCRATCH}/opendkim.pid\nSocket local:{SCRATCH}/opendkim.sock\n")
        done = subprocess.run(["opendkim", "-x", configuration, "-t", letter, "-vvv"], capture_output=True, timeout=30)
        return (done.stdout + done.stderr).decode(errors="replace")
