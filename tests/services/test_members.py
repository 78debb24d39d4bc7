"""A member register and the list in step, by the register's own numbers; nobody is brought back."""

from dataclasses import replace

import pytest

from newsletter.errors import ConfigError
from newsletter.services import Workspace, erasure, members, person, readers
from newsletter.services.members import Member, Result, sync
from newsletter.services.readers import Position, Search
from newsletter.store.decisions import Fate

FORM = "membership form 2025"


def member(number: int, address: str = "", *, left: bool = False, **cells: str) -> Member:
    email = address or f"member{number}@example.org"
    return Member(external_id=f"M-{number}", cells={"email": email, **cells}, left=left)


def bring(press: Workspace, *given: Member, dry_run: bool = False) -> dict[str, Result]:
    found = sync(press, given, FORM, "API: members", dry_run=dry_run)
    assert [one.external_id for one in found] == [one.external_id for one in given]
    return {one.external_id: one for one in found}


def shown(press: Workspace, number: int) -> tuple[str, str, Position]:
    (one,) = readers.search(press, Search(external_id=f"M-{number}")).people
    return one.email, one.name, readers.position(one)


def test_members_are_added_changed_and_left_alone_by_their_numbers(either: Workspace) -> None:
    first = bring(either, member(1, name="Ганна"), member(2), member(3))
    assert {one.fate for one in first.values()} == {Fate.NEW}
    again = bring(either, member(1, name="Ганна Коваль"), member(2))
    assert [one.fate for one in again.values()] == [Fate.CHANGED, Fate.UNCHANGED]
    assert again["M-1"].reader == first["M-1"].reader
    assert shown(either, 1) == ("member1@example.org", "Ганна Коваль", Position.READER)
    assert shown(either, 3)[2] is Position.READER
    assert members.counts(list(again.values())) == {"changed": 1, "unchanged": 1}


def test_a_dry_run_says_the_same_and_changes_nothing(either: Workspace) -> None:
    bring(either, member(1))
    given = member(1, "moved@example.org"), member(2), member(3, "no address"), member(4, left=True)
    dry = bring(either, *given, dry_run=True)
    assert shown(either, 1)[0] == "member1@example.org"
    assert readers.search(either, Search()).number == 1
    done = bring(either, *given)
    assert {one: result.fate for one, result in dry.items()} == {
        one: result.fate for one, result in done.items()
    }
    assert [one.fate for one in done.values()] == [Fate.CHANGED, Fate.NEW, Fate.REFUSED, Fate.LEFT]
    assert "not a mail address" in done["M-3"].reason


def test_a_member_moves_to_an_address_that_is_nobody_s(either: Workspace) -> None:
    bring(either, member(1), member(2))
    person.add(either, {"email": "taken@example.org"}, FORM, "test")
    person.leave(either, "opted.out@example.org", [], "test")
    person.add(either, {"email": "erased@example.org"}, FORM, "test")
    erasure.erase(either, "erased@example.org")
    for address in (
        "taken@example.org",
        "opted.out@example.org",
        "erased@example.org",
        "member2@example.org",
    ):
        assert bring(either, member(1, address))["M-1"].fate is Fate.REFUSED, address
    assert shown(either, 1)[0] == "member1@example.org"
    assert bring(either, member(1, "new@example.org", name="Ганна"))["M-1"].fate is Fate.CHANGED
    assert shown(either, 1) == ("new@example.org", "Ганна", Position.READER)
    assert readers.search(either, Search(address="member1@example.org")).number == 0


def test_nobody_is_brought_back(either: Workspace) -> None:
    bring(either, member(1), member(2))
    person.leave(either, "member1@example.org", [], "test")
    erasure.erase(either, "member2@example.org")
    for given in (member(1), member(1, "new@example.org"), member(2), member(3, "member2@example.org")):
        (found,) = bring(either, given).values()
        assert found.fate is Fate.REFUSED, given
        assert "example.org" not in found.reason
    assert shown(either, 1) == ("member1@example.org", "", Position.LEFT)


def test_who_left_by_the_register_gets_no_more_mail(either: Workspace) -> None:
    bring(either, member(1))
    assert bring(either, member(1, left=True))["M-1"].fate is Fate.LEFT
    assert shown(either, 1)[2] is Position.LEFT


def test_a_reader_of_the_same_address_becomes_the_member_and_only_one(either: Workspace) -> None:
    person.add(either, {"email": "member1@example.org", "name": "Є"}, FORM, "test")
    found = bring(either, member(1), replace(member(2), cells={"email": "Member1@example.org"}))
    assert [one.fate for one in found.values()] == [Fate.UNCHANGED, Fate.REFUSED]
    assert shown(either, 1)[1] == "Є"
    assert bring(either, member(3, "member1@example.org"))["M-3"].fate is Fate.REFUSED
    data, _ = person.look_up(either, "member1@example.org")
    assert data["external_id"] == "M-1"


def test_without_consent_or_with_an_unknown_field_nothing_is_done(press: Workspace) -> None:
    with pytest.raises(ConfigError, match="consent"):
        sync(press, [member(1)], "  ", "API", dry_run=False)
    with pytest.raises(ConfigError, match="shoe"):
        sync(press, [member(1, shoe="44")], FORM, "API", dry_run=True)
    assert readers.search(press, Search()).number == 0
