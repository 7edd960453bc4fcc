"""The README is true: its two commands, the commands it names, and the files it promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BEFORE_REAL_USE, REAL_USE = README.split("## Real use")


def blocks(text: str) -> list[str]:
    return [block.strip() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]


def feeds(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "feeds", *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_security_md_names_tests_and_documents_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    named = re.findall(r"\b(?:tests|docs|bench|feeds)/[\w./]+\.(?:py|md)", text)
    assert "tests/test_secrets.py" in named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_two_commands_come_before_real_use() -> None:
    one, two = blocks(BEFORE_REAL_USE)
    assert one.startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert one.endswith(".venv/bin/feeds demo")
    assert two.endswith(".venv/bin/python -m pytest")
    assert "\n" not in one + two


def test_first_command_shows_what_it_promises(tmp_path: Path) -> None:
    command = blocks(BEFORE_REAL_USE)[0].rpartition(".venv/bin/feeds ")[2]
    done = feeds(tmp_path, *command.split())
    assert (done.returncode, done.stderr) == (0, "")
    promised = re.findall(r"^    (output/\S+)", REAL_USE, re.MULTILINE)
    assert len(promised) >= 4
    for path in promised:
        assert (tmp_path / "feeds-demo" / path).is_file(), path


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"(?<=feeds )[a-z]+(?=[ `\n])", REAL_USE)) | {"remove", "import"})
)
def test_every_command_it_names_is_there(tmp_path: Path, name: str) -> None:
    done = feeds(tmp_path, name, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


def test_every_file_it_links_to_is_there() -> None:
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_shipped_config_shows_every_key() -> None:
    from feeds import config

    shown = (ROOT / "config.toml").read_text()
    for struct in (
        config.Site,
        config.StoreSettings,
        config.FetchSettings,
        config.Schedule,
        config.Publish,
        config.Retention,
    ):
        for key in struct.__struct_fields__:
            assert re.search(rf"^{key} = ", shown, re.MULTILINE), key
