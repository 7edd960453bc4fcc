"""Single values: (input, expected) for addresses, languages, types and dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from feeds.markup import shows_nothing
from feeds.render.values import (
    article_url,
    direction,
    language_tag,
    line,
    media_type,
    rfc822,
    rfc3339,
    source_id,
    web_url,
    xml_text,
)
from tests.validity.values import canonical


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", "https://a.example/"),
        ("HTTPS://A.Example/B?c=1#d", "https://a.example/B?c=1#d"),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
        ("https://user:secret@a.example/x", "https://a.example/x"),
        ("https://réseau.example/é à", "https://xn--rseau-bsa.example/%C3%A9%20%C3%A0"),
        ("https://a.example/%C3%A9%zz?q=[1]|2", "https://a.example/%C3%A9%25zz?q=%5B1%5D%7C2"),
        ("https://a.example/\x00b", "https://a.example/b"),
        ("https://a.example:99999/", None),
        ("https://[::1]/", None),
        ("https:///x", None),
        ("javascript:alert(1)", None),
        ("/relative", None),
        ("", None),
        (None, None),
    ],
)
def test_web_url_is_absolute_and_in_the_characters_of_uris(url: str | None, expected: str | None) -> None:
    assert web_url(url) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("fr", "fr"),
        ("FR_fr", "fr-FR"),
        ("sr-latn", "sr-Latn"),
        ("ha", "ha"),
        ("tmh", "tmh"),
        ("dje", None),
        ("en-UK", "en-GB"),
        ("fr-FR-x-old", "fr-FR"),
        ("us", None),
        ("eng", "en"),
        ("english", None),
        ("", None),
        (None, None),
    ],
)
def test_language_is_one_that_validators_know(tag: str | None, expected: str | None) -> None:
    assert language_tag(tag) == expected


@pytest.mark.parametrize(("language", "expected"), [("ar-ML", "rtl"), ("fr", "ltr"), (None, "auto")])
def test_direction_follows_the_language(language: str | None, expected: str) -> None:
    assert direction(language) == expected


@pytest.mark.parametrize(
    ("given", "url", "expected"),
    [
        ("Audio/MPEG; charset=x", "https://a.example/x", "audio/mpeg"),
        (None, "https://a.example/x.JPG?size=2", "image/jpeg"),
        ("mp3", "https://a.example/x.mp3", "audio/mpeg"),
        ("", "https://a.example/x", None),
        ("application/octet-stream", "https://a.example/x", None),
        ("application/octet-stream", "https://a.example/x.m4a?n=1", "audio/mp4"),
        ("application/x-shockwave-flash", "https://a.example/v/7", None),
        ("video/mp4", "https://a.example/player.SWF", None),
    ],
)
def test_media_type_is_the_given_one_or_what_the_name_says(given: str | None, url: str, expected: str | None) -> None:
    assert media_type(given, url) == expected


@pytest.mark.parametrize(
    ("given", "url", "expected"),
    [
        ("tag:a.example,2020:x", "https://a.example/feed", "tag:a.example,2020:x"),
        ("http://a.example/x?y=1", "https://a.example/feed", "http://a.example/x?y=1"),
        ("http://a.example/a/../b", "https://a.example/feed", "https://a.example/feed"),
        ("http://a.example:80/", "https://a.example/feed", "https://a.example/feed"),
    ],
)
def test_source_id_is_canonical(given: str | None, url: str, expected: str) -> None:
    assert source_id(given, url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/%7Ejo", "https://a.example/~jo"),
        ("http://127.0.0.1:8080/rss", "http://127.0.0.1:8080/rss"),
        ("https://a.example:443", "https://a.example/"),
        ("https://A.example./x/../y/./z?feed=rss2&cat=-1,2", "https://a.example/y/z?feed=rss2&cat=-1,2"),
        ("https://a.example/a//b/..", "https://a.example/a//"),
        ("https://a.example/лента?q=%d0%9c", "https://a.example/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0?q=%D0%9C"),
        ("https://a.example/cafe%CC%81?u=%2f%20", "https://a.example/caf%C3%A9?u=%2F%20"),
        ("https://a.example/rss#all", "https://a.example/rss"),
    ],
)
def test_source_without_an_id_is_known_by_its_address(url: str, expected: str) -> None:
    assert source_id(None, url) == source_id("an id of nothing", url) == expected
    assert list(canonical("source/id", expected)) == []


def test_address_that_can_not_be_normalized_makes_an_id_of_its_own() -> None:
    assert source_id(None, "https://a.example/%E9") == source_id("?", "https://a.example/%E9")
    assert source_id(None, "https://a.example/%E9") != source_id(None, "https://b.example/%E9")


@pytest.mark.parametrize(
    "picture",
    [
        "https://secure.gravatar.com/avatar/0123?s=96&d=mm",
        "https://blog.example/wp-content/avatars/7.jpg",
        "https://blog.example/img/default-avatar.png",
        "https://blog.example/static/1x1.gif",
        "https://blog.example/tracking_pixel.php?article=7",
        "https://blog.example/i.gif?w=1&h=1",
        "https://feeds.feedburner.com/~r/blog/~4/xyz",
        "https://ad.doubleclick.net/ad/7",
    ],
)
def test_avatars_and_pixels_show_nothing(picture: str) -> None:
    assert shows_nothing(picture)


@pytest.mark.parametrize(
    "picture",
    [
        "https://blog.example/google-pixel-9.jpg",
        "https://blog.example/avatar-fire-and-ash.jpg",
        "https://blog.example/clear-water.jpg",
        "https://blog.example/clear.jpg",
        "https://blog.example/image.jpg",
        "https://blog.example/i.jpg?w=1200&h=10",
        "https://blog.example/",
    ],
)
def test_pictures_of_something_are_shown(picture: str) -> None:
    assert not shows_nothing(picture)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\x00\x1f\x7f\x9f\ud800\uffffb", "ab"),
        ("\u202eabc\u2069", "abc"),
        ("\u200fعربي", "\u200fعربي"),
        ("Ã©tÃ©", "été"),
        ("AMANHÃ» – é", "AMANHÃ» – é"),
        ("👩‍🌾", "👩‍🌾"),
    ],
)
def test_xml_text_has_the_characters_of_xml(text: str, expected: str) -> None:
    assert xml_text(text) == expected


def test_line_is_one_line() -> None:
    assert line(" a\n\n b\t<b>c</b> ") == "a b ‹b›c‹/b›"


def test_dates_are_whole_seconds_in_utc() -> None:
    date = datetime(2026, 11, 24, 2, 30, 1, 999_999, tzinfo=timezone(timedelta(hours=3)))
    assert rfc3339(date) == "2026-11-23T23:30:01Z"
    assert rfc822(date) == "Mon, 23 Nov 2026 23:30:01 GMT"
    assert rfc3339(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example",
        "HTTP://A.Example:80/B//c?d=%e9&&e#f/g?",
        "http://10.0.0.1:8080/x;y=(1)",
        "https://a_b.example?q",
    ],
)
def test_valid_article_url_stays_as_it_was_given(url: str) -> None:
    assert article_url(url) == url


@pytest.mark.parametrize(
    "url", ["https://me:secret@a.example/x", "http://a.example/a b", "http://a.example/%", "/x", None]
)
def test_other_article_urls_are_made_valid(url: str | None) -> None:
    assert article_url(url) == web_url(url) != url or url is None
