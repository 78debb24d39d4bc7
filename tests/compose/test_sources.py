"""The same digest in every kind of file and encoding gives the same items."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.account import Digest
from newsletter.compose.digest import parse_digest
from newsletter.compose.html.source import html_lines
from newsletter.compose.lines import Line, heading_key, link
from newsletter.compose.sources import decode, read_source, text_lines
from newsletter.compose.word.source import docx_lines
from newsletter.config import Settings
from newsletter.errors import ContentError


def read(path: Path, settings: Settings) -> Digest:
    lines, problems = read_source(path)
    assert not problems
    return parse_digest(lines, path.name, settings)


@pytest.fixture
def expected(digest_file: Path, settings: Settings) -> Digest:
    return read(digest_file, settings)


@pytest.fixture
def paragraphs(digest_file: Path) -> list[str]:
    return [line for line in digest_file.read_text(encoding="utf-8").splitlines() if line]


@pytest.fixture
def kinds(paragraphs: list[str], settings: Settings) -> list[tuple[str, str]]:
    """Name what each paragraph is: h1, period, h2, h3 or p."""
    headings = {heading_key(section.title) for section in settings.sections}
    named = [("h1", paragraphs[0]), ("p", paragraphs[1])]
    title_is_due = False
    for text in paragraphs[2:]:
        kind = "h2" if heading_key(text) in headings else "h3" if title_is_due else "p"
        named.append((kind, text))
        title_is_due = kind == "h2" or link(text) is not None
    return named


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251"])
def test_every_encoding_is_recognised(
    encoding: str, digest_file: Path, expected: Digest, tmp_path: Path, settings: Settings
) -> None:
    file = tmp_path / "digest.txt"
    for line_end in ("\n", "\r\n", "\r"):
        text = digest_file.read_text(encoding="utf-8").replace("\n", line_end)
        file.write_bytes(text.encode(encoding))
        assert read(file, settings).entries == expected.entries


def test_tabs_and_non_breaking_spaces_do_not_matter(
    paragraphs: list[str], expected: Digest, tmp_path: Path, settings: Settings
) -> None:
    file = tmp_path / "digest.txt"
    file.write_text("\n \t\xa0\n".join(f"\t{line}\xa0\t" for line in paragraphs), encoding="utf-8")
    assert read(file, settings).entries == expected.entries


def test_markdown_gives_the_same_items(
    kinds: list[tuple[str, str]], expected: Digest, tmp_path: Path, settings: Settings
) -> None:
    file = tmp_path / "digest.md"
    marks = {"h1": "# ", "h2": "## ", "h3": "### ", "p": ""}
    file.write_text("\n\n".join(marks[kind] + text for kind, text in kinds), encoding="utf-8")
    digest = read(file, settings)
    assert (digest.period, digest.entries) == (expected.period, expected.entries)


def test_an_underlined_line_is_a_heading_as_in_markdown() -> None:
    text = "Огляд тижня\n=====\n\nНова рубрика\n---\n\nАбзац, а під ним риска.\n---\n"
    assert [line.text for line in text_lines(text) if line.text] == [
        "# Огляд тижня",
        "## Нова рубрика",
        "Абзац, а під ним риска.",
        "---",
    ]


def in_html(text: str) -> str:
    found = link(text)
    if found:
        return f'<a href="{found.address}">{found.words}</a>'
    parts = text.split("**")
    return "".join(f"<b>{part}</b>" if index % 2 else part for index, part in enumerate(parts))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_html_gives_the_same_items(
    encoding: str, kinds: list[tuple[str, str]], expected: Digest, tmp_path: Path, settings: Settings
) -> None:
    file = tmp_path / "digest.html"
    body = "\n".join(f"<{kind}>{in_html(text)}</{kind}>" for kind, text in kinds)
    page = f'<!doctype html><head><title>Дайджест</title><meta charset="{encoding}"></head>{body}'
    file.write_bytes(page.encode(encoding))
    digest = read(file, settings)
    assert (digest.period, digest.entries) == (expected.period, expected.entries)


def test_html_without_headings_gives_the_same_items(
    paragraphs: list[str], expected: Digest, tmp_path: Path, settings: Settings
) -> None:
    file = tmp_path / "digest.html"
    cells = "".join(f"<tr><td><div><span>{in_html(text)}</span></div></td></tr>" for text in paragraphs)
    file.write_text(f"<table>{cells}</table>", encoding="utf-8")
    assert read(file, settings).entries == expected.entries


@pytest.mark.parametrize("styled", [True, False])
def test_a_word_document_gives_the_same_items(
    styled: bool,
    kinds: list[tuple[str, str]],
    expected: Digest,
    tmp_path: Path,
    settings: Settings,
) -> None:
    document = Document()
    styles = {"h1": "Title", "h2": "Heading 2", "h3": "Heading 3", "p": "Normal"}
    for kind, text in kinds:
        paragraph = document.add_paragraph(style=styles[kind] if styled else "Normal")
        for index, part in enumerate(text.split("**")):
            paragraph.add_run(part).bold = index % 2 == 1
        document.add_paragraph()
    file = tmp_path / "digest.docx"
    document.save(str(file))
    digest = read(file, settings)
    assert (digest.period, digest.entries) == (expected.period, expected.entries)


def html(text: str) -> list[str]:
    return [line.text for line in html_lines(text, "digest.html")[0]]


def test_bold_emphasis_links_and_lists_become_markdown() -> None:
    assert html(
        """<p>Мер <strong>Іван </strong><b>Гук</b>, <i>дуже</i> <a href="https://a.org/x (y)">тут</a>
        далі<br>новий рядок</p><ul><li>раз</li><li><p>два</p></li></ul><ol><li>три</li></ol>"""
    ) == [
        "Мер **Іван** **Гук**, *дуже* [тут](https://a.org/x%20%28y%29) далі",
        "новий рядок",
        "",
        "- раз",
        "- два",
        "",
        "1. три",
    ]


def test_blocks_inside_a_link_or_bold_are_still_paragraphs() -> None:
    assert html("<b><p>раз</p><p>два</p></b>три<div>чотири</div>") == [
        "раз", "", "два", "", "три", "", "чотири",
    ]  # fmt: skip


def test_scripts_styles_and_comments_are_not_words() -> None:
    assert html("<style>p{}</style><script>x()</script><!-- ні --><p>так<!-- ні --> є</p>") == ["так є"]


def test_pictures_are_left_out_and_named() -> None:
    lines, (problem,) = html_lines("<p>так</p>\n<p><img src='a.png'></p><img>", "digest.html")
    assert [line.text for line in lines] == ["так"]
    assert problem.at
    assert (problem.at.line, problem.text) == (2, "left out 2 pictures")


def test_lines_of_html_have_the_numbers_of_the_file() -> None:
    lines, _ = html_lines("<body>\n<p>раз</p>\n\n<p>два</p>", "digest.html")
    assert [line for line in lines if line.text] == [Line(2, "раз"), Line(4, "два")]


def test_a_few_control_characters_of_a_word_processor_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "digest.txt"
    file.write_text("Місто\x1f " * 9 + "і громада " * 90, encoding="utf-8")
    lines, _ = read_source(file)
    assert lines[0].text.startswith("Місто Місто")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no text"),
        (b" \n\t\r\n", "no text"),
        (b"<html><!-- --></html>", "no text"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Word"),
        (b"{\\rtf1", "RTF"),
        (b"PK\x03\x04 nothing of a zip", "not a Word document"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "not readable"),
        ("Добре, а тут зламано: ".encode() * 20 + b"\xff", "not readable"),
    ],
)
def test_a_file_without_readable_text_is_refused_in_plain_words(
    content: bytes, word: str, tmp_path: Path
) -> None:
    file = tmp_path / "digest.txt"
    file.write_bytes(content)
    with pytest.raises(ContentError, match=word) as refused:
        read_source(file)
    assert refused.value.problems[0].hint


def test_a_missing_file_is_refused_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        read_source(tmp_path / "no.txt")


def test_a_spreadsheet_is_no_word_document(tmp_path: Path) -> None:
    file = tmp_path / "digest.docx"
    with ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(ContentError, match="not a Word document"):
        read_source(file)


@pytest.mark.parametrize("kept", [slice(-9_000, None), slice(9_000)], ids=["tail", "head"])
def test_a_part_of_a_word_document_is_refused_as_a_damaged_one(kept: slice) -> None:
    whole = BytesIO()
    Document().save(whole)
    with pytest.raises(ContentError, match="a damaged one"):
        docx_lines(whole.getvalue()[kept], "digest.docx")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    text = decode(data)
    assert text is None or "\0" not in text


@settings(deadline=None)
@given(st.text())
def test_any_html_gives_lines(text: str) -> None:
    lines, _ = html_lines(text, "digest.html")
    assert all("\n" not in line.text for line in lines)
