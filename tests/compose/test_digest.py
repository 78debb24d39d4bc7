"""What each line of a digest becomes."""

from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from newsletter.compose.account import Digest, Role
from newsletter.compose.digest import parse_digest
from newsletter.compose.sources import read_source, text_lines
from newsletter.config import Settings
from newsletter.model import Period, Section

MORE = "[Більше на сайті АМУ](#)"


def parse(text: str, settings: Settings) -> Digest:
    return parse_digest(text_lines(dedent(text)), "digest.txt", settings)


def titles(digest: Digest) -> list[str]:
    return [entry.title for entry in digest.entries]


def test_the_real_digest_has_7_sections_and_13_items(digest_file: Path, settings: Settings) -> None:
    lines, faults = read_source(digest_file)
    digest = parse_digest(lines, "digest.txt", settings)
    assert digest.period == Period(start=date(2025, 2, 8), end=date(2025, 2, 14))
    sections = [entry.section for entry in digest.entries]
    assert list(dict.fromkeys(sections)) == [section.slug for section in settings.sections]
    assert [sections.count(section.slug) for section in settings.sections] == [3, 2, 2, 1, 1, 3, 1]
    last = digest.entries[-1]
    assert last.title.startswith("Асоціація міст України закликає")
    assert last.text == "#FreeOurPeople"
    assert {entry.link for entry in digest.entries} == {None}
    assert not faults
    assert not digest.problems
    assert not digest.new_sections


def test_a_real_link_is_kept_and_a_hash_is_none(settings: Settings) -> None:
    digest = parse(
        """\
        ТОП

        Перша

        Текст.

        [Більше на сайті АМУ](https://auc.org.ua/1)

        Друга

        Текст із [посиланням](https://example.org/a) всередині.

        [Більше на сайті АМУ](#)
        """,
        settings,
    )
    assert [entry.link for entry in digest.entries] == ["https://auc.org.ua/1", None]
    assert digest.entries[1].text == "Текст із [посиланням](https://example.org/a) всередині."


def test_several_paragraphs_lists_and_hashtags_stay_with_their_item(settings: Settings) -> None:
    digest = parse(
        f"""\
        ТОП

        Назва

        Перший абзац.

        Другий абзац:

        - раз
        - два

        {MORE}

        #ЄднаємоГромади #Разом

        Інша назва

        {MORE}
        """,
        settings,
    )
    assert titles(digest) == ["Назва", "Інша назва"]
    assert digest.entries[0].text == (
        "Перший абзац.\n\nДругий абзац:\n\n- раз\n- два\n\n#ЄднаємоГромади #Разом"
    )
    assert digest.entries[1].text == ""


def test_an_item_without_a_link_ends_at_a_short_line_before_a_longer_paragraph(settings: Settings) -> None:
    digest = parse(
        """\
        ОСВІТА

        Перша новина

        Вона має два абзаци, обидва довгі.

        Ось другий, теж із крапкою наприкінці.

        Друга новина

        А це її абзац, довший за назву.
        """,
        settings,
    )
    assert titles(digest) == ["Перша новина", "Друга новина"]
    assert digest.entries[0].text.count("\n\n") == 1


def test_lines_without_blank_ones_between_are_told_apart(settings: Settings) -> None:
    digest = parse(
        f"""\
        ТОП
        Перша
        Текст першої новини, який займає один досить довгий рядок і нікуди не переноситься, бо рядок один.
        {MORE}
        Друга
        Текст другої.
        {MORE}
        ОСВІТА
        Третя
        {MORE}
        """,
        settings,
    )
    assert [(entry.section, entry.title) for entry in digest.entries] == [
        ("top", "Перша"),
        ("top", "Друга"),
        ("education", "Третя"),
    ]


