"""Edits of config.toml: comments and order stay, and nothing faulty is ever written."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.config import edit, load
from feeds.errors import ConfigError, UsageError

TEXT = """# Ours
[site]
title = "Test"   # as it is called

# The first of them
[[sources]]
url = "https://a.example/feed"   # http, once
name = "A"

# The second of them
[[sources]]
name = "B"
url = "https://b.example/feed"

[[sources]]
url = "https://c.example/feed"
name = "C"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(TEXT)
    return tmp_path / "config.toml"


def test_added_source_stands_at_the_end_and_nothing_else_changes(path: Path) -> None:
    edit.add_sources(
        path, [{"url": "https://d.example/feed", "name": 'D "quoted"', "country": ["ML", "NE"], "type": None}]
    )
    text = path.read_text()
    assert text.startswith(TEXT)
    added = load(path).sources[-1]
    assert (added.name, added.countries, added.type) == ('D "quoted"', ("ML", "NE"), None)


def test_file_without_a_last_newline_can_be_added_to(path: Path) -> None:
    path.write_text(TEXT.rstrip("\n"))
    edit.add_sources(path, [{"url": "https://d.example/feed", "name": "D"}])
    assert [source.name for source in load(path).sources] == ["A", "B", "C", "D"]


@pytest.mark.parametrize("key", ["B", "https://b.example/feed"])
def test_removed_source_goes_and_everything_else_stays(path: Path, key: str) -> None:
    assert edit.remove_source(path, key).name == "B"
    assert path.read_text() == TEXT.replace('[[sources]]\nname = "B"\nurl = "https://b.example/feed"\n', "")


def test_comments_above_the_next_table_stay(path: Path) -> None:
    path.write_text(TEXT.replace("# The second of them", "# --- From here on: ours ---") + "\n# end\n")
    edit.remove_source(path, "A")
    edit.remove_source(path, "C")
    text = path.read_text()
    assert "# --- From here on: ours ---\n[[sources]]" in text
    assert text.endswith("# end\n")


def test_source_with_tables_and_lists_of_its_own_goes_whole(path: Path) -> None:
    path.write_text(TEXT + 'country = [\n  "ML",\n]\n[sources.headers]\nX-A = "b"\n\n[retention]\narticles = "10d"\n')
    edit.remove_source(path, "C")
    assert "X-A" not in path.read_text()
    assert [source.name for source in load(path).sources] == ["A", "B"]


def test_sources_written_as_one_list_are_left_to_the_person(path: Path) -> None:
    path.write_text('sources = [{ url = "https://a.example/feed", name = "A" }]\n')
    with pytest.raises(ConfigError, match="by hand"):
        edit.remove_source(path, "A")


def test_last_source_can_be_removed(path: Path) -> None:
    for name in "ABC":
        edit.remove_source(path, name)
    assert load(path).sources == ()


def test_unknown_source_is_not_removed(path: Path) -> None:
    with pytest.raises(UsageError, match='no source is called "Z"'):
        edit.remove_source(path, "Z")
    assert path.read_text() == TEXT


def test_what_would_be_faulty_is_not_written(path: Path) -> None:
    with pytest.raises(ConfigError, match="another source has the same name"):
        edit.add_sources(path, [{"url": "https://d.example/feed", "name": "A"}])
    assert path.read_text() == TEXT
    assert [each.name for each in path.parent.iterdir()] == ["config.toml"]


def test_mode_of_the_file_stays(path: Path) -> None:
    path.chmod(0o640)
    edit.add_sources(path, [{"url": "https://d.example/feed", "name": "D"}])
    assert path.stat().st_mode & 0o777 == 0o640


def test_name_that_is_taken_gets_a_number(path: Path) -> None:
    config = load(path)
    assert edit.free_name(config, " A\n") == "A (2)"
    assert edit.free_name(config, "New", ["New", "New (2)"]) == "New (3)"


def test_text_without_a_name_gives_one(path: Path) -> None:
    assert edit.free_name(load(path), "\u200b\n") == "unnamed"


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT])
def test_adding_and_removing_leave_the_rest_byte_for_byte(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    edit.add_sources(path, [{"url": "https://d.example/feed", "name": "D"}])
    added = path.read_bytes()
    assert added.startswith(text.encode())
    assert added.count(b"\r\n") in (0, added.count(b"\n"))
    edit.remove_source(path, "D")
    assert path.read_bytes().rstrip() == text.encode().rstrip()


def test_source_is_not_added_to_sources_written_as_one_list(path: Path) -> None:
    path.write_text('sources = [{url = "https://a.example/feed", name = "A"}]\n')
    with pytest.raises(ConfigError, match="sources is one list here"):
        edit.add_sources(path, [{"url": "https://d.example/feed", "name": "D"}])


def test_topic_may_have_a_key_called_sources(path: Path) -> None:
    path.write_text('[topics.own]\nsources = ["A"]\n[[sources]]\nurl = "https://a.example/feed"\nname = "A"\n')
    edit.add_sources(path, [{"url": "https://d.example/feed", "name": "D"}])
    assert len(load(path).sources) == 2


def test_editors_at_the_same_time_undo_nothing(path: Path) -> None:
    def add(number: int) -> None:
        edit.add_sources(path, [{"url": f"https://d.example/{number}", "name": f"D{number}"}])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    assert len(load(path).sources) == 3 + 16


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        edit.remove_source(tmp_path / "elsewhere" / "config.toml", "A")


lines = st.sampled_from(["", "# a comment", "  # another", '# [[sources]]\n# url = "x"', "\t"])
names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12).filter(
    lambda name: "#" not in name
)


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(lines, min_size=4, max_size=4),
    st.lists(names, min_size=2, max_size=4, unique=True),
    st.sampled_from(["\n", "\r\n"]),
)
def test_source_that_is_added_and_removed_leaves_the_file_as_it_was(
    tmp_path: Path, between: list[str], names: list[str], end: str
) -> None:
    added, *there = names
    text = between[0] + '\n[site]\ntitle = "T"  # its title\n' + between[1] + "\n"
    for number, name in enumerate(there):
        text += f"{between[2]}\n[[sources]]\nurl = 'https://{number}.example/'\nname = {json.dumps(name, ensure_ascii=False)}\n"
        text += between[3] + "\n"
    path = tmp_path / "config.toml"
    path.write_bytes(text.replace("\n", end).encode())
    before = path.read_bytes()
    edit.add_sources(
        path, [{"url": "https://added.example/", "name": added, "language": None, "country": ["ML", "NE"]}]
    )
    assert path.read_bytes().startswith(before)
    assert [source.name for source in load(path).sources] == [*there, added]
    assert load(path).sources[-1].countries == ("ML", "NE")
    edit.remove_source(path, added)
    assert path.read_bytes().rstrip() == before.rstrip()
    for name in there:
        edit.remove_source(path, name)
    left = path.read_text().splitlines()
    assert [line for line in left if line.lstrip().startswith("#")] == [
        line for line in text.splitlines() if line.lstrip().startswith("#")
    ]
