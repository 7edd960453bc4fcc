"""config.toml as types: `load(path)` gives a Config, or a ConfigError of one line. Called by cli; edits: `edit`."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from feeds.config.images import ImageKind, read_png
from feeds.config.wording import in_words, one_line, unknown_key
from feeds.errors import ConfigError
from feeds.urls import host_of, public_url, secrets_in

SourceType = Literal[
    "newspaper", "agency", "broadcaster", "online", "aggregator", "government", "organisation", "research", "blog"
]
Control = Literal["private", "public", "state", "state-linked", "nonprofit", "intergovernmental", "unknown"]
Format = Literal["atom", "rss", "json", "html"]
TextPolicy = Literal["full", "summary", "link"]

# Names that output/ uses itself, and so no topic may have.
RESERVED_TOPICS = frozenset(
    {"all", "articles", "assets", "status", "search", "api", "about", "static", "metrics", "healthz"}
)

_MOST_TIMEOUT = timedelta(hours=1)
_LEAST_INTERVAL, _MOST_INTERVAL = timedelta(minutes=1), timedelta(days=90)
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
    for fault in _faults(config):
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


def _faults(config: Config) -> Iterable[str]:
    """Everything that types alone don't catch, the first fault first."""
    yield from _site_faults(config.site)
    yield from _settings_faults(config)
    yield from _topic_faults(config)
    yield from _source_faults(config)


def site_languages() -> tuple[str, ...]:
    """The languages that our pages can be in: English, and those of the catalogues that are there."""
    locale = Path(__file__).parents[1] / "site" / "locale"
    return ("en", *sorted(path.parts[-3] for path in locale.glob("*/LC_MESSAGES/site.mo")))


def quoted(text: str) -> str:
    return f'"{text}"'


def _site_faults(site: Site) -> Iterable[str]:
    if not _is_web_url(site.base_url) or urlsplit(site.base_url).query or urlsplit(site.base_url).fragment:
        yield f'[site], key base_url: expected an http or https URL without ? and #, got "{public_url(site.base_url)}"'
    if not site.contact.isprintable() or not site.contact.isascii():
        yield "[site], key contact: expected an address in one line of ASCII, as it goes into the User-Agent"
    if site.language not in (known := site_languages()):
        yield f"[site], key language: expected one of {', '.join(map(quoted, known))}, got {quoted(site.language)}"
    try:
        ZoneInfo(site.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f'[site], key timezone: expected an IANA name such as "Africa/Bamako", got "{site.timezone}"'


def _settings_faults(config: Config) -> Iterable[str]:
    if not re.match(r"(sqlite|postgresql\+psycopg)://", config.store.url) or not config.store.url.isprintable():
        yield "[store], key url: expected sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE"  # it has a password
    if config.fetch.timeout > _MOST_TIMEOUT:
        yield '[fetch], key timeout: expected at most "1h"'
    networks = config.fetch.allow_private_networks
    for network in networks if isinstance(networks, tuple) else ():
        try:
            ip_network(network)
        except ValueError as error:
            yield f'[fetch], key allow_private_networks: expected networks such as "10.0.0.0/8": {error}'
    if config.fetch.proxy and not _is_web_url(config.fetch.proxy):
        yield "[fetch], key proxy: expected an http or https URL"
    if not config.fetch.user_agent.isprintable() or not config.fetch.user_agent.isascii():
        yield "[fetch], key user_agent: expected printable ASCII in one line"
    schedule = config.schedule
    if not schedule.min_interval <= schedule.interval <= schedule.max_interval:
        yield "[schedule]: expected min_interval ≤ interval ≤ max_interval"
    if config.publish.hub and not _is_web_url(config.publish.hub):
        yield "[publish], key hub: expected an http or https URL"
    if not config.publish.dir.isprintable():
        yield "[publish], key dir: expected the path of a folder"
    if config.output_dir.resolve() in (config.path.parent.resolve(), *config.path.parent.resolve().parents):
        yield f'[publish], key dir: expected a folder of its own, got "{config.publish.dir}"'
    if len(set(config.publish.formats)) < len(config.publish.formats):
        yield "[publish], key formats: expected each format once"
    if not config.publish.formats:
        yield '[publish], key formats: expected at least one of "atom", "rss", "json", "html"'


def _topic_faults(config: Config) -> Iterable[str]:
    for name in config.topics:
        if not re.fullmatch(r"[a-z0-9-]{1,64}", name):
            yield f"[topics.{name}]: expected a name of small letters, digits and hyphens"
        if name in RESERVED_TOPICS:
            yield f"[topics.{name}]: this name is taken by output/{name}; choose another"


def _source_faults(config: Config) -> Iterable[str]:
    urls: dict[str, str] = {}
    names: set[str] = set()
    for number, source in enumerate(config.sources, 1):
        place = f"[[sources]] number {number} ({source.name})"
        if not _is_web_url(source.url):
            yield f'{place}, key url: expected an http or https URL, got "{public_url(source.url)}"'
        if source.url in urls:
            yield f"{place}, key url: {urls[source.url]} has the same url"
        if source.name in names:
            yield f"{place}, key name: another source has the same name"
        if source.name in urls or source.url in names:
            yield f"{place}: another source's name and url are the same"
        if not source.name.isprintable() or source.name != source.name.strip():
            yield f"{place}, key name: expected one line of text without space around it"
        if source.language is not None and not re.fullmatch(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*", source.language):
            yield f'{place}, key language: expected a BCP 47 tag such as "fr" or "pt-BR", got "{source.language}"'
        for country in source.countries:
            if not re.fullmatch(r"[A-Z]{2}", country):
                yield f'{place}, key country: expected an ISO 3166-1 code such as "ML", got "{country}"'
        for topic in source.topics if isinstance(source.topics, dict) else ():
            if topic not in config.topics:
                yield f"{place}, key topics: there is no [topics.{topic}]"
        if source.interval and not _LEAST_INTERVAL <= source.interval <= _MOST_INTERVAL:
            yield f'{place}, key interval: expected "1m" to "90d"'
        for name, value in source.headers.items():
            if value == "env:":
                yield f'{place}, key headers: expected "env:NAME", the name of an environment variable, for {name}'
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not re.fullmatch(r"[\x20-\x7e]*", value):
                yield f"{place}, key headers: expected header names and one-line ASCII values, got '{name}'"
        if source.auth and (":" not in source.auth or source.auth == "env:"):
            yield f'{place}, key auth: expected "user:password" or "env:NAME"'
        urls[source.url] = source.name
        names.add(source.name)


def _is_web_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(host_of(url)) and parts.port != 0
        return is_whole and url.isprintable() and " " not in url
    except ValueError:
        return False