@pytest.mark.parametrize("apostrophe", "'’ʼ")
def test_a_heading_is_known_in_any_case_and_with_any_apostrophe(apostrophe: str, settings: Settings) -> None:
    for heading in (
        f"АМУ НА ЗВ{apostrophe}ЯЗКУ З МІЖНАРОДНОЮ СПІЛЬНОТОЮ",
        f"Аму на зв{apostrophe}язку з міжнародною спільнотою:",
        f"**АМУ на зв{apostrophe}язку  з міжнародною\xa0спільнотою**",
    ):
        digest = parse(f"{heading}\n\nНазва\n\n{MORE}\n", settings)
        assert [entry.section for entry in digest.entries] == ["international"]
        assert not digest.problems


def test_a_section_never_seen_before_is_added_and_named_ready_to_paste(settings: Settings) -> None:
    digest = parse(
        f"""\
        ТОП

        Допомога ВПО

        {MORE}

        ПІДТРИМКА ВПО: ЖИТЛО ТА П'ЯТЬ КРОКІВ

        Назва

        {MORE}
        """,
        settings,
    )
    new = Section(slug="pidtrymka-vpo-zhytlo-ta-piat", title="Підтримка ВПО: житло та п'ять кроків")
    assert digest.new_sections == (new,)
    assert digest.entries[1].section == new.slug
    (problem,) = digest.problems
    assert problem.at
    assert problem.at.line == 7
    assert problem.hint.endswith(
        "\n  - {slug: pidtrymka-vpo-zhytlo-ta-piat, title: 'Підтримка ВПО: житло та п''ять кроків'}"
    )


def test_two_new_sections_never_share_a_slug(settings: Settings) -> None:
    digest = parse(f"ТОП!\n\nТОП\n\nА\n\n{MORE}\n\nТОП ~\n\nБ\n\n{MORE}\n\nТОП ~~\n\nВ\n\n{MORE}", settings)
    slugs = [section.slug for section in digest.new_sections]
    assert len(slugs) == len(set(slugs)) == 2
    assert "top" not in slugs


def test_what_stands_above_the_sections_is_named_and_left_out(settings: Settings) -> None:
    digest = parse(
        f"""\
        РОБОТА ГРОМАД В УМОВАХ ВОЄННОГО СТАНУ

        8 – 14 лютого 2025 року

        Вітаємо читачів!

        ТОП

        Назва

        {MORE}
        """,
        settings,
    )
    assert [placed.role for placed in digest.account][:4] == [
        Role.MASTHEAD,
        Role.PERIOD,
        Role.LEFT,
        Role.HEADING,
    ]
    (problem,) = digest.problems
    assert problem.at
    assert problem.at.line == 5
    assert "Вітаємо читачів!" in problem.text


def test_a_period_in_capitals_is_no_section(settings: Settings) -> None:
    digest = parse(f"ОГЛЯД\n\n8 – 14 ЛЮТОГО 2025 РОКУ\n\nТОП\n\nНазва\n\n{MORE}", settings)
    assert [placed.role for placed in digest.account][:2] == [Role.MASTHEAD, Role.PERIOD]
    assert not digest.new_sections


def test_a_masthead_of_other_words_is_no_section(settings: Settings) -> None:
    digest = parse(f"ТИЖНЕВИЙ ОГЛЯД\n\n8 – 14 лютого 2025\n\nТОП\n\nНазва\n\n{MORE}", settings)
    assert digest.account[0].role is Role.MASTHEAD
    assert not digest.new_sections


def test_a_link_that_cannot_be_used_is_reported_with_its_line(settings: Settings) -> None:
    digest = parse("ТОП\n\nНазва\n\nТекст.\n\n[Більше на сайті АМУ](javascript:alert(1))\n", settings)
    assert digest.entries[0].link is None
    (problem,) = digest.problems
    assert problem.at
    assert problem.at.line == 7
    assert "javascript:alert(1)" in problem.text


def test_a_second_link_of_an_item_stays_in_its_text(settings: Settings) -> None:
    digest = parse(
        "ТОП\n\nНазва\n\n[Більше на сайті АМУ](https://a.org/1)\n\n[Запис](https://a.org/2)\n", settings
    )
    assert digest.entries[0].link == "https://a.org/1"
    assert digest.entries[0].text == "[Запис](https://a.org/2)"


