"""Files are written only when their bytes change, whole or not at all, and taken away when no longer made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from feeds.errors import PublishError
from feeds.model import Document
from feeds.publish import write


def document(path: str, body: bytes = b"body") -> Document:
    return Document(path, "application/atom+xml", body)


def test_new_files_are_written_and_named(tmp_path: Path) -> None:
    written, standing = write([document("a.xml"), document("t/b.xml")], tmp_path / "output", set())
    assert (written, standing) == (["a.xml", "t/b.xml"], {"a.xml", "t/b.xml"})
    assert (tmp_path / "output/t/b.xml").read_bytes() == b"body"


def test_file_with_equal_bytes_is_not_touched(tmp_path: Path) -> None:
    write([document("a.xml")], tmp_path, set())
    os.utime(tmp_path / "a.xml", (1, 1))
    written, _ = write([document("a.xml")], tmp_path, {"a.xml"})
    assert written == []
    assert (tmp_path / "a.xml").stat().st_mtime == 1


def test_changed_file_is_replaced_and_not_rewritten_in_place(tmp_path: Path) -> None:
    write([document("a.xml", b"old")], tmp_path, set())
    with (tmp_path / "a.xml").open("rb") as reader:
        write([document("a.xml", b"new")], tmp_path, {"a.xml"})
        assert reader.read() == b"old"
    assert (tmp_path / "a.xml").read_bytes() == b"new"


def test_what_is_no_longer_made_goes_with_its_empty_folders_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "CNAME").write_text("kept")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/theirs.txt").write_text("kept")
    _, standing = write([document("t/lang/fr/atom.xml"), document("kept/atom.xml")], tmp_path, set())
    write([document("a.xml")], tmp_path, standing)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "CNAME", "a.xml", "kept", "kept/theirs.txt",
    ]  # fmt: skip


def test_leavings_of_a_killed_process_are_swept_up(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t/.feeds-abc123").write_text("half")
    write([document("t/a.xml")], tmp_path, set())
    assert [path.name for path in (tmp_path / "t").iterdir()] == ["a.xml"]


def test_published_files_can_be_read_by_a_web_server(tmp_path: Path) -> None:
    write([document("a.xml")], tmp_path, set())
    assert stat.S_IMODE((tmp_path / "a.xml").stat().st_mode) == 0o644


def test_failure_is_one_clear_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    write([document("a.xml", b"old")], tmp_path, set())
    (tmp_path / "b").write_text("a file where a folder must be")
    with pytest.raises(PublishError, match="can't be written"):
        write([document("b/c.xml"), document("a.xml", b"new")], tmp_path, {"a.xml"})
    assert (tmp_path / "a.xml").read_bytes() == b"old"
    assert not list(tmp_path.rglob(".feeds-*"))
