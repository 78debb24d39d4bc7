"""People are looked for by words, section, region, segment and state, in pages, on either database."""

import pytest
from sqlalchemy import insert, update

from newsletter.errors import ContentError
from newsletter.services import Workspace
from newsletter.services.person import leave
from newsletter.services.readers import Position, Search, number_of, person, position, regions, search
from newsletter.store.db import writing
from newsletter.store.schema import subscriber, subscription
from tests.sending import house


@pytest.fixture
def crowd(either: Workspace) -> Workspace:
    """Fill a list with readers of two sections and regions, and somebody in every other state."""
    house.people(either.database, 60)
    house.people(either.database, 5, sections=("social",), first=61)
    with writing(either.database) as connection:
        ours = update(subscriber).where(subscriber.c.id <= 3)
        connection.execute(ours.values(attributes={"region": "Сумська"}, name="Олена Ковальчук"))
        gone = update(subscriber).where(subscriber.c.id == 4)
        connection.execute(gone.values(status="suppressed", reason="bounced"))
        rests = update(subscription).where(subscription.c.subscriber == 5)
        connection.execute(rests.values(state="paused"))
        one = {"subscriber": 6, "section": "social", "state": "paused", "origin": "reader", "changed_at": ""}
        connection.execute(insert(subscription), [one])
    leave(either, house.address(7), (), "test")
    (either.root / "subscribers").mkdir()
    segments = either.root / "subscribers/segments.yaml"
    segments.write_text("sumy: {region: Сумська}\n", encoding="utf-8")
    return either


def numbers(workspace: Workspace, **wanted: object) -> list[int]:
    return [one.id for one in search(workspace, Search(**wanted)).people]  # type: ignore[arg-type]


def test_people_are_found_by_each_filter_and_by_several_at_once(crowd: Workspace) -> None:
    assert numbers(crowd, words="олена к") == [1, 2, 3]
    assert numbers(crowd, words="READER12@") == [12]
    assert numbers(crowd, region="Сумська", words="reader2@") == [2]
    assert numbers(crowd, segment="sumy") == [1, 2, 3]
    assert search(crowd, Search(section="staff")).number == 58
    assert numbers(crowd, position=Position.SUPPRESSED) == [4]
    assert numbers(crowd, position=Position.PAUSED) == [5]
    assert numbers(crowd, position=Position.LEFT) == [7]
    assert search(crowd, Search(position=Position.READER)).number == 62
    assert regions(crowd) == ["Сумська"]
    with pytest.raises(ContentError, match="no segment is named"):
        search(crowd, Search(segment="lviv"))


def test_pages_hold_everybody_once_and_agree_with_each_one_s_state(crowd: Workspace) -> None:
    first = search(crowd, Search())
    assert first.next is not None
    second = search(crowd, Search(after=first.next))
    everybody = [*first.people, *second.people]
    assert [one.id for one in everybody] == list(range(1, 66))
    assert (first.number, second.next) == (65, None)
    for state in Position:
        assert (
            numbers(crowd, position=state)[:50]
            == [one.id for one in everybody if position(one) is state][:50]
        )
    assert person(crowd, number_of(crowd, house.address(9))).id == 9
    for lost in (lambda: person(crowd, 999), lambda: number_of(crowd, "nobody@example.org")):
        with pytest.raises(ContentError):
            lost()
