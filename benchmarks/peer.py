"""The server everything is measured against: one Node process and a certificate for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
import json
import os
from pathlib import Path
import ssl
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
SERVER_CPU = 0
CLIENT_CPU = 1
_SCRIPT = Path(__file__).with_name("server.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Where the server listens, and how large what it sends is (bytes)."""

    http_port: int
    counting_port: int
    raw_port: int
    answer_bytes: int
    push_bytes: int
    certificate: str

    def tls(self, *protocols: str) -> ssl.SSLContext:
        """Return a context that trusts the server, the same for every candidate but for ALPN."""
        context = ssl.create_default_context(cafile=self.certificate)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context


@contextmanager
def running() -> Iterator[Peer]:
    """Run the server for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="benchmark_") as directory:
        certificate, key = _identity(Path(directory))
        with pinned(SERVER_CPU):
            process = subprocess.Popen(
                ["node", _SCRIPT, certificate, key],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        with process:
            try:
                assert process.stdout is not None
                ports = json.loads(process.stdout.readline())
                yield Peer(certificate=str(certificate), **ports)
            finally:
                process.terminate()


@contextmanager
def pinned(cpu: int) -> Iterator[None]:
    """Run, and start processes, on one processor; on any where that cannot be had."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if cpu not in allowed:
        yield
        return
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _identity(directory: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark")])
    now = datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = directory / "certificate.pem", directory / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private