def test_a_links_own_words_are_not_lost_in_silence(settings: Settings) -> None:
    digest = parse("ТОП\n\nНазва\n\nТекст.\n\n[Реєстрація](https://a.org/1)\n", settings)
    assert digest.entries[0].link == "https://a.org/1"
    (problem,) = digest.problems
    assert "Реєстрація" in problem.text


@pytest.mark.parametrize("more", ["Read more", "Czytaj dalej", "Więcej", "Mehr lesen", "Weiterlesen"])
def test_the_digests_own_words_for_read_more_need_no_warning(settings: Settings, more: str) -> None:
    text = "".join(f"Title {n}\n\nText.\n\n[{more}](https://a.org/{n})\n\n" for n in range(3))
    assert not parse(f"ТОП\n\n{text}", settings).problems


@pytest.mark.parametrize(
    ("line", "link"),
    [
        ("https://a.org/1", "https://a.org/1"),
        ("<https://a.org/1>", "https://a.org/1"),
        ("Більше на сайті АМУ: https://a.org/1", "https://a.org/1"),
        ("Більше на сайті АМУ", None),
        ("**[Більше на сайті АМУ](https://a.org/x_(y))** →", "https://a.org/x_(y)"),
    ],
)
def test_a_link_line_is_known_in_its_other_forms(line: str, link: str | None, settings: Settings) -> None:
    digest = parse(f"ТОП\n\nНазва\n\nТекст.\n\n{line}\n\nІнша\n\nТекст.\n\n{MORE}\n", settings)
    assert titles(digest) == ["Назва", "Інша"]
    assert digest.entries[0].link == link


def test_titles_that_are_links_give_their_items_these_links(settings: Settings) -> None:
    digest = parse(
        "ТОП\n\n[Перша](https://a.org/1)\n\nТекст.\n\n[Друга](https://a.org/2)\n\nІнший текст.\n", settings
    )
    assert [(entry.title, entry.text, entry.link) for entry in digest.entries] == [
        ("Перша", "Текст.", "https://a.org/1"),
        ("Друга", "Інший текст.", "https://a.org/2"),
    ]


def test_where_titles_are_marked_only_those_are_titles(settings: Settings) -> None:
    digest = parse(
        """\
        # Огляд тижня
        8–14 February 2025
        ## Освіта
        ### Перша
        Коротко

        Довший абзац тексту.

        [Більше на сайті АМУ](https://a.org/1)

        Ще абзац.
        ### Друга
        ## Нова рубрика
        ### Третя
        """,
        settings,
    )
    assert titles(digest) == ["Перша", "Друга", "Третя"]
    assert digest.entries[0].text == "Коротко\n\nДовший абзац тексту.\n\nЩе абзац."
    assert [section.title for section in digest.new_sections] == ["Нова рубрика"]
    assert digest.account[0].role is Role.MASTHEAD


def test_a_title_with_nothing_under_it_is_reported(settings: Settings) -> None:
    digest = parse(f"ТОП\n\nНазва\n\n{MORE}\n\nЗагублений рядок\n", settings)
    (problem,) = digest.problems
    assert problem.at
    assert problem.at.line == 7


def test_drawn_lines_part_items_and_are_not_text(settings: Settings) -> None:
    digest = parse(f"ТОП\n\nНазва\n\nТекст.\n\n{MORE}\n\n* * *\n\n_____\n\nІнша\n\n{MORE}\n", settings)
    assert titles(digest) == ["Назва", "Інша"]
    assert digest.entries[0].text == "Текст."


def test_wrapped_lines_of_a_mail_are_joined(settings: Settings) -> None:
    digest = parse(
        f"""\
        СОЦІАЛЬНИЙ ЗАХИСТ

        Рада Європи виділила кошти на житло для внутрішньо переміщених осіб в
        Україні

        150 млн євро додатково схвалила виділити адміністративна рада Банку
        розвитку Ради Європи на реалізацію двох житлових програм.

        {MORE}
        """,
        settings,
    )
    (entry,) = digest.entries
    assert entry.title.endswith("переміщених осіб в Україні")
    assert entry.text.endswith("рада Банку розвитку Ради Європи на реалізацію двох житлових програм.")
    assert "\n" not in entry.text
