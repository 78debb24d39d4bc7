"""A list's file is read whatever its encoding, delimiter and headings, and every fault has its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.columns import Columns
from newsletter.audience.entries import Refusal
from newsletter.audience.layout import Row
from newsletter.audience.listfile import glance, open_list
from newsletter.config import Settings
from newsletter.errors import ContentError

ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "cp1251",
    "koi8-u",
    "mac-cyrillic",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
)
PEOPLE = [
    ("olena@example.org", "Олена Гнатюк", "Сумська"),
    ("yurii@example.org", "Юрій Їжакевич", "Івано-Франківська"),
    ("yeva@example.org", "Єва Щербань", "Київська"),
]


@pytest.fixture(scope="session")
def columns(settings: Settings) -> Columns:
    return Columns(settings.fields)


def read(path: Path, columns: Columns) -> list[tuple[int, Row]]:
    with open_list(path, path.name, columns) as source:
        return list(source.rows)


def rows_of(tmp_path: Path, columns: Columns, text: str, name: str = "list.csv") -> list[tuple[int, Row]]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return read(path, columns)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_and_delimiter_gives_the_same_people(
    tmp_path: Path, columns: Columns, encoding: str, delimiter: str
) -> None:
    lines = [("Пошта", "Ім'я", "Область"), *PEOPLE]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    rows = read(path, columns)
    assert rows == [
        (number, {"email": email, "name": name, "region": region})
        for number, (email, name, region) in enumerate(PEOPLE, 2)
    ]


def test_a_late_letter_in_an_old_encoding_is_read_all_the_same(tmp_path: Path, columns: Columns) -> None:
    text = "email,name\n" + "a@example.org,John\n" * 100_000 + "b@example.org,Юрій Єременко\n"
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode("cp1251"))
    assert read(path, columns)[-1] == (100_002, {"email": "b@example.org", "name": "Юрій Єременко"})


def test_one_broken_letter_does_not_turn_a_whole_file_into_another_encoding(
    tmp_path: Path, columns: Columns
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("email,name\na@b.org,Київ\nc@d.org,".encode() + b"\xd0\n")
    rows = read(path, columns)
    assert rows == [(2, {"email": "a@b.org", "name": "Київ"}), (3, {"email": "c@d.org", "name": "\ufffd"})]


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("email", "email"),
        ("E-mail", "email"),
        ("EMAIL", "email"),
        ("Пошта", "email"),
        (" Електронна  пошта ", "email"),
        ("Ім’я", "name"),
        ("ПІБ", "name"),
        ("Розділи", "sections"),
        ("Мова", "language"),
        ("область", "region"),
        ("region", "region"),
        ("Громада", "community"),
        ("Область", "region"),
    ],
)
def test_headings_are_understood_by_name_and_by_label(columns: Columns, heading: str, column: str) -> None:
    assert columns.match(heading) == column


def test_an_unknown_column_stops_the_import_and_says_how_to_name_it(tmp_path: Path, columns: Columns) -> None:
    path = tmp_path / "list.csv"
    path.write_text("\nemail,Область ради,,Телефон\na@b.org,Сумська,x,1\n", encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        read(path, columns)
    assert [str(problem.at) for problem in caught.value.problems] == ["list.csv:2", "list.csv:2"]
    assert '--column region="Область ради"' in caught.value.problems[0].hint
    assert '--column -="Телефон"' in caught.value.problems[1].hint


def test_what_was_said_of_a_heading_is_understood(tmp_path: Path, settings: Settings) -> None:
    told = {"Область ради": "region", "ТЕЛЕФОН": "-", "Факс": "-", "email": "-", "Лист": "email"}
    path = tmp_path / "list.csv"
    path.write_text("Лист,email,область  ради,Телефон,Факс\na@b.org,x,Сумська,1,2\n", encoding="utf-8")
    with open_list(path, path.name, Columns(settings.fields, told)) as source:
        assert list(source.rows) == [(2, {"email": "a@b.org", "region": "Сумська"})]
        assert list(source.headings.values()) == ["email", "-", "region", "-", "-"]


def test_cells_are_trimmed_composed_and_freed_of_the_spreadsheets_quote(
    tmp_path: Path, columns: Columns
) -> None:
    text = 'email,name,region\n"\'=x@a.org ",\u00a0Андріи\u0306 ,"О\'Ніл, ""старший"""\n'
    assert rows_of(tmp_path, columns, text) == [
        (2, {"email": "=x@a.org", "name": "Андрій", "region": 'О\'Ніл, "старший"'})
    ]


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path, columns: Columns) -> None:
    assert rows_of(tmp_path, columns, "email;name\r\n\r\n;;\r\na@b.org;Я\r\n") == [
        (4, {"email": "a@b.org", "name": "Я"})
    ]


