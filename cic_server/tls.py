"""The service's own certificate authority and the server certificate it signs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .data_dir import write_private

# Ten years: clients pin the authority, renewing it means telling every client.
AUTHORITY_DAYS = 3650
# A server certificate longer than 398 days is refused by some TLS libraries.
SERVER_DAYS = 397
# Renewed at a start when it ends within this many days.
RENEW_DAYS = 30

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files: what clients trust, and what the server shows."""

    authority: Path
    certificate: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the authority's DER, in hex."""
        authority = x509.load_pem_x509_certificate(self.authority.read_bytes())
        return authority.fingerprint(hashes.SHA256()).hex()


def ensure_certificates(folder: Path, hosts: Iterable[str]) -> TlsFiles:
    """Return valid PEM files for these hosts, made or renewed where needed."""
    authority_key = _load_or_make_key(folder / "ca.key")
    authority = _load(folder / "ca.pem")
    if authority is None or _ends_soon(authority, SERVER_DAYS + RENEW_DAYS):
        authority = _make_authority(authority_key)
        (folder / "ca.pem").write_bytes(_pem(authority))
    server_key = _load_or_make_key(folder / "server.key")
    certificate = _load(folder / "server.pem")
    names = tuple(dict.fromkeys((*LOCAL_NAMES, *hosts)))
    if certificate is None or not _fits(certificate, authority, names):
        certificate = _make_server(server_key, authority_key, authority, names)
        (folder / "server.pem").write_bytes(_pem(certificate))
    return TlsFiles(
        authority=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key"
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _load(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError, ValueError:
        return None


def _load_or_make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError, ValueError:
        key = None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(path, pem)
    return made


def _ends_soon(certificate: x509.Certificate, days: int) -> bool:
    return certificate.not_valid_after_utc < datetime.now(UTC) + timedelta(days=days)


def _fits(certificate: x509.Certificate, authority: x509.Certificate, names: Iterable[str]) -> bool:
    if _ends_soon(certificate, RENEW_DAYS):
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one is made
        return False
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {_general_name(name) for name in names} <= set(held)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: str, issuer: x509.Name | None, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # a client's clock may be a little behind
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _make_authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    builder = _builder(
        "CIC server authority of this machine", None, key.public_key(), AUTHORITY_DAYS
    )
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _make_server(
    key: ec.EllipticCurvePrivateKey,
    authority_key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    names: Iterable[str],
) -> x509.Certificate:
    builder = _builder("localhost", authority.subject, key.public_key(), SERVER_DAYS)
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
        )
        .add_extension(issuer_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
