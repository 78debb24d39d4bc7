"""Files made to exhaust the machine are refused in bounded memory and time, in plain words."""

import resource
import time
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from newsletter.compose.sources import read_source
from newsletter.errors import ContentError
from tests.compose.documents import paragraph, write_document


def refused(path: Path) -> str:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with pytest.raises(ContentError) as caught:
        read_source(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # kilobytes
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - cpu < 25
    (problem,) = caught.value.problems
    assert problem.hint
    return problem.text


def bomb(path: Path, inner: str, times: int) -> Path:
    write_document(path, "<w:p/>")
    with ZipFile(path) as old:
        kept = {name: old.read(name) for name in old.namelist() if name != "word/document.xml"}
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            part.write(
                b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
            )
            for _ in range(times):
                part.write(inner.encode() * 10_000)
            part.write(b"</w:body></w:document>")
    return path


def test_a_small_document_that_unfolds_is_refused_in_bounded_memory_and_time(tmp_path: Path) -> None:
    path = bomb(tmp_path / "d.docx", "<w:p><w:r><w:t>a</w:t></w:r></w:p>", 105)
    assert path.stat().st_size < 400_000
    start = time.monotonic()
    assert "takes more memory or time than a digest may" in refused(path)
    assert time.monotonic() - start < 60


def test_a_document_of_gigabytes_is_not_even_unpacked(tmp_path: Path) -> None:
    path = bomb(tmp_path / "d.docx", " " * 1000, 11)
    assert "takes more memory or time than a digest may" in refused(path)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    path = write_document(tmp_path / "d.docx", paragraph("текст"))
    with ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    many = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<!DOCTYPE x [<!ENTITY e0 "ha">{many}<!ENTITY f SYSTEM "file:///etc/passwd">]>'.encode()
    parts["word/document.xml"] = document + parts["word/document.xml"].replace(
        b"\xd1\x82\xd0\xb5\xd0\xba", b"&e9;&f;"
    )
    with ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    try:
        found = [line.text for line in read_source(path)[0]]
    except ContentError as error:
        found = [str(error)]
    assert len("".join(found)) < 300
    assert "root:" not in "".join(found)


@pytest.mark.parametrize(
    ("name", "unit", "times"),
    [
        ("d.html", "<div>", 300_000),
        ("d.html", "<ul><li>", 200_000),
        ("d.txt", "[", 3_000_000),
    ],
)
def test_a_text_nested_without_end_is_read_or_refused(
    tmp_path: Path, name: str, unit: str, times: int
) -> None:
    path = tmp_path / name
    path.write_text(f"ТОП\n\n{unit * times}слово", encoding="utf-8")
    start = time.process_time()
    told = ""
    try:
        read_source(path)
    except ContentError as error:
        told = str(error)
    assert len(told) < 500
    assert time.process_time() - start < 30
