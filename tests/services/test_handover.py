"""A post handed over as a service: the successor is asked, and nothing else changes."""

import pytest

from newsletter.errors import ConfigError, ContentError
from newsletter.services import Workspace
from newsletter.services.handover import Handover, ask, look
from newsletter.services.person import add, leave, look_up

OLD, NEW = "old@example.org", "new@example.org"
POST = {"position": "Міський голова", "community": "Конотопська"}


@pytest.fixture
def holder(either: Workspace) -> Workspace:
    """Add the holder of a post, somebody without one, and one who has left."""
    add(either, {"email": OLD, "sections": "social", **POST}, "letter", "by hand")
    add(either, {"email": "plain@example.org"}, "letter", "by hand")
    add(either, {"email": "left@example.org", **POST}, "letter", "by hand")
    leave(either, "left@example.org", (), "by hand")
    return either


def test_a_successor_is_asked_once_and_the_holder_stays(holder: Workspace) -> None:
    assert look(holder, OLD, NEW) == Handover(holder=OLD, post=POST, sections=("social",))
    assert look_up(holder, OLD)[0]["requests"] == []
    assert ask(holder, OLD, NEW, " Ірина Ткач ", "by hand").post == POST
    (asked,) = look_up(holder, OLD)[0]["requests"]
    assert (asked["kind"], asked["email"], asked["details"]["name"]) == ("handover", NEW, "Ірина Ткач")
    assert asked["agreed_at"], "the editor's word stands for the holder's"
    assert look_up(holder, OLD)[0]["status"] == "active"
    with pytest.raises(ContentError, match="no letter is sent"):
        ask(holder, OLD, NEW, "", "by hand")
    assert len(look_up(holder, OLD)[0]["requests"]) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("nobody@example.org", NEW, "is not a subscriber"),
        (OLD, OLD.upper(), "same address"),
        ("plain@example.org", NEW, "holds no post"),
        ("left@example.org", NEW, "has left"),
    ],
)
def test_what_cannot_be_handed_over_is_refused(holder: Workspace, old: str, new: str, words: str) -> None:
    with pytest.raises(ContentError, match=words):
        look(holder, old, new)
    with pytest.raises(ContentError, match=words):
        ask(holder, old, new, "", "by hand")


def test_a_name_that_is_not_text_is_refused(holder: Workspace) -> None:
    with pytest.raises(ConfigError, match="not readable text"):
        ask(holder, OLD, NEW, "a\x07b", "by hand")
