"""Pictures of a source go to the items in whose places they stand, and every one is accounted for."""

from base64 import b64encode
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from docx.shared import Inches

from newsletter.compose.account import Digest, Role
from newsletter.compose.digest import parse_digest
from newsletter.compose.import_digest import Imported, import_digest
from newsletter.compose.issuefile import load_issue
from newsletter.compose.sources import read_source
from newsletter.config import Settings
from tests.drawn import PICTURES, encoded, halves

CHART, TOWN = (PICTURES / "chart.png").read_bytes(), (PICTURES / "town.jpg").read_bytes()
HEAD = "<h1>Робота громад</h1><p>8 – 14 лютого 2025 року</p><h2>ТОП</h2>"
MORE = "<p><a href='#'>Більше на сайті АМУ</a></p>"
FOLDER = "issues/2025-02-14"


def inline(content: bytes) -> str:
    return f"data:image/png;base64,{b64encode(content).decode()}"


def parsed(file: Path, settings: Settings) -> Digest:
    lines, problems = read_source(file)
    digest = parse_digest(lines, file.name, settings)
    assert [placed.line for placed in digest.account] == [line for line in lines if line.text]
    assert not [problem for problem in problems if "picture" in problem.text]
    return digest


def html(tmp_path: Path, body: str) -> Path:
    file = tmp_path / "digest.html"
    file.write_text(f"<html><body>{HEAD}{body}</body></html>", encoding="utf-8")
    return file


def pictures(digest: Digest) -> list[tuple[str, str, bytes] | None]:
    return [
        (entry.title, entry.picture.alt, entry.picture.content) if entry.picture else None
        for entry in digest.entries
    ]


def test_a_picture_below_a_title_or_in_a_text_is_that_item_s(tmp_path: Path, settings: Settings) -> None:
    first = f"<h3>Перша</h3><p><img src='{inline(CHART)}' alt='Графік'></p><p>Текст.</p>{MORE}"
    second = f"<h3>Друга</h3><p>Текст <img src='{inline(TOWN)}' alt=' Місто\n ввечері'> далі.</p>{MORE}"
    digest = parsed(html(tmp_path, first + second), settings)
    assert pictures(digest) == [("Перша", "Графік", CHART), ("Друга", "Місто ввечері", TOWN)]
    assert digest.entries[0].text == "Текст."
    assert [placed.entry for placed in digest.account if placed.role is Role.PICTURE] == [0, 1]
    assert not digest.problems


def test_pictures_above_titles_are_the_next_item_s(tmp_path: Path, settings: Settings) -> None:
    item = "<p><img src='{}' alt='{}'></p><h3>{}</h3><p>Текст без посилання.</p>"
    body = item.format(inline(CHART), "а", "Перша") + item.format(inline(TOWN), "б", "Друга")
    digest = parsed(html(tmp_path, body), settings)
    assert pictures(digest) == [("Перша", "а", CHART), ("Друга", "б", TOWN)]


def test_a_second_picture_and_one_of_no_item_are_left_out_and_named(
    tmp_path: Path, settings: Settings
) -> None:
    shown = f"<p><img src='{inline(CHART)}' alt='Графік'></p>"
    file = html(tmp_path, f"<h3>Перша</h3>{shown}{shown}<p>Текст.</p>{MORE}")
    file.write_text(file.read_text(encoding="utf-8").replace("<h2>", f"{shown}<h2>"), encoding="utf-8")
    digest = parsed(file, settings)
    assert pictures(digest) == [("Перша", "Графік", CHART)]
    left = [placed for placed in digest.account if placed.role is Role.LEFT]
    assert [placed.line.text for placed in left] == ["![Графік]", "![Графік]"]
    assert sorted(problem.text.partition(":")[0] for problem in digest.problems) == [
        "left out a picture, as its item has one",
        "left out a picture, as no item stands with it",
    ]


def test_files_beside_the_source_are_read_and_none_elsewhere(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "digest_files"
    folder.mkdir()
    (folder / "парк 1.png").write_bytes(CHART)
    (tmp_path.parent / "outside.png").write_bytes(CHART)
    (tmp_path / "link.png").symlink_to(tmp_path.parent / "outside.png")
    body = "<h3>Перша</h3><p><img src='{}' alt='а'></p><p>Текст.</p>" + MORE
    digest = parsed(html(tmp_path, body.format("digest_files/%D0%BF%D0%B0%D1%80%D0%BA%201.png")), settings)
    assert pictures(digest) == [("Перша", "а", CHART)]
    for source in (
        "../outside.png",
        f"{tmp_path.parent}/outside.png",
        "link.png",
        "file:///etc/hostname",
        "https://192.0.2.1/x.png",
        "//192.0.2.1/x.png",
        "cid:x@y",
        "missing.png",
    ):
        lines, (problem,) = read_source(html(tmp_path, body.format(source)))
        assert problem.text == "left out a picture"
        assert not [line for line in lines if line.picture]


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 20, b"GIF89a" + bytes(40), b"?" * 999]
)
def test_drawings_and_counting_pixels_are_left_out_and_named(tmp_path: Path, content: bytes) -> None:
    body = f"<h3>Перша</h3><p>Текст. <img src='{inline(content)}'></p>{MORE}"
    lines, (problem,) = read_source(html(tmp_path, body))
    assert problem.text == "left out a picture"
    assert not [line for line in lines if line.picture]


