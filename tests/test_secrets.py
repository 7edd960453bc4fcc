"""No secret shows anywhere: canaries go the whole way, through commands of every kind, and everything is searched for them."""

from __future__ import annotations

import base64
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import pytest

from feeds.config import parse
from feeds.errors import ConfigError, StoreError
from feeds.store import Store
from tests.build import NOW
from tests.web import Page, Web, item, rss

USER = "awa"  # a user's name is no secret
HEADER, PASSWORD, URL_PASSWORD, TOKEN, HUB_PASSWORD, HUB_TOKEN = CANARIES = (
    "canary-Header-48151", "canary/Pass+word-10815", "canaryUrlPassword47114", "canaryToken9a8b7c",
    "canaryHubPassword9242", "canaryHubToken55512",
)  # fmt: skip
# As they are sent, as they were written, and as a server may repeat them.
FORMS = {
    form.encode()
    for secret in CANARIES
    for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("="))
} | {base64.b64encode(f"{USER}:{PASSWORD}".encode())}
ENVIRONMENT = {"CANARY_HEADER": HEADER, "CANARY_LOGIN": f"{USER}:{PASSWORD}"}
EVERYTHING = f"{HEADER} {PASSWORD} {URL_PASSWORD} {TOKEN} {quote(PASSWORD, safe='')}"
SOURCES = (
    "well",
    "echo",
    "absent",
    "html",
    "garbage",
    "broken",
    "odd",
    "moved",
    "away",
    "cut",
    "empty",
    "unset",
    "nobody",
    "json",
)
CONFIG = """
[site]
title = "Test"
[fetch]
timeout = "2s"
allow_private_networks = ["127.0.0.0/8"]
per_host = 8
[topics.sahel]
use = "sahel"
[publish]
hub = "{hub}"
"""


def garbage(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(f"SSH-2.0 {EVERYTHING}\r\n\r\n".encode())


def repeating() -> bytes:
    """A feed that repeats all that it was sent, wherever a feed can."""
    link = f"https://courier.example/?token={TOKEN}"
    return rss(
        f'<title>{EVERYTHING}</title><link>{link}&amp;a=1</link><guid>{link}</guid><description>&lt;p&gt;&lt;a href="{link}"'
        f"&gt;x&lt;/a&gt; {EVERYTHING}&lt;/p&gt;</description><category>{TOKEN}</category><author>{HEADER}</author>"
        f'<enclosure url="{link}" type="audio/mpeg" length="1"/>',
        item("b", "Mali and Niger"),
        head=f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='{link}'/>"
        f"<generator>{EVERYTHING}</generator>",
    ).replace(b"<title>Courier</title>", f"<title>Courier {EVERYTHING}</title>".encode())


def pages(web: Web) -> dict[str, Page | Callable[[BaseHTTPRequestHandler], None]]:
    echo = f"<title>Denied: {EVERYTHING}</title>".encode()
    return {
        "well": Page(rss(item("a")), etag=f'"{"x" * 8}"'),
        "echo": Page(repeating()),
        "absent": Page(echo, 404),
        "html": Page(b"<!doctype html>" + echo),
        "garbage": garbage,
        "broken": Page(b"<rss><channel>" + echo + f"<item><title>{EVERYTHING}".encode()),
        "odd": Page(echo, 599, {"Retry-After": EVERYTHING, "ETag": EVERYTHING}),
        "moved": Page(b"", 301, {"Location": f"/target?token={TOKEN}&key={HEADER}"}),
        "away": Page(b"", 302, {"Location": f"ftp://{USER}:{URL_PASSWORD}@127.0.0.1/{TOKEN}?token={TOKEN}"}),
        "cut": Page(repeating()[:700], headers={"Content-Length": "9999", "Connection": "close"}),
        "empty": Page(b""),
        "json": Page(f'{{"version": "https://jsonfeed.org/version/1.1", "title": "{EVERYTHING}", "items": [3]}}'.encode()),
    }  # fmt: skip


def write_config(folder: Path, web: Web) -> None:
    def url(path: str) -> str:
        return web.url(path).replace("://", f"://url-user:{URL_PASSWORD}@")

    hub = web.url(f"/hub?token={HUB_TOKEN}").replace("://", f"://hub-user:{HUB_PASSWORD}@")
    text = CONFIG.format(hub=hub)
    for name in SOURCES:
        text += f'[[sources]]\nurl = "{url(f"/{name}?token={TOKEN}")}"\nname = "{name}"\n'
        text += 'headers = { X-Key = "env:CANARY_HEADER" }\nauth = "env:CANARY_LOGIN"\n' if name != "unset" else ""
        text += 'auth = "env:NOT_SET_HERE"\n' if name == "unset" else ""
    (folder / "config.toml").write_text(text)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web() as running:
        running.pages |= {f"/{name}?token={TOKEN}": page for name, page in pages(running).items()}
        running.pages[f"/target?token={TOKEN}&key={HEADER}"] = Page(repeating())
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, web: Web) -> Path:
    made = tmp_path_factory.mktemp("secrets")
    write_config(made, web)
    return made


