"""Nothing a digest says is dropped: every line ends in exactly one place, or in a problem."""

import re
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.compose.account import Digest, Placed, Role
from newsletter.compose.digest import parse_digest
from newsletter.compose.event_lines import labelled
from newsletter.compose.lines import Line, heading_key
from newsletter.compose.sources import text_lines
from newsletter.config import read_settings

SETTINGS = read_settings(Path(__file__).parents[2])
UNSEEN = "\u2028\u2029\u200b\u2060\ufeff\xad"
"""What is neither a letter nor a space; it may stand within a word, which then reads as one."""
WORDS = st.text(st.sampled_from("абвгґїйАБ ьщЯabXY09 .,:!?-–«»()[]*_#'’\t\xa0\u0301😀"), max_size=40)
LINES = st.one_of(
    st.just(""),
    st.just(""),
    WORDS,
    WORDS.map(str.upper),
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=UNSEEN), max_size=30),
    st.sampled_from(
        [
            *(section.title.upper() for section in SETTINGS.model_sections),
            "Освіта",
            "НОВА РУБРИКА",
            SETTINGS.title.upper(),
            "8 – 14 лютого 2025 року",
            "15–21 February 2025",
            "[Більше на сайті АМУ](#)",
            "[Більше на сайті АМУ](https://auc.org.ua/1)",
            "Більше на сайті АМУ",
            "[Реєстрація](https://a.org/2)",
            "[Файл](/relative)",
            "https://a.org/3",
            "#FreeOurPeople",
            "- пункт",
            "---",
            "=====",
            "# Один",
            "## Два",
            "### [Три](https://a.org/4) і [ще](https://a.org/5)",
            "**Жирна назва**",
            "Коли: 20 лютого 2025 року, 11:00. Де: Київ, вул. Січова",
            "Дата: 21.02.2025",
            "Час: 11:00–12:30",
            "Місце: Львів",
            "Коли: незабаром",
            "When: February 20, 2025, 11 am",
        ]
    ),
)


def words(text: str) -> list[str]:
    """Return what a reader would miss if it were gone."""
    found = re.findall(r"[^\W_]+", re.sub(r"[\[\]*_]", "", text.casefold()))
    return [word for word in found if word != "https"]  # a link typed without it gets it


def said_of(placed: Placed, digest: Digest) -> str:
    """Return the text in which the words of a line must be found again."""
    if placed.role is Role.LEFT:
        return "\n".join(p.text for p in digest.problems if p.at and p.at.line == placed.line.number)
    assert placed.entry is not None
    entry = digest.entries[placed.entry]
    told = "\n".join(p.text for p in digest.problems if p.at and p.at.line == placed.line.number)
    return "\n".join([entry.title, entry.text, entry.link or "", told])


def is_told_by_event(placed: Placed, digest: Digest) -> bool:
    """Tell whether what a line says is in the event of its entry."""
    event = digest.entries[placed.entry].event if placed.entry is not None else None
    said = labelled(placed.line.text)
    return bool(event and said and event.place.split() == said.get("where", event.place).split())


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=25))
@example(["XА", "0", "Коли: 20 лютого 2025 року, 11:00. Де: Київ, вул. Січова", "0\u00a00"])
def test_every_line_ends_in_exactly_one_place(typed: list[str]) -> None:
    lines = text_lines("\n".join(typed))
    digest = parse_digest(lines, "digest.txt", SETTINGS)
    assert [placed.line for placed in digest.account] == [line for line in lines if line.text]
    assert digest.period or Role.PERIOD not in {placed.role for placed in digest.account}
    titles = [placed.entry for placed in digest.account if placed.role is Role.TITLE]
    assert titles == list(range(len(digest.entries)))
    for placed in digest.account:
        text = placed.line.text
        match placed.role:
            case Role.RULE:
                assert not words(text)
            case Role.HEADING:
                known = [*SETTINGS.model_sections, *digest.new_sections]
                assert heading_key(text) in {heading_key(section.title) for section in known}
            case Role.PERIOD | Role.MASTHEAD:
                assert placed.entry is None
            case Role.TEXT:
                assert placed.entry is not None
                assert text in digest.entries[placed.entry].text
            case Role.TITLE:
                assert set(words(text)) <= set(words(said_of(placed, digest)))
            case Role.LINK:
                told = [*words(said_of(placed, digest)), *words(SETTINGS.read_more)]
                usual = sum(text.partition("](")[0] == other.partition("](")[0] for other in typed) > 1
                assert usual or set(words(text)) <= set(told)
            case Role.EVENT:
                assert is_told_by_event(placed, digest)
            case Role.LEFT:
                assert set(words(text)) <= set(words(said_of(placed, digest)))


@settings(deadline=None)
@given(st.lists(LINES, max_size=25).map("\n".join))
def test_reading_lines_keeps_every_word_in_order(text: str) -> None:
    kept = " ".join(line.text for line in text_lines(text))
    assert words(kept) == words(text)


def test_what_nobody_sees_is_taken_out_of_words() -> None:
    assert text_lines(f"До\x08бра{UNSEEN[2:]} новина\t\xa0") == [Line(1, "Добра новина")]


@settings(deadline=None)
@given(st.lists(LINES, max_size=25))
def test_lines_keep_the_numbers_they_have_in_the_file(typed: list[str]) -> None:
    lines = [line.replace("\t", " ").strip() for line in "\n".join(typed).splitlines()]
    for line in text_lines("\n".join(lines)):
        assert isinstance(line, Line)
        first = words(line.text)[:1]
        assert not first or first[0] in words(lines[line.number - 1])
