"""URLs: canonical, resolved, public."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.urls import as_given, canonical_url, is_safe_link, public_url, resolve, secrets_in


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://Example.org", "https://example.org/"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org:80/a", "https://example.org/a"),
        ("http://example.org:8080/a", "https://example.org:8080/a"),
        ("https://example.org/a?utm_source=rss&utm_medium=feed", "https://example.org/a"),
        ("https://example.org/a?id=7&utm_source=rss&page=2", "https://example.org/a?id=7&page=2"),
        ("https://example.org/?p=123", "https://example.org/?p=123"),
        ("https://example.org/a?at_medium=RSS&at_campaign=KARANGA", "https://example.org/a"),
        ("https://example.org/a?xtor=RSS-3208", "https://example.org/a"),
        ("https://example.org/a?traffic_source=rss", "https://example.org/a"),
        ("https://example.org/a?ref=rss", "https://example.org/a"),
        ("https://example.org/a?ref=main-story", "https://example.org/a?ref=main-story"),
        ("https://example.org/a?source=feed&b=1", "https://example.org/a?b=1"),
        ("https://example.org/a#comments", "https://example.org/a"),
        ("https://example.org/a#!/news/7", "https://example.org/a#!/news/7"),
        ("https://example.org/a/../b/./c", "https://example.org/b/c"),
        ("https://example.org/../../b", "https://example.org/b"),
        ("https://example.org/%7euser/%c3%a9", "https://example.org/~user/%C3%A9"),
        ("https://example.org/é", "https://example.org/%C3%A9"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("https://EXAMPLE.org/CaseStays", "https://example.org/CaseStays"),
        ("https://пример.example/а", "https://xn--e1afmkfd.example/%D0%B0"),
        ("  https://example.org/a\n", "https://example.org/a"),
        ("https://www.google.com/url?rct=j&url=https://example.org/a%3Futm_source%3Dx&ct=ga", "https://example.org/a"),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa&h=AT0", "https://example.org/a"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("mailto:a@example.org", None),
        ("ftp://example.org/", None),
        ("http://", None),
        ("http://[::1", None),
        ("http://example.org:99999/", None),
        ("no address at all", None),
        ("https://example.org/" + "a" * 5000, None),
        ("", None),
    ],
)
def test_canonical_url(url: str, expected: str | None) -> None:
    assert canonical_url(url) == expected


@given(st.text() | st.from_regex(r"https?://[a-z]{1,8}\.example/[^#]{0,30}(\?[^#]{0,30})?(#.{0,9})?", fullmatch=True))
def test_canonical_url_of_a_canonical_url_is_itself(text: str) -> None:
    once = canonical_url(text)
    assert once is None or canonical_url(once) == once


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        ("https://example.org/a/b", "c", "https://example.org/a/c"),
        ("https://example.org/a/b", "/c?d", "https://example.org/c?d"),
        ("https://example.org/a", "//other.example/c", "https://other.example/c"),
        ("https://example.org/a", "https://other.example/c", "https://other.example/c"),
        ("", "c", None),
        ("https://example.org/a", "java\nscript:alert(1)", None),
        ("https://example.org/", "img/a b.jpg", "https://example.org/img/a%20b.jpg"),
        ("http://[::1", "c", None),
    ],
)
def test_resolve(base: str, url: str, expected: str | None) -> None:
    assert resolve(base, url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a#b#c", "https://example.org/a#b#c"),
        ("HTTP://Example.org/é?utm_source=rss", "HTTP://Example.org/é?utm_source=rss"),
        (" https://example.org/a b ", "https://example.org/a%20b"),
        ("/c", "https://example.org/c"),
        ("javascript:alert(1)", None),
        ("http://[::1", None),
    ],
)
def test_link_stays_as_it_was_given_where_it_is_whole(url: str, expected: str | None) -> None:
    assert as_given("https://example.org/", url) == expected


@given(st.text(), st.text())
def test_resolve_gives_a_web_address_or_nothing(base: str, url: str) -> None:
    found = resolve(base, url)
    assert found is None or found.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:pass@example.org/feed", "https://example.org/feed"),
        ("https://example.org/feed?token=abc&page=2", "https://example.org/feed?page=2"),
        ("https://example.org/feed?api_key=abc", "https://example.org/feed"),
        ("https://example.org/feed?x=9f86d081884c7d659a2feaa0c55ad015", "https://example.org/feed"),
        ("https://example.org/spip.php?page=backend", "https://example.org/spip.php?page=backend"),
        ("https://example.org/?feed=rss2", "https://example.org/?feed=rss2"),
        ("https://example.org/rss/default?cat=afrique", "https://example.org/rss/default?cat=afrique"),
        ("https://example.org/?q=rss.xml", "https://example.org/?q=rss.xml"),
        ("https://example.org/f?topic=mali-burkina-faso-2026", "https://example.org/f?topic=mali-burkina-faso-2026"),
        ("https://example.org/f?date=20261124120000123", "https://example.org/f?date=20261124120000123"),
    ],
)
def test_public_url_shows_no_secret(url: str, expected: str) -> None:
    assert public_url(url) == expected


@pytest.mark.parametrize(
    ("url", "safe"),
    [("https://a.example/", True), ("HTTP://a.example", True), ("mailto:a@a.example", True), ("javascript:x", False),
     ("data:text/html,x", False), (" https://a.example", False), ("//a.example/", False), ("vbscript:x", False)],
)  # fmt: skip
def test_only_web_and_mail_links_are_safe(url: str, safe: bool) -> None:
    assert is_safe_link(url) is safe


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://example.org/feed?id=7", []),
        ("https://example.org/feed?sid=5&key=mali", []),
        ("https://example.org/feed?id=7&token=s3cr3t99", ["token=s3cr3t99"]),
        ("https://example.org/feed?x=Zq7Lm2Xw8Kp4TnB5", ["Zq7Lm2Xw8Kp4TnB5"]),
        ("https://awa:hunter2@example.org/feed", ["awa:hunter2@"]),
        ("https://awa:Zq7Lm2Xw8Kp4TnB5@example.org/", ["awa:Zq7Lm2Xw8Kp4TnB5@", "Zq7Lm2Xw8Kp4TnB5"]),
        ("http://[", []),
    ],
)
def test_secrets_of_an_address_are_those_that_a_document_may_repeat(url: str, secrets: list[str]) -> None:
    assert list(secrets_in(url)) == secrets
