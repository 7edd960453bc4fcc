"""What must hold whatever bytes come: a check for each part of ours that reads what strangers wrote.

Each raises where something does not hold. Called by `bench.fuzz`, which looks for bytes that break one, and by
tests/test_invariants.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import html5lib
import msgspec

from feeds import markup, opml, schedule, search, urls
from feeds.config import Config, Schedule, Source, Topic
from feeds.config import parse as parse_config
from feeds.config.edit import with_sources, without_source
from feeds.dates import parse_date, usable
from feeds.errors import ConfigError, FeedsError, FetchError, ListError, ParseError, UsageError
from feeds.fetch.headers import MAX_RETRY_AFTER, retry_after, validator
from feeds.markup.safe import TAGS
from feeds.model import Article, Entry, ParsedFeed, Response, SourceState, Text
from feeds.normalise import normalise
from feeds.parse import parse, salvage
from feeds.topics.matching import Topics
from feeds.topics.matching import load as load_topics
from feeds.urls import canonical_url, is_safe_link, public_url, resolve

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
URL = "https://courier.example/feed"
SOURCE = Source(url=URL, name="Courier")
STATE = SourceState(id=1, name="Courier", url=URL)
SETTINGS = Schedule()
HERE = Path("/nowhere/config.toml")


def _text(data: bytes) -> str:
    """Any text, half surrogate pairs among them."""
    return data.decode("utf-8", "surrogateescape")


def _halves(data: bytes) -> tuple[str, str]:
    """What stands before the first line break, and what stands after."""
    first, _, rest = _text(data).partition("\n")
    return first, rest


def _must_be_line(text: str) -> None:
    assert text.isprintable(), f"no line: {text!r:.300}"
    assert text


def _must_be_told(error: FeedsError) -> None:
    """The command line makes one line of it, whatever a person typed."""
    assert str(error).strip()


def _is_web(url: str | None) -> bool:
    """True where *url* is absent, or may stand in a feed as it is."""
    return url is None or re.fullmatch(r"https?://[!-~]+", url) is not None


# Documents


def check_document(data: bytes) -> None:
    """A first line as the Content-Type, the rest a document: it is read or refused in a line; what is read is sound."""
    content_type, _, body = data.partition(b"\n")
    try:
        feed = parse(Response(URL, 200, {"content-type": content_type.decode("latin-1")}, body))
    except ParseError as error:
        _must_be_line(str(error))
        return
    _check_feed(feed)
    articles = normalise(feed, SOURCE, NOW)
    assert len({article.identity for article in articles}) == len(articles) <= len(feed.entries)
    assert articles == normalise(feed, SOURCE, NOW)
    for article in articles:
        _check_article(article)


def _check_feed(feed: ParsedFeed) -> None:
    msgspec.json.encode(feed)  # no half surrogate pairs
    _must_be_line(feed.problem or "sound")
    assert feed.ttl is None or feed.ttl > timedelta(0)
    assert all(0 <= hour < 24 for hour in feed.skip_hours)
    assert all(0 <= day < 7 for day in feed.skip_days)
    for entry in feed.entries:
        assert isinstance(entry, Entry)
        for each in (entry.image, *(enclosure.url for enclosure in entry.enclosures)):
            assert _is_web(each), f"no web address: {each!r:.200}"
        assert entry.link is None or is_safe_link(entry.link), f"no link: {entry.link!r:.200}"


def _check_article(article: Article) -> None:
    texts = (
        article.title,
        article.summary,
        article.guid or "",
        article.link or "",
        *article.authors,
        *article.categories,
    )
    for text in texts:
        assert text == markup.valid(text), f"not valid in XML: {text!r:.200}"
    for line in (article.title, article.summary, *article.authors, *article.categories):
        assert line == " ".join(line.split()), f"no line: {line!r:.200}"
    assert article.title
    assert _is_web(article.url), article.url
    assert _is_web(article.image), article.image
    assert article.link is None or (is_safe_link(article.link) and article.link.isprintable()), article.link
    assert article.language is None or re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", article.language), (
        article.language
    )
    for date in (article.published, article.updated):
        assert date is None or (date.tzinfo is UTC and usable(date, NOW)), date
    check_fragment(article.content, article.entry)


def check_fragment(fragment: str, about: object = None) -> None:
    """Clean HTML, as a browser reads it: allowed elements, no handlers, no styles, safe addresses."""
    assert fragment == markup.valid(fragment), f"not valid in XML: {fragment!r:.200}"
    for element in html5lib.parseFragment(fragment, namespaceHTMLElements=False).iter():
        if element.tag == "DOCUMENT_FRAGMENT":
            continue
        assert element.tag in TAGS | {"tbody", "colgroup"}, f"<{element.tag}> from {about!r:.2000}"
        for name, value in element.attrib.items():
            assert name not in ("style", "id", "class", "srcdoc", "target"), f"{name}= from {about!r:.2000}"
            assert not str(name).startswith("on"), f"{name}= from {about!r:.2000}"
            if name in ("href", "src", "poster", "cite"):
                assert is_safe_link(value), f"{name}={value!r:.200}"
            if name == "srcset":
                assert all(is_safe_link(part) for part in value.split(", ")), f"{name}={value!r:.200}"


def check_salvage(data: bytes) -> None:
    """A broken document's parts: the head, then one an entry that begins in it."""
    parts = salvage.documents(data)
    assert len(parts) != 1
    assert len(parts) <= 1001
    starts = len(re.findall(rb"<(?:\w+:)?(?:item|entry)[\s><]", data))
    assert len(parts) <= starts + 1
    assert all(len(part) <= len(data) + 200 for part in parts[1:])