def feeds(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program in *folder* as a process of its own, as wordy as it can be."""
    return subprocess.run(
        [sys.executable, "-m", "feeds", "-vv", *words], cwd=folder, env=os.environ | ENVIRONMENT | environment,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def refreshed(folder: Path) -> list[subprocess.CompletedProcess[bytes]]:
    """Two refreshes: the second has what the first left behind to ask with."""
    return [feeds(folder, "refresh", "--force", "--json"), feeds(folder, "refresh", "--force")]


def leaks(where: str, body: bytes) -> list[str]:
    return [
        f"{where}: …{body[max(0, body.find(form) - 80) : body.find(form) + 60]!r}" for form in FORMS if form in body
    ]


def test_secrets_were_sent_where_they_belong(web: Web, refreshed: list[subprocess.CompletedProcess[bytes]]) -> None:
    asked = {path.partition("?")[0]: headers for path, headers, _ in web.requests}
    assert asked["/well"]["x-key"] == HEADER
    assert asked["/well"]["authorization"] == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert [done.returncode for done in refreshed] == [0, 0]
    assert b'"new": ' in refreshed[0].stdout


def test_refresh_says_no_secret(refreshed: list[subprocess.CompletedProcess[bytes]]) -> None:
    for done in refreshed:
        assert leaks("stdout", done.stdout) == []
        assert leaks("stderr", done.stderr) == []
        assert b"html: an HTML page" in done.stdout + done.stderr


def test_no_file_holds_a_secret(folder: Path, refreshed: list[subprocess.CompletedProcess[bytes]]) -> None:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "config.toml"]
    assert {"feeds.db", "status.json", "atom.xml", "sources.opml"} <= {path.name for path in files}
    assert [leak for path in files for leak in leaks(str(path.relative_to(folder)), path.read_bytes())] == []


@pytest.mark.parametrize(
    "command", ["sources", "sources --json", "check", "export", "export --csv", "export --opml", "search Mali --json"]
)
def test_command_says_no_secret(
    folder: Path, refreshed: list[subprocess.CompletedProcess[bytes]], command: str
) -> None:
    done = feeds(folder, *command.split())
    assert done.stdout or done.stderr
    assert leaks("stdout", done.stdout) + leaks("stderr", done.stderr) == []


def test_daemon_says_no_secret(tmp_path: Path, web: Web) -> None:
    write_config(tmp_path, web)
    log = tmp_path / "daemon.log"
    with log.open("wb") as written, subprocess.Popen(
        [sys.executable, "-m", "feeds", "-vv", "run"], cwd=tmp_path, env=os.environ | ENVIRONMENT, stderr=written
    ) as daemon:  # fmt: skip
        until = time.monotonic() + 30
        while b"WARNING feeds.daemon: absent" not in log.read_bytes() and time.monotonic() < until:
            time.sleep(0.05)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(30) == 0
    said = log.read_bytes()
    assert b"WARNING feeds.daemon: absent: the server answered 404 Not Found" in said
    assert leaks("daemon", said) == []


def test_server_says_no_secret(folder: Path, refreshed: list[subprocess.CompletedProcess[bytes]]) -> None:
    command = [sys.executable, "-m", "feeds", "-vv", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, env=os.environ | ENVIRONMENT, stderr=subprocess.PIPE) as server:
        assert server.stderr is not None
        try:
            said = next(line for line in server.stderr if line.startswith(b"serving "))
            address = said.decode().split()[1].rstrip("/")
            for path in (
                "/healthz",
                "/metrics",
                "/search?q=Mali",
                "/search/feed.json?q=Mali",
                "/status/",
                "/sources.opml",
            ):
                with urllib.request.urlopen(address + path, timeout=20) as answer:
                    assert leaks(path, answer.read()) + leaks(path, str(answer.headers).encode()) == []
        finally:
            server.terminate()
        assert leaks("log", server.stderr.read()) == []


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("base_url", f'base_url = "ftp://{USER}:{PASSWORD}@a.example/?token={TOKEN}"'),
        ("hub", f'hub = "ftp://{USER}:{PASSWORD}@a.example/?token={TOKEN}"'),
        ("proxy", f'proxy = "socks5://{USER}:{PASSWORD}@a.example/"'),
        ("store", f'url = "mysql://{USER}:{PASSWORD}@a.example/x?password={TOKEN}"'),
        ("url", f'url = "ftp://{USER}:{URL_PASSWORD}@a.example/?token={TOKEN}"'),
        ("url", f'url = "{USER}:{URL_PASSWORD}@a.example/?token={TOKEN}"'),
        ("url", f'url = "http://{USER}:{URL_PASSWORD}@a.example/?token={TOKEN}"\ncolour = 1'),
        ("url", f'url = "http://{USER}:{URL_PASSWORD}@a.example/?token={TOKEN}"\nname = 3'),
        ("url", f'url = "http://a.example/"\nauth = "{HEADER}"'),
        ("url", f'url = "http://a.example/"\nauth = ["{USER}:{PASSWORD}"]'),
        ("url", f'url = "http://a.example/"\nheaders = {{ X-Key = "{TOKEN}\\n" }}'),
        ("url", f'url = "http://a.example/"\nheaders = {{ "X Key" = "{TOKEN}" }}'),
        ("url", f'url = "http://a.example/"\nauth = "{USER}:{PASSWORD}'),
    ],
)
def test_fault_in_the_config_shows_no_secret(key: str, text: str) -> None:
    table = {"base_url": "[site]", "hub": "[publish]", "proxy": "[fetch]", "store": "[store]"}.get(key, "[[sources]]")
    with pytest.raises(ConfigError) as caught:
        parse(f"{table}\n{text}\n", Path("config.toml"))
    assert leaks("the line", str(caught.value).encode()) == []


@pytest.mark.parametrize("address", ["a.example:port/x", "127.0.0.1:1/x", "[::1/x"])
def test_store_that_can_not_be_opened_is_named_without_its_password(address: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store(f"postgresql+psycopg://{USER}:{PASSWORD}@{address}?password={TOKEN}", NOW)
    assert leaks("the line", str(caught.value).encode()) == []


URL = f"http://url-user:{URL_PASSWORD}@127.0.0.1:1/?token={TOKEN}"


@pytest.mark.parametrize("command", [("refresh", URL), ("remove", URL), ("add", URL)])
def test_address_that_is_typed_is_not_repeated_with_its_secrets(
    folder: Path, refreshed: list[subprocess.CompletedProcess[bytes]], command: tuple[str, str]
) -> None:
    done = feeds(folder, *command)
    assert done.returncode in (1, 2)
    assert leaks("stderr", done.stderr) + leaks("stdout", done.stdout) == []


def test_added_feed_is_named_without_its_secrets(folder: Path, tmp_path: Path, web: Web) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.format(hub=""))
    url = web.url(f"/well?token={TOKEN}")
    assert leaks("stdout", feeds(tmp_path, "add", url).stdout) == []
    assert url in (tmp_path / "config.toml").read_text()
    assert leaks("stderr", feeds(tmp_path, "add", url).stderr) == []


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "https://no-such-name.invalid:1"])
def test_proxy_in_trouble_is_told_without_its_credentials(tmp_path: Path, proxy: str) -> None:
    with_login = proxy.replace("://", f"://{USER}:{URL_PASSWORD}@")
    (tmp_path / "config.toml").write_text(
        f'[fetch]\nproxy = "{with_login}"\nallow_private_networks = true\n'
        '[[sources]]\nurl = "http://127.0.0.1:1/"\nname = "A"\n'
    )
    done = feeds(tmp_path, "refresh")
    assert done.returncode == 1
    assert leaks("stderr", done.stderr) + leaks("stdout", done.stdout) == []
    assert [leak for path in tmp_path.rglob("*.*") if path.is_file() and path.name != "config.toml"
            for leak in leaks(path.name, path.read_bytes())] == []  # fmt: skip


def test_files_obey_the_umask_and_the_output_can_be_read_by_a_web_server(tmp_path: Path, web: Web) -> None:
    web.pages["/plain"] = Page(rss(item("a")))
    (tmp_path / "config.toml").write_text(
        CONFIG.format(hub="") + f'[[sources]]\nurl = "{web.url("/plain")}"\nname = "A"\n'
    )
    (tmp_path / "config.toml").chmod(0o600)
    command = f"umask 077; exec {sys.executable} -m feeds refresh"
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir() if path.is_file()}
    assert modes["feeds.db"] == 0o600
    assert stat.S_IMODE((tmp_path / "output/all/atom.xml").stat().st_mode) == 0o644
    feeds(tmp_path, "remove", "A")
    assert stat.S_IMODE((tmp_path / "config.toml").stat().st_mode) == 0o600
