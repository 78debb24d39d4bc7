"""What an approved issue says comes back from the database as it was stored."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.errors import Place
from newsletter.model import (
    AllOf,
    AnyOf,
    Block,
    ClosingCall,
    Event,
    Has,
    Image,
    Issue,
    Item,
    ItemKind,
    Not,
    Period,
    Picture,
    Section,
    Silenced,
)
from newsletter.render.edition import Editions
from newsletter.store.contents import Content, decode, encode

KYIV = ZoneInfo("Europe/Kyiv")
IMAGE = Image(name="ab.png", media_type="image/png", width=3, height=2, content=b"png", sha256="ab")
WHO = AllOf((Has("region", frozenset({"Львівська", "Київська"})), Not(AnyOf((Has("section", frozenset()),)))))


def item(name: str, **values: Any) -> Item:
    return Item(id=name, title=name.title(), sections=("top",), at=Place(f"{name}.md", 1), **values)


ISSUE = Issue(
    period=Period(start=date(2025, 2, 8), end=date(2025, 2, 14)),
    subject="Дайджест",
    call=ClosingCall(text="Звільніть", hashtag="#FreeOurPeople"),
    blocks=(
        Block(
            section=Section(slug="top", title="ТОП", always=True, colour="#0b4f9c"),
            items=(
                item("talk", kind=ItemKind.EVENT, event=Event(start=datetime(2025, 2, 20, 11, tzinfo=KYIV))),
                item("days", kind=ItemKind.EVENT, event=Event(start=date(2025, 3, 1), end=date(2025, 3, 2))),
                item("few", only_for=WHO, link="https://auc.org.ua", date=date(2025, 2, 10), lead=True),
                item("seen", picture=Picture(file="a.png", alt="Міст", image=IMAGE)),
                item("quiet", silenced=(Silenced("a finding", "a reason"),)),
            ),
        ),
    ),
    at=Place("issue.yaml", 1),
)


def test_an_issue_comes_back_as_it_was_and_its_editions_keep_their_keys() -> None:
    again = decode(encode(ISSUE), {IMAGE.name: IMAGE})
    assert again == ISSUE
    assert repr(again.blocks[0].items[0].event) == repr(ISSUE.blocks[0].items[0].event)
    whole, same = Editions(ISSUE).whole(), Editions(again).whole()
    assert whole
    assert same
    assert same.key == whole.key


def test_what_was_taken_back_is_not_for_newcomers_and_empty_sections_go() -> None:
    content = Content(ISSUE, frozenset(one.id for one in ISSUE.blocks[0].items))
    assert content.current.blocks == ()
    (block,) = Content(ISSUE, frozenset({"talk"})).current.blocks
    assert [one.id for one in block.items] == ["days", "few", "seen", "quiet"]