def test_a_picture_of_markdown_is_taken_from_beside_it(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "chart.png").write_bytes(CHART)
    file = tmp_path / "digest.md"
    text = "8 – 14 лютого 2025 року\n\n# ТОП\n\n## Перша\n\n![Графік](chart.png)\n\nТекст.\n\n[Більше](#)\n"
    file.write_text(text, encoding="utf-8")
    assert pictures(parsed(file, settings)) == [("Перша", "Графік", CHART)]


def test_a_picture_of_a_word_document_is_taken_with_its_alt_text(tmp_path: Path, settings: Settings) -> None:
    document = Document()
    for text in ("8 – 14 лютого 2025 року", "ТОП", "Перша новина"):
        document.add_paragraph(text)
    document.add_picture(str(PICTURES / "town.jpg"), width=Inches(3))
    for text in (
        "Текст першої.",
        "Більше на сайті АМУ",
        "Друга новина",
        "Текст другої.",
        "Більше на сайті АМУ",
    ):
        document.add_paragraph(text)
    file = tmp_path / "digest.docx"
    document.save(str(file))
    with ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    body = parts["word/document.xml"].replace(b'name="Picture 1"', 'name="Picture 1" descr="Місто"'.encode())
    with ZipFile(file, "w") as archive:
        for name, content in (parts | {"word/document.xml": body}).items():
            archive.writestr(name, content)
    assert pictures(parsed(file, settings)) == [("Перша новина", "Місто", TOWN), None]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    item = f"<h3>Перша</h3><p><img src='{inline(CHART)}' alt='Графік'></p><p>Текст.</p>{MORE}"
    folder = tmp_path / "source"
    folder.mkdir()
    return html(folder, item)


def imported(workspace: Path, source: Path, settings: Settings, *, force: bool = False) -> Imported:
    return import_digest(workspace, parsed(source, settings), settings, force=force)


def test_an_imported_picture_is_a_file_that_its_item_names(
    workspace: Path, source: Path, settings: Settings
) -> None:
    done = imported(workspace, source, settings)
    item, picture = f"{FOLDER}/items/01-persha.md", f"{FOLDER}/pictures/01-persha.png"
    assert done.written == (item, picture)
    assert (workspace / picture).read_bytes() == CHART
    text = (workspace / item).read_text(encoding="utf-8")
    assert "picture:\n  file: 01-persha.png\n  alt: Графік\n" in text
    assert imported(workspace, source, settings).written == ()


def test_a_picture_without_alt_text_is_an_error_at_its_item(
    workspace: Path, source: Path, settings: Settings
) -> None:
    source.write_text(source.read_text(encoding="utf-8").replace("alt='Графік'", ""), encoding="utf-8")
    done = imported(workspace, source, settings)
    (workspace / FOLDER / "issue.yaml").write_text("order:\n  top: [01-persha]\n", encoding="utf-8")
    _, problems = load_issue(workspace, done.closing, settings)
    (problem,) = [problem for problem in problems if "picture" in problem.text]
    assert "picture.alt: is empty" in problem.text
    assert problem.at
    assert problem.at.line


def test_a_corrected_picture_replaces_the_one_before_but_never_an_edited_one(
    workspace: Path, source: Path, settings: Settings
) -> None:
    imported(workspace, source, settings)
    file = workspace / FOLDER / "pictures/01-persha.png"
    corrected = encoded(halves(), "PNG")
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace(inline(CHART), inline(corrected)), encoding="utf-8")
    assert imported(workspace, source, settings).written == (f"{FOLDER}/pictures/01-persha.png",)
    assert file.read_bytes() == corrected
    own = encoded(halves(90, 90), "PNG")
    file.write_bytes(own)
    done = imported(workspace, source, settings)
    assert (done.written, done.left_alone) == ((), (f"{FOLDER}/pictures/01-persha.png",))
    assert file.read_bytes() == own
    assert imported(workspace, source, settings, force=True).written
    assert file.read_bytes() == corrected
