"""A throw-away certificate authority: one for each run of the tests."""

import atexit
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
import shutil
import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority for one test run, with files for peers that want files."""

    directory: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(self, name: str, *, days: int = 1, begins: int = -10) -> tuple[Path, Path]:
        """Return paths of a certificate for a DNS name and its key, valid between those days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternative: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            alternative.append(x509.IPAddress(ip_address("127.0.0.1")))
        builder = (
            _builder(name, self.certificate.subject, key, days, begins)
            .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        certificate = builder.sign(self.key, hashes.SHA256())
        stem = self.directory / f"{name}{days}{begins}"
        return _written(stem, certificate, key)

    def server_context(
        self,
        *,
        name: str = "localhost",
        days: int = 1,
        begins: int = -10,
        alpn: Iterable[str] = ("h2",),
    ) -> ssl.SSLContext:
        """Return the context of a server with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, days=days, begins=begins))
        context.set_alpn_protocols(list(alpn))
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a context that trusts this authority and offers HTTP/2 only."""
        context = ssl.create_default_context(cafile=self.directory / "authority.pem")
        context.set_alpn_protocols(["h2"])
        return context


@cache
def authority() -> Authority:
    """Return the authority of this run."""
    directory = Path(tempfile.mkdtemp(prefix="clova_cic_tls_"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Authority")])
    usage = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        _builder("Test Authority", name, key, 30)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    _written(directory / "authority", certificate, key)
    return Authority(directory, key, certificate)


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int, begins: int = -10
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=days))
    )


def _written(
    stem: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> tuple[Path, Path]:
    public, private = stem.with_suffix(".pem"), stem.with_suffix(".key")
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private
