"""Coverage-guided fuzzing of what reads strangers' bytes: looks for bytes that break one of `bench.invariants`.

python -m bench.fuzz TARGET [--seconds 1200] [--found DIR]       (pip install -e '.[fuzz,test]' brings atheris)

It goes on after a fault, tells each kind once, and keeps the bytes in DIR. Exit code 1 where it found any. The bytes of a
fault become a case of tests/test_invariants.py. The parser runs in this process, without the limits of its child.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench.seeds import SEEDS, WORDS

_SLOW = 1.0  # seconds: what a child process gives a document at first


class Run:
    """One target's run: counts executions, and tells each fault once. Ends the process when its time is over."""

    def __init__(self, name: str, check: Callable[[bytes], None], seconds: float, found: Path) -> None:
        self._name, self._check, self._found = name, check, found
        self._executions = 0
        self._slowest = 0.0
        self._faults: dict[str, int] = {}
        self._started = time.monotonic()
        self._ends = self._started + seconds
        self._unraised: BaseException | None = None
        sys.unraisablehook = self._note

    def one(self, data: bytes) -> None:
        """Try *data*."""
        if time.monotonic() > self._ends:
            self._end()
        started = time.process_time()  # another process may have the core meanwhile
        self._executions += 1
        try:
            self._check(data)
            if self._unraised is not None:  # in a callback of C or Rust, which would only print it
                raise self._unraised
        except Exception as error:
            self._tell(error, data)
            self._unraised = None
        took = time.process_time() - started
        if took > max(_SLOW, self._slowest):
            self._keep(f"{took:.1f} s for {len(data)} bytes", data)
        self._slowest = max(self._slowest, took)

    def _note(self, unraisable: sys.UnraisableHookArgs) -> None:
        self._unraised = unraisable.exc_value

    def _tell(self, error: Exception, data: bytes) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        self._faults[kind] = self._faults.get(kind, 0) + 1
        if self._faults[kind] == 1:
            self._keep(f"{kind}: {error!s:.600}", data)

    def _keep(self, words: str, data: bytes) -> None:
        file = self._found / f"{self._name}-{hashlib.sha256(data).hexdigest()[:12]}"
        file.write_bytes(data)
        print(f"{file}: {words}\n    {data[:300]!r}", flush=True)

    def _end(self) -> None:
        seconds = time.monotonic() - self._started
        print(
            f"{self._name}: {self._executions} executions in {seconds:.0f} s, {self._executions / seconds:.0f} a second; "
            f"slowest {self._slowest:.2f} s; {len(self._faults)} kinds of fault {self._faults or ''}",
            flush=True,
        )
        os._exit(1 if self._faults else 0)  # libFuzzer never returns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=SEEDS)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--found", type=Path, default=Path("fuzz-found"), help="where bytes that break something go")
    arguments = parser.parse_args()
    _fuzz(arguments.target, arguments.seconds, arguments.found)


def _fuzz(name: str, seconds: float, found: Path) -> None:
    try:
        import atheris
    except ImportError:
        raise SystemExit("bench.fuzz needs atheris, which is not installed: pip install -e '.[fuzz,test]'") from None
    with atheris.instrument_imports(include=["feeds", "feedparser", "tomlkit"]):
        from bench.invariants import CHECKS
    found.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        corpus, words = Path(folder, "corpus"), Path(folder, "words")
        corpus.mkdir()
        for number, seed in enumerate(SEEDS[name]):
            (corpus / str(number)).write_bytes(seed)
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS[name]))
        options = ["-max_len=8192", "-timeout=60", "-rss_limit_mb=2048", f"-dict={words}", str(corpus)]
        atheris.Setup([sys.argv[0], *options], Run(name, CHECKS[name], seconds, found).one)
        atheris.Fuzz()


def _escaped(word: str) -> str:
    """*word* as libFuzzer's dictionaries have it (llvm.org/docs/LibFuzzer.html, "Dictionaries")."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    main()
