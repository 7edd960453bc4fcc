"""Cookies within one exchange: what a redirect sets goes back where it belongs, and is forgotten after. Called by fetch."""

from __future__ import annotations

from email.message import Message
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.request import Request

_MOST_BYTES = 16_000  # of the Set-Cookie headers of one answer, which all go back


class Cookies:
    """Those that the answers of one exchange have set. RFC 6265: each is sent to whom its domain and path name."""

    def __init__(self) -> None:
        self._jar = CookieJar(DefaultCookiePolicy(strict_domain=True))

    def keep(self, url: str, said: list[str]) -> None:
        """Take those of the answer of *url* that its Set-Cookie headers *said*."""
        if sum(map(len, said)) <= _MOST_BYTES:
            answer: Any = _Answer(said)
            self._jar.extract_cookies(answer, Request(url))  # noqa: S310 – nothing is opened

    def header(self, url: str) -> str | None:
        """The Cookie header for a request of *url*; None where there are none for it."""
        request = Request(url)  # noqa: S310 – nothing is opened
        self._jar.add_cookie_header(request)
        return request.get_header("Cookie")


class _Answer:
    """An answer as http.cookiejar looks at one."""

    def __init__(self, said: list[str]) -> None:
        self._message = Message()
        for each in said:
            self._message.add_header("Set-Cookie", each)

    def info(self) -> Message:
        return self._message
