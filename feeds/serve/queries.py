"""Live queries: any search as a page, as feeds, as JSON. Called by make_app."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
from anyio import CapacityLimiter, to_thread
from msgspec import Struct
from msgspec.structs import replace
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from feeds.errors import StoreError, UsageError
from feeds.export import labelled, row, source_labels
from feeds.markup import summarise
from feeds.model import StoredArticle
from feeds.order import led_by_dated
from feeds.render import FILES, OutputFeed, RenderSettings, render_feed, search_page
from feeds.render.entry import SUMMARY_LENGTH
from feeds.search import FILTERS, Query, canonical, parse
from feeds.serve.live import Live
from feeds.serve.openapi import DESCRIPTION
from feeds.serve.refusals import NOT_FOUND, Refusals, plain
from feeds.serve.wrapping import OPEN, answer, page_policy

MAX_RESULTS = 200
_PAGE = 50  # results, unless more or fewer are asked for
_SECONDS = 2.0  # that one search may take
_AT_ONCE = 4
_MOST_TEXT = 4_000_000  # characters of the articles in one answer; with four at once, memory stays under 300 MB
_MOST_WAITING = 50  # searches, before more are refused
_MOST_UNSENT = 32_000_000  # bytes of answers that clients have yet to take
_MAX_AGE = 60
_KINDS = {name: kind for kind, name in FILES.items() if kind != "html"}


class _Asked(Struct, frozen=True):
    """A request, understood. *before* is where the results before it ended."""

    query: Query
    text: str
    limit: int
    before: int | None


class _Found(Struct, frozen=True):
    articles: list[StoredArticle]
    further: int | None
    settings: RenderSettings


class Queries:
    """Answers searches, a few at a time, each within its time."""

    def __init__(self, live: Live, refusals: Refusals) -> None:
        self._live = live
        self._refusals = refusals
        self._threads = CapacityLimiter(_AT_ONCE)
        self._waiting = 0
        self._unsent = 0

    async def page(self, request: Request) -> Response:
        """/search: the form, and what was found."""
        return await self._answer(request, self._page)

    async def feed(self, request: Request) -> Response:
        """/search/atom.xml, rss.xml and feed.json: a feed that one can subscribe to."""
        if request.path_params["file"] not in _KINDS:
            return await self._refuse(request, 404, NOT_FOUND)
        return await self._answer(request, self._feed)

    async def articles(self, request: Request) -> Response:
        """/api/articles: as `feeds export` shows them, with the address of the next ones."""
        return await self._answer(request, self._articles)

    async def openapi(self, request: Request) -> Response:
        """/api/openapi.json."""
        return answer(request, json.dumps(DESCRIPTION).encode(), "application/json", _MAX_AGE, **OPEN)

    async def _answer(self, request: Request, make: Callable[[Request, _Asked], Response]) -> Response:
        if self._waiting >= _MOST_WAITING or self._unsent >= _MOST_UNSENT:
            words = "too many searches at once; ask again in a few seconds"
            return _json_error(503, words) if _is_api(request) else plain(503, words, _retry(503))  # costs nothing more
        self._waiting += 1
        try:
            asked = _asked(request)
            async with self._threads:
                if await request.is_disconnected():
                    return plain(503, "the client left")
                return self._counted(await to_thread.run_sync(make, request, asked))
        except UsageError as error:
            return await self._refuse(request, 400, str(error))
        except StoreError as error:
            is_slow = "interrupted" in str(error)
            words = "the search took too long" if is_slow else "the store can't be read now"
            return await self._refuse(request, 503, words)
        finally:
            self._waiting -= 1

    async def _refuse(self, request: Request, status: int, words: str) -> Response:
        words = words.translate(_INERT)
        if _is_api(request):
            return _json_error(status, words)
        asked = request.query_params.get("q", "")
        return await self._refusals.answer(status, words, request.url.path, request.headers, _retry(status), asked)

    def _counted(self, response: Response) -> Response:
        """*response*, its bytes among those that are unsent until the client has them or is gone."""
        size = len(response.body)
        self._unsent += size
        response.background = BackgroundTask(self._sent, size)
        return response

    async def _sent(self, size: int) -> None:
        self._unsent -= size

    def _find(self, asked: _Asked) -> _Found:
        settings = self._live.settings()
        if asked.query.topic is not None and asked.query.topic not in settings.topics:
            raise UsageError(f'there is no topic "{asked.query.topic}"')
        articles, further = self._live.store.search(asked.query, asked.limit, asked.before, _SECONDS, _MOST_TEXT)
        return _Found(articles, further, settings)

    def _page(self, request: Request, asked: _Asked) -> Response:
        found = _Found([], None, self._live.settings()) if asked.query.is_empty else self._find(asked)
        feed = self._output_feed(asked, found, request, "html")
        further = f"?{_with(request, before=str(found.further))}" if found.further is not None else ""
        paths = self._live.store.feed_paths()
        body = search_page(feed, found.settings, asked.text, _filters(request), _with(request), further, paths)
        policy = {"Content-Security-Policy": page_policy(body)}
        return answer(request, body, "text/html; charset=utf-8", _MAX_AGE, **policy)

    def _feed(self, request: Request, asked: _Asked) -> Response:
        name = request.path_params["file"]
        found = self._find(asked)
        kind: Any = _KINDS[name]
        settings = replace(
            found.settings, publish=msgspec.structs.replace(found.settings.publish, formats=(kind,), hub="")
        )
        (document,) = render_feed(self._output_feed(asked, found, request, name), settings)
        return answer(request, document.body, document.media_type, _MAX_AGE, **OPEN)

    def _output_feed(self, asked: _Asked, found: _Found, request: Request, name: str) -> OutputFeed:
        """The search as a feed: known for ever by what it asks for, however that is written."""
        words = canonical(asked.query)
        base = found.settings.url("search")
        links = {"first": f"{base}/atom.xml?{_with(request, before=None)}"}
        next_url = None
        if found.further is not None:
            further = _with(request, before=str(found.further))
            links["next"] = f"{base}/atom.xml?{further}"
            next_url = f"{base}/feed.json?{further}"
        own = f"?{_with(request)}" if request.scope["query_string"] else ""
        return OutputFeed(
            path="search",
            id=uuid.uuid5(self._live.store.namespace, f"search\n{words}").urn,
            title=f"{found.settings.site.title}: {words}" if words else found.settings.site.title,
            name=words,
            description=words,
            language=asked.query.lang,
            articles=tuple(led_by_dated(found.articles, lambda article: article.published is not None)),
            updated_if_empty=self._live.store.created,
            links=links,
            next_url=next_url,
            urls={kind: f"{base}/{file}{own}" for file, kind in _KINDS.items()} | {"html": base + own},
        )

    def _articles(self, request: Request, asked: _Asked) -> Response:
        found = self._find(asked)
        further = None
        if found.further is not None:
            further = f"{found.settings.url('api/articles')}?{_with(request, before=str(found.further))}"
        labels = source_labels(
            self._live.config.sources, {name: info.control for name, info in found.settings.sources.items()}
        )
        value = {
            "articles": [labelled(_row(article, found.settings), labels) for article in found.articles],
            "next": further,
        }
        return answer(request, json.dumps(value, ensure_ascii=False).encode(), "application/json", _MAX_AGE, **OPEN)


def _row(article: StoredArticle, settings: RenderSettings) -> dict[str, Any]:
    """As `feeds export` shows it, but no more of its text than may be republished."""
    policy = settings.text_of(article.source.name)
    if policy == "full":
        return row(article)
    said = summarise(article.summary, SUMMARY_LENGTH) if policy == "summary" else ""
    return row(article) | {"content": None, "summary": said or None}


def _asked(request: Request) -> _Asked:
    """What the query string means. Raises UsageError."""
    text = request.query_params.get("q", "")
    query = parse(text, **_filters(request))
    limit, before = request.query_params.get("limit", str(_PAGE)), request.query_params.get("before")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_RESULTS and len(limit) < 9):
        raise UsageError(f"limit: expected a number from 1 to {MAX_RESULTS}")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 18):
        raise UsageError("before: expected what the last answer named")
    return _Asked(query, text, int(limit), None if before is None else int(before))


def _filters(request: Request) -> dict[str, str | None]:
    """What the query string narrows the search by; a field of the form that was left empty says nothing."""
    return {name: (request.query_params.get(name) or "").strip() or None for name in FILTERS}


def _with(request: Request, **changed: str | None) -> str:
    """The query string of *request*, of what we know in it, with *changed* in place of its own."""
    known = {name: request.query_params.get(name) for name in ("q", *FILTERS, "limit", "before")} | changed
    return urlencode({name: value for name, value in known.items() if value})


# What was asked comes back in words, never as markup, whatever a client takes the answer for.
_INERT = str.maketrans("<>", "‹›")


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _json_error(status: int, words: str) -> Response:
    """RFC 9457."""
    body = json.dumps({"status": status, "title": words}).encode()
    return Response(body, status, OPEN | _retry(status), media_type="application/problem+json")


def _retry(status: int) -> dict[str, str]:
    return {"Retry-After": "5"} if status == 503 else {}
