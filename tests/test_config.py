"""config.toml: what is read, and one clear line for every fault."""

from __future__ import annotations

import json
import struct
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.config import (
    FetchSettings,
    Publish,
    Retention,
    Schedule,
    Site,
    Source,
    StoreSettings,
    Topic,
    duration,
    load,
    parse,
    resolve_secret,
    size,
)
from feeds.errors import ConfigError

HERE = Path("config.toml")
SHIPPED = Path(__file__).parent.parent / "config.toml"
SOURCE = '[[sources]]\nurl = "https://a.example/feed"\nname = "A"\n'


def test_defaults_are_filled_in() -> None:
    config = parse("", HERE)
    assert config.site.base_url == "http://127.0.0.1:8000/"
    assert config.fetch.timeout == timedelta(seconds=20)
    assert (config.fetch.max_bytes, config.fetch.concurrency, config.fetch.per_host) == (10_000_000, 32, 2)
    assert config.schedule.interval == timedelta(minutes=30)
    assert (config.publish.entries, config.publish.window, config.publish.text) == (100, timedelta(days=30), "summary")
    assert config.retention.articles == timedelta(days=400)


def test_paths_are_relative_to_the_file() -> None:
    config = parse('[publish]\ndir = "out"', Path("/srv/feeds/config.toml"))
    assert config.output_dir == Path("/srv/feeds/out")
    assert config.store_url == "sqlite:////srv/feeds/feeds.db"


def test_base_url_ends_with_a_slash() -> None:
    assert parse('[site]\nbase_url = "https://a.example/x"', HERE).site.base_url == "https://a.example/x/"


@pytest.mark.parametrize(("country", "expected"), [('"ML"', ("ML",)), ('["ML", "NE"]', ("ML", "NE"))])
def test_country_is_one_or_several(country: str, expected: tuple[str, ...]) -> None:
    assert parse(f"{SOURCE}country = {country}", HERE).sources[0].countries == expected


