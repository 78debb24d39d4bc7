"""Lists within items stay there, whatever marks them, and links are read as people mistype them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.compose.account import Digest
from newsletter.compose.digest import parse_digest
from newsletter.compose.link_repair import mend
from newsletter.compose.sources import read_unlimited
from newsletter.config import Settings

Parse = Callable[..., Digest]
LINK = "[Більше на сайті АМУ](https://auc.org.ua/1)"


@pytest.fixture
def parse(tmp_path: Path, settings: Settings) -> Parse:
    def make(*paragraphs: str) -> Digest:
        file = tmp_path / "digest.txt"
        file.write_text("ТОП\n\n" + "\n\n".join(paragraphs) + "\n", encoding="utf-8")
        lines, problems = read_unlimited(file, "digest.txt")
        digest = parse_digest(lines, "digest.txt", settings)
        return replace(digest, problems=(*problems, *digest.problems))

    return make


def titles(digest: Digest) -> list[tuple[str, str | None]]:
    return [(entry.title, entry.link) for entry in digest.entries]


MARKS = [
    "1. ",
    "1) ",
    "(1) ",
    "1.\t",
    "а) ",
    "a) ",
    "а. ",
    "IV. ",
    "ІІ. ",
    "ii) ",
    "1.1. ",
    "· ",
    "·\t",
    "o\t",
    "o   ",
    "§\t",
    "§ ",
    "✓ ",
    "✔ ",
    "☑️ ",
    "✅ ",
    "→ ",
    "➢ ",
    "— ",
    "– ",
    "-",
    "–",
    "• ",
    "•",
    "► ",
    "▪ ",
    "■ ",
    "◦ ",
    "* ",
    "+ ",
    "ü\t",
    "Ø\t",
    "v\t",
    "q\t",
    "\uf0b7\t",
    "🔹 ",
    "📌",
    "1️⃣ ",
    "№ 1. ",
    "1.",
    "1)",
]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("apart", ["\n\n", "\n"])
def test_a_list_belongs_to_the_item_above_it(parse: Parse, mark: str, apart: str) -> None:
    rows = apart.join(
        f"{mark}{words}" for words in ("авто", "генератор великий", "станція зв'язку й зарядки")
    )
    digest = parse("Що отримали громади", "Громадам передали техніку.", rows, LINK, "Друга новина", "Текст.")
    assert titles(digest) == [("Що отримали громади", "https://auc.org.ua/1"), ("Друга новина", None)]
    for words in ("авто", "генератор великий", "станція зв'язку й зарядки"):
        assert words in digest.entries[0].text
    assert not digest.problems


@pytest.mark.parametrize("mark", MARKS)
def test_a_list_before_a_longer_paragraph_makes_no_title(parse: Parse, mark: str) -> None:
    rows = "\n\n".join(f"{mark}{words}" for words in ("авто", "генератор"))
    long = "Техніку передали під час зустрічі голів громад області в обласному центрі."
    digest = parse("Що отримали громади", "Громадам передали:", rows, long, LINK, "Друга новина", "Текст.")
    assert titles(digest) == [("Що отримали громади", "https://auc.org.ua/1"), ("Друга новина", None)]
    assert long in digest.entries[0].text


@pytest.mark.parametrize("mark", MARKS)
def test_a_list_below_a_link_belongs_to_the_item_above(parse: Parse, mark: str) -> None:
    rows = "\n\n".join(f"{mark}{words}" for words in ("авто", "генератор"))
    digest = parse("Що отримали громади", "Текст.", LINK, rows)
    assert [title for title, _ in titles(digest)] == ["Що отримали громади"]


@pytest.mark.parametrize("mark", ["· ", "o\t", "§\t", "→ ", "— ", "•", "► ", "–", "ü\t", "\uf0b7\t"])
def test_a_typed_bullet_becomes_markdown_s(parse: Parse, mark: str) -> None:
    digest = parse("Назва", "Текст.", f"{mark}авто\n{mark}генератор", LINK)
    assert digest.entries[0].text == "Текст.\n\n- авто\n- генератор"


@pytest.mark.parametrize("mark", ["{}. ", "{}) ", "({}) ", "• ", "📌 ", "→ ", "— "])
def test_titles_that_are_counted_or_marked_stay_titles(parse: Parse, mark: str) -> None:
    digest = parse(
        mark.format(1) + "Перша новина",
        "Текст:",
        "- раз\n- два",
        LINK,
        mark.format(2) + "Друга новина",
        "Інший текст.",
        LINK.replace("/1", "/2"),
    )
    assert [link for _, link in titles(digest)] == ["https://auc.org.ua/1", "https://auc.org.ua/2"]
    assert "- раз\n- два" in digest.entries[0].text


@pytest.mark.parametrize(
    "title", ["А. Іваненко очолив громаду", "І. Франка вшанували у Львові", "5 лютого відбувся форум"]
)
def test_an_initial_or_a_day_is_no_mark(parse: Parse, title: str) -> None:
    digest = parse("Перша", "Текст першої новини.", title, "Довгий текст другої новини, довший за її назву.")
    assert titles(digest) == [("Перша", None), (title, None)]


def test_a_table_never_makes_a_title(parse: Parse) -> None:
    table = "| Область | Громад |\n| --- | --- |\n| Сумська | 51 |"
    digest = parse("Назва", "Текст.", table, LINK, "Друга", "Текст.")
    assert [title for title, _ in titles(digest)] == ["Назва", "Друга"]
    assert digest.entries[0].text == f"Текст.\n\n{table}"
    above = parse(table, "Назва", LINK)
    assert [title for title, _ in titles(above)] == ["Назва"]
    assert [problem.at.line for problem in above.problems if problem.at] == [3, 4, 5]


SAME = [
    "[Більше](https://auc.org.ua/f)",
    "[Більше] (https://auc.org.ua/f)",
    "[Більше](https://auc.org.ua/f",
    "[Більше](https://auc.org.ua/f.",
    "[Більше(https://auc.org.ua/f)",
    "Більше](https://auc.org.ua/f)",
    "Більше (https://auc.org.ua/f)",
    "Більше [https://auc.org.ua/f]",
    "Більше <https://auc.org.ua/f>",
    "Більше – https://auc.org.ua/f",
    "Більше https://auc.org.ua/f",
    "Більше: https://auc.org.ua/f.",
    "https://auc.org.ua/f – більше",
    "https://auc.org.ua/f (більше)",
    "(Більше)[https://auc.org.ua/f]",
    "[Більше]: https://auc.org.ua/f",
    "[Більше]https://auc.org.ua/f",
    "[Більше][https://auc.org.ua/f]",
    "→ [Більше] (https://auc.org.ua/f)",
    '<a href="https://auc.org.ua/f" target="_blank">Більше</a>',
    "[Більше]\n(https://auc.org.ua/f)",
    "[Більше на\nсайті](https://auc.org.ua/f)",
    "**[Більше] (https://auc.org.ua/f)**",
    "Детальніше за посиланням: https://auc.org.ua/f",
    "Більше на сайті АМУ (https://auc.org.ua/f)",
]
GUESSED = [
    "Більше: auc.org.ua/f",
    "[Більше](auc.org.ua/f)",
    "Більше (auc.org.ua/f)",
    "[Більше](https:/auc.org.ua/f)",
    "[Більше](http//auc.org.ua/f)",
    "[Більше](htps://auc.org.ua/f)",
    "[Більше](https:// auc.org.ua/f)",
    "Більше на сайті АМУ: auc.org.ua/f",
]


@pytest.mark.parametrize("typed", [*SAME, *GUESSED])
def test_a_mistyped_link_is_the_link_that_was_meant(parse: Parse, typed: str) -> None:
    digest = parse("Перша", "Текст першої.", typed, "Друга новина", "Текст другої.", LINK)
    assert titles(digest) == [("Перша", "https://auc.org.ua/f"), ("Друга новина", "https://auc.org.ua/1")]
    assert digest.entries[0].text == "Текст першої."
    guesses = [problem for problem in digest.problems if "was taken as" in problem.text]
    assert bool(guesses) == (typed in GUESSED)
    assert all(problem.at and problem.at.line == 7 for problem in digest.problems)


def test_a_blank_within_an_address_is_named(parse: Parse) -> None:
    digest = parse("Перша", "Текст.", "[Більше](https://auc.org.ua/novyna 5)", "Друга", "Текст.", LINK)
    assert titles(digest) == [("Перша", "https://auc.org.ua/novyna%205"), ("Друга", "https://auc.org.ua/1")]
    assert [problem.at.line for problem in digest.problems if problem.at and "taken as" in problem.text] == [
        7
    ]


@pytest.mark.parametrize(
    "typed", ["[Більше](", "[Більше](auc org ua)", "[Більше](звіт 5.docx)", "[Більше] ("]
)
def test_a_link_that_cannot_be_read_ends_its_item_and_is_named(parse: Parse, typed: str) -> None:
    digest = parse("Перша", "Текст.", typed, "Друга", "Текст.", LINK)
    assert titles(digest) == [("Перша", None), ("Друга", "https://auc.org.ua/1")]
    assert [
        (problem.at.line, "cannot be read" in problem.text) for problem in digest.problems if problem.at
    ] == [(7, True)]


def test_links_within_a_paragraph_are_mended_too() -> None:
    typed = "Див. [звіт] (https://a.org/1), [закон](https://b.org/2) і [наказ](https://c.org/3 та інше."
    assert mend(typed) == (
        "Див. [звіт](https://a.org/1), [закон](https://b.org/2) і [наказ](https://c.org/3) та інше.",
        [],
    )


@pytest.mark.parametrize(
    "text",
    [
        "Більше 500 громад узяли участь у форумі",
        "Реєстрація: https://forms.gle/x",
        "Згідно [1] (див. додаток)",
        "[Файл](/relative)",
        "[Більше](#)",
        "Пишіть на office@auc.org.ua",
        "Сайт: auc.org.ua",
        "[Вікі](https://uk.wikipedia.org/wiki/Київ_(місто))",
        '[Закон](https://a.org/1 "назва")',
        "звіт.docx [1]",
    ],
)
def test_what_is_right_or_no_link_stays_as_it_is(text: str) -> None:
    assert mend(text) == (text, [])


@pytest.mark.parametrize(
    "unit", ["[", "[a]", "[a](https://", "(a", "a](", "a.b-", "https://", "<a href=", "a.a", "1."]
)
def test_mending_takes_no_longer_than_its_line(unit: str) -> None:
    mend(unit * 5000)  # the kinds of line that make careless patterns take minutes
