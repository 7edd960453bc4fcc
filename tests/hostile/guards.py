"""The guards by name, each with how to switch it off: for negative controls, in the driver and its child processes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

GUARDS: dict[str, Callable[[], None]] = {}


def guard(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Note the function under it as what switches the guard *name* off."""

    def note(switch_off: Callable[[], None]) -> Callable[[], None]:
        GUARDS[name] = switch_off
        return switch_off

    return note


def put(module: Any, **values: Any) -> None:
    for name, value in values.items():
        if not hasattr(module, name):
            raise AttributeError(f"{module}: {name} is no longer there to be switched off")
        setattr(module, name, value)


@guard("deadline of an exchange")
def _() -> None:
    from feeds.fetch.connection import Exchange

    put(Exchange, remaining=lambda self: 600.0)


@guard("size of an answer")
def _() -> None:
    from feeds import fetch
    from feeds.fetch import body
    from feeds.fetch.connection import Exchange

    put(Exchange, count=lambda self, size: None)
    read = body.read_body
    put(
        fetch,
        read_body=lambda answer, exchange, share, most: read(answer, exchange, share, 10**12),
        BODIES_BYTES=10**12,
    )


@guard("addresses")
def _() -> None:
    from feeds.fetch import connection

    put(connection, is_permitted=lambda address, allowed: True)


@guard("the address checked is the address connected")
def _() -> None:
    from feeds.fetch.connection import Exchange

    def connect(self: Any, host: str, port: int, checked: bool) -> Any:
        self.addresses(host, port, checked)
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        from feeds.fetch.connection import _TimedSocket

        return self._dial(_TimedSocket(family, kind, protocol), address, 5.0)

    put(Exchange, connect=connect)


@guard("credentials stay on their server")
def _() -> None:
    from feeds import fetch

    put(fetch, _is_same_server=lambda old, new: True)


@guard("secrets in addresses")
def _() -> None:
    from feeds import reading, schedule
    from feeds.store import polling

    for module in (reading, schedule, polling):
        put(module, public_url=lambda url: url)
    put(reading, without=lambda body, secrets: body)


@guard("a reason is one line")
def _() -> None:
    from feeds import errors

    put(errors, _one_line=lambda text: text)


@guard("entry by entry")
def _() -> None:
    from feeds.parse import salvage

    put(salvage, documents=lambda document: [], without=lambda document, is_trap: (document, 1))


@guard("clean markup")
def _() -> None:
    from feeds import normalise

    put(normalise, clean_html=lambda text: text.value)


@guard("inert titles")
def _() -> None:
    from feeds.render import values

    put(values, inert_title=lambda title: title)


@guard("validators of cut bodies")
def _() -> None:
    from feeds import fetch, schedule
    from feeds.fetch import body

    read = body.read_body
    put(fetch, read_body=lambda *arguments: (read(*arguments)[0], True))
    put(schedule, _is_whole=lambda response, feed: True)


@guard("time to read a document")
def _() -> None:
    from feeds import outcomes
    from feeds.parse import pool

    put(pool, QUICK=600.0)
    put(outcomes, PARSE_SECONDS=600.0)


@guard("memory to read a document")
def _() -> None:
    from feeds import outcomes

    put(outcomes, PARSE_MEMORY=4_000_000_000)


@guard("length of texts")
def _() -> None:
    from feeds import normalise
    from feeds.markup import furniture, plain, safe
    from feeds.render import entry

    for module in (normalise, furniture, plain, safe):
        put(module, MAX_LENGTH=10**9)
    put(entry, _LONGEST_TEXT=10**9)


@guard("new articles of one document")
def _() -> None:
    from feeds.store import saving

    put(saving, _MOST_NEW=10**9)


@guard("waits are capped")
def _() -> None:
    from feeds import schedule
    from feeds.fetch import headers

    put(headers, MAX_RETRY_AFTER=timedelta(days=365_000))
    put(schedule, RETRY_AFTER_CAP=timedelta(days=365_000))


@guard("a place in a host in one's own time")
def _() -> None:
    from feeds.fetch import Fetcher

    place = Fetcher._place
    put(Fetcher, _place=lambda self, host, exchange, is_first: place(self, host, exchange, True))


@guard("encodings that are none")
def _() -> None:
    from feeds.parse import encoding

    put(encoding, _decoded=lambda body, name: body.decode(name))


@guard("a bug costs its source alone")
def _() -> None:
    from feeds import outcomes

    def raised(turn: Any, error: Exception) -> Any:
        raise error

    put(outcomes, _bug=raised)


# No guards, but faults: to see what a bug of ours would cost.


@guard("a bug in an entry")
def _() -> None:
    from feeds import normalise

    title = normalise._title

    def buggy(entry: Any) -> str:
        if entry.guid == "bug":
            raise TypeError("a bug")
        return title(entry)

    put(normalise, _title=buggy)


@guard("a bug in a document")
def _() -> None:
    from feeds.parse import xmlfeed

    refuse = xmlfeed._refuse_other_kinds

    def buggy(url: str, text: str) -> None:
        if "make it fail" in text:
            raise TypeError("a bug")
        refuse(url, text)

    put(xmlfeed, _refuse_other_kinds=buggy)
