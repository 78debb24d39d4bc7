"""CSV is read by RFC 4180: a cell may hold lines, and what stands in a note never becomes a person."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from newsletter.audience.columns import Columns
from newsletter.audience.csvfile import Broken, Records
from newsletter.audience.entries import Refusal
from newsletter.audience.layout import Row
from newsletter.audience.listfile import open_list
from newsletter.audience.lists import Importer
from newsletter.config import Settings
from newsletter.links import Signer
from newsletter.store.db import reading
from newsletter.store.people import readers
from tests.audience.test_lists import NOW, counts

TOLD = {"notes": "-"}


def rows_of(tmp_path: Path, settings: Settings, text: str) -> list[tuple[int, Row]]:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with open_list(path, path.name, Columns(settings.fields, TOLD)) as source:
        return list(source.rows)


def people(rows: list[tuple[int, Row]]) -> list[tuple[int, str]]:
    return [(line, cells["email"]) for line, cells in rows if not isinstance(cells, Refusal)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_stranger_in_a_note_never_becomes_a_reader(
    engine: Engine, settings: Settings, tmp_path: Path, end: str
) -> None:
    path = tmp_path / "list.csv"
    note = f'"пише:{end}stranger@h.example.org,Чужий,так{end}кінець"'
    text = f"email,name,notes{end}anna@h.example.org,Анна,{note}{end}"
    path.write_text(text, encoding="utf-8", newline="")
    importer = Importer(engine, settings, Signer(b"0123456789abcdef"), TOLD)
    report = importer.file(path, path.name, NOW, consent="a forum")
    assert counts(report) == [1, 0, 0, 0]
    with reading(engine) as connection:
        assert [(one.email, one.name) for one in readers(connection)] == [("anna@h.example.org", "Анна")]


def test_lines_are_counted_through_cells_of_several_lines(tmp_path: Path, settings: Settings) -> None:
    text = (
        '"email","name","notes"\r\n'
        '"a@b.org","Анна\r\nПетрівна","перше\r\nдруге"\r\n'
        '"b@","x",""\r\n\r\n"c@d.org",Єва,"каже: ""так"""\r\n'
    )
    rows = rows_of(tmp_path, settings, text)
    assert [line for line, _ in rows] == [2, 5, 7]
    assert rows[0][1] == {"email": "a@b.org", "name": "Анна Петрівна"}


def test_a_heading_may_have_several_lines(tmp_path: Path, settings: Settings) -> None:
    text = 'Ел. пошта;"Прізвище,\nім\'я";"Область\n(регіон)"\na@b.org;Анна;x\n'
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with open_list(path, path.name, Columns(settings.fields, {"Область (регіон)": "region"})) as source:
        assert list(source.rows) == [(4, {"email": "a@b.org", "name": "Анна", "region": "x"})]


def test_a_quote_after_a_blank_opens_a_cell(tmp_path: Path, settings: Settings) -> None:
    text = 'email, name, notes\na@b.org, "Ніл, старший", "пише:\nx@y.org,Чужий,так\nкінець"\n'
    assert people(rows_of(tmp_path, settings, text)) == [(2, "a@b.org")]


@pytest.mark.parametrize("name", ['ТОВ "Мрія"', 'діаметр 19"', 'О"Ніл', "`'«»“”"])
def test_quotes_inside_a_cell_without_quotes_stand_for_themselves(
    tmp_path: Path, settings: Settings, name: str
) -> None:
    rows = rows_of(tmp_path, settings, f"email,name\na@b.org,{name}\nc@d.org,Є\n")
    assert rows == [(2, {"email": "a@b.org", "name": name}), (3, {"email": "c@d.org", "name": "Є"})]


@pytest.mark.parametrize(
    ("body", "taken", "refused"),
    [
        ('a@b.org,"Я" старший,x\nc@d.org,Є,y\n', [(3, "c@d.org")], (2, 1)),
        # Where a quote never closes, all that follows may be one cell.
        ('a@b.org,"не закрито\nc@d.org,Є,так\n', [], (2, 2)),
        ('a@b.org,Я,"обірвано\nc@d.org,Є,так\nd@e.org', [], (2, 3)),
        # Quotes that are not doubled, inside a cell of several lines.
        ('a@b.org,Я,"каже "так" і\nc@d.org,Є,так\nкінець"\nz@y.org,Ю,\n', [(5, "z@y.org")], (2, 3)),
        ('a@b.org,Я,"пише:\nc@d.org,Є,"так"\nкінець"\nz@y.org,Ю,\n', [(5, "z@y.org")], (2, 3)),
        # A stray quote that opens a cell reaches to the next quote.
        ('a@b.org,"Я,x\nc@d.org,Є,y\nd@e.org,"Ю",z\nz@y.org,Ї,\n', [(5, "z@y.org")], (2, 3)),
    ],
)
def test_where_quotes_do_not_match_all_that_may_be_one_cell_is_refused(
    tmp_path: Path, settings: Settings, body: str, taken: list[tuple[int, str]], refused: tuple[int, int]
) -> None:
    rows = rows_of(tmp_path, settings, f"email,name,notes\n{body}")
    assert people(rows) == taken
    ((line, refusal),) = [(line, one) for line, one in rows if isinstance(one, Refusal)]
    assert (line, refusal.lines) == refused
    assert refusal.hint


LINES = st.lists(st.text(alphabet='ab",;\n \t', max_size=12), max_size=8)


@given(LINES)
def test_every_line_is_in_exactly_one_record(lines: list[str]) -> None:
    feed = [f"{line}\n" for text in lines for line in text.split("\n")]
    next_line = 1
    for line, cells in Records(feed, ","):
        assert line == next_line
        if isinstance(cells, Broken):
            next_line = cells.last + 1
        else:
            next_line += 1 + sum(cell.count("\n") for cell in cells)
    assert next_line == len(feed) + 1


def test_a_line_that_names_the_delimiter_is_obeyed(tmp_path: Path, settings: Settings) -> None:
    assert rows_of(tmp_path, settings, "sep=|\r\nemail|name\r\na@b.org|Ніл; старший, Я\r\n") == [
        (3, {"email": "a@b.org", "name": "Ніл; старший, Я"})
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_titles_above_the_headings_are_passed_over_and_counted(
    tmp_path: Path, settings: Settings, encoding: str
) -> None:
    text = (
        "Список підписників станом на 1 лютого;;\r\n;;\r\nКонтакт: office@auc.example.org;;\r\n"
        "Ел. пошта;ПІБ;Область\r\na@b.org;Анна;Сумська\r\n;;\r\n"
    )
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    with open_list(path, path.name, Columns(settings.fields)) as source:
        assert list(source.rows) == [(5, {"email": "a@b.org", "name": "Анна", "region": "Сумська"})]
    assert source.passed == {"above": 2, "blank": 2, "headings": 1}


def test_a_person_above_the_headings_is_refused_and_not_passed_over(
    tmp_path: Path, settings: Settings
) -> None:
    first, second = rows_of(tmp_path, settings, "a@b.org,Анна\nemail,name\nc@d.org,Єва\n")
    assert first[0] == 1
    assert isinstance(first[1], Refusal)
    assert people([second]) == [(3, "c@d.org")]
