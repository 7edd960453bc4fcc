"""What is answered where there is nothing to show: a page for people, a line for programs. Called by files and queries."""

from __future__ import annotations

from collections.abc import Mapping

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import Response

from feeds.errors import FeedsError
from feeds.render import RenderSettings, error_page
from feeds.serve.live import Live
from feeds.serve.wrapping import page_policy

_DEEPEST = 20  # folders; our own pages are four deep
NOT_FOUND = "there is nothing here"


class Refusals:
    """Makes pages that say what is wrong, in the look of the others. Those of what is not there are kept."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._kept: tuple[RenderSettings, dict[int, bytes]] | None = None

    async def answer(
        self, status: int, words: str, path: str, asked: Headers, more: Mapping[str, str] | None = None, query: str = ""
    ) -> Response:
        """*words* as a page or as a line, by what the client takes. *query* is what was looked for, to be mended."""
        more = {"Vary": "Accept"} | dict(more or {})
        depth = path.count("/") - 1
        is_person = "text/html" in ",".join(asked.getlist("accept"))  # browsers say so; feed readers, curl do not
        if is_person and depth <= _DEEPEST:
            try:
                body = await to_thread.run_sync(self._page, status, words, depth, query)
            except FeedsError:
                pass  # the store can't be read, and what the page would show beside the words is not known
            else:
                headers = {"Content-Security-Policy": page_policy(body)} | more
                return Response(body, status, headers, media_type="text/html")
        return plain(status, words, more)

    def _page(self, status: int, words: str, depth: int, query: str) -> bytes:
        settings = self._live.settings()
        if status != 404:
            return error_page(settings, "../" * depth, status, words, query)
        if self._kept is None or self._kept[0] is not settings:
            self._kept = settings, {}
        kept = self._kept[1]  # another thread may begin anew meanwhile
        if depth not in kept:
            kept[depth] = error_page(settings, "../" * depth, status, words)
        return kept[depth]


def plain(status: int, words: str, more: Mapping[str, str] | None = None) -> Response:
    return Response(words + "\n", status, dict(more or {}), media_type="text/plain")
