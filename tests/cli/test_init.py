"""`newsletter init`: by options, by questions on a terminal, with samples and without."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.cli import run
from newsletter.config import read_settings


def made(tmp_path: Path, *options: str) -> Path:
    folder = tmp_path / "digest"
    assert run(["init", str(folder), *options]) == 0
    return folder


def test_what_is_given_stands_in_newsletter_yaml_with_its_comments(tmp_path: Path) -> None:
    folder = made(
        tmp_path,
        "--title", 'Вісті: "громада" # тижня',
        "--publisher", "Наша громада",
        "--sender", "digest@hromada.example.org",
        "--section", "ТОП", "--section", "Житло: усе",
        "--editor", "olena@hromada.example.org", "--editor", "petro@hromada.example.org",
    )  # fmt: skip
    settings = read_settings(folder)
    assert settings.title == 'Вісті: "громада" # тижня'
    assert settings.sender.name == settings.publisher == "Наша громада"
    assert settings.sender.address == "digest@hromada.example.org"
    assert settings.sender.reply_to is None
    assert [(one.slug, one.title) for one in settings.sections] == [
        ("top", "ТОП"),
        ("zhytlo-use", "Житло: усе"),
    ]
    assert settings.editor_addresses == ("olena@hromada.example.org", "petro@hromada.example.org")
    assert "# рубрики, які обирають читачі" in (folder / "newsletter.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_samples_find_their_place_among_ones_own_sections(language: str, tmp_path: Path) -> None:
    folder = made(tmp_path, "--language", language, "--section", "News", "--section", "Housing")
    assert run(["-C", str(folder), "render"]) == 0
    assert run(["-C", str(folder), "segments"]) == 0
    used = {
        line
        for path in folder.glob("issues/*/items/*.md")
        for line in path.read_text(encoding="utf-8").split("\n")
        if line.startswith("section: ")
    }
    assert used == {"section: news", "section: housing"}


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_bare_workspace_has_no_samples_and_can_be_used(language: str, tmp_path: Path) -> None:
    folder = made(tmp_path, "--language", language, "--bare")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {".gitignore", "newsletter.yaml", "subscribers/README.md"}
    section = read_settings(folder).sections[0].title
    (folder / "digest.txt").write_text(f"{section}\n\nA title of the week\n\nIts text.\n", encoding="utf-8")
    assert run(["-C", str(folder), "import", str(folder / "digest.txt"), "--issue", "2025-02-14"]) == 0
    assert run(["-C", str(folder), "compose"]) == 0


def test_without_editors_it_says_that_nobody_would_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path)
    assert "No editors are set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--sender", "nobody"),
        ("--editor", "a@"),
        ("--title", "two\nlines"),
        ("--section", "\x07"),
        ("--language", "ua"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_made(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "digest"), option, value]) == 2
    assert repr(value.strip()) in capsys.readouterr().err
    assert not (tmp_path / "digest").exists()


def test_who_mistakes_the_language_is_told_its_tag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "digest"), "--language", "Polish"]) == 2
    assert "no language has the tag 'Polish'\nDid you mean 'pl'?" in capsys.readouterr().err


def test_a_section_named_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path / "digest"), "--section", "ТОП", "--section", "Топ"]) == 2
    assert "named twice" in capsys.readouterr().err
    assert run(["init", str(tmp_path / "digest"), "--section", "ТОП"]) == 0


def test_on_a_terminal_it_asks_again_after_a_wrong_answer(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "newsletter", "init", "digest"]
    answers = ["en", "Council news", "", "not an address", "digest@council.example.org"]
    answers += ["Top stories", "Housing", "", "press@council.example.org", ""]
    with subprocess.Popen(
        words, cwd=tmp_path, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as asking:  # fmt: skip
        os.close(theirs)
        os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
        said, _ = asking.communicate(timeout=60)
    os.close(ours)
    assert asking.returncode == 0, said
    assert "'not an address': not a mail address" in said
    settings = read_settings(tmp_path / "digest")
    assert (settings.language, settings.title) == ("en", "Council news")
    assert settings.sender.address == "digest@council.example.org"
    assert [one.slug for one in settings.sections] == ["top-stories", "housing"]
    assert settings.editor_addresses == ("press@council.example.org",)