def test_a_short_line_is_silent_on_its_last_columns(tmp_path: Path, columns: Columns) -> None:
    assert rows_of(tmp_path, columns, "email,name,region\na@b.org\n") == [(2, {"email": "a@b.org"})]


@pytest.mark.parametrize("line", ["a@b.org,Я,social,economy", 'a@b.org,"Я" старший'])
def test_a_faulty_line_is_refused_and_the_next_is_read(tmp_path: Path, columns: Columns, line: str) -> None:
    first, second = rows_of(tmp_path, columns, f"email,name,sections\n{line}\nc@d.org,Є,social\n")
    assert first[0] == 2
    assert isinstance(first[1], Refusal)
    assert second == (3, {"email": "c@d.org", "name": "Є", "sections": "social"})


def test_yaml_says_the_same_as_csv(tmp_path: Path, columns: Columns) -> None:
    text = (
        "- email: a@b.org\n  Ім'я: Олена\n  sections: [social, economy]\n  Область:\n"
        "- e-mail: c@d.org\n  sections: '*'\n  position: 7\n"
        "- email: e@f.org\n  name: yes\n"
        "- email: g@h.org\n  пошта: g@h.org\n"
    )
    path = tmp_path / "list.yaml"
    path.write_text(text, encoding="utf-8")
    rows = read(path, columns)
    assert rows[:2] == [
        (1, {"email": "a@b.org", "name": "Олена", "sections": "social;economy", "region": ""}),
        (5, {"email": "c@d.org", "sections": "*", "position": "7"}),
    ]
    assert [(line, type(cells)) for line, cells in rows[2:]] == [(8, Refusal), (10, Refusal)]


def test_an_unknown_key_of_yaml_is_named_at_its_line(tmp_path: Path, columns: Columns) -> None:
    path = tmp_path / "list.yaml"
    path.write_text("- email: a@b.org\n  телефон: 1\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"list.yaml:2: unknown column 'телефон'"):
        read(path, columns)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.csv", b""),
        ("list.csv", b"\n\n"),
        ("list.csv", b"olena@example.org,Olena\n"),
        ("list.csv", b"name,region\nOlena,Sumy\n"),
        ("list.csv", "email,Пошта\na@b.org,a@b.org\n".encode()),
        ("list.csv", b'"email,name\n'),
        ("list.csv", bytes(range(256)) * 20),
        ("list.xls", b"PK\x03\x04"),
        ("list.xlsx", b"PK\x03\x04"),
        ("list.yaml", b"email: a@b.org\n"),
        ("list.yaml", b"- a@b.org\n"),
        ("list.yaml", b"- [\n"),
    ],
)
def test_what_is_no_list_is_refused_with_a_cure(
    tmp_path: Path, columns: Columns, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ContentError) as caught:
        read(path, columns)
    (problem,) = caught.value.problems
    assert problem.at
    assert problem.at.path == name
    assert problem.hint


@given(
    content=st.binary(max_size=200),
    head=st.sampled_from([b"", b"email,name\n", b"\xff\xfe", b"\xef\xbb\xbf"]),
)
def test_no_bytes_break_the_reading(
    tmp_path_factory: pytest.TempPathFactory, columns: Columns, content: bytes, head: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(head + content)
    try:
        rows = read(path, columns)
    except ContentError:
        return
    assert all(line > 1 for line, _ in rows)


def test_a_glance_at_a_list_needs_no_known_heading(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Kontakt;Wer;Stand\na@city.example.org;Олена;ja\nb@city.example.org;Ігор;nein\n", "utf-8")
    seen = glance(path, "list.csv", Columns({}))
    assert (list(seen.headings), list(seen.columns)) == (["Kontakt", "Wer", "Stand"], ["email", "-", "-"])
    assert seen.samples[1] == ["Олена", "Ігор"]
    assert seen.values[2] == ["ja", "nein"]
    (tmp_path / "list.ods").write_bytes(b"PK")
    with pytest.raises(ContentError, match=r"\.ods has no table to match"):
        glance(tmp_path / "list.ods", "list.ods", Columns({}))
