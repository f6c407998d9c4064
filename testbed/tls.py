"""Certificates for test servers, made by openssl: an authority, servers by name and address, clients by role."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import TestbedError

DAYS = "2"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, which only its owner can read."""

    certificate: Path
    key: Path


def authority(folder: Path) -> Pair:
    """Make a certificate authority in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pair = Pair(folder / "ca.crt", folder / "ca.key")
    request(pair, "leastpriv test authority", ("-addext", "keyUsage=critical,keyCertSign,cRLSign"))
    return pair


def server(issuer: Pair, name: str, addresses: Sequence[str]) -> Pair:
    """Make a certificate for a server that is known by a name and by IP addresses."""
    names = ",".join((f"DNS:{name}", *(f"IP:{address}" for address in addresses)))
    return issue(issuer, name, (f"subjectAltName={names}", "extendedKeyUsage=serverAuth"))


def client(issuer: Pair, role: str) -> Pair:
    """Make a certificate for a role that logs in with it."""
    return issue(issuer, role, ("extendedKeyUsage=clientAuth",))


def issue(issuer: Pair, name: str, extensions: Sequence[str]) -> Pair:
    """Make a certificate that an authority has signed, beside the authority's own."""
    folder = issuer.certificate.parent
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    added = [part for item in ("basicConstraints=critical,CA:FALSE", *extensions) for part in ("-addext", item)]
    request(pair, name, ("-CA", str(issuer.certificate), "-CAkey", str(issuer.key), *added))
    return pair


def request(pair: Pair, name: str, options: Sequence[str]) -> None:
    """Let openssl make a key and a certificate."""
    files = ("-keyout", str(pair.key), "-out", str(pair.certificate))
    command = ["openssl", "req", "-x509", *KEY, "-days", DAYS, "-subj", f"/CN={name}", *files, *options]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise TestbedError("there is no program `openssl`: install it") from None
    if result.returncode != 0:
        raise TestbedError(f"openssl made no certificate for {name}: {result.stderr.strip()}")
    pair.key.chmod(0o600)