# Texts


def check_urls(data: bytes) -> None:
    """A base, and an address beside it."""
    base, url = _halves(data)
    found = resolve(base, url)
    assert _is_web(found), f"no web address: {found!r:.200}"
    assert found is None or resolve("", found) == found, f"{found!r:.200} becomes {resolve('', found)!r:.200}"
    canonical = canonical_url(url)
    assert _is_web(canonical), f"no web address: {canonical!r:.200}"
    assert canonical is None or canonical_url(canonical) == canonical, (
        f"{canonical!r:.200} becomes {canonical_url(canonical)!r:.200}"
    )
    given = urls.as_given(base, url)
    assert given is None or is_safe_link(given)
    for each in (url, found or ""):
        shown = public_url(each)
        if not re.match("https?://[^/]", each):
            continue
        assert public_url(shown) == shown, f"{shown!r:.200} becomes {public_url(shown)!r:.200}"
        assert "@" not in shown.partition("//")[2].partition("/")[0].partition("?")[0], f"credentials: {shown!r:.200}"


_ZONES = (UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)))


def check_dates(data: bytes) -> None:
    """A moment in UTC and whole seconds, the same when it is written down and read again; or none."""
    text = _text(data)
    for zone in _ZONES:
        for languages in ((), ("en-US",)):
            found = parse_date(text, zone=zone, languages=languages)
            if found is not None:
                assert (found.tzinfo, found.microsecond) == (UTC, 0), found
                assert parse_date(found.isoformat()) == found, f"{found} becomes {parse_date(found.isoformat())}"


def check_markup(data: bytes) -> None:
    """A base, and markup (or plain text) beside it."""
    base, value = _halves(data)
    for html in (True, False):
        text = Text(value, html, base)
        once = markup.clean_html(text)
        check_fragment(once, value)
        # nh3 takes away addresses with hosts that no browser accepts, ours among them when it sees them again.
        known = re.sub('(https?://)[^/"?#<>&\\s]+', r"\1host.example", once)
        again = markup.clean_html(Text(known, True, base))
        assert not html or again == known, f"{known!r:.500} becomes {again!r:.500}"
        image = markup.first_image(once)
        assert _is_web(image), f"no web address: {image!r:.200}"
        for plain in (markup.plain_text(text), markup.plain_title(text)):
            assert plain == markup.valid(plain)
            assert plain == " ".join(plain.split())
            _check_words(plain)
    markup.cut_furniture(value, "")
    markup.headline(value)


def _check_words(plain: str) -> None:
    assert not re.search("<[a-zA-Z/!?]", markup.inert_title(plain)), f"opens a tag: {markup.inert_title(plain)!r:.200}"
    assert plain.startswith(markup.without_tail(plain))
    for limit in (20, 200):
        assert len(markup.summarise(plain, limit)) <= limit + 20, f"longer than {limit}: {plain!r:.300}"


def check_search(data: bytes) -> None:
    """A query is understood, or refused in one line; written out it asks for the same, and it is found where it stands."""
    asked, text = _halves(data)
    try:
        query = search.parse(asked)
    except UsageError as error:
        _must_be_told(error)
        return
    written = search.canonical(query)
    assert search.canonical(search.parse(written)) == written, f"{written!r} becomes {search.parse(written)}"
    shown, marks = search.snippet(text, query)
    assert len(shown) <= 242
    assert all(0 <= low < high <= len(shown) for low, high in marks), f"{marks} of {len(shown)}"


@cache
def _topics() -> Topics:
    return load_topics({"sahel": Topic(use="sahel"), "russia-africa": Topic(use="russia-africa")}, Path())


