"""Everybody on the list as a service: selected, exported, counted, by segment."""

import shutil
import stat

import pytest

from newsletter.errors import ConfigError, ContentError
from newsletter.services import Workspace, subscribers
from newsletter.services.lists import ListImport, Reading
from newsletter.services.person import leave
from tests.sample import ROOT

IVAN = "ivan.balog@berehove.example.org"


@pytest.fixture
def loaded(either: Workspace) -> Workspace:
    """Import the example list of twelve people."""
    shutil.copytree(ROOT / "subscribers", either.root / "subscribers")
    imported = ListImport(either, either.root / "subscribers/example.csv", Reading(columns={}, values={}))
    assert not imported.run("a forum").refused
    return either


def names(workspace: Workspace, **wanted: str) -> list[str]:
    return [reader.email.partition("@")[0] for reader in subscribers.readers(workspace, **wanted)]


def test_readers_are_selected_by_segment_and_section(loaded: Workspace) -> None:
    assert len(names(loaded)) == 12
    assert names(loaded, section="international") == [
        "olena.hnatiuk",
        "iryna.bondar",
        "nataliia.shevchuk",
        "mykhailo.dunai",
        "ivan.balog",
    ]
    assert names(loaded, section="international", segment="mayors") == [
        "olena.hnatiuk",
        "mykhailo.dunai",
        "ivan.balog",
    ]
    leave(loaded, IVAN, (), "by hand")
    assert len(names(loaded)) == 11


def test_an_unknown_section_or_segment_is_refused_with_the_nearest(loaded: Workspace) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'social'"):
        subscribers.readers(loaded, section="socal")
    with pytest.raises(ContentError, match="Did you mean 'frontline"):
        subscribers.readers(loaded, segment="frontlin")


@pytest.mark.parametrize(("name", "head"), [("list.csv", "\ufeffemail,name"), ("list.yaml", "- email:")])
def test_an_export_is_of_the_kind_of_its_name_and_its_owners_alone(
    loaded: Workspace, name: str, head: str
) -> None:
    out = loaded.root / name
    subscribers.export_file(loaded, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text(encoding="utf-8").startswith(head)
    again = ListImport(loaded, out, Reading(columns={}, values={})).run("a forum")
    assert again.counts == {**again.counts, "unchanged": 12, "new": 0, "changed": 0, "refused": 0}
    with pytest.raises(ConfigError, match="cannot be written"):
        subscribers.export_file(loaded, loaded.root / "nosuch" / name)


def test_segments_are_counted_beside_the_problems_of_faulty_ones(loaded: Workspace) -> None:
    with (loaded.root / "subscribers/segments.yaml").open("a", encoding="utf-8") as file:
        file.write("\nbroken: {sektion: social}\n")
    found, problems = subscribers.segments(loaded)
    assert {segment.name: segment.readers for segment in found}["frontline-social"] == 4
    assert [problem.text for problem in problems] == ["unknown name 'sektion' in a condition"]


def test_people_and_communities_are_counted(loaded: Workspace) -> None:
    leave(loaded, IVAN, (), "by hand")
    found = subscribers.report(loaded, "Полтавська")
    counted = found.statistics
    assert (counted.readers, counted.inactive, counted.every_section) == (11, 1, 3)
    assert counted.fields["region"]["Полтавська"] == 2
    assert found.region == "Полтавська"
    assert found.coverage
    assert subscribers.report(loaded).region == ""
    with pytest.raises(ConfigError, match="there is no region"):
        subscribers.report(loaded, "Шумська")
