"""config.toml as types: `load(path)` gives a Config, or a ConfigError of one line. Called by cli; edits: `edit`."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from feeds.config.faults import faults
from feeds.config.images import ImageKind, read_png
from feeds.config.wording import in_words, one_line, unknown_key
from feeds.errors import ConfigError
from feeds.urls import secrets_in

SourceType = Literal[
    "newspaper", "agency", "broadcaster", "online", "aggregator", "government", "organisation", "research", "blog"
]
Control = Literal["private", "public", "state", "state-linked", "nonprofit", "intergovernmental", "unknown"]
Format = Literal["atom", "rss", "json", "html"]
TextPolicy = Literal["full", "summary", "link"]

_LEAST_SECRET = 8  # characters
_MAY_BE_SECRET = (("store", "url"), ("fetch", "proxy"), ("publish", "hub"))  # besides what sources have
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


class Duration(timedelta):
    """A length of time, written as a whole number and a unit: "20s", "30m", "24h", "400d"."""


class Size(int):
    """A number of bytes, written "500KB" or "10MB" (powers of 1000)."""


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who publishes, and where output/ can be reached (*base_url* ends with a slash).

    *search*: where base_url leads, `feeds serve` answers, so that pages may have a form to search.
    *icon* and *logo* are PNG files of the site's own, relative to config.toml; empty for the shipped ones.
    """

    title: Annotated[str, Meta(min_length=1)] = "Feeds"
    description: str = ""
    base_url: str = "http://127.0.0.1:8000/"
    author: str = ""
    contact: str = ""
    language: str = "en"
    timezone: str = "UTC"
    icon: str = ""
    logo: str = ""
    search: bool = False


class StoreSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the articles are kept: an SQLAlchemy URL, or "env:NAME"; a relative SQLite path is relative to config.toml."""

    url: str = "sqlite:///feeds.db"


class FetchSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sources are asked. *timeout* covers a whole request, *max_bytes* the body after decompression."""

    timeout: Duration = Duration(seconds=20)
    max_bytes: Size = Size(10_000_000)
    concurrency: Annotated[int, Meta(ge=1, le=256)] = 32
    per_host: Annotated[int, Meta(ge=1, le=16)] = 2
    allow_private_networks: bool | tuple[str, ...] = False
    user_agent: str = ""
    proxy: str = ""


class Schedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a source is asked: *interval*, as its server's hints and failures move it between the two others."""

    interval: Duration = Duration(minutes=30)
    min_interval: Duration = Duration(minutes=10)
    max_interval: Duration = Duration(hours=24)


class Publish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is written. *window* and *entries* limit the subscription feeds, never the store."""

    dir: Annotated[str, Meta(min_length=1)] = "output"
    formats: tuple[Format, ...] = ("atom", "rss", "json", "html")
    entries: Annotated[int, Meta(ge=1, le=10_000)] = 100
    window: Duration = Duration(days=30)
    hub: str = ""
    text: TextPolicy = "summary"


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long articles and the log of fetches are kept."""

    articles: Duration = Duration(days=400)
    fetch_log: Duration = Duration(days=90)


class Topic(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A topic of `[topics.NAME]`: a shipped definition by *use*, a *file*, or terms of its own. See docs/own-topic.md.

    A term is plain words, "@concept" of the gazetteer or of *terms*, or "topic:NAME". *all_of* has a term, or a list of
    which one will do, for each side; *near* is how close the sides must be. *terms* are lines of "language: word, word".
    """

    title: str = ""
    description: str = ""
    use: str = ""
    file: str = ""
    any_of: tuple[str, ...] = ()
    all_of: tuple[str | tuple[str, ...], ...] = ()
    none_of: tuple[str, ...] = ()
    enough: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    near: Literal["sentence", "lead", "article"] | None = None
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    terms: dict[str, str] = {}


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A feed that is polled. Known by *url* and by *name*, both unique.

    *topics* is a prior for each topic (the share of its articles on it, 0 to 1), or "always". *headers* and *auth*
    ("user:password") may be written "env:NAME".
    """

    url: str
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    language: str | None = None
    country: str | tuple[str, ...] = ()
    type: SourceType | None = None
    control: Control = "unknown"
    topics: dict[str, Annotated[float, Meta(ge=0, le=1)] | Literal["always"]] | Literal["always"] = {}
    interval: Duration | None = None
    text: TextPolicy | None = None
    enabled: bool = True
    headers: dict[str, str] = {}
    auth: str = ""

    @property
    def countries(self) -> tuple[str, ...]:
        """The ISO codes of *country*, one or several."""
        return (self.country,) if isinstance(self.country, str) else self.country


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of config.toml, every default filled in. *path* is the file it came from."""

    site: Site = Site()
    store: StoreSettings = StoreSettings()
    fetch: FetchSettings = FetchSettings()
    schedule: Schedule = Schedule()
    publish: Publish = Publish()
    retention: Retention = Retention()
    topics: dict[str, Topic] = {}
    sources: tuple[Source, ...] = ()
    path: Path = Path("config.toml")

    @property
    def output_dir(self) -> Path:
        """Where output/ is, absolute."""
        return self.path.parent / self.publish.dir

    def image(self, kind: ImageKind) -> bytes | None:
        """The site's own icon or logo, a PNG; None where the shipped one is used. Raises ConfigError."""
        name = self.site.icon if kind == "icon" else self.site.logo
        try:
            return read_png(kind, self.path.parent / name) if name else None
        except ValueError as error:
            raise ConfigError(f"{self.path}: [site], key {kind}: {one_line(str(error))}") from error

    @property
    def store_url(self) -> str:
        """`[store] url` with a relative SQLite path made absolute."""
        prefix = "sqlite:///"
        if not self.store.url.startswith(prefix):
            return self.store.url
        return prefix + str(self.path.parent / self.store.url.removeprefix(prefix))

    @property
    def enabled_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.enabled)


