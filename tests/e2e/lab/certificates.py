# SPDX-License-Identifier: Apache-2.0
"""Throw-away CAs, the certificates they sign, and the TLSA records that speak of them."""
import datetime
import hashlib
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa as rsa_keys
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.processes import SCRATCH

DAY = datetime.timedelta(days=1)
_PEM = serialization.Encoding.PEM


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _subject(name):
    if name.replace(".", "").isdigit() or ":" in name:
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)


def _save(stem, chain, key):
    """The files (certificate with its chain, key) of a server."""
    certificate, key_file = stem.with_name(stem.name + ".pem"), stem.with_name(stem.name + ".key")
    certificate.write_bytes(b"".join(part.public_bytes(_PEM) for part in chain))
    key_file.write_bytes(key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    key_file.chmod(0o644)  # throw-away keys, read by daemons under their own users
    return certificate, key_file


def _build(subject, issuer, public_key, first, last):
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
            .serial_number(x509.random_serial_number()).not_valid_before(first).not_valid_after(last))


class Authority:
    """A root, or with `parent` an intermediate. Its certificate is in the file `certificate`."""

    def __init__(self, name="ca", parent=None):
        self.directory = SCRATCH / name
        self.directory.mkdir()
        self.directory.chmod(0o755)
        self._parent = parent
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._files = 0
        now = datetime.datetime.utcnow()
        subject = _name(f"test {name}")
        signer = parent or self
        self.own = (_build(subject, parent.own.subject if parent else subject, self._key.public_key(), now - 30 * DAY, now + 30 * DAY)
                    .add_extension(x509.BasicConstraints(True, None), True)
                    .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False)
                    .sign(signer._key, hashes.SHA256()))
        self.certificate = self.directory / "ca.pem"
        self.certificate.write_bytes(self.own.public_bytes(_PEM))

    def issue(self, *names, rsa=False, expired=False, with_root=False):
        """(certificate, key) paths of a certificate for these DNS names or IP addresses. The file has the
        intermediates after it, and with `with_root` the root too, as DANE-TA needs it (RFC 7672 section 3.1.2)."""
        key = rsa_keys.generate_private_key(65537, 2048) if rsa else ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        first, last = (now - 20 * DAY, now - 10 * DAY) if expired else (now - DAY, now + 10 * DAY)
        leaf = (_build(_name(names[0]), self.own.subject, key.public_key(), first, last)
                .add_extension(x509.SubjectAlternativeName([_subject(name) for name in names]), False)
                .add_extension(x509.BasicConstraints(False, None), True)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False)
                .sign(self._key, hashes.SHA256()))
        return _save(self._stem(names[0]), [leaf, *self._chain(with_root)], key)

    def _chain(self, with_root):
        if not self._parent:
            return [self.own] if with_root else []
        return [self.own, *self._parent._chain(with_root)]

    def _stem(self, name):
        self._files += 1
        return self.directory / f"{name.replace('*', 'star').replace(':', '_')}-{self._files}"


def self_signed(*names):
    """A certificate that nobody else vouches for: (certificate, key) paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.utcnow()
    leaf = (_build(_name(names[0]), _name(names[0]), key.public_key(), now - DAY, now + 10 * DAY)
            .add_extension(x509.SubjectAlternativeName([_subject(name) for name in names]), False)
            .sign(key, hashes.SHA256()))
    return _save(SCRATCH / f"selfsigned-{names[0]}", [leaf], key)


def tlsa(certificate, usage=3, selector=1, matching=1):
    """The data of a TLSA record (RFC 6698) for the first certificate of that file: "3 1 1 ab12…"."""
    leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
    der = serialization.Encoding.DER
    data = (leaf.public_key().public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo) if selector else leaf.public_bytes(der))
    digest = {0: bytes.hex, 1: lambda d: hashlib.sha256(d).hexdigest(), 2: lambda d: hashlib.sha512(d).hexdigest()}[matching]
    return f"{usage} {selector} {matching} {digest(data)}"
