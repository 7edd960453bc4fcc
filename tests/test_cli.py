"""The commands as a user calls them: output, exit codes, one clear line for trouble."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.web import Page, Web, rss
from tests.web import item as dated_item

# The program's own clock is the real one here, and so must dates be.
YESTERDAY = format_datetime(datetime.now(UTC).replace(microsecond=0) - timedelta(days=1))


def item(key: str, title: str = "") -> str:
    return dated_item(key, title, YESTERDAY)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        running.pages["/courier"] = Page(
            rss(item("a"), item("b", "Mali's ruler meets Russia's president in Moscow")), etag='"1"'
        )
        yield running


@pytest.fixture
def folder(tmp_path: Path, web: Web) -> Path:
    (tmp_path / "config.toml").write_text(f"""
# Ours
[site]
title = "Test"
[fetch]
timeout = "2s"
allow_private_networks = ["127.0.0.0/8"]
[topics.sahel]
use = "sahel"
[[sources]]
url = "{web.url("/courier")}"
name = "Courier"  # the first
""")
    return tmp_path


def feeds(
    folder: Path, *words: str, env: dict[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    """Run the program in *folder*, as a process of its own."""
    command = [sys.executable, "-m", "feeds", *words]
    environment = os.environ | (env or {})
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False, **options
    )


def test_help_names_every_command_and_gives_examples(tmp_path: Path) -> None:
    shown = feeds(tmp_path, "--help").stdout
    names = "refresh run publish demo sources add remove import export check explain evaluate hide"
    assert [name for name in names.split() if not re.search(rf"^  {name}\b", shown, re.MULTILINE)] == []
    assert "Examples:" in shown


def test_version_is_named(tmp_path: Path) -> None:
    assert re.fullmatch(r"feeds, version \d+\.\d+\.\d+\n", feeds(tmp_path, "--version").stdout)


def test_refresh_prints_one_json_object(folder: Path) -> None:
    done = feeds(folder, "refresh", "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert set(result) >= {"sources", "fetched", "unchanged", "new", "updated", "failed", "published", "seconds"}
    assert (result["sources"], result["new"], result["failed"]) == (1, 2, [])
    assert "all/atom.xml" in result["published"]


def test_refresh_says_what_is_not_due(folder: Path) -> None:
    feeds(folder, "refresh")
    assert "nothing is due before" in feeds(folder, "refresh").stdout


def test_refresh_is_a_failure_only_if_every_source_failed(folder: Path, web: Web) -> None:
    with (folder / "config.toml").open("a") as file:
        file.write(f'[[sources]]\nurl = "{web.url("/absent")}"\nname = "Absent"\n')
    done = feeds(folder, "refresh", "--json")
    assert done.returncode == 0
    (failed,) = json.loads(done.stdout)["failed"]
    assert failed == {"source": "Absent", "url": web.url("/absent"), "error": failed["error"]}
    assert "404" in failed["error"]
    assert feeds(folder, "refresh", "--force", "Absent").returncode == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--config", "none.toml", "refresh"), "feeds: none.toml: no such file"),
        (("refresh", "Nobody"), 'feeds: no source is called "Nobody"'),
        (("explain", "https://courier.example/unknown"), "feeds: the store has no article"),
        (("hide", "unknown"), "feeds: the store has no article"),
        (("refresh", "--nonsense"), "No such option"),
    ],
)
def test_wrong_words_are_one_line_and_exit_code_2(folder: Path, words: tuple[str, ...], line: str) -> None:
    done = feeds(folder, *words)
    assert done.returncode == 2
    assert line in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_fault_in_the_config_is_one_line_and_nothing_else_happens(folder: Path) -> None:
    with (folder / "config.toml").open("a") as file:
        file.write('colour = "red"\n')
    done = feeds(folder, "refresh")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "config.toml: [[sources]] number 1 (Courier)" in done.stderr
    assert "colour" in done.stderr
    assert not (folder / "feeds.db").exists()


def test_output_that_cannot_be_written_is_exit_code_1(folder: Path) -> None:
    (folder / "output").write_text("a file where the folder should be")
    done = feeds(folder, "refresh")
    assert done.returncode == 1
    assert "can't be written" in done.stderr


def test_damaged_store_is_exit_code_1(folder: Path) -> None:
    (folder / "feeds.db").write_bytes(b"rubbish" * 5000)
    done = feeds(folder, "refresh")
    assert done.returncode == 1
    assert "damaged" in done.stderr


def test_export_gives_every_article_with_the_named_keys(folder: Path) -> None:
    feeds(folder, "refresh")
    rows = [json.loads(line) for line in feeds(folder, "export", "--jsonl").stdout.splitlines()]
    assert {row["guid"] for row in rows} == {"a", "b"}
    assert set(rows[0]) == {
        "id", "guid", "url", "link", "title", "summary", "content", "language", "published", "updated", "first_seen",
        "authors", "image", "enclosures", "source", "also", "topics", "control", "type", "country",
    }  # fmt: skip
    assert datetime.fromisoformat(rows[0]["published"]) == parsedate_to_datetime(YESTERDAY)
    assert rows[0]["source"]["name"] == "Courier"


def test_export_csv_has_a_heading_and_no_formulas(folder: Path, web: Web) -> None:
    web.pages["/courier"] = Page(rss(item("a", "=HYPERLINK(1)")))
    feeds(folder, "refresh")
    lines = feeds(folder, "export", "--csv").stdout.splitlines()
    assert lines[0].startswith("\ufeffid,title,url,")
    assert "'=HYPERLINK(1)" in lines[1]


def test_export_says_who_controls_the_source(folder: Path, web: Web) -> None:
    config = folder / "config.toml"
    unlabelled = config.read_text()
    config.write_text(unlabelled + 'control = "state"\ntype = "agency"\ncountry = ["ML", "NE"]\n')
    feeds(folder, "refresh")
    row = json.loads(feeds(folder, "export").stdout.splitlines()[0])
    said = {"control": "state", "type": "agency", "country": ["ML", "NE"]}
    assert row["source"] == {"name": "Courier", "url": web.url("/courier"), **said}
    assert {key: row[key] for key in said} == said
    (line, _) = csv.DictReader(io.StringIO(feeds(folder, "export", "--csv").stdout.removeprefix("\ufeff")))
    assert (line["control"], line["type"], line["country"]) == ("state", "agency", "ML; NE")
    assert json.loads(feeds(folder, "search", "title", "--json").stdout)["articles"][0]["control"] == "state"


def test_export_keeps_the_control_of_a_source_that_left_the_config(folder: Path) -> None:
    config = folder / "config.toml"
    config.write_text(config.read_text() + 'control = "state"\ncountry = "ML"\n')
    feeds(folder, "refresh")
    assert json.loads(feeds(folder, "export").stdout.splitlines()[0])["country"] == "ML"
    feeds(folder, "remove", "Courier")
    row = json.loads(feeds(folder, "export").stdout.splitlines()[0])
    assert (row["control"], row["type"], row["country"]) == ("state", None, None)


def test_export_opml_lists_the_sources(folder: Path, web: Web) -> None:
    assert f'xmlUrl="{web.url("/courier")}"' in feeds(folder, "export", "--opml").stdout


def test_closed_pipe_is_no_error(folder: Path) -> None:
    feeds(folder, "refresh")
    command = f"{sys.executable} -m feeds export | head -c 1"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_sources_shows_each_source_and_why_it_waits(folder: Path) -> None:
    feeds(folder, "refresh")
    (row,) = json.loads(feeds(folder, "sources", "--json").stdout)["sources"]
    assert (row["name"], row["health"], row["articles"], row["wait_reason"]) == ("Courier", "ok", 2, "interval")
    assert "Courier" in feeds(folder, "sources").stdout


def test_check_says_in_words_what_is_well_and_what_is_not(folder: Path, web: Web) -> None:
    feeds(folder, "refresh")
    well = feeds(folder, "check")
    assert well.returncode == 0
    assert "Courier: well, 2 articles" in well.stdout
    web.pages["/courier"] = Page(b"", 500)
    feeds(folder, "refresh", "--force")
    ill = feeds(folder, "check")
    assert ill.returncode == 1
    assert "!!  Courier: failed 1 time in a row" in ill.stdout


def test_hidden_article_is_out_of_every_output_until_undone(folder: Path) -> None:
    feeds(folder, "refresh")
    assert feeds(folder, "hide", "https://courier.example/a").returncode == 0
    published = b"".join(path.read_bytes() for path in (folder / "output").rglob("*") if path.is_file())
    assert b"Title a" not in published
    assert "Title a" not in feeds(folder, "export").stdout
    feeds(folder, "hide", "--undo", "https://courier.example/a")
    assert "Title a" in (folder / "output/all/atom.xml").read_text()


def test_explain_takes_the_headline_of_a_pasted_page_for_its_title(folder: Path) -> None:
    pasted = "News\nArmy of Mali takes Kidal\nBy Awa Diop\n\nSoldiers came at dawn.\n\nLeave a Reply\nName *"
    shown = json.loads(feeds(folder, "explain", "--json", pasted).stdout)
    assert shown["title"] == "Army of Mali takes Kidal"


def test_explain_says_what_matched(folder: Path) -> None:
    shown = feeds(folder, "explain", "Mali's ruler meets Russia's president in Moscow")
    assert shown.returncode == 0
    assert "sahel" in shown.stdout.lower()
    assert "Mali" in shown.stdout
    assert json.loads(feeds(folder, "explain", "--json", "Mali").stdout)


def test_how_sources_fare_is_said_while_another_writes_to_the_store(folder: Path) -> None:
    feeds(folder, "refresh")
    with sqlite3.connect(folder / "feeds.db") as writer:
        writer.execute("BEGIN IMMEDIATE")  # waited for, it would be an error after half a minute
        shown = feeds(folder, "sources", "--json")
        writer.rollback()
    assert (shown.returncode, shown.stderr) == (0, "")
    assert json.loads(shown.stdout)["sources"][0]["health"] == "ok"


def test_daemon_refreshes_and_ends_soon_after_sigterm(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "feeds", "run"], cwd=folder, stderr=subprocess.PIPE, text=True
    ) as daemon:
        _wait_for(folder / "output/all/atom.xml")
        second = feeds(folder, "run")
        assert second.returncode == 1
        assert "another `feeds run`" in second.stderr
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=10) == 0
        assert daemon.stderr is not None
        assert daemon.stderr.read() == ""


def _wait_for(path: Path) -> None:
    for _ in range(300):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come")


@pytest.mark.parametrize("setting", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"HOME": "/nonexistent"}])
def test_odd_environments_change_nothing(folder: Path, setting: dict[str, str]) -> None:
    assert feeds(folder, "refresh", env=setting).returncode == 0
    assert feeds(folder, "export", env=setting).returncode == 0


def test_closed_stdout_is_no_error(folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m feeds refresh >&- 2>&- <&-"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert (folder / "output/all/atom.xml").exists()


def test_evaluate_measures_labelled_items(folder: Path) -> None:
    items = [
        {"id": "1", "lang": "en", "title": "Mali's army retakes a town near Gao", "summary": "", "sahel": 1},
        {"id": "2", "lang": "en", "title": "Rain expected in Cardiff", "summary": "", "sahel": 0},
        {"id": "3", "lang": "en", "title": "Rain expected in Leeds", "summary": "", "sahel": 1, "hard": 1},
    ]
    (folder / "items.jsonl").write_text("\n".join(json.dumps(item) for item in items))
    figures = json.loads(feeds(folder, "evaluate", "items.jsonl", "--json").stdout)["topics"]["sahel"]
    assert (figures["n"], figures["positives"], figures["precision"], figures["recall"]) == (3, 2, 1.0, 0.5)
    assert [error["id"] for error in figures["errors"]] == ["3"]
    skipped = json.loads(feeds(folder, "evaluate", "items.jsonl", "--json", "--skip-hard").stdout)
    assert skipped["topics"]["sahel"]["f1"] == 1.0
    assert "sahel" in feeds(folder, "evaluate", "items.jsonl").stdout


def test_evaluate_against_another_definition_says_what_would_change(folder: Path) -> None:
    (folder / "items.jsonl").write_text('{"id": "1", "lang": "en", "title": "Rain expected in Cardiff", "sahel": 0}\n')
    (folder / "sahel.toml").write_text('any_of = ["Cardiff"]\n')
    shown = feeds(folder, "evaluate", "items.jsonl", "--against", "sahel.toml").stdout
    assert "1 would come in" in shown
    assert "(wrongly)" in shown
    (folder / "items.jsonl").write_text("no json\n")
    done = feeds(folder, "evaluate", "items.jsonl")
    assert (done.returncode, done.stderr.splitlines()[0][:35]) == (2, "feeds: items.jsonl, line 1: no JSON")


@pytest.mark.parametrize("limit", ["-n 64", "-v 1000000"])
def test_small_machines_do(folder: Path, limit: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"ulimit {limit} && {sys.executable} -m feeds refresh --json"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["failed"] == []


def test_check_of_a_faulty_config_is_exit_code_2(folder: Path) -> None:
    (folder / "config.toml").write_text("[site]\ncolour = 1\n")
    done = feeds(folder, "check")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def test_check_sees_an_output_that_is_no_folder(folder: Path) -> None:
    (folder / "output").write_text("")
    done = feeds(folder, "check")
    assert done.returncode == 1
    assert "is no folder" in done.stdout


def test_definition_that_cannot_be_names_the_file(folder: Path) -> None:
    text = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(text.replace('use = "sahel"', 'use = "sahara"'))
    done = feeds(folder, "refresh")
    assert done.returncode == 2
    assert "config.toml: [topics.sahel], key use" in done.stderr


def test_daemon_publishes_at_its_start_what_is_stored(folder: Path) -> None:
    feeds(folder, "refresh")
    for path in (folder / "output").rglob("atom.xml"):
        path.unlink()
    with subprocess.Popen([sys.executable, "-m", "feeds", "run"], cwd=folder) as daemon:
        _wait_for(folder / "output/all/atom.xml")
        daemon.send_signal(signal.SIGTERM)


def test_refresh_that_is_told_to_end_leaves_no_words_and_no_leases(folder: Path, web: Web) -> None:
    over = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        over.wait()

    web.pages["/courier"] = drip
    with subprocess.Popen(
        [sys.executable, "-m", "feeds", "refresh"], cwd=folder, stderr=subprocess.PIPE, text=True
    ) as done:
        while not web.requests:
            time.sleep(0.02)
        done.send_signal(signal.SIGTERM)
        assert done.wait(timeout=10) == 143
        over.set()
        assert done.stderr is not None
        assert done.stderr.read() == ""
    web.pages["/courier"] = Page(rss(item("a")))
    assert json.loads(feeds(folder, "refresh", "--json").stdout)["new"] == 1
