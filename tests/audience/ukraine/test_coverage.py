"""Readers are placed in the register's communities, however their places are written."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from newsletter.audience.lists import Importer
from newsletter.audience.ukraine.communities import register
from newsletter.audience.ukraine.coverage import Coverage, Region, coverage, placed, region_named
from newsletter.store.db import reading, writing
from newsletter.store.people import find, leave
from tests.audience.conversation import PLACES

NOW = datetime(2025, 2, 10, 9, 0, tzinfo=UTC)


def of(name: str, covered: Coverage) -> Region:
    return next(region for region in covered.regions if region.name == name)


@pytest.mark.parametrize(
    ("region", "community"),
    [
        ("Сумська", "Конотопська"),
        ("сумська область", "КОНОТОПСЬКА"),
        ("Сумська обл.", "Конотопська міська громада"),
        ("Сумська", "Конотопська територіальна громада"),
        ("Сумська", "Конотопська міська об’єднана територіальна громада"),
        ("Сумська", " Конотопська  МТГ "),
        ("", "Конотопська ОТГ"),
    ],
)
def test_a_community_is_known_however_it_is_written(region: str, community: str) -> None:
    covered = placed([(region, community, 2)])
    assert of("Сумська", covered).having == {"Конотопська": 2}
    assert "Конотопська" not in of("Сумська", covered).without
    assert (covered.having, covered.strangers) == (1, [])


@pytest.mark.parametrize("apostrophe", ["'", "’", "ʼ", "`", ""])
def test_the_kind_of_apostrophe_does_not_count(apostrophe: str) -> None:
    covered = placed([("Донецька", f"Слов{apostrophe}янська", 1)])
    assert of("Донецька", covered).having == {"Слов’янська": 1}


@pytest.mark.parametrize("region", ["Київ", "м. Київ", "місто Київ"])
def test_a_city_on_a_par_with_regions_is_one_community(region: str) -> None:
    kyiv = of("Київ", placed([(region, "", 3)]))
    assert (kyiv.having, kyiv.communities, kyiv.readers) == ({"Київ": 3}, 1, 3)
    assert of("Київська", placed([(region, "", 3)])).readers == 0


def test_every_community_of_the_register_finds_itself_by_its_label() -> None:
    labels = [(region, one.label, 1) for region, ones in register().items() for one in ones]
    covered = placed(labels)
    assert (covered.strangers, covered.having) == ([], len(labels))
    assert sum(len(region.without) for region in covered.regions) == 2  # the cities


@pytest.mark.parametrize(
    ("region", "community", "nearest"),
    [
        ("Сумська", "Конотопьска", "Конотопська"),
        ("Сумьска", "Конотопська", "Сумська"),
        ("", "Конотопьска", "Конотопська, Сумська"),
        (
            "Одеська",
            "Лиманська",
            "Лиманська (Білгород-Дністровський район) / Лиманська (Роздільнянський район)",
        ),
        ("Сумська", "xyz", ""),
        ("xyz", "", ""),
    ],
)
def test_what_the_register_does_not_know_is_listed_with_the_nearest(
    region: str, community: str, nearest: str
) -> None:
    covered = placed([(region, community, 4)])
    (stranger,) = covered.strangers
    assert (stranger.region, stranger.community, stranger.readers) == (region, community, 4)
    assert stranger.nearest == nearest
    assert covered.having == 0


def test_who_names_no_community_is_counted_apart() -> None:
    covered = placed([("Сумська", "", 2), ("", "", 5)])
    assert (of("Сумська", covered).unplaced, of("Сумська", covered).readers, covered.nowhere) == (2, 2, 5)


def test_a_region_is_known_however_it_is_written() -> None:
    assert region_named("АР Крим") == "Автономна Республіка Крим"
    assert region_named("івано-франківська ОБЛАСТЬ") == "Івано-Франківська"
    assert region_named("Шумська") == ""


def test_only_readers_count(importer: Importer, engine: Engine) -> None:
    place = {"region": "Сумська", "community": "Конотопська"}
    importer.one({"email": "a@example.org", **place}, "", NOW)
    importer.one({"email": "b@example.org", **place}, "", NOW)
    importer.one({"email": "c@example.org"}, "", NOW)
    with writing(engine) as connection:
        person = find(connection, "b@example.org")
        assert person is not None
        leave(connection, person.id, [], ["social"], NOW)
    with reading(engine) as connection:
        covered = coverage(connection, PLACES)
    assert covered
    assert of("Сумська", covered).having == {"Конотопська": 1}
    assert covered.nowhere == 1


@pytest.mark.parametrize("kind", ["region", "community"])
def test_without_a_field_of_each_kind_nobody_is_placed(engine: Engine, kind: str) -> None:
    fields = {slug: entry for slug, entry in PLACES.fields.items() if entry.kind != kind}
    with reading(engine) as connection:
        assert coverage(connection, PLACES.model_copy(update={"fields": fields})) is None
