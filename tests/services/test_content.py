"""A digest imported and composed as services."""

from datetime import date
from pathlib import Path

import pytest

from newsletter.errors import ContentError
from newsletter.services import Workspace
from newsletter.services.content import compose, import_file

DIGEST = Path(__file__).parents[1] / "data/digest-2025-02-14.txt"
CLOSING = date(2025, 2, 14)


def test_a_digest_becomes_an_issue_and_a_second_time_changes_nothing(press: Workspace) -> None:
    first = import_file(press, DIGEST)
    assert first.written.closing == CLOSING
    assert (len(first.digest.entries), len(first.written.written)) == (13, 13)
    assert len(compose(press, CLOSING).added) == 13
    assert import_file(press, DIGEST).written.written == ()
    assert not compose(press, CLOSING).changed


def test_an_edited_item_is_overwritten_only_by_force(press: Workspace) -> None:
    written = import_file(press, DIGEST).written.written
    edited = press.root / written[0]
    edited.write_text("моє", encoding="utf-8")
    assert import_file(press, DIGEST).written.left_alone == (written[0],)
    assert edited.read_text(encoding="utf-8") == "моє"
    import_file(press, DIGEST, force=True)
    assert edited.read_text(encoding="utf-8") != "моє"


def test_problems_of_the_source_and_of_the_import_are_returned_together(press: Workspace) -> None:
    digest = press.root / "digest.txt"
    digest.write_text("Вступ\n\nНОВА РУБРИКА\n\nНазва\n\nТекст.\n", encoding="utf-8")
    done = import_file(press, digest, CLOSING)
    assert [(problem.severity, problem.at.line) for problem in done.problems if problem.at] == [
        ("warning", 1),
        ("warning", 3),
    ]
    with pytest.raises(ContentError, match="no section heading"):
        import_file(press, press.root / "newsletter.yaml")
    with pytest.raises(ContentError, match="no items"):
        compose(press, date(2025, 2, 21))