@pytest.mark.parametrize("topics", ['"always"', "{ sahel = 0.4 }", '{ sahel = "always" }'])
def test_source_may_carry_a_prior(topics: str) -> None:
    assert parse(f'{SOURCE}topics = {topics}\n[topics.sahel]\nuse = "sahel"', HERE).sources[0].topics


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[site", r"config.toml: not TOML: .*end of a table"),
        ("colour = 1", r"config.toml: the top of the file: unknown key 'colour'; expected one of site, store"),
        ("[fech]", r"config.toml: the top of the file: unknown key 'fech'; did you mean 'fetch'\?"),
        ('path = "x"', r"config.toml: the top of the file: unknown key 'path'"),
        ('"a\\nb" = 1', r"config.toml: the top of the file: unknown key 'a\\nb'"),
        ("a = " + "9" * 5000, r"config.toml: not TOML: .*digits"),
        ("sources = 1", r"config.toml: \[sources\]: expected a list, got a whole number"),
        ("sources = [1]", r"config.toml: \[\[sources\]\] number 1: expected a table, got a whole number"),
        ('[site]\ncontact = "a\\r\\nX: y"', r"\[site\], key contact: expected an address in one line of ASCII"),
        ('[store]\nurl = "mysql://me:hunter2@db/"', r"\[store\], key url: expected sqlite:///PATH or postgresql"),
        ('[fetch]\ntimeout = "2h"', r'\[fetch\], key timeout: expected at most "1h"'),
        ('[publish]\ndir = "a\\u0000"', r"\[publish\], key dir: expected the path of a folder"),
        ('[publish]\nformats = ["rss", "rss"]', r"\[publish\], key formats: expected each format once"),
        ("[topics.a]\n[topics.b]\nnear = 3", r'\[topics.b\], key near: expected one of "sentence", "lead", "article"'),
        (SOURCE + 'contry = "ML"', r"\[\[sources\]\] number 1 \(A\): unknown key 'contry'; did you mean 'country'\?"),
        (SOURCE + 'interval = "1s"', r'\[\[sources\]\] number 1 \(A\), key interval: expected "1m" to "90d"'),
        (SOURCE + "topics = { sahel = 2 }", r"\[\[sources\]\] number 1 \(A\), key topics: expected a share from 0 to 1"),
        (SOURCE + 'auth = "env:"', r'\[\[sources\]\] number 1 \(A\), key auth: expected "user:password" or "env:NAME"'),
        (SOURCE + 'headers = { X = "env:" }', r'\[\[sources\]\] number 1 \(A\), key headers: expected "env:NAME"'),
        (SOURCE.replace('"A"', '"A\\nB"'), r"\[\[sources\]\] number 1 \(A\\nB\), key name: expected one line of text"),
        ('[site]\ncolour = "red"', r"config.toml: \[site\]: unknown key 'colour'"),
        ('[site]\nlanguage = "de"', r'config.toml: \[site\], key language: .*"en", "fr"'),
        ('[site]\nbase_url = "ftp://a"', r"\[site\], key base_url: expected an http or https URL"),
        ('[site]\ntimezone = "Mars/Olympus"', r"\[site\], key timezone: expected an IANA name"),
        ("[fetch]\ntimeout = 20", r"\[fetch\], key timeout: expected a duration in quotes, got 20"),
        ('[fetch]\ntimeout = "20 parsecs"', r'\[fetch\], key timeout: expected a duration such as "30s"'),
        ('[fetch]\nmax_bytes = "lots"', r'\[fetch\], key max_bytes: expected a size such as "500KB"'),
        ("[fetch]\nconcurrency = 0", r"\[fetch\], key concurrency: expected a whole number >= 1"),
        ('[fetch]\nallow_private_networks = ["x"]', r'\[fetch\], key allow_private_networks: expected networks such as'),
        ('[schedule]\ninterval = "1m"', r"\[schedule\]: expected min_interval ≤ interval ≤ max_interval"),
        ('[publish]\nformats = ["pdf"]', r'\[publish\], key formats: expected one of "atom", "rss", "json", "html"'),
        ('[publish]\ndir = "."', r"\[publish\], key dir: expected a folder of its own"),
        ('[publish]\ndir = "/"', r"\[publish\], key dir: expected a folder of its own"),
        ('[topics.all]\nuse = "sahel"', r"\[topics.all\]: this name is taken"),
        ('[topics.Sahel]\nuse = "sahel"', r"\[topics.Sahel\]: expected a name of small letters"),
        ('[[sources]]\nname = "A"', r"\[\[sources\]\] number 1 \(A\): the key 'url' is missing"),
        (SOURCE + 'type = "paper"', r'\[\[sources\]\] number 1 \(A\), key type: .*"newspaper", "agency"'),
        (SOURCE + 'control = "free"', r'\[\[sources\]\] number 1 \(A\), key control: .*"private", "public"'),
        (SOURCE + 'country = "Mali"', r"\[\[sources\]\] number 1 \(A\), key country: expected an ISO 3166-1 code"),
        (SOURCE + 'language = "French!"', r"\[\[sources\]\] number 1 \(A\), key language: expected a BCP 47 tag"),
        (SOURCE + "topics = { mining = 0.5 }", r"\[\[sources\]\] number 1 \(A\), key topics: there is no \[topics.mining\]"),
        (SOURCE + SOURCE, r"\[\[sources\]\] number 2 \(A\), key url: A has the same url"),
        (SOURCE + SOURCE.replace("a.example", "b.example"), r"number 2 \(A\), key name: another source has the same name"),
        (SOURCE.replace("https", "gopher"), r"\[\[sources\]\] number 1 \(A\), key url: expected an http or https URL"),
        (SOURCE + 'auth = "secret"', r'\[\[sources\]\] number 1 \(A\), key auth: expected "user:password"'),
        (SOURCE + 'headers = { "X-A" = "a\\nb" }', r"\[\[sources\]\] number 1 \(A\), key headers: expected"),
    ],
)  # fmt: skip
def test_fault_is_one_line_that_names_place_and_key(text: str, line: str) -> None:
    with pytest.raises(ConfigError, match=line) as raised:
        parse(text, HERE)
    assert str(raised.value).isprintable()


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\0\0\0\0"


