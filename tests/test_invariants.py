"""What `bench.fuzz` looks for at length, looked for shortly: its seeds, and pieces of them in any order, break no invariant."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.invariants import CHECKS, check_fragment
from bench.seeds import SEEDS, WORDS

SEED_CASES = [(name, seed) for name, seeds in SEEDS.items() for seed in seeds]


@pytest.mark.parametrize(("name", "seed"), SEED_CASES, ids=[name for name, _ in SEED_CASES])
def test_seed_breaks_nothing(name: str, seed: bytes) -> None:
    CHECKS[name](seed)


def pieces(name: str) -> st.SearchStrategy[bytes]:
    """What the seeds of a target are made of, in any order, with anything at all between."""
    cut = [part for seed in SEEDS[name] for part in re.split(rb"(?<=[>\s,/])", seed) if part]
    words = [word.encode() for word in WORDS[name]]
    return st.lists(st.sampled_from([*cut, *words, b"\n"]) | st.binary(max_size=6), max_size=25).map(b"".join)


@pytest.mark.parametrize("name", CHECKS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_pieces_break_nothing(name: str, data: st.DataObject) -> None:
    CHECKS[name](data.draw(pieces(name)))


@pytest.mark.parametrize(
    "unclean",
    [
        "<script>x</script>",
        "<p onclick=x>",
        '<a href="javascript:x">',
        "<p style=x>",
        "<form>",
        '<img src="//a/b">',
        "\x00",
    ],
)
def test_check_finds_what_is_unclean(unclean: str) -> None:
    with pytest.raises(AssertionError):
        check_fragment(unclean)


def test_fuzzing_without_its_library_says_what_is_missing() -> None:
    without = "import sys; sys.modules['atheris'] = None; sys.argv[1:] = ['urls']; from bench.fuzz import main; main()"
    done = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "bench.fuzz needs atheris, which is not installed: pip install -e '.[fuzz,test]'"