def check_topics(data: bytes) -> None:
    """A headline and a text: the same evidence every time, for each topic that is matched and no other."""
    title, content = (markup.plain_title(Text(text)) for text in _halves(data))
    for language in ("fr", "ru", "ar", None):
        article = Article(identity="1", guid=None, url=None, link=None, title=title, content=content, language=language)
        matches = _topics().match(article, SOURCE)
        assert matches == _topics().match(article, SOURCE)
        explained = _topics().explain(article, SOURCE)
        assert set(matches) <= set(explained)
        for match in matches.values():
            assert match.score >= 1.0, match
            assert match.evidence
            assert all(each.term and each.where for each in match.evidence), match
    msgspec.json.encode(matches)


# Our own file, and what servers say


def check_config(data: bytes) -> None:
    """A Config or one line; of a Config, edits that can be read again and change nothing else."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    config = _config(text)
    if config is None:
        return
    added = {"url": "https://added.example/feed?a=\"'\\", "name": "Added “one” \\ \"'", "language": "fr"}
    longer = with_sources(text, [added])
    assert longer.startswith(text)
    after = _config(longer)
    if after is not None:  # a config whose sources are one list is refused
        assert after.sources[:-1] == config.sources
        assert (after.sources[-1].url, after.sources[-1].name) == (added["url"], added["name"])
    for source in config.sources[:5]:
        _check_removal(text, config, source)


def _check_removal(text: str, config: Config, source: Source) -> None:
    shorter = without_source(text, config, source)
    after = None if shorter is None else _config(shorter)
    if shorter is not None and after is not None and len(after.sources) == len(config.sources) - 1:
        kept = next(
            (at for at, pair in enumerate(zip(text, shorter, strict=False)) if pair[0] != pair[1]), len(shorter)
        )
        assert text.endswith(shorter[kept:]), "more than one place changed"


def _config(text: str) -> Config | None:
    try:
        return parse_config(text, HERE)
    except ConfigError as error:
        _must_be_line(str(error).removeprefix(f"{HERE}: "))
        return None


def check_headers(data: bytes) -> None:
    """Lines of "name: value": the next check lies within its bounds, and says why."""
    said = (line.partition(":") for line in data.decode("latin-1").splitlines())
    headers = {name.strip().lower(): value.strip() for name, _, value in said}
    for name in ("etag", "last-modified"):
        sent = validator(headers, name)
        assert sent is None or not re.search("[\r\n\0]", sent)
    wait = retry_after(headers.get("retry-after"), NOW)
    assert wait is None or timedelta(0) < wait <= MAX_RETRY_AFTER, wait
    error = FetchError(URL, "busy", status=503, retry_after=wait)
    for state in _after(headers, error):
        _check_plan(state)


def _after(headers: dict[str, str], error: FetchError) -> Iterator[SourceState]:
    feed = ParsedFeed(
        "rss20", ttl=timedelta(minutes=len(headers)), skip_hours=frozenset({1, 2}), skip_days=frozenset({6})
    )
    first = schedule.after_answer(STATE, Response(URL, 200, headers, b"x"), feed, "hash", NOW)
    yield first
    yield schedule.after_answer(first, Response(URL, 304, headers, b""), None, "hash", NOW)
    yield schedule.after_failure(first, error, NOW)


def _check_plan(state: SourceState) -> None:
    for jitter in (0.0, 0.999):
        planned = schedule.planned(state, SOURCE, SETTINGS, NOW, jitter)
        assert planned.wait_reason
        assert planned.next_check is not None
        assert planned.due_at is not None
        # A week of Retry-After, and two skipped hours or a skipped day behind it.
        latest = max(SETTINGS.max_interval, MAX_RETRY_AFTER) + timedelta(hours=27)
        assert SETTINGS.interval <= planned.next_check - NOW <= latest, planned.next_check
        assert NOW + SETTINGS.interval * 0.8 <= planned.due_at <= planned.next_check, planned.due_at


def check_opml(data: bytes) -> None:
    """The feeds that a list names, each once; or one line."""
    try:
        found = opml.read_opml(data)
    except ListError as error:
        _must_be_told(error)
        return
    assert len({outline.url for outline in found}) == len(found)
    for outline in found:
        assert _is_web(outline.url), f"no web address: {outline.url!r:.200}"
        assert _is_web(outline.page), f"no web address: {outline.page!r:.200}"


CHECKS: dict[str, Callable[[bytes], None]] = {
    "xml": check_document,
    "json": check_document,
    "salvage": check_salvage,
    "urls": check_urls,
    "dates": check_dates,
    "markup": check_markup,
    "search": check_search,
    "topics": check_topics,
    "config": check_config,
    "headers": check_headers,
    "opml": check_opml,
}
