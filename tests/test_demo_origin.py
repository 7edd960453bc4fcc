"""The demo's origin as a server: what each kind of source answers, and that its documents follow the clock they are given."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from xml.etree import ElementTree

import pytest

from feeds import config as configuration
from feeds.dates import parse_date
from feeds.demo import Origin, config_toml, document, expected, tables

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SERVED = [name for name, table in tables().items() if table.get("answers") in (None, "cut")] + ["steppe-wire"]
WHOLE = [name for name in SERVED if name != "half-sent"]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(origin: Origin, path: str, **headers: str) -> Answer:
    """One request on a connection of its own; of header names, _ stands for a hyphen."""
    connection = HTTPConnection("127.0.0.1", int(origin.url.rpartition(":")[2]), timeout=5)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(NOW) as origin:
        yield origin


def test_etag_is_answered_with_304_and_no_length(origin: Origin) -> None:
    etag = ask(origin, "/sahel-courier").headers["ETag"]
    again = ask(origin, "/sahel-courier", If_None_Match=etag)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert "Content-Length" not in again.headers


def test_last_modified_alone_is_answered_with_304(origin: Origin) -> None:
    first = ask(origin, "/agence-rive")
    assert "ETag" not in first.headers
    assert ask(origin, "/agence-rive", If_Modified_Since=first.headers["Last-Modified"]).status == 304


def test_etag_decides_where_both_validators_are_sent(origin: Origin) -> None:
    modified = ask(origin, "/sahel-courier").headers["Last-Modified"]
    assert ask(origin, "/sahel-courier", If_None_Match='"other"', If_Modified_Since=modified).status == 200


def test_source_without_validators_offers_none(origin: Origin) -> None:
    assert not {"ETag", "Last-Modified"} & set(ask(origin, "/old-gazette").headers)


def test_last_modified_is_never_after_the_origins_now(origin: Origin) -> None:
    for _ in range(2):
        assert parsedate_to_datetime(ask(origin, "/agence-rive").headers["Last-Modified"]) < NOW
        origin.advance()


def test_gzip_is_sent_only_where_it_is_accepted(origin: Origin) -> None:
    plain, packed = ask(origin, "/sahel-courier"), ask(origin, "/sahel-courier", Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


def test_one_source_says_how_long_it_is_fresh(origin: Origin) -> None:
    answer = ask(origin, "/sahel-courier")
    assert answer.headers["Cache-Control"] == "max-age=900"
    assert b"<ttl>20</ttl>" in answer.body


def test_moved_source_leads_to_its_document(origin: Origin) -> None:
    moved = ask(origin, "/steppe-wire-before")
    assert (moved.status, moved.headers["Location"]) == (301, f"{origin.url}/steppe-wire")
    assert b"Steppe Wire" in ask(origin, "/steppe-wire").body


@pytest.mark.parametrize(("path", "status"), [("/gone-tribune", 410), ("/welcome-page", 200), ("/never-was", 404)])
def test_odd_paths_have_their_status(origin: Origin, path: str, status: int) -> None:
    assert ask(origin, path).status == status


def test_truncated_source_ends_before_its_length(origin: Origin) -> None:
    with pytest.raises(IncompleteRead):
        ask(origin, "/half-sent")


def test_slow_source_never_ends_within_a_short_time(origin: Origin) -> None:
    connection = HTTPConnection("127.0.0.1", int(origin.url.rpartition(":")[2]), timeout=5)
    connection.request("GET", "/slow-post")
    response = connection.getresponse()
    assert (response.status, response.read(2)) == (200, b"  ")
    connection.close()


def test_requests_are_logged_with_headers_and_status(origin: Origin) -> None:
    ask(origin, "/gone-tribune", User_Agent="test/1")
    ((path, headers, status),) = origin.requests
    assert (path, headers["user-agent"], status) == ("/gone-tribune", "test/1", 410)


def test_advance_changes_only_sources_with_a_second_edition(origin: Origin) -> None:
    before = {name: ask(origin, f"/{name}") for name in WHOLE}
    origin.advance()
    after = {name: ask(origin, f"/{name}") for name in WHOLE}
    changed = {name for name in WHOLE if before[name].body != after[name].body}
    assert changed == {"sahel-courier", "agence-rive"}
    for name in WHOLE:
        for validator in ("ETag", "Last-Modified"):
            moved = before[name].headers.get(validator) != after[name].headers.get(validator)
            assert not moved or name in changed, (name, validator)
    assert before["agence-rive"].headers["Last-Modified"] != after["agence-rive"].headers["Last-Modified"]


@pytest.mark.parametrize("edition", [1, 2])
@pytest.mark.parametrize("name", WHOLE)
def test_document_is_well_formed_in_the_encoding_it_declares(name: str, edition: int) -> None:
    body, media_type = document(name, edition, "http://127.0.0.1:1", NOW)
    if media_type == "application/feed+json":
        assert json.loads(body)["version"] == "https://jsonfeed.org/version/1.1"
    else:
        assert ElementTree.fromstring(body).tag  # noqa: S314 - our own file


@pytest.mark.parametrize(
    ("name", "encoding"), [("volga-agency", "windows-1251"), ("old-gazette", "utf-16"), ("agence-rive", "utf-8")]
)
def test_document_is_sent_in_its_encoding(name: str, encoding: str) -> None:
    body, _ = document(name, 1, "", NOW)
    assert f'encoding="{encoding}"' in body.decode(encoding)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("sahel-courier", "Tue, 24 Nov 2026 10:00:00 +0000"),
        ("agence-rive", "2026-11-24T09:00:00+00:00"),
        ("volga-agency", "24 ноя 2026 11:00:00 MSK"),
        ("tchad-matin", "23 novembre 2026 à 18h00 GMT"),
        ("bareed-assahra", "23 نوفمبر 2026 05:00 GMT"),
    ],
)
def test_dates_are_written_as_each_source_writes_them(name: str, written: str) -> None:
    body, _ = document(name, 1, "", NOW)
    encoding = "windows-1251" if name == "volga-agency" else "utf-8"
    assert written in body.decode(encoding)


@pytest.mark.parametrize("edition", [1, 2])
@pytest.mark.parametrize("name", SERVED)
def test_document_depends_on_now_alone_and_leaves_no_mark(name: str, edition: int) -> None:
    first, again = (document(name, edition, "http://127.0.0.1:1", NOW) for _ in range(2))
    assert first == again
    assert b"{{" not in first[0]
    assert "{{".encode("utf-16-le") not in first[0]


@pytest.mark.parametrize("days", [0, 40, 200, 366])
def test_every_date_is_recent_whenever_the_demo_runs(days: int) -> None:
    now = NOW + timedelta(days=days)
    dated = set()
    for name in SERVED:
        body, _ = document(name, 2, "", now)
        text = body.decode("windows-1251" if name == "volga-agency" else "utf-16" if name == "old-gazette" else "utf-8")
        for written in re.findall(r"<(?:pubDate|updated|published|issued|dc:date)>([^<]+)<", text):
            moment = parse_date(written, languages=(tables().get(name, {}).get("language", "en"),))
            assert moment is not None, (name, written)
            assert now - timedelta(days=7) < moment < now, (name, written)
            dated.add(name)
    assert len(dated) > len(SERVED) / 2


@pytest.mark.parametrize("name", WHOLE)
def test_feed_says_that_it_is_invented(name: str) -> None:
    text = next((Path(__file__).parents[1] / "feeds/demo/sources").glob(f"{name}.1.*")).read_text(encoding="utf-8")
    head = re.split(r"<item[ >]|<entry|\"items\"", text)[0]
    words = ("invent", "made up", "Выдуманн", "متخيلة", "kirkira")
    assert any(word in head for word in words), head


@pytest.mark.parametrize("name", WHOLE)
def test_links_lead_to_reserved_names_only(name: str) -> None:
    """RFC 2606: .example belongs to nobody. Namespaces are names, not links."""
    text = next((Path(__file__).parents[1] / "feeds/demo/sources").glob(f"{name}.1.*")).read_text(encoding="utf-8")
    text = re.sub(r'xmlns(:\w+)?="[^"]*"|"version": "[^"]*"', "", text)
    hosts = set(re.findall(r"https?://([^/\"<\s]+)", text))
    assert hosts
    assert {host for host in hosts if not host.endswith(".example")} == set()


def test_config_follows_every_source_on_the_origin(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(config_toml("http://127.0.0.1:1"), encoding="utf-8")
    config = configuration.load(path)
    assert [source.url for source in config.sources] == [f"http://127.0.0.1:1/{name}" for name in tables()]
    assert all(source.language and source.type and source.control for source in config.sources)
    assert config.fetch.timeout <= timedelta(seconds=3)
    assert config.fetch.allow_private_networks == ("127.0.0.0/8",)


def test_expected_names_only_entries_and_topics_that_there_are() -> None:
    texts = "".join(
        path.read_text(encoding="utf-8") for path in (Path(__file__).parents[1] / "feeds/demo/sources").glob("*.*.*")
    )
    assert [guid for guid in expected() if guid not in texts] == []
    assert set().union(*expected().values()) == {"sahel", "russia-africa"}
