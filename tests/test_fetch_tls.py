"""Certificates are verified, by name and date, against the system's authorities; faults are said in words."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.config import FetchSettings
from feeds.errors import FetchError
from feeds.fetch import Fetcher
from feeds.model import Request
from tests.origin import Answer, Origin, answer, redirect

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LOOPBACK = FetchSettings(allow_private_networks=("127.0.0.0/8", "::1/128"))

# An authority of our own, its certificates for "localhost" (one until 2126, one for January 2020), and their key.
AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIUFbbHuYBrsRgPGnXeEyPzf9dmyRQwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTI0MDM0MzUxWhgPMjEy
NjEwMzEwMzQzNTFaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAESsuzTFVNzeMhr95eZ8Wfkszn7t4rUO2mOxNPj9ka
ztF6sT3voYBY8Hz1b7CmHR0MZx4HUlIaPhGIF8BjuYRsdKNjMGEwHQYDVR0OBBYE
FBRqBgTOklHdKAbXRfPlD8yAZdEPMB8GA1UdIwQYMBaAFBRqBgTOklHdKAbXRfPl
D8yAZdEPMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAoGCCqGSM49
BAMCA0gAMEUCICTmUDGoOYCq0OP5IXrXkA+dwKLYj2+9tET+0MgM8c5EAiEAreMx
bbD6PvBPn7sJFo16MaP4bXWCb9V+qdxlejxpaCg=
-----END CERTIFICATE-----
"""
GOOD = """\
-----BEGIN CERTIFICATE-----
MIIBlDCCATqgAwIBAgIUGWQBqQts7qvtm4Qf70T1alXvcIcwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTI0MDM0MzUxWhgPMjEy
NjEwMzEwMzQzNTFaMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEG
CCqGSM49AwEHA0IABCcmDWcnAgBri0bZwQaugrD43jszcRAoyBWtmqBqErkQWHNq
Y47go384mVIL+sRUXEAQtSDGX7Wzsu8pCMvgaByjYzBhMBQGA1UdEQQNMAuCCWxv
Y2FsaG9zdDAJBgNVHRMEAjAAMB0GA1UdDgQWBBRKsiFTzdhS/76Z0D1aLxjAa9S3
1jAfBgNVHSMEGDAWgBQUagYEzpJR3SgG10Xz5Q/MgGXRDzAKBggqhkjOPQQDAgNI
ADBFAiAmracKrBDJOmlJsj7dsywI4KrTp5YKdAEAKWpIAOhzLgIhAI0bFA1rf59+
AuZmNXnldCWgp1cp6bGXhGOGyto49+ix
-----END CERTIFICATE-----
"""
EXPIRED = """\
-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IGF1
dGhvcml0eTAeFw0yMDAxMDEwMDAwMDBaFw0yMDAyMDEwMDAwMDBaMBQxEjAQBgNV
BAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCcmDWcnAgBr
i0bZwQaugrD43jszcRAoyBWtmqBqErkQWHNqY47go384mVIL+sRUXEAQtSDGX7Wz
su8pCMvgaByjYzBhMBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAJBgNVHRMEAjAAMB0G
A1UdDgQWBBRKsiFTzdhS/76Z0D1aLxjAa9S31jAfBgNVHSMEGDAWgBQUagYEzpJR
3SgG10Xz5Q/MgGXRDzAKBggqhkjOPQQDAgNHADBEAiBe4AJPYO2yQ8pZ7NdUZ3nD
LdZyD+iKoPn4TOBop2FfXwIgC86v7/XC4n7QOp0dG4P//KmVRoIBiyK0YiXV7IKz
LzM=
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEINn/ycqTSDIBiE9u5emtSipOw2ybTTOorGkQQRXEJiBEoAoGCCqGSM49
AwEHoUQDQgAEJyYNZycCAGuLRtnBBq6CsPjeOzNxECjIFa2aoGoSuRBYc2pjjuCj
fziZUgv6xFRcQBC1IMZftbOy7ykIy+BoHA==
-----END EC PRIVATE KEY-----
"""


def server(directory: Path, certificate: str, answers: dict[str, Answer]) -> Origin:
    """An https origin that shows *certificate*."""
    pem = directory / "server.pem"
    pem.write_text(certificate + KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return Origin(answers, tls=context)


@pytest.fixture
def fetcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetcher]:
    """Trusts our authority, as a system does whose operator added it."""
    (tmp_path / "authority.pem").write_text(AUTHORITY)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with Fetcher(LOOPBACK, "test") as made:
        yield made


def test_trusted_server_is_read_and_its_connection_kept(fetcher: Fetcher, tmp_path: Path) -> None:
    with server(tmp_path, GOOD, {"/": answer("200 OK", b"feed")}) as origin:
        for _ in range(2):
            assert fetcher.fetch(Request(origin.url(host="localhost")), NOW).body == b"feed"
        assert origin.connections == 1


def reason(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(Request(url), NOW)
    return caught.value.reason


def test_certificate_for_another_name_is_refused(fetcher: Fetcher, tmp_path: Path) -> None:
    with server(tmp_path, GOOD, {}) as origin:
        assert "127.0.0.1" in reason(fetcher, origin.url())
        assert reason(fetcher, origin.url()).startswith("its certificate can't be trusted: ")
        assert origin.heads == []


def test_expired_certificate_is_refused(fetcher: Fetcher, tmp_path: Path) -> None:
    with server(tmp_path, EXPIRED, {}) as origin:
        assert reason(fetcher, origin.url(host="localhost")) == (
            "its certificate can't be trusted: certificate has expired"
        )
        assert origin.heads == []


def test_unknown_authority_is_refused(tmp_path: Path) -> None:
    with server(tmp_path, GOOD, {}) as origin, Fetcher(LOOPBACK, "test") as fetcher:
        assert reason(fetcher, origin.url(host="localhost")).startswith("its certificate can't be trusted: ")
        assert origin.heads == []


def test_server_without_tls_is_a_clear_error(fetcher: Fetcher) -> None:
    def speak_plainly(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1)
            connection.sendall(answer("400 Bad Request"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak_plainly, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        said = reason(fetcher, f"https://localhost:{port}/")
        thread.join()
    assert said == (
        f"no secure connection: https://localhost:{port}/ does not speak TLS: "
        "if it speaks plain HTTP, its address should begin with http://"
    )


def test_plain_http_at_a_port_for_tls_is_named(fetcher: Fetcher, tmp_path: Path) -> None:
    with server(tmp_path, GOOD, {}) as origin, Origin({"/": redirect(origin.url().replace("https", "http"))}) as plain:
        url = origin.url().replace("https", "http")
        named = f"{url} speaks TLS, not HTTP: its address should begin with https://"
        assert reason(fetcher, url) == reason(fetcher, plain.url()) == named


def test_redirect_from_https_to_http_drops_secrets(fetcher: Fetcher, tmp_path: Path) -> None:
    with Origin({"/": answer("200 OK", b"feed")}) as plain:
        answers: dict[str, Answer] = {"/": redirect(plain.url(host="localhost"))}
        with server(tmp_path, GOOD, answers) as origin:
            request = Request(origin.url(host="localhost"), auth="user:secret", headers={"X-Key": "secret"})
            assert fetcher.fetch(request, NOW).body == b"feed"
            assert b"X-Key" in origin.heads[0]
        assert b"X-Key" not in plain.heads[0]
        assert b"Authorization" not in plain.heads[0]
