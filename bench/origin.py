"""Feeds of all formats by the thousand, and the server they come from, a process of its own: `running`.

python -m bench.origin FEEDS [MS]     prints its port, and serves until its standard input ends; each answer takes MS
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import NamedTuple

from bench import corpus

HOSTS = tuple(f"127.0.{1 + number // 200}.{1 + number % 200}" for number in range(250))
FORMATS = ("rss", "rss", "rss", "rss", "rss", "rss", "atom", "atom", "rdf", "json")  # about as the web has them
LANGUAGES = ("en", "fr", "ru", "ar", "pt")
CHANGED, NEW = 10, 2  # with each edition one feed in ten has two items more at its top
_NEWEST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
_TYPES = {"json": "application/feed+json", "atom": "application/atom+xml", "rss": "application/rss+xml",
          "rdf": "application/rdf+xml"}  # fmt: skip
_NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/"'
)


class Item(NamedTuple):
    """What one item says, whatever its format."""

    link: str
    title: str
    lead: str
    body: str
    author: str
    words: list[str]
    date: datetime


def path(number: int, *, xml: bool = False) -> str:
    """Where feed *number* is; with *xml*, that one in ten is RSS and not JSON."""
    kind = FORMATS[number % len(FORMATS)]
    return f"/{number}.{'rss' if xml and kind == 'json' else kind}"


def host(number: int) -> str:
    """The host that feed *number* is on."""
    return HOSTS[number % len(HOSTS)]


def items(number: int, edition: int) -> list[Item]:
    """What feed *number* lists, the newest first."""
    count = 10 + random.Random(number).randrange(51)
    newest = NEW * edition if number % CHANGED == 0 else 0
    return [_item(number, place) for place in range(newest - 1, newest - 1 - count, -1)]


def _item(number: int, place: int) -> Item:
    chance = random.Random(number * 1_000_003 + place)
    words = corpus.words_of(LANGUAGES[number // 3 % len(LANGUAGES)])
    date = _NEWEST + timedelta(minutes=10 * place, seconds=number % 600)
    link = f"https://site{number}.example/{date:%Y/%m}/{chance.randrange(10**9)}.html"
    place_name = chance.choice(corpus.COUNTRIES)[1]
    title = f"{place_name}: {' '.join(chance.choices(words, k=8))} {chance.choice(corpus.RARE)}"
    sentences = [
        f"{' '.join(chance.choices(words, k=14)).capitalize()} {chance.choice(corpus.RARE)}." for _ in range(12)
    ]
    lead = f"{place_name}. {' '.join(sentences[:2])}"
    markup = f'<p>{lead}</p><p><a href="{link}"><img src="https://site{number}.example/i.jpg" alt=""></a></p>'
    body = markup + "".join(f"<p>{sentence}</p>" for sentence in sentences[2:]) if number % 3 == 0 else ""
    author = f"{chance.choice(corpus.RARE).title()} {chance.choice(corpus.RARE).title()}"
    return Item(link, title, lead, body, author, chance.sample(words, 2), date)


def document(number: int, kind: str, edition: int) -> bytes:
    """Feed *number* in the format *kind*."""
    site = f"https://site{number}.example/"
    language = LANGUAGES[number // 3 % len(LANGUAGES)]
    listed = items(number, edition)
    text = {"rss": _rss, "rdf": _rdf, "atom": _atom, "json": _json}[kind](f"Site {number}", site, language, listed)
    return text.encode()


def _rss(name: str, site: str, language: str, listed: list[Item]) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {_NAMESPACES}>\n<channel>\n<title>{name}</title>\n'
        f"<link>{site}</link>\n<description>News</description>\n<language>{language}</language>\n"
        + "".join(
            f"<item>\n<title>{escape(item.title)}</title>\n<link>{item.link}</link>\n"
            f'<guid isPermaLink="false">{item.link}</guid>\n<pubDate>{format_datetime(item.date)}</pubDate>\n'
            f"<dc:creator><![CDATA[{item.author}]]></dc:creator>\n{_categories(item)}"
            f"<description><![CDATA[<p>{item.lead}</p>]]></description>\n{_encoded(item)}</item>\n"
            for item in listed
        )
        + "</channel>\n</rss>\n"
    )


def _rdf(name: str, site: str, language: str, listed: list[Item]) -> str:
    order = "".join(f'<rdf:li rdf:resource="{item.link}"/>' for item in listed)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" {_NAMESPACES}>\n<channel rdf:about="{site}">\n'
        f"<title>{name}</title>\n<link>{site}</link>\n<description>News</description>\n"
        f"<dc:language>{language}</dc:language>\n<items><rdf:Seq>{order}</rdf:Seq></items>\n</channel>\n"
        + "".join(
            f'<item rdf:about="{item.link}">\n<title>{escape(item.title)}</title>\n<link>{item.link}</link>\n'
            f"<dc:date>{item.date.isoformat()}</dc:date>\n<dc:creator>{item.author}</dc:creator>\n"
            f"<description>{escape(item.lead)}</description>\n{_encoded(item)}</item>\n"
            for item in listed
        )
        + "</rdf:RDF>\n"
    )


def _atom(name: str, site: str, language: str, listed: list[Item]) -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">\n'
        f'<title>{name}</title>\n<link href="{site}"/>\n<id>{site}</id>\n<updated>{listed[0].date.isoformat()}</updated>\n'
        + "".join(
            f'<entry>\n<title type="html">{escape(item.title)}</title>\n<link href="{item.link}"/>\n<id>{item.link}</id>\n'
            f"<published>{item.date.isoformat()}</published>\n<updated>{item.date.isoformat()}</updated>\n"
            f"<author><name>{item.author}</name></author>\n"
            + "".join(f'<category term="{word}"/>' for word in item.words)
            + f'\n<summary type="html">{escape(item.lead)}</summary>\n'
            + (f'<content type="html">{escape(item.body)}</content>\n' if item.body else "")
            + "</entry>\n"
            for item in listed
        )
        + "</feed>\n"
    )


def _json(name: str, site: str, language: str, listed: list[Item]) -> str:
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": name,
            "home_page_url": site,
            "language": language,
            "items": [
                {
                    "id": item.link,
                    "url": item.link,
                    "title": item.title,
                    "summary": item.lead,
                    "content_html": item.body or f"<p>{item.lead}</p>",
                    "date_published": item.date.isoformat(),
                    "authors": [{"name": item.author}],
                    "tags": item.words,
                }
                for item in listed
            ],
        },
        ensure_ascii=False,
        indent=1,
    )


def _categories(item: Item) -> str:
    return "".join(f"<category><![CDATA[{word}]]></category>\n" for word in item.words)


def _encoded(item: Item) -> str:
    return f"<content:encoded><![CDATA[{item.body}]]></content:encoded>\n" if item.body else ""


@contextmanager
def running(feeds: int, latency: int = 0) -> Iterator[int]:
    """The server of so many feeds, each answer of which takes *latency* milliseconds; its port."""
    command = [sys.executable, "-m", "bench.origin", str(feeds), str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        print("making the feeds", file=sys.stderr, flush=True)
        yield int(process.stdout.readline())
        process.stdin.close()


def urls(port: int, feeds: int, *, xml: bool = False) -> list[str]:
    """Where the feeds are."""
    return [f"http://{host(number)}:{port}{path(number, xml=xml)}" for number in range(feeds)]


def show(port: int, edition: int) -> dict[str, int]:
    """Have the server show *edition*; the answers that it gave before, by status."""
    with urllib.request.urlopen(f"http://{HOSTS[0]}:{port}/edition/{edition}") as answer:
        given: dict[str, int] = json.load(answer)
        return given


class _Shelf:
    """Whole answers, made before they are asked for: what is measured is who asks."""

    def __init__(self, feeds: int) -> None:
        self._feeds = feeds
        self._answers: dict[bytes, tuple[bytes, bytes, bytes]] = {}
        for number in range(feeds):
            self._put(number, 0)
        self._first = dict(self._answers)
        self._given = {"200": 0, "304": 0}

    def show(self, edition: int) -> str:
        """Have every feed say what it says in *edition*; how many answers of each kind were given before, as JSON."""
        given, self._given = self._given, {"200": 0, "304": 0}
        self._answers = dict(self._first)
        for number in range(0, self._feeds, CHANGED) if edition else ():
            self._put(number, edition)
        return json.dumps(given)

    def _put(self, number: int, edition: int) -> None:
        for place in {path(number), path(number, xml=True)}:
            kind = place.rpartition(".")[2]
            body = document(number, kind, edition)
            tag = f'"{number}-{edition if number % CHANGED == 0 else 0}-{kind}"'
            head = f"ETag: {tag}\r\nContent-Type: {_TYPES[kind]}\r\n"
            whole = f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
            same = f"HTTP/1.1 304 Not Modified\r\n{head}\r\n".encode()
            self._answers[place.encode()] = (tag.encode(), whole, same)

    def answer(self, head: bytes) -> bytes:
        target = head.split(b" ", 2)[1]
        if target.startswith(b"/edition/"):
            given = self.show(int(target.rpartition(b"/")[2]))
            return f"HTTP/1.1 200 OK\r\nContent-Length: {len(given)}\r\n\r\n{given}".encode()
        found = self._answers.get(target)
        if found is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        tag, whole, same = found
        is_known = b"if-none-match: " + tag in head.replace(b"If-None-Match", b"if-none-match")
        self._given["304" if is_known else "200"] += 1
        return same if is_known else whole


class _Connection(asyncio.Protocol):
    def __init__(self, shelf: _Shelf, latency: float) -> None:
        self._shelf, self._latency = shelf, latency
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._head += data
        while (end := self._head.find(b"\r\n\r\n")) >= 0:
            head, self._head = self._head[: end + 2], self._head[end + 4 :]
            answer = self._shelf.answer(head)
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def _serve(feeds: int, latency: float) -> None:
    loop = asyncio.get_running_loop()
    shelf = _Shelf(feeds)
    first = await loop.create_server(lambda: _Connection(shelf, latency), HOSTS[0], 0, backlog=500)
    port = first.sockets[0].getsockname()[1]
    # One address at a time: 0.0.0.0 would serve the whole network.
    for name in HOSTS[1:]:
        await loop.create_server(lambda: _Connection(shelf, latency), name, port, backlog=100)
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    count, *latencies = map(int, sys.argv[1:])
    asyncio.run(_serve(count, sum(latencies) / 1000))
