"""Words are found at their line of a file; where they are not, the given place stays."""

from pathlib import Path

from newsletter.checks.lines import field_at, key, lines_under
from newsletter.errors import Place

START = Place("issue.yaml", 1)


def test_a_key_is_found_at_its_line_and_not_in_a_comment(tmp_path: Path) -> None:
    (tmp_path / "issue.yaml").write_text("# subject: old\nsubject: new\norder: {}\n", encoding="utf-8")
    assert lines_under(tmp_path)(START, key("subject")) == Place("issue.yaml", 2)


def test_a_key_on_the_first_line_is_found_behind_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "issue.yaml").write_text("subject: new\n", encoding="utf-8-sig")
    assert lines_under(tmp_path)(Place("issue.yaml", 7), key("subject")) == START


def test_words_in_the_middle_of_a_line_are_found(tmp_path: Path) -> None:
    (tmp_path / "issue.yaml").write_text("a: b\r\nc: d\r\n\r\nтут TODO\r\n", encoding="utf-8")
    assert lines_under(tmp_path)(START, "TODO") == Place("issue.yaml", 4)


def test_absent_words_and_absent_files_leave_the_place(tmp_path: Path) -> None:
    locate = lines_under(tmp_path)
    assert locate(START, "TODO") == START
    (tmp_path / "other.md").write_bytes(b"\xff\xfe\xff")
    assert locate(Place("other.md", 3), "TODO") == Place("other.md", 3)


def test_a_line_of_an_item_belongs_to_a_key_of_its_front_matter_or_to_its_text() -> None:
    text = "---\ntitle: Форум\npicture:\n  file: a.jpg\nlink:\n---\n\nТекст: так\n"
    fields = [field_at(text, line) for line in range(9)]
    assert fields == ["text", "text", "title", "picture", "picture", "link", "text", "text", "text"]
    assert field_at("no front matter\nat all", 2) == "text"
