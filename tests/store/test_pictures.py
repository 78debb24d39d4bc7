"""The pictures of an approved issue: kept once, byte for byte, and part of what was approved."""

from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update

from newsletter.errors import ContentError
from newsletter.model import Issue, Picture
from newsletter.sending.freeze import verify
from newsletter.store import archive, pictures
from newsletter.store.db import reading, writing
from newsletter.store.schema import item, picture
from newsletter.transport.outbox.files import Outbox
from tests import press
from tests.drawn import image, shown
from tests.sending import house

LOGO = bytes(range(256))


def issue(*shown_pictures: Picture | None) -> Issue:
    """Return the small issue, its items with these pictures."""
    plain = house.issue()
    blocks = [
        replace(block, items=(replace(block.items[0], picture=one),))
        for block, one in zip(plain.blocks, shown_pictures, strict=True)
    ]
    return replace(plain, blocks=tuple(blocks))


def test_an_approved_issue_gives_its_pictures_back_byte_for_byte_each_kept_once(engine: Engine) -> None:
    house.people(engine, 2)
    house.people(engine, 1, sections=["sport"], first=10)
    house.approve(engine, issue(shown(LOGO), shown(b"other")))
    with reading(engine) as connection:
        found = house.frozen_pages(connection)
        kept = connection.execute(select(func.count()).select_from(picture)).scalar_one()
    assert sorted([one.content for one in page.pictures] for page in found.values()) == [
        [LOGO],
        [LOGO, b"other"],
    ]
    assert kept == 2


def test_a_byte_changed_in_a_picture_voids_the_approval(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine, issue(shown(LOGO), None))
    verify(engine, house.NAME, house.SOURCES)
    with writing(engine) as connection:
        connection.execute(update(picture).values(content=LOGO[:-1] + b"x"))
    with pytest.raises(ContentError, match="is not what was approved"):
        verify(engine, house.NAME, house.SOURCES)


@pytest.mark.parametrize("key", ["alt", "caption", "credit"])
def test_words_of_a_picture_changed_in_the_database_void_the_approval(engine: Engine, key: str) -> None:
    house.people(engine, 1)
    house.approve(engine, issue(shown(), None))
    with writing(engine) as connection:
        held = connection.execute(select(item.c.picture).order_by(item.c.number)).scalars().first()
        assert held
        connection.execute(update(item).where(item.c.number == 1).values(picture={**held, key: "x"}))
    with pytest.raises(ContentError, match="is not what was approved"):
        verify(engine, house.NAME, house.SOURCES)


def test_another_approval_replaces_the_pictures(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine, issue(shown(b"old"), shown(LOGO)))
    house.approve(engine, issue(shown(b"new"), shown(LOGO)))
    with reading(engine) as connection:
        kept = {one.content for one in pictures.of_issue(connection, house.NAME).values()}
        assert pictures.find(connection, image(b"old").name) is None
    assert kept == {b"new", LOGO}


def test_the_archive_knows_the_picture_of_each_item_and_that_of_the_lead(engine: Engine) -> None:
    first = replace(press.item("Перша"), picture=shown(b"first"))
    lead = replace(press.item("Друга"), picture=shown(LOGO, "Мапа"), lead=True)
    press.publish(engine, press.issue(press.CLOSING, [first, press.item("Без"), lead]))
    with reading(engine) as connection:
        found = archive.items(connection, [press.CLOSING])
        cover = archive.find(connection, press.CLOSING)
    assert [one.picture.name if one.picture else "" for one in found] == [
        image(b"first").name,
        "",
        image(LOGO).name,
    ]
    assert cover
    assert cover.picture
    assert (cover.picture.alt, cover.picture.size, cover.picture.width) == ("Мапа", len(LOGO), 1200)
    assert (cover.picture.caption, cover.picture.credit) == ("Відкриття", "Фото громади")


def test_a_message_carries_what_was_approved_and_nothing_is_read_from_files(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    house.people(sqlite_engine, 1)
    house.approve(sqlite_engine, issue(shown(LOGO), None))
    house.send(sqlite_engine, Outbox(tmp_path / "outbox", house.NAME))
    (file,) = (tmp_path / "outbox").glob("*.eml")
    attached = [part for part in message_from_bytes(file.read_bytes()).walk() if part["Content-ID"]]
    assert [(part["Content-ID"], part.get_payload(decode=True)) for part in attached] == [
        (f"<{image(LOGO).cid}>", LOGO)
    ]
