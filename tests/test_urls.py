"""URLs: canonical, resolved, public."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.urls import as_given, canonical_url, is_safe_link, public_url, reader_url, resolve, secrets_in, shown


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
        ("https://мер./a", "https://xn--e1ann/a"),
        ("https://user name:p@s@example.org/a", "https://user%20name:p%40s@example.org/a"),
        ("https://example.org/a/%2e%2E/b/%2e/c", "https://example.org/b/c"),
        ("https://exam%70le.org/", None),
        ("https://example.org/%%3730", "https://example.org/%25730"),
        ("http://[::1%eth0]/a", None),
        ("http://[::1%eth0]:8080/a", None),
        ("http://[::FFFF:1.2.3.4]/a", "https://[::ffff:1.2.3.4]/a"),
        ("https://example.org/" + "é" * 2000, None),
        ("http://example.org/" + "a" * 4077, None),
        ("https://www.google.com/url?q=" * 5 + "https://example.org/a", "https://example.org/a"),
        ("https://пример.example/а", "https://xn--e1afmkfd.example/%D0%B0"),
        # As UTS 46 gives them: IDNA 2003 made fass.example and another sigma of these.
        ("http://Faß.example/", "https://xn--fa-hia.example/"),
        ("http://βόλος.example/", "https://xn--nxasmm1c.example/"),
        ("http://نامه\u200cای.example/", "https://xn--mgba3gch31f060k.example/"),
        ("http://☕.example/", "https://xn--53h.example/"),
        ("http://mein_straße.example/", "https://xn--mein_strae-e4a.example/"),
        ("http://日本語。example/", "https://xn--wgv71a119e.example/"),
        ("https://a／b.example/", None),
        ("https://" + "é" * 70 + ".example/", None),
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
        ("https://example.org/feed?authToken=abc&passkey=def&rssKey=ghi&monkey=1", "https://example.org/feed?monkey=1"),
        ("https://example.org/feed?x=9f86d081884c7d659a2feaa0c55ad015", "https://example.org/feed"),
        ("https://example.org/spip.php?page=backend", "https://example.org/spip.php?page=backend"),
        ("https://example.org/?feed=rss2", "https://example.org/?feed=rss2"),
        ("https://example.org/rss/default?cat=afrique", "https://example.org/rss/default?cat=afrique"),
        ("https://example.org/?q=rss.xml", "https://example.org/?q=rss.xml"),
        ("https://example.org/f?topic=mali-burkina-faso-2026", "https://example.org/f?topic=mali-burkina-faso-2026"),
        ("https://example.org/f?date=20261124120000123", "https://example.org/f?date=20261124120000123"),
        ("awa:pass@example.org/feed", "example.org/feed"),
        ("http://awa:pass/word@example.org/feed", ""),
        ("http://awa:pass@//example.org/feed", ""),
        ("https:////example.org/feed", ""),
        ("http://[::1%@2e]/", ""),
    ],
)
def test_public_url_shows_no_secret(url: str, expected: str) -> None:
    assert public_url(url) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Radio: News", "Radio: News"),
        ("RFI:Afrique", "RFI:Afrique"),
        ("http://awa:pass@example.org/", "http://example.org/"),
        ("awa:pass@example.org", "example.org"),
    ],
)
def test_name_is_shown_as_it_is_and_an_address_without_its_secrets(name: str, expected: str) -> None:
    assert shown(name) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://awa:p%40ss@example.org/?token=abc1%2F2&page=2&x=1", ("p%40ss", "p@ss", "abc1%2F2", "abc1/2")),
        ("https://example.org/?x=9f86d081884c7d659a2feaa0c55ad015", ("9f86d081884c7d659a2feaa0c55ad015",)),
        ("https://example.org/?key=politics", ()),
        ("https://awa@example.org/feed", ()),
        ("http://[::1", ()),
    ],
)
def test_secrets_in_a_url_are_its_password_and_its_tokens_and_no_plain_words(url: str, expected: tuple[str]) -> None:
    assert secrets_in(url) == expected


@pytest.mark.parametrize(
    ("url", "safe"),
    [("https://a.example/", True), ("HTTP://a.example", True), ("mailto:a@a.example", True), ("javascript:x", False),
     ("data:text/html,x", False), (" https://a.example", False), ("//a.example/", False), ("vbscript:x", False)],
)  # fmt: skip
def test_only_web_and_mail_links_are_safe(url: str, safe: bool) -> None:
    assert is_safe_link(url) is safe


secrets = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=20).map(
    lambda text: quote(text, safe="")
)


NAMES = ["token", "api_key", "X-Amz-Signature", "authKey", "session_id", "PHPSESSID"]


@settings(derandomize=True)
@given(secrets, secrets, secrets, st.sampled_from(NAMES))
def test_whatever_a_secret_is_made_of_it_is_not_shown(user: str, password: str, token: str, name: str) -> None:
    url = f"https://{user}:{password}@example.org/feed?{name}={token}&page=2"
    assert public_url(url) == "https://example.org/feed?page=2"
    assert shown(url) == "https://example.org/feed?page=2"
    assert password in secrets_in(url)
    assert unquote(password) in secrets_in(url)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (given, given)
        for given in (
            "http://old-site.example/report.php?id=5",
            "https://tool.example/changes.html#v1-2",
            "HTTP://Mixed.Example:80/Path//x?b=2&a=1&&c",
            "https://a.example/app#!/news/7",
            "https://a.example/%7Euser/caf%c3%a9?q=%e9",
            "https://a.example/compare?cmp=old&output=rss&ref=feed",
            "https://a.example",
            "https://a.example/?",
        )
    ]
    + [
        ("http://a.example/x?utm_source=rss&id=5&utm_medium=feed#part", "http://a.example/x?id=5#part"),
        ("http://a.example/x?UTM_Source=rss#part", "http://a.example/x#part"),
        ("https://a.example/x?fbclid=1&gclid=2", "https://a.example/x"),
        ("https://www.google.com/url?q=http://a.example/1%23two&sa=t", "http://a.example/1#two"),
    ],
)
def test_reader_goes_where_the_source_says(link: str, expected: str) -> None:
    assert reader_url(link, None) == expected


def test_reader_goes_to_the_original_that_a_redirectors_feed_names() -> None:
    link = "http://feeds.example/~r/news/~3/abc/"
    assert reader_url(link, "http://a.example/1?x=1&utm_source=feed#y") == "http://a.example/1?x=1#y"
    assert reader_url(link, "javascript:alert(1)") == link
    assert reader_url(None, None) is None
