"""What is wrong with a config that types alone do not catch, in words. Called by `feeds.config` alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from feeds.urls import host_of, public_url

if TYPE_CHECKING:
    from feeds.config import Config, Site

# Names that output/ uses itself, and so no topic may have.
RESERVED_TOPICS = frozenset(
    {"all", "articles", "assets", "status", "search", "api", "about", "static", "metrics", "healthz"}
)

_MOST_TIMEOUT = timedelta(hours=1)
_LEAST_INTERVAL, _MOST_INTERVAL = timedelta(minutes=1), timedelta(days=90)


def faults(config: Config) -> Iterable[str]:
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
