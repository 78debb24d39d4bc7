"""`newsletter preview` as a user starts and ends it."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from newsletter.cli import run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with the sample issue."""
    shutil.copy(ROOT / "newsletter.yaml", tmp_path)
    shutil.copy(ROOT / "logo.png", tmp_path)
    shutil.copytree(ROOT / "issues", tmp_path / "issues")
    return tmp_path


@pytest.fixture
def started(workspace: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the preview of the sample issue."""
    command = [sys.executable, "-u", "-m", "newsletter", "-C", str(workspace), "preview", "2025-02-14"]
    with subprocess.Popen(
        [*command, "--port", "21000"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_it_prints_its_address_answers_there_and_ends_quietly(started: subprocess.Popen[str]) -> None:
    assert started.stdout
    assert started.stderr
    found = re.fullmatch(r"Preview: (http://127\.0\.0\.1:\d+/2025-02-14)\n", started.stdout.readline())
    assert found
    with urlopen(found[1]) as answer:  # noqa: S310  our own address
        assert "лютого 2025" in answer.read().decode()
    started.send_signal(signal.SIGINT)
    assert started.wait(timeout=60) == 0
    assert started.stderr.read() == ""


def test_it_ends_quietly_also_while_a_page_waits_for_changes(started: subprocess.Popen[str]) -> None:
    assert started.stdout
    assert started.stderr
    address = started.stdout.readline().split()[-1]
    with urlopen(address) as answer:  # noqa: S310  our own address
        page = answer.read().decode()
    waiting = re.search(r'data-waiting="([^"]+)"', page)
    assert waiting
    fetch = f"from urllib.request import urlopen; urlopen({address.rpartition('/')[0] + waiting[1]!r})"
    with subprocess.Popen([sys.executable, "-c", fetch], stderr=subprocess.DEVNULL) as reader:
        with pytest.raises(subprocess.TimeoutExpired):
            reader.wait(timeout=1)
        started.send_signal(signal.SIGINT)
        assert started.wait(timeout=60) == 0
        reader.wait(timeout=60)
    assert started.stderr.read() == ""


def test_settings_that_are_wrong_at_the_start_end_it_with_their_line(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "newsletter.yaml").write_text("titel: Дайджест\n", encoding="utf-8")
    assert run(["-C", str(workspace), "preview"]) == 2
    assert "newsletter.yaml:1: unknown key 'titel'" in capsys.readouterr().err
