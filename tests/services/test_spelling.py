"""Spelling by the system's dictionaries: slips are warned of, unknown words are advice, names left alone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.checks.lines import lines_under
from newsletter.checks.spelling import words_of
from newsletter.errors import Problem, Severity
from newsletter.model import Block, Issue, Item
from newsletter.services import Workspace
from newsletter.services.proof import prove
from newsletter.services.spelling import dictionary_of, spelt
from tests.checks.test_clean_texts import TEXTS
from tests.sending import house

CLOSING = house.issue().period.end
needs_dictionary = pytest.mark.skipif(
    dictionary_of("uk") is None or dictionary_of("en") is None, reason="no hunspell-uk, hunspell-en-us"
)


def found(workspace: Workspace, *texts: str, language: str = "uk") -> list[Problem]:
    """Return the findings on the spelling of items with these texts."""
    made: Issue = workspace.issue(CLOSING)[0]
    first: Item = made.blocks[0].items[0]
    items = tuple(replace(first, id=str(number), text=text) for number, text in enumerate(texts))
    block = Block(section=made.blocks[0].section, items=items)
    return list(
        spelt(workspace, replace(made, blocks=(block,), language=language), lines_under(workspace.root))
    )


@needs_dictionary
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Знайшли помилкку.", "помилку"),
        ("Ухвалили рішеннян та проєкт.", None),
        ("Збори обєднання.", "об’єднання"),
        ("Це громдаа.", "громада"),
    ],
)
def test_a_slip_of_the_fingers_is_a_warning_with_what_was_meant(
    empty: Workspace, text: str, meant: str | None
) -> None:
    (problem,) = found(empty, text)
    assert problem.severity is (Severity.WARNING if meant else Severity.ADVICE)
    assert (meant or "рішення") in problem.hint


@needs_dictionary
def test_names_abbreviations_addresses_and_other_alphabets_are_left_alone(empty: Workspace) -> None:
    text = "Щвпрс і ЩВПР з щвпрс. 5 на щвпрс.укр, #щвпрс, kvprst, a@щвпрс.укр, Прем'єр п'ятої п’ятої."
    assert found(empty, text) == []


@needs_dictionary
def test_clean_texts_and_the_real_digest_have_no_warning(empty: Workspace) -> None:
    problems = found(empty, *(f"{title}\n\n{text}" for title, text in TEXTS))
    assert {one.severity for one in problems} <= {Severity.ADVICE}
    assert len(problems) < 5
    assert [one for one in prove(empty, CLOSING).problems if one.code.startswith("word-")] == []


@needs_dictionary
def test_the_workspace_knows_its_words_its_names_and_the_communities(empty: Workspace) -> None:
    text = "Бізнес-акселератори та щвпрс великодимерських шкіл."
    assert {one.code for one in found(empty, text)} == {"word-unknown"}
    (empty.root / "words.txt").write_text("# наші слова\nщвпрс  # назва\nакселератор*\n", encoding="utf-8")
    assert found(empty, text) == []


@needs_dictionary
def test_the_dictionary_is_loaded_for_new_words_alone(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found(empty, "Знайшли помилкку та щвпрс.")
    monkeypatch.setattr("newsletter.services.spelling._load", None)
    assert found(empty, "Знайшли помилкку та щвпрс.") == before
    kept = empty.var / "spelling/uk_UA.json"
    kept.write_text(json.dumps({"stamp": "another"}), encoding="utf-8")
    with pytest.raises(TypeError):
        found(empty, "Знайшли помилкку.")


@needs_dictionary
def test_english_is_read_by_its_own_dictionary(empty: Workspace) -> None:
    (problem,) = found(empty, "They recieve grants, and it's fine.", language="en")
    assert (problem.code, "receive" in problem.hint) == ("word-misspelt", True)


def test_without_a_dictionary_nothing_is_said(empty: Workspace) -> None:
    assert dictionary_of("mul") is None
    assert found(empty, "Знайшли помилкку.", language="mul") == []


def test_a_dictionary_is_found_where_dicpath_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for end in ("aff", "dic"):
        (tmp_path / f"pl_PL.{end}").touch()
    monkeypatch.setenv("DICPATH", str(tmp_path))
    named = dictionary_of("pl-PL")
    assert named
    assert named.name == "pl_PL"


def test_words_are_small_whole_and_of_one_alphabet() -> None:
    text = "Ця п'ятниця: онлайн-зустріч, 5-го, тел. 123, e-пошта й слово."
    assert words_of(text, "uk") == {"п’ятниця", "онлайн", "зустріч", "слово"}
