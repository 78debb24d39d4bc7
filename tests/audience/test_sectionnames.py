"""Sections of a list are slugs or titles, however they are written; what is unknown is told once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.audience.lines import BlankSections
from newsletter.audience.lists import Importer, Options, Report
from newsletter.audience.sectionnames import SectionNames
from newsletter.config import Settings
from newsletter.links import Signer
from newsletter.model import Section
from newsletter.store.db import reading
from newsletter.store.people import readers
from tests.audience.test_lists import NOW

NAMES = SectionNames(
    [
        Section(slug="top", title="ТОП", always=True),
        Section(slug="social", title="Соціальний захист"),
        Section(slug="funding", title="Funding and grants"),
        Section(slug="abroad", title="АМУ на зв'язку з міжнародною спільнотою"),
        Section(slug="home", title="Освіта, наука, спорт"),
        Section(slug="sport", title="Спорт"),
    ]
)


@pytest.mark.parametrize(
    ("cell", "slugs", "unknown"),
    [
        ("Соціальний захист", {"social"}, []),
        ("«СОЦІАЛЬНИЙ  захист»; Funding And Grants", {"social", "funding"}, []),
        ("social, funding", {"social", "funding"}, []),
        ("АМУ на зв’язку з міжнародною спільнотою", {"abroad"}, []),
        ("амy", set(), ["амy"]),
        ("Освіта, наука, спорт", {"home"}, []),
        ("social, Освіта, наука, спорт, Спорт", {"social", "home", "sport"}, []),
        ("Спорт|Соціальний захист\nТОП", {"sport", "social", "top"}, []),
        ('["social", "VIP"]', {"social"}, ["VIP"]),
        ('"Funding and grants","social"', {"social", "funding"}, []),
        ("Освіта\\, наука\\, спорт", {"home"}, []),
        ("social;*", {"*"}, []),
        (" ; ", set(), []),
        ("* myContacts ::: Спорт", {"sport"}, []),
        ("socal;Фінанси", set(), ["socal", "Фінанси"]),
    ],
)
def test_titles_are_as_good_as_slugs(cell: str, slugs: set[str], unknown: list[str]) -> None:
    found, others = NAMES.read(cell)
    assert set(found) == slugs
    assert list(others) == unknown


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Соціальний захіст", "Соціальний захист"),
        ("socal", "social"),
        ("Funding & grants", "Funding and grants"),
    ],
)
def test_the_nearest_name_is_named(name: str, near: str) -> None:
    assert NAMES.nearest(name) == f"Did you mean {near!r}?"
    assert NAMES.nearest("Рибальство").startswith("Known here: top, social, ")


def test_a_cell_of_nothing_but_commas_is_read_at_once() -> None:
    slugs, unknown = NAMES.read("," * 100_000 + "a,b" * 30_000)
    assert not slugs
    assert len(unknown) > 30_000


@pytest.fixture
def take(sqlite_engine: Engine, settings: Settings, tmp_path: Path) -> Callable[..., Report]:
    def take(*lines: str, blank: BlankSections = BlankSections.ALL) -> Report:
        path = tmp_path / "list.csv"
        path.write_text("email;sections\n" + "\n".join(lines), encoding="utf-8")
        importer = Importer(sqlite_engine, settings, Signer(b"0123456789abcdef"))
        return importer.file(path, "list.csv", NOW, consent="x", options=Options(blank=blank), keep=3)

    return take


def test_an_unknown_section_is_told_once_with_its_lines(take: Callable[..., Report]) -> None:
    report = take(
        *(f"p{n}@h.org;Funding and grants" for n in range(243)), *(f"q{n}@h.org;Освіта" for n in range(57))
    )
    assert (report.counts["refused"], report.counts["new"]) == (243, 57)
    (problem,) = report.problems
    assert str(problem) == (
        "list.csv:2: unknown section 'Funding and grants'"
        " (243 lines: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 233 more)\n"
        "  Known here: top, staff, social, education, services, economy, international, or their titles."
    )


def test_lines_without_sections_where_others_have_some_are_counted(
    take: Callable[..., Report], sqlite_engine: Engine
) -> None:
    lines = ["a@h.org;Освіта", "b@h.org;", "c@h.org"]
    report = take(*lines)
    assert report.blank_sections == 1
    (note,) = report.notes
    assert note.startswith("No section on line 3, where others name some: that means all sections. --blank")
    with reading(sqlite_engine) as connection:
        assert [sorted(one.sections) for one in readers(connection)] == [["education"], ["*"], ["*"]]


def test_lines_without_sections_are_refused_if_asked(take: Callable[..., Report]) -> None:
    report = take("a@h.org;Освіта", "b@h.org;", "c@h.org;", blank=BlankSections.REFUSE)
    assert (report.counts["new"], report.counts["refused"]) == (1, 2)
    (problem,) = report.problems
    assert str(problem).startswith("list.csv:3: no section is named (2 lines: 3, 4)")


def test_a_list_in_which_nobody_names_sections_says_nothing_of_it(take: Callable[..., Report]) -> None:
    assert take("a@h.org;", "b@h.org;").notes == []
