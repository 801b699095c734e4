"""A PostgreSQL that speaks TLS alone, with a certificate made for it, gone after a test."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import URL

from benchmarks.server.ports import free_port
from db.server.account import run_as, unprivileged_account

NAMED = "localhost"
_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
"""
_ACCESS = "hostssl all all 127.0.0.1/32 trust\n"


@dataclass(frozen=True)
class Encrypted:
    """Its address, which asks for nothing, and two authorities: the one that signed, and another.

    The certificate names `localhost`, not the address 127.0.0.1.
    """

    url: URL
    authority: Path
    stranger: Path


@contextlib.contextmanager
def encrypted(bin_dir: Path) -> Iterator[Encrypted]:
    """Start it on the programs of a folder; stop and remove it on leaving."""
    account = unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="oi-test-tls-"))
    folder.chmod(0o755)
    data, port = folder / "data", free_port()
    data.mkdir(mode=0o700)
    if account:
        shutil.chown(data, account.uid, account.gid)

    def run(program: str, *arguments: str | Path) -> None:
        done = run_as(account, bin_dir / program, *arguments, cwd=Path("/"))
        assert done.returncode == 0, done.stderr or done.stdout

    run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N")
    authority, stranger = folder / "authority.pem", folder / "stranger.pem"
    write_certificates(authority, data)
    write_certificates(stranger, None)
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(_CONFIGURATION)
    (data / "pg_hba.conf").write_text(_ACCESS, encoding="utf-8")
    if account:
        for name in ("server.pem", "server.key"):
            shutil.chown(data / name, account.uid, account.gid)
    try:
        run("pg_ctl", "start", "-D", data, "-w", "-l", data / "log", "-o", f"-p {port}")
        url = URL.create(
            "postgresql+psycopg", "postgres", host=NAMED, port=port, database="postgres"
        )
        yield Encrypted(url, authority, stranger)
    finally:
        with contextlib.suppress(AssertionError):
            run("pg_ctl", "stop", "-D", data, "-m", "immediate", "-w")
        shutil.rmtree(folder)


def write_certificates(authority: Path, server: Path | None) -> None:
    """An authority's certificate, and `server.pem` with its key in a folder, signed by that."""
    key, name = ec.generate_private_key(ec.SECP256R1()), _name(authority.stem)
    root = _builder(name, name, key).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    _write(authority, root.sign(key, hashes.SHA256()))
    if server is None:
        return
    own = ec.generate_private_key(ec.SECP256R1())
    signed = _builder(_name(NAMED), name, own).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(NAMED)]), critical=False
    )
    _write(server / "server.pem", signed.sign(key, hashes.SHA256()))
    (server / "server.key").write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (server / "server.key").chmod(0o600)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
