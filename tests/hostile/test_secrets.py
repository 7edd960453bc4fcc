"""Secrets: they reach the server that they are for, and no other; no file, no log line and no error text holds one."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.build import HOUR, NOW
from tests.hostile.judge import Case, Scene, ok, report
from tests.origin import answer, redirect
from tests.web import item, rss

# Parts of every secret: where one of them stands, something leaked.
SECRET = "s3cr3t9Zq7Lm2Xw8Kp4T"  # noqa: S105
PASSWORD = "hunter2BBBB2222"  # noqa: S105
KEY = "keyCCCC3333dddd"
FEED = ok(rss(item("1", "Good one")))
GOOD = ("Good one",)
TOKEN = f"?id=7&token={SECRET}"
LOGIN = f"http://reader:{PASSWORD}@@ORIGIN"


def echo(*places: str) -> bytes:
    """A feed that repeats what it was asked with, at *places* of its head."""
    said = f"http://@ORIGIN/feed{TOKEN}".replace("&", "&amp;")
    return rss(item("1", "Good one"), head="".join(place.format(said) for place in places))


def item_with(place: str) -> bytes:
    said = f"http://@ORIGIN/1{TOKEN}".replace("&", "&amp;")
    return rss(f"<title>Good one</title><guid>x</guid>{place.format(said)}")


STATUSES = ("400 Bad", "401 Unauthorized", "403 Forbidden", "404 Not Found", "407 Proxy", "500 Oops", "503 Busy")
TOKEN_CASES = [
    Case("a token", FEED, path=TOKEN, keeps=GOOD),
    *(Case(f"a token and {status[:3]}", answer(status), path=TOKEN, reason=status[:3]) for status in STATUSES),
    Case("a token and nothing", lambda connection: None, path=TOKEN, reason="closed the connection"),
    Case("a token and garbage", answer("200 OK", b"garbage"), path=TOKEN, reason="no feed"),
    Case("a token and a page", ok(f"<html><title>Hello {SECRET}</title>".encode()), path=TOKEN, reason="HTML page"),
    Case(
        "a token and a broken encoding",
        answer("200 OK", b"x" * 99, Content_Encoding="gzip"),
        path=TOKEN,
        reason="broken",
    ),
    Case(
        "a token and a broken length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        path=TOKEN,
        reason="not HTTP",
    ),
    Case("a token and too much", answer("200 OK", b"x" * 2_000_000), path=TOKEN, reason="larger"),
    Case(
        "a token led away",
        redirect("http://@OTHER/a-token-led-away/feed"),
        path=TOKEN,
        more={"/feed": FEED},
        requests=2,
        keeps=GOOD,
    ),
    Case("a token led nowhere", redirect(f"http://10.0.0.1/{TOKEN}"), path=TOKEN, reason="no public address"),
    Case("a token led to a file", redirect(f"file:///x{TOKEN}"), path=TOKEN, reason="only http"),
    Case(
        "a token led to a token",
        redirect(f"/a-token-led-to-a-token/feed{TOKEN}"),
        path=TOKEN,
        more={f"/feed{TOKEN}": FEED},
        requests=2,
        keeps=GOOD,
    ),
    Case(
        "a token led to a login",
        redirect(f"http://x:{PASSWORD}@@OTHER/a-token-led-to-a-login/feed"),
        path=TOKEN,
        more={"/feed": FEED},
        requests=2,
        keeps=GOOD,
    ),
    Case(
        "a token moved for good",
        redirect("http://@OTHER/a-token-moved-for-good/feed", "301 Moved"),
        path=TOKEN,
        more={"/feed": FEED},
        requests=2,
        keeps=GOOD,
    ),
    *(
        Case(f"a token that comes back {number}", ok(echo(place)), path=TOKEN, keeps=GOOD)
        for number, place in enumerate(
            (
                "<link>{}</link>",
                "<docs>{}</docs>",
                '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="self" href="{}"/>',
                '<a:id xmlns:a="http://www.w3.org/2005/Atom">{}</a:id>',
                "<title>{}</title>",
                "<description>{}</description>",
            )
        )
    ),
    *(
        Case(f"a token that comes back in an item {number}", ok(item_with(place)), path=TOKEN, keeps=GOOD)
        for number, place in enumerate(
            (
                "<link>{}</link>",
                "<comments>{}</comments>",
                '<source url="{}">x</source>',
                "<description>&lt;a href='{}'>x&lt;/a></description>",
                '<enclosure url="{}" type="audio/mpeg" length="1"/>',
                "<author>{}</author>",
                "<category>{}</category>",
                "<guid>{}</guid>",
            )
        )
    ),
    Case(
        "a token that comes back in its Atom",
        ok(
            b'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><id>http://@ORIGIN/'
            + TOKEN.replace("&", "&amp;").encode()
            + b"</id><entry><id>1</id>"
            b'<title>Good one</title><link href="'
            + TOKEN.replace("&", "&amp;").encode()
            + b'"/><content src="http://a.example/'
            + TOKEN.replace("&", "&amp;").encode()
            + b'"/></entry></feed>'
        ),
        path=TOKEN,
        keeps=GOOD,
    ),
    Case(
        "a token that comes back in its JSON",
        ok(
            b'{"title":"J","feed_url":"http://@ORIGIN/'
            + TOKEN.encode()
            + b'","home_page_url":"http://@ORIGIN/'
            + TOKEN.encode()
            + b'","items":[{"id":"1","title":"Good one","url":"'
            + TOKEN.encode()
            + b'"}]}'
        ),
        path=TOKEN,
        keeps=GOOD,
    ),
    Case(
        "a token that comes back in its headers",
        ok(rss(item("1", "Good one")), Link=f"</{TOKEN}>", Content_Location=f"/{TOKEN}"),
        path=TOKEN,
        keeps=GOOD,
    ),
]
LOGINS = [
    Case("a login", FEED, url=f"{LOGIN}/a-login", keeps=GOOD, secrets=("authorization",)),
    Case(
        "a login refused",
        answer("401 No", WWW_Authenticate="Basic"),
        url=f"{LOGIN}/a-login-refused",
        reason="401",
        secrets=("authorization",),
    ),
    Case(
        "a login in the settings", FEED, settings='auth = "env:HOSTILE_LOGIN"', keeps=GOOD, secrets=("authorization",)
    ),
    Case("a key", FEED, settings='headers = { X-Key = "env:HOSTILE_KEY" }', keeps=GOOD, secrets=("x-key",)),
    Case(
        "a key refused",
        answer("403 No"),
        settings='headers = { X-Key = "env:HOSTILE_KEY" }',
        reason="403",
        secrets=("x-key",),
    ),
    Case(
        "a key with a line break",
        FEED,
        settings='headers = { X-Key = "env:HOSTILE_TWO_LINES" }',
        reason="header .* not valid",
        requests=0,
    ),
    Case(
        "a key that is not set",
        FEED,
        settings='auth = "env:HOSTILE_NOT_SET"',
        reason="HOSTILE_NOT_SET is not set",
        requests=0,
    ),
    Case(
        "a login led on",
        redirect("/a-login-led-on/feed"),
        url=f"{LOGIN}/a-login-led-on",
        more={"/feed": FEED},
        requests=2,
        keeps=GOOD,
        secrets=("authorization",),
    ),
]
# Their second request goes to another host: the judge sees that it carries nothing.
LED_AWAY = [
    Case(
        f"led away with {name}",
        redirect(target, status),
        url=url.format(f"/led-away-with-{slug}"),
        settings=settings,
        more={"/feed": FEED},
        requests=2,
        keeps=GOOD,
        secrets=("authorization", "x-key", "cookie"),
    )
    for name, slug, url, settings, target, status in (
        ("a login", "a-login", LOGIN + "{}", "", "http://@OTHER/led-away-with-a-login/feed", "302 Found"),
        (
            "a key",
            "a-key",
            "http://@ORIGIN{}",
            'headers = { X-Key = "env:HOSTILE_KEY", Cookie = "env:HOSTILE_KEY" }',
            "http://@OTHER/led-away-with-a-key/feed",
            "307 Temporary",
        ),
        (
            "an auth",
            "an-auth",
            "http://@ORIGIN{}",
            'auth = "env:HOSTILE_LOGIN"',
            "//@OTHER/led-away-with-an-auth/feed",
            "301 Moved",
        ),
    )
]
CASES = [*TOKEN_CASES, *LOGINS, *LED_AWAY]


def leaks(folder: Path) -> list[str]:
    """Files of the program that hold a secret: output, store and all."""
    hidden = [base64.b64encode(f"reader:{PASSWORD}".encode()), *(each.encode() for each in (SECRET, PASSWORD, KEY))]
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("config.toml", ".netrc")]
    return [str(path.relative_to(folder)) for path in files if any(each in path.read_bytes() for each in hidden)]


def test_secrets(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text(f"default login user password {PASSWORD}\n")
    environment = {
        "HOSTILE_LOGIN": f"reader:{PASSWORD}",
        "HOSTILE_KEY": KEY,
        "HOSTILE_TWO_LINES": f"{KEY}\r\nX-Evil: 1",
        "HOME": str(tmp_path),
        "NETRC": str(tmp_path / ".netrc"),
        "http_proxy": "http://127.0.0.1:1/",
        "HTTPS_PROXY": "http://127.0.0.1:1/",
        "ALL_PROXY": "http://127.0.0.1:1/",
        "NO_PROXY": "",
    }
    with Scene(tmp_path, CASES, max_bytes='"1MB"') as scene:
        runs = [
            scene.refresh(NOW + number * HOUR, environment=environment, arguments=("--force",)) for number in range(2)
        ]
        assert not (faults := runs[0].faults()), "\n".join(faults)
        for run in runs:
            for secret in (SECRET, PASSWORD, KEY):
                assert secret not in run.out + run.err
        for case in LED_AWAY:
            here, there = runs[0].requests(case)
            assert b"Authorization" in here or KEY.encode() in here
            assert not {
                name for name in (b"authorization", b"x-key", b"cookie", PASSWORD.encode()) if name in there.lower()
            }
        assert leaks(tmp_path) == []
    report(runs, len(CASES))
