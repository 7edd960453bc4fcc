"""Trouble that is expected: each carries what a person needs to act. Everything else is a bug and travels up whole."""

from __future__ import annotations

from datetime import timedelta


class FeedsError(Exception):
    """Anything a user is told in one line."""


class ConfigError(FeedsError):
    """config.toml can't be used: names the file, the table, the key and what is expected. Exit code 2."""


class UsageError(FeedsError):
    """A command was given words that name nothing. Exit code 2."""


class ListError(FeedsError):
    """A list of feeds (OPML) can't be read."""


class StoreError(FeedsError):
    """The store can't be opened, read or written."""


class PublishError(FeedsError):
    """The output can't be written."""


class ClockError(FeedsError):
    """The machine's clock can't be right, and dates would come out wrong."""


class SourceError(FeedsError):
    """One source failed; the others go on. `str()` is the reason, in words a person understands."""

    def __init__(self, url: str, reason: str) -> None:
        reason = _one_line(reason)
        super().__init__(reason)
        self.url = url
        self.reason = reason

    def __reduce__(self) -> tuple[type[SourceError], tuple[str, str], dict[str, object]]:
        """Pickled by url and reason: it comes back from child processes (Exception alone would forget the url)."""
        return type(self), (self.url, self.reason), self.__dict__


class FetchError(SourceError):
    """No usable answer came. *status* is the HTTP status, if there was one; *retry_after* is what the server asked.

    *was_reached* is False where no connection could be had (no address, nobody answers there), None where none was tried.
    """

    def __init__(
        self,
        url: str,
        reason: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
        was_reached: bool | None = None,
    ) -> None:
        super().__init__(url, reason)
        self.status = status
        self.retry_after = retry_after
        self.was_reached = was_reached if status is None else True


class ParseError(SourceError):
    """An answer came, and it is no feed that can be read."""


class ServeError(FeedsError):
    """The address or port to serve on can't be had."""


def _one_line(text: str) -> str:
    """*text* as one short line that can be printed and stored: a reason may quote what a server sent."""
    return " ".join("".join(each if each.isprintable() else " " for each in text[:1000]).split())[:300]
