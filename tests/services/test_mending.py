"""Mechanical mending as a service: shown as a difference, written when wanted, and only then."""

from datetime import date

import pytest

from newsletter.compose.difference import Fate
from newsletter.errors import ContentError, StateError
from newsletter.services import Workspace
from newsletter.services.editing.files import Desk
from newsletter.services.editing.history import Author
from newsletter.services.mending import mend, mendings
from newsletter.services.silencing import hear, silence

CLOSING = date(2025, 2, 14)
ITEM = f"issues/{CLOSING}/items/06-subsydiia-na-orendu-zhytla-dlia-vpo.md"


@pytest.fixture
def workspace(empty: Workspace) -> Workspace:
    """Open the sample with an item and a subject typed in a hurry."""
    path = empty.root / ITEM
    text = path.read_text(encoding="utf-8").replace("section: ", "# наше\nsection: ", 1)
    path.write_text(f'{text}\nПроєкт "Дія" - так .\n', encoding="utf-8")
    issue = empty.root / f"issues/{CLOSING}/issue.yaml"
    words = issue.read_text(encoding="utf-8").replace("subject: ", "subject: Дайджест - ", 1)
    issue.write_text(words, encoding="utf-8")
    return empty


def test_what_would_be_mended_is_shown_and_what_was_mended_is_shown_no_more(workspace: Workspace) -> None:
    before = (workspace.root / ITEM).read_text(encoding="utf-8")
    found = {one.path: one for one in mendings(workspace, CLOSING)}
    assert ITEM in found
    assert f"issues/{CLOSING}/issue.yaml" in found
    added = "".join(piece.text for piece in found[ITEM].pieces if piece.fate is Fate.ADDED)
    assert "«" in added
    assert (workspace.root / ITEM).read_text(encoding="utf-8") == before
    mend(Desk(workspace, Author()), CLOSING, list(found.values()))
    after = (workspace.root / ITEM).read_text(encoding="utf-8")
    assert "Проєкт «Дія» – так." in after
    assert "# наше\n" in after
    assert mendings(workspace, CLOSING) == []
    assert not [one for one in workspace.proof(CLOSING).problems if "stands" in one.text]


def test_a_file_that_changed_since_it_was_shown_stays_as_it_is(workspace: Workspace) -> None:
    found = mendings(workspace, CLOSING)
    path = workspace.root / ITEM
    path.write_text(path.read_text(encoding="utf-8") + "\nІще речення.\n", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    with pytest.raises(StateError, match="was changed meanwhile"):
        mend(Desk(workspace, Author()), CLOSING, found)
    assert path.read_text(encoding="utf-8") == text


def test_a_finding_is_silenced_with_a_reason_and_heard_again(workspace: Workspace) -> None:
    desk, item = Desk(workspace, Author()), ITEM.rpartition("/")[2].removesuffix(".md")

    def heard() -> list[str]:
        return [one.text for one in workspace.proof(CLOSING).problems if one.at and one.at.path == ITEM]

    before, file = heard(), (workspace.root / ITEM).read_text(encoding="utf-8")
    assert "no link" in before
    with pytest.raises(ContentError, match="with a reason only"):
        silence(desk, CLOSING, item, "link-missing", "  ")
    with pytest.raises(ContentError, match="no finding with the code 'link-mising'") as error:
        silence(desk, CLOSING, item, "link-mising", "сторінки ще немає")
    assert "link-missing" in error.value.problems[0].hint
    silence(desk, CLOSING, item, "link-missing", "сторінки:\nще немає")
    assert heard() == [text for text in before if text != "no link"]
    assert [reason for _, reason in workspace.proof(CLOSING).silenced] == ["сторінки: ще немає"]
    hear(desk, CLOSING, item, "link-missing")
    assert (workspace.root / ITEM).read_text(encoding="utf-8") == file


def test_what_earlier_versions_silenced_by_its_text_stays_so_and_gets_its_code(workspace: Workspace) -> None:
    desk, item = Desk(workspace, Author()), ITEM.rpartition("/")[2].removesuffix(".md")
    path = workspace.root / ITEM
    old = "silenced: {no link: ще немає, straight quotation marks: так у назві}\n"
    path.write_text(
        path.read_text(encoding="utf-8").replace("section: ", f"{old}section: ", 1), encoding="utf-8"
    )
    quiet = {problem.code: reason for problem, reason in workspace.proof(CLOSING).silenced}
    assert quiet == {"link-missing": "ще немає", "quotes-straight": "так у назві"}
    hear(desk, CLOSING, item, "quotes-straight")
    assert "silenced:\n  link-missing: ще немає\n" in path.read_text(encoding="utf-8")
