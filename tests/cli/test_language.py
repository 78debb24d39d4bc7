"""The commands speak the language that NEWSLETTER_LANG, else the locale, else the workspace says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.cli import run
from newsletter.cli.language import LANGUAGES, choose, teach_click, words
from newsletter.errors import Message, Problem, counted
from newsletter.i18n import said
from tests import said as extracted

Speak = Callable[..., str]
VARIABLES = ("NEWSLETTER_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Speak:
    """Return a function that says in which language "Stopped." comes out, and forget it afterwards."""

    def spoken(workspace: str | None = None, **environment: str) -> str:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        if workspace is not None:
            (tmp_path / "newsletter.yaml").write_text(workspace, encoding="utf-8")
        (tmp_path / "issues").mkdir(exist_ok=True)
        choose(tmp_path / "issues")
        return {"Зупинено.": "uk", "Stopped.": "en"}[words("Stopped.")]

    return spoken


@pytest.fixture(autouse=True)
def english_again() -> object:
    """Speak English again after a test."""
    yield
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NEWSLETTER_LANG", "en")
        choose()


@pytest.mark.parametrize("locale", ["uk_UA.UTF-8", "uk", "uk-UA", "UK_ua@latin"])
def test_newsletter_lang_is_first_then_the_locale_then_the_workspace(spoken: Speak, locale: str) -> None:
    assert spoken("language: en\n", NEWSLETTER_LANG=locale, LC_ALL="en_GB.UTF-8") == "uk"
    assert spoken("language: en\n", LANG=locale) == "uk"
    assert spoken("language: en\n", LANG="en_US.UTF-8", LC_MESSAGES=locale) == "uk"
    assert spoken("language: en\n", LANG=locale, LC_MESSAGES=locale, LC_ALL="en_US.UTF-8") == "en"
    assert spoken("language: uk\n", LANG="en_US.UTF-8") == "en"
    assert spoken("language: uk\n", NEWSLETTER_LANG="en", LANG=locale) == "en"


@pytest.mark.parametrize("locale", ["", "C", "POSIX", "C.UTF-8"])
def test_a_locale_without_a_language_as_cron_s_leaves_it_to_the_workspace(spoken: Speak, locale: str) -> None:
    assert spoken(None, LANG=locale) == "en"  # no workspace at all
    for settings, expected in (
        ("title: Новини\n", "uk"),
        ("title: Новини\nlanguage: uk\n", "uk"),
        ('# language: uk\nlanguage: "en"  # for the council\n', "en"),
        ("language: de-AT\n", "en"),
    ):
        assert spoken(settings, LANG=locale) == expected
    assert spoken("language: uk\n", LC_ALL=locale or "C", LANG="en_GB.UTF-8") == "uk"


def test_a_language_that_commands_do_not_speak_is_refused_when_asked_for_and_english_in_a_locale(
    spoken: Speak, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spoken("language: uk\n", LANG="pl_PL.UTF-8") == "en"
    monkeypatch.setenv("NEWSLETTER_LANG", "ua")
    assert run(["--help"]) == 2
    assert (
        capsys.readouterr().err == "NEWSLETTER_LANG: the commands do not speak 'ua'\n  Known here: uk, en.\n"
    )


def test_the_workspace_that_is_named_decides_also_for_help(
    spoken: Speak, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    spoken("language: uk\n")
    assert run(["-C", str(tmp_path), "check", "--help"]) == 0
    assert "Показати цю довідку" in capsys.readouterr().out
    assert run(["-C", str(tmp_path), "check", "--bogus"]) == 2
    assert "Помилка: Немає параметра '--bogus'." in capsys.readouterr().err
    (tmp_path / "newsletter.yaml").write_text("language: en\n", encoding="utf-8")
    assert run(["-C", str(tmp_path), "check", "--help"]) == 0
    assert "Show this message and exit." in capsys.readouterr().out


def test_a_number_is_said_in_its_form_and_written_as_the_language_does() -> None:
    def events(number: int) -> str:
        return said(counted("%(num)d event", "%(num)d events", number), "uk")

    assert [events(number) for number in (1, 2, 5, 11, 21)] == [
        "1 захід", "2 заходи", "5 заходів", "11 заходів", "21 захід"
    ]  # fmt: skip
    assert events(12_500) == "12\N{NO-BREAK SPACE}500 заходів"
    assert counted("%(num)d event", "%(num)d events", 12_500) == "12500 events"


def test_somebody_s_own_words_are_left_as_they_are() -> None:
    assert said(Message("unknown key %(key)r", key="Unsubscribe"), "uk") == "невідомий ключ «Unsubscribe»"
    problem = Problem.error("the HTML has no title")
    assert said(Message("%(what)s!", what=problem), "uk") == "у HTML немає заголовка!"


def test_click_says_its_own_words_by_our_catalog() -> None:
    teach_click()
    catalog = [words if isinstance(words, str) else words[0] for words in extracted.of_click()]
    assert "Missing argument" in catalog
    assert [one for one in catalog if said(one, "uk") == one] == []
    assert LANGUAGES == ("uk", "en")
