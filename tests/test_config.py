"""config.toml: what is read, and one clear line for every fault."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.config import duration, load, parse, resolve_secret, size
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
        ("colour = 1", r"config.toml: the file: unknown key 'colour'"),
        ('[site]\ncolour = "red"', r"config.toml: \[site\]: unknown key 'colour'"),
        ('[site]\nlanguage = "de"', r'config.toml: \[site\], key language: .*"en", "fr"'),
        ('[site]\nbase_url = "ftp://a"', r"\[site\], key base_url: expected an http or https URL"),
        ('[site]\ntimezone = "Mars/Olympus"', r"\[site\], key timezone: expected an IANA name"),
        ("[fetch]\ntimeout = 20", r"\[fetch\], key timeout: expected a duration in quotes, got 20"),
        ('[fetch]\ntimeout = "20 parsecs"', r'\[fetch\], key timeout: expected a duration such as "30s"'),
        ('[fetch]\nmax_bytes = "lots"', r'\[fetch\], key max_bytes: expected a size such as "500KB"'),
        ("[fetch]\nconcurrency = 0", r"\[fetch\], key concurrency: expected int >= 1"),
        ('[fetch]\nallow_private_networks = ["x"]', r'\[fetch\], key allow_private_networks: expected networks such as'),
        ('[schedule]\ninterval = "1m"', r"\[schedule\]: expected min_interval ≤ interval ≤ max_interval"),
        ('[publish]\nformats = ["pdf"]', r'\[publish\], key formats\[0\]: .*"atom", "rss", "json", "html"'),
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
    assert "\n" not in str(raised.value)


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


values = st.recursive(
    st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(['"x"', '"20s"', '"always"', '"http://a/"', '""', "1.5", "1979-05-27"]),
    lambda inner: st.lists(inner, max_size=2).map(lambda each: "[" + ", ".join(str(value) for value in each) + "]"),
    max_leaves=3,
).map(lambda value: str(value).lower() if isinstance(value, bool) else str(value))
tables = st.sampled_from(
    ["[site]", "[store]", "[fetch]", "[publish]", "[topics]", "[topics.x]", "[[sources]]", "[retention]"]
)
keys = st.sampled_from(
    "title url name timeout dir formats topics country headers auth use entries text enabled x".split()
)


@given(st.lists(st.tuples(tables, st.dictionaries(keys, values, max_size=4)), max_size=4))
def test_wrong_shapes_never_end_in_anything_but_a_clear_error(parts: list[tuple[str, dict[str, str]]]) -> None:
    text = "".join(f"{table}\n" + "".join(f"{key} = {value}\n" for key, value in body.items()) for table, body in parts)
    with suppress(ConfigError):
        parse(text, HERE)


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
        source for source in load(SHIPPED).sources if source.name.startswith(("RT", "Sputnik", "RIA", "Izvestia"))
    ]
    assert len(suspended) >= 10
    assert not [source for source in suspended if source.enabled or source.control not in ("state", "state-linked")]