@pytest.mark.parametrize(("kind", "size"), [("icon", (512, 512)), ("logo", (144, 72))])
def test_sites_own_pictures_are_beside_the_config(tmp_path: Path, kind: Any, size: tuple[int, int]) -> None:
    (tmp_path / "own.png").write_bytes(png(*size))
    config = parse(f'[site]\n{kind} = "own.png"', tmp_path / "config.toml")
    assert config.image(kind) == png(*size)
    assert parse("", tmp_path / "config.toml").image(kind) is None


@pytest.mark.parametrize(
    ("kind", "file", "fault"),
    [
        ("icon", None, r"\[site\], key icon: .*own.png can't be read: No such file"),
        ("icon", b"GIF89a", r"\[site\], key icon: expected a square PNG of 16 to 1024 pixels, .*own.png is no PNG"),
        ("icon", png(2, 2)[:20], "is no PNG"),
        ("icon", png(144, 72), "expected a square PNG of 16 to 1024 pixels, .*own.png has 144 × 72"),
        ("icon", png(8, 8), "has 8 × 8"),
        ("icon", png(2048, 2048), "has 2048 × 2048"),
        ("icon", png(64, 64) + bytes(200_000), "expected a file of at most 200 KB"),
        ("logo", png(288, 144), "expected a PNG twice as wide as high, and at most 144 pixels wide, .* has 288 × 144"),
        ("logo", png(144, 144), "has 144 × 144"),
        ("logo", png(0, 0), "has 0 × 0"),
    ],
)
def test_picture_that_readers_would_refuse_is_a_fault(
    tmp_path: Path, kind: str, file: bytes | None, fault: str
) -> None:
    if file is not None:
        (tmp_path / "own.png").write_bytes(file)
    with pytest.raises(ConfigError, match=f"config.toml: .*{fault}") as raised:
        parse(f'[site]\n{kind} = "own.png"', tmp_path / "config.toml")
    assert str(raised.value).isprintable()


def test_errors_show_no_password() -> None:
    with pytest.raises(ConfigError, match=r"key url: expected .* got .*b\.example") as raised:
        parse(SOURCE.replace("https://a", "https://me:hunter2@a b"), HERE)
    assert "hunter2" not in str(raised.value)


def test_byte_order_mark_is_no_fault() -> None:
    assert parse("\ufeff" + SOURCE, HERE).sources[0].name == "A"


def test_missing_file_and_wrong_encoding_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "config.toml")
    (tmp_path / "config.toml").write_bytes(b'[site]\ntitle = "\xff"')
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "config.toml")


@pytest.mark.parametrize(
    ("text", "seconds"), [("20s", 20), ("30m", 1800), ("24h", 86400), ("400d", 34_560_000), ("5 m", 300)]
)
def test_duration(text: str, seconds: int) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "20", "s", "-1s", "1.5h", "0s", "999999999d", "20 parsecs"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        duration(text)


@pytest.mark.parametrize(("text", "expected"), [("10MB", 10_000_000), ("500KB", 500_000), ("1 GB", 10**9), ("7B", 7)])
def test_size(text: str, expected: int) -> None:
    assert size(text) == expected


