"""Files are written only when their bytes change, whole or not at all, and taken away when no longer made."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from feeds.errors import PublishError
from feeds.model import Batch, Document, Standing, Stream
from feeds.publish import alone, write_if_changed
from feeds.publish import write as write_alone


def document(path: str, body: bytes = b"body") -> Document:
    return Document(path, "application/atom+xml", body)


def batch(*documents: Document, key: str | None = None) -> Batch:
    return Batch(tuple(each.path for each in documents), key, lambda: documents)


def write(
    batches: list[Batch], directory: Path, formerly: Mapping[str, Standing]
) -> tuple[list[str], dict[str, Standing]]:
    with alone(directory):
        return write_alone(batches, directory, formerly)


def test_new_files_are_written_and_named(tmp_path: Path) -> None:
    written, standing = write([batch(document("a.xml"), document("t/b.xml"))], tmp_path / "output", {})
    assert written == list(standing) == ["a.xml", "t/b.xml"]
    assert (tmp_path / "output/t/b.xml").read_bytes() == b"body"


def test_file_with_equal_bytes_is_not_touched(tmp_path: Path) -> None:
    _, standing = write([batch(document("a.xml"))], tmp_path, {})
    os.utime(tmp_path / "a.xml", (1, 1))
    written, _ = write([batch(document("a.xml"))], tmp_path, standing)
    assert written == []
    assert (tmp_path / "a.xml").stat().st_mtime == 1


def test_changed_file_is_replaced_and_not_rewritten_in_place(tmp_path: Path) -> None:
    _, standing = write([batch(document("a.xml", b"old"))], tmp_path, {})
    with (tmp_path / "a.xml").open("rb") as reader:
        write([batch(document("a.xml", b"new"))], tmp_path, standing)
        assert reader.read() == b"old"
    assert (tmp_path / "a.xml").read_bytes() == b"new"


def stream(path: str, *parts: bytes) -> Stream:
    return Stream(path, "application/atom+xml", iter(parts))


def test_stream_is_put_in_its_place_whole_and_only_if_it_differs(tmp_path: Path) -> None:
    assert write_if_changed(tmp_path / "a.xml", stream("a.xml", b"one", b"two"))
    os.utime(tmp_path / "a.xml", (1, 1))
    assert not write_if_changed(tmp_path / "a.xml", stream("a.xml", b"onet", b"wo"))
    assert (tmp_path / "a.xml").stat().st_mtime == 1
    assert write_if_changed(tmp_path / "a.xml", stream("a.xml", b"one"))
    assert (tmp_path / "a.xml").read_bytes() == b"one"
    assert [each.name for each in tmp_path.iterdir()] == ["a.xml"]


def test_stream_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    def parts() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("no more")

    (tmp_path / "a.xml").write_bytes(b"old")
    with pytest.raises(RuntimeError):
        write_if_changed(tmp_path / "a.xml", Stream("a.xml", "application/atom+xml", parts()))
    assert (tmp_path / "a.xml").read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.xml"]


def test_each_change_is_told_before_it_is_made(tmp_path: Path) -> None:
    told: list[tuple[str, bool]] = []

    def note(path: str) -> None:
        told.append((path, (tmp_path / path).exists()))

    with alone(tmp_path):
        write_alone([batch(document("a.xml"), document("b.xml"))], tmp_path, {}, note=note)
        write_alone([batch(document("a.xml"), document("b.xml", b"new"))], tmp_path, {}, note=note)
    assert told == [("a.xml", False), ("b.xml", False), ("b.xml", True)]


def test_batch_with_the_same_key_is_not_made_again(tmp_path: Path) -> None:
    _, standing = write([batch(document("a.xml"), document("b.xml"), key="1")], tmp_path, {})

    def fail() -> list[Document]:
        raise AssertionError("made again")

    written, after = write([Batch(("a.xml", "b.xml"), "1", fail)], tmp_path, standing)
    assert (written, after) == ([], standing)


@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda path: path.write_bytes(b"else"), lambda path: os.utime(path, (1, 1))]
)
def test_batch_is_made_again_where_a_file_is_not_as_it_was_left(harm: Callable[[Path], object], tmp_path: Path) -> None:
    made = batch(document("a.xml"), document("b.xml"), key="1")
    _, standing = write([made], tmp_path, {})
    harm(tmp_path / "b.xml")
    _, after = write([made], tmp_path, standing)
    assert (tmp_path / "b.xml").read_bytes() == b"body"
    assert write([made], tmp_path, after)[0] == []


def test_batch_with_another_key_is_made_again(tmp_path: Path) -> None:
    _, standing = write([batch(document("a.xml", b"old"), key="1")], tmp_path, {})
    written, after = write([batch(document("a.xml", b"new"), key="2")], tmp_path, standing)
    assert (written, after["a.xml"].key) == (["a.xml"], "2")


def test_no_more_is_made_once_it_is_to_stop_and_the_rest_stands(tmp_path: Path) -> None:
    _, standing = write([batch(document("a.xml", b"old")), batch(document("b.xml", b"old"))], tmp_path, {})
    stops = iter([False, True])
    with alone(tmp_path):
        changed = [batch(document("a.xml", b"new")), batch(document("b.xml", b"new"))]
        written, after = write_alone(changed, tmp_path, standing, lambda: next(stops))
    assert written == ["a.xml"]
    assert after["b.xml"] == standing["b.xml"]
    assert (tmp_path / "b.xml").read_bytes() == b"old"


def test_what_is_no_longer_made_goes_with_its_empty_folders_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "CNAME").write_text("kept")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/theirs.txt").write_text("kept")
    _, standing = write([batch(document("t/lang/fr/atom.xml"), document("kept/atom.xml"))], tmp_path, {})
    write([batch(document("a.xml"))], tmp_path, standing)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "CNAME", "a.xml", "kept", "kept/theirs.txt",
    ]  # fmt: skip


def test_leavings_of_a_killed_process_are_swept_up(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    killed = f"import os, sys; from feeds import publish; publish.os.fsync = lambda _: os._exit(9)\n{_WRITE}"
    assert subprocess.run([sys.executable, "-c", killed, tmp_path], check=False).returncode == 9
    assert len(list((tmp_path / "t").iterdir())) == 1
    write([batch(document("t/a.xml"))], tmp_path, {})
    assert [path.name for path in (tmp_path / "t").iterdir()] == ["a.xml"]
    assert not list(tmp_path.rglob(".feeds-*"))


_WRITE = """
from pathlib import Path
from feeds.model import Batch, Document, Standing
with publish.alone(Path(sys.argv[1])):
    publish.write([Batch(("t/a.xml",), None, lambda: [Document("t/a.xml", "", b"")])], Path(sys.argv[1]), {})
"""


def test_published_files_can_be_read_by_a_web_server(tmp_path: Path) -> None:
    write([batch(document("a.xml"))], tmp_path, {})
    assert stat.S_IMODE((tmp_path / "a.xml").stat().st_mode) == 0o644


def test_failure_is_one_clear_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    _, standing = write([batch(document("a.xml", b"old"))], tmp_path, {})
    (tmp_path / "b").write_text("a file where a folder must be")
    with pytest.raises(PublishError, match="can't be written"):
        write([batch(document("b/c.xml"), document("a.xml", b"new"))], tmp_path, standing)
    assert (tmp_path / "a.xml").read_bytes() == b"old"
    assert not list(tmp_path.rglob(".feeds-*"))