def load(path: Path) -> Config:
    """Read and check the whole file; nothing else happens. Raises ConfigError, in one line, on the first fault."""
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; write one, or name it with --config PATH") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    return parse(text, path)


def parse(text: str, path: Path) -> Config:
    """The Config that the TOML *text* means; *path* is what relative paths rest on and what errors name."""
    try:
        tables = tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:  # ValueError alone: a whole number of 5,000 digits
        raise ConfigError(f"{path}: not TOML: {one_line(str(error))}") from error
    for key in tables.keys() - (set(Config.__struct_fields__) - {"path"}):
        raise ConfigError(f"{path}: the top of the file: {one_line(unknown_key(key, Config))}")
    try:
        config = msgspec.convert(tables, Config, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {one_line(in_words(str(error), tables, Config))}") from error
    config = _with_secrets(msgspec.structs.replace(config, path=_absolute(path)), path)
    for fault in faults(config):
        raise ConfigError(f"{path}: {one_line(fault)}")
    config.image("icon"), config.image("logo")  # raise where they can't be used
    base_url = config.site.base_url.rstrip("/") + "/"
    return msgspec.structs.replace(config, site=msgspec.structs.replace(config.site, base_url=base_url))


def _absolute(path: Path) -> Path:
    try:
        return path.absolute()
    except FileNotFoundError:
        raise ConfigError(f"{path}: the working directory is gone; name the file by its full path") from None


def duration(text: str) -> Duration:
    """The length of time that "20s", "30m", "24h" or "400d" means. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,9}) ?([smhd])", text)
    if not found:
        raise ValueError(f'expected a duration such as "30s", "10m", "2h" or "7d", got "{text}"')
    seconds = int(found[1]) * _UNITS[found[2]]
    if not 0 < seconds <= 36_500 * 86_400:
        raise ValueError(f'expected a duration above zero and at most 100 years, got "{text}"')
    return Duration(seconds=seconds)


def size(text: str) -> Size:
    """The number of bytes that "500KB" or "10MB" means. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,12}) ?([KMG]?B)", text)
    if not found or int(found[1]) == 0:
        raise ValueError(f'expected a size such as "500KB" or "10MB", got "{text}"')
    return Size(int(found[1]) * _SIZES[found[2]])


def resolve_secret(value: str) -> str:
    """The value itself, or of "env:NAME" the environment variable's. Raises KeyError with NAME where it is not set."""
    return os.environ[value.removeprefix("env:")] if value.startswith("env:") else value


def secrets_of(source: Source) -> tuple[str, ...]:
    """What its server is told in confidence: passwords, tokens, headers from the environment; longest first.

    Short ones and plain words are left out: they may stand in a text by chance. Raises KeyError as `resolve_secret` does.
    """
    auth = resolve_secret(source.auth)
    headers = [resolve_secret(value) for value in source.headers.values() if value.startswith("env:")]
    said = [
        *secrets_in(source.url),
        auth,
        auth.partition(":")[2],
        *(word for value in headers for word in value.split()),
    ]
    return tuple(sorted({secret for secret in said if len(secret) >= _LEAST_SECRET}, key=len, reverse=True))


def _with_secrets(config: Config, path: Path) -> Config:
    """*config* with the values of the environment variables that [store], [fetch] and [publish] name. Raises ConfigError."""
    for table, key in _MAY_BE_SECRET:
        settings = getattr(config, table)
        try:
            value = resolve_secret(getattr(settings, key))
        except KeyError as error:
            name = one_line(str(error.args[0]))
            raise ConfigError(f"{path}: [{table}], key {key}: the environment variable {name} is not set") from None
        config = msgspec.structs.replace(config, **{table: msgspec.structs.replace(settings, **{key: value})})
    return config


def _decode(kind: type, value: Any) -> Any:
    if kind is Duration and isinstance(value, str):
        return duration(value)
    if kind is Size and isinstance(value, str):
        return size(value)
    raise ValueError(f"expected {'a duration' if kind is Duration else 'a size'} in quotes, got {value!r}")