def test_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED_TOKEN", "abc")
    assert (resolve_secret("env:FEED_TOKEN"), resolve_secret("plain")) == ("abc", "plain")
    with pytest.raises(KeyError):
        resolve_secret("env:NO_SUCH_VARIABLE_HERE")


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("store", "url", "postgresql+psycopg://feeds:hunter2@db.example/feeds"),
        ("fetch", "proxy", "http://awa:hunter2@proxy.example:3128/"),
        ("publish", "hub", "https://hub.example/?token=hunter22"),
    ],
)
def test_what_may_hold_a_secret_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, table: str, key: str, value: str
) -> None:
    text = f'[{table}]\n{key} = "env:THE_VALUE"'
    monkeypatch.setenv("THE_VALUE", value)
    assert getattr(getattr(parse(text, HERE), table), key) == value
    monkeypatch.setenv("THE_VALUE", "hunter2 and no URL")
    assert "hunter2" not in said_of(text)
    assert said_of(text).startswith(f"config.toml: [{table}], key {key}: expected ")
    monkeypatch.delenv("THE_VALUE")
    assert said_of(text) == f"config.toml: [{table}], key {key}: the environment variable THE_VALUE is not set"


scalars = st.one_of(
    st.booleans().map(lambda value: str(value).lower()),
    st.integers(-5, 10**20).map(str),
    st.sampled_from(['"x"', '"20s"', '"always"', '"http://a/"', '"env:"', '""', "1.5", "nan", "1979-05-27"]),
    st.text(max_size=5).map(json.dumps),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda each: f"[{', '.join(each)}]"),
        st.dictionaries(st.sampled_from(["sahel", "x", "text"]), inner, max_size=2).map(
            lambda table: f"{{ {', '.join(f'{key} = {value}' for key, value in table.items())} }}"
        ),
    ),
    max_leaves=3,
)
KEYS = {
    f"[{table}]": struct.__struct_fields__
    for table, struct in {"site": Site, "store": StoreSettings, "fetch": FetchSettings, "schedule": Schedule,
                          "publish": Publish, "retention": Retention, "topics.x": Topic, "topics": Topic}.items()
} | {"[[sources]]": Source.__struct_fields__}  # fmt: skip
parts = st.sampled_from(sorted(KEYS)).flatmap(
    lambda table: st.tuples(
        st.just(table), st.dictionaries(st.sampled_from([*KEYS[table], "x"]), values, min_size=1, max_size=4)
    )
)


@given(st.lists(parts, min_size=1, max_size=3), st.booleans())
def test_wrong_shapes_never_end_in_anything_but_a_clear_error(
    parts: list[tuple[str, dict[str, str]]], sound_first: bool
) -> None:
    text = "".join(f"{table}\n" + "".join(f"{key} = {value}\n" for key, value in body.items()) for table, body in parts)
    fault = said_of((SOURCE if sound_first else "") + text)
    assert fault.isprintable()
    assert fault == "" or fault.startswith("config.toml: ")


def said_of(text: str) -> str:
    """The fault of *text*, "" where it has none."""
    try:
        parse(text, HERE)
    except ConfigError as error:
        return str(error)
    return ""


def test_shipped_config_has_what_it_promises() -> None:
    config = load(SHIPPED)
    languages = {source.language for source in config.enabled_sources}
    countries = {country for source in config.enabled_sources for country in source.countries}
    assert len(config.enabled_sources) >= 80
    assert {"fr", "en", "ru", "ar", "pt", "ha", "es", "de"} <= languages
    assert {"ML", "BF", "NE", "TD", "MR", "RU"} <= countries
    assert all(source.type and source.language for source in config.sources)
    assert set(config.topics) == {"sahel", "russia-africa"}


def test_outlets_suspended_in_the_eu_are_labelled_and_disabled() -> None:
    suspended = [
        source
        for source in load(SHIPPED).sources
        if source.name.startswith(("RT", "Sputnik", "RIA", "Izvestia", "Rossiyskaya", "Lenta"))
    ]
    assert len(suspended) == 13
    assert not [source for source in suspended if source.enabled or source.control not in ("state", "state-linked")]
