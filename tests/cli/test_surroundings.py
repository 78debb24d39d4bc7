"""Commands in bad surroundings: each fault is a sentence with its cure and exit code 2; nothing changes."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from newsletter.cli import run

ROOT = Path(__file__).parents[2]
Tell = Callable[..., str]

UNREADABLE = Path("/proc/self/mem")
"""A file that cannot be read from its beginning, even by root."""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a workspace with the sample's settings, beside files that environment variables may name."""
    for name in ("DATABASE", "SECRET"):
        monkeypatch.delenv(f"NEWSLETTER_{name}", raising=False)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    root = tmp_path / "workspace"
    root.mkdir()
    shutil.copy(ROOT / "newsletter.yaml", root)
    shutil.copy(ROOT / "logo.png", root)
    return root


def files(folder: Path) -> Mapping[str, bytes]:
    return {
        str(path): path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        for path in folder.rglob("*")
    }


@pytest.fixture
def told(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Return what a command says that cannot work: a sentence, and a cure on a line of its own."""

    def told(*command: str) -> str:
        before = files(workspace.parent)
        code = run(["-C", str(workspace), *command])
        _, err = capsys.readouterr()
        assert code == 2, err
        assert files(workspace.parent) == before
        sentence, cure = err.splitlines()
        assert cure.startswith("  ")
        assert "should not have happened" not in sentence
        return err

    return told


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("postgresql://press@127.0.0.1:1/news", "Connection refused"),
        ("postgresql://press@127.0.0.1:port/news", "the port is not a number"),
        ("postgresql://press:p@ss:word@127.0.0.1/news", "the port is not a number"),
        ("mysql://press@127.0.0.1/news", "NEWSLETTER_DATABASE cannot be used"),
        ("news.db", "NEWSLETTER_DATABASE cannot be used"),
        ("sqlite:///{}/folder", "unable to open database file"),
        ("sqlite:///{}/empty/news.db", "empty cannot be created: File exists"),
        ("sqlite:////proc/none/news.db", "/proc/none cannot be created"),
        ("sqlite:///file:{}/empty?mode=ro&uri=true", "readonly database"),
    ],
)
def test_a_database_that_cannot_be_used_is_told(
    told: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, what: str
) -> None:
    monkeypatch.setenv("NEWSLETTER_DATABASE", url.format(tmp_path))
    # Who only looks takes a database that is not there, or has nothing in it, for an empty one.
    looks = () if "none" in url or "mode=ro" in url else ("subscribers list", "archive --out pages")
    for command in (*looks, "schedule --adopt", "send --due"):
        said = told(*command.split())
        assert what in said
        assert "word@" not in said
    if "Connection" not in what:  # else the server is waited for
        told("worker")


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("missing", "which cannot be read: No such file or directory"),
        ("folder", "which cannot be read: Is a directory"),
        (str(UNREADABLE), "which cannot be read: Input/output error"),
        ("noise", "which is no text"),
        ("empty", "which is empty"),
    ],
)
def test_a_file_of_a_variable_that_cannot_be_used_is_told(
    told: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, what: str
) -> None:
    path = tmp_path / file
    monkeypatch.setenv("NEWSLETTER_DATABASE_FILE", str(path))
    assert f"NEWSLETTER_DATABASE_FILE names {path}, {what}" in told("subscribers", "list")


def test_a_folder_for_what_is_made_that_is_none_is_told(
    told: Tell, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "var").touch()
    assert "var cannot be created: File exists" in told("subscribers", "list")
    monkeypatch.setenv("NEWSLETTER_DATABASE", "sqlite://")
    assert f"{workspace / 'var'}: File exists" in told("schedule", "--adopt")


@pytest.mark.parametrize("content", ["noise", str(UNREADABLE)])
def test_a_secret_that_cannot_be_read_is_told_and_not_made_anew(
    told: Tell, workspace: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("NEWSLETTER_DATABASE", "sqlite://")
    (workspace / "var").mkdir()
    (workspace / "var/secret").symlink_to(workspace.parent / content)
    (workspace / "list.csv").write_text("email\nolena@example.org\n")
    command = ("subscribers", "import", str(workspace / "list.csv"), "--consent", "form")
    assert str(workspace / "var/secret") in told(*command)


@pytest.mark.parametrize(
    ("line", "what", "cure"),
    [
        ("  publisher: x", "not readable as YAML: mapping values", "the indentation of"),
        ("\tpublisher: x", "not readable as YAML: the line is indented with a tab", "Indent with spaces."),
        ("publihser: x", "unknown key 'publihser'", "Did you mean 'publisher'?"),
        ("title: x", "the key 'title' occurs a second time", "Keep one of the two."),
        ("[a]: x", "not readable as YAML", "Check"),
    ],
)
def test_a_slip_in_the_settings_is_told_at_its_line(
    told: Tell, workspace: Path, line: str, what: str, cure: str
) -> None:
    path = workspace / "newsletter.yaml"
    sample = [one for one in path.read_text("utf-8").splitlines() if not one.startswith(("title:", "#"))]
    path.write_text("\n".join(["title: x", line, *sample, ""]), encoding="utf-8")
    said = told("subscribers", "list")
    assert said.startswith("newsletter.yaml:2: ")
    assert what in said
    assert cure in said


def test_settings_that_cannot_be_read_are_told(told: Tell, workspace: Path) -> None:
    path = workspace / "newsletter.yaml"
    path.unlink()
    path.symlink_to(UNREADABLE)
    assert "newsletter.yaml cannot be read" in told("subscribers", "list")


def test_a_folder_whose_name_is_no_unicode_is_told(workspace: Path, told: Tell) -> None:
    other = workspace.parent / os.fsdecode(b"n\xed")
    shutil.copytree(workspace, other)
    for command in ("-C", str(other), "check"), ("init", str(other / "new"), "--yes"):
        assert r"n\udced" in told(*command)
