"""Patroni's REST API as seen by who uses it: answers, refusals, TLS; the other side is a server of this test."""

from __future__ import annotations

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import AccessError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba import patroni_rest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.patroni_model import Api
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Status = list[int]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answer with the next status of the list, and keep what was asked."""

    def answer(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization")))  # type: ignore[attr-defined]
        status = self.server.statuses.pop(0)  # type: ignore[attr-defined]
        self.send_response(status)
        if status in (301, 307):
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(b'{"postgresql": {}}')

    do_GET = do_PATCH = do_POST = answer  # noqa: N815  names of the standard library

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    """A server on loopback."""
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.statuses, running.asked = [], []  # type: ignore[attr-defined]
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def api(server: Any, scheme: str = "http", **more: Any) -> Api:
    """The server's API."""
    return Api(f"{scheme}://127.0.0.1:{server.server_port}", "me", Secret("hidden-7"), **more)


def test_the_password_goes_along_and_nothing_else_does(server: Any):
    server.statuses = [200]
    patroni_rest.read_shared(api(server))
    assert server.asked == [("GET", "/config", "Basic bWU6aGlkZGVuLTc=")]


def test_a_change_is_sent_again_while_somebody_else_changes_the_configuration(
    server: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patroni_rest, "PAUSE", 0.01)
    server.statuses = [409, 409, 200]
    patroni_rest.change_shared(api(server), {"pg_hba": ["a"]})
    assert [asked[:2] for asked in server.asked] == [("PATCH", "/config")] * 3


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (401, "it wants another user name and password"),
        (403, "it doesn't let this address"),
        (500, "look at its log"),
        (503, "it has no configuration, or can't reach its configuration store"),
        (307, "look at its log"),
    ],
)
def test_a_refusal_is_told_with_its_reason_and_without_the_password(server: Any, status: int, why: str):
    server.statuses = [status]
    with pytest.raises(AccessError) as caught:
        patroni_rest.change_shared(api(server), {"pg_hba": ["a"]})
    assert f"refused PATCH /config with status {status}: {why}" in str(caught.value)
    assert "hidden-7" not in str(caught.value)
    assert len(server.asked) == 1


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that nobody has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "patroni")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("elsewhere")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1), [])
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path / "certificate.pem"
    text = key.private_bytes(serialization.Encoding.PEM, *private) + signed.public_bytes(serialization.Encoding.PEM)
    path.write_bytes(text)
    return path


@pytest.fixture
def secure(server: Any, certificate: Path) -> Any:
    """The server with TLS."""
    rules = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    rules.load_cert_chain(certificate)
    server.socket = rules.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_words: None
    return server


def test_a_certificate_that_nobody_signed_is_refused_and_the_way_out_named(secure: Any):
    with pytest.raises(AccessError, match=r"can't be reached: its certificate isn't trusted \(.*give patroni\.ca_cert"):
        patroni_rest.read_shared(api(secure, "https"))


def test_a_certificate_of_another_name_is_refused(secure: Any, certificate: Path):
    with pytest.raises(AccessError, match=r"its certificate isn't trusted \(.*IP address mismatch"):
        patroni_rest.read_shared(api(secure, "https", ca_cert=str(certificate)))


def test_any_certificate_is_taken_where_that_is_asked_for(secure: Any):
    secure.statuses = [200]
    assert patroni_rest.read_shared(api(secure, "https", validate_certs=False)) == {"postgresql": {}}


def test_a_file_with_certificates_that_is_not_there_is_named(secure: Any, tmp_path: Path):
    with pytest.raises(AccessError, match=r"can't be read \(.*none\.pem\): No such file or directory"):
        patroni_rest.read_shared(api(secure, "https", ca_cert=str(tmp_path / "none.pem")))
