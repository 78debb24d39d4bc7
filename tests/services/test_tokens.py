"""Tokens of programs: made once, recognised by their hash alone, ended by time and by hand."""

from collections import Counter
from datetime import timedelta
from hashlib import sha256

import pytest

from newsletter.errors import ConfigError
from newsletter.scopes import Scope
from newsletter.services import Workspace, journal, tokens
from newsletter.services.journal import Act
from newsletter.services.periodic import prune
from newsletter.store.db import reading
from newsletter.store.journal import Wanted
from newsletter.store.schema import api_token

HOME, AWAY = "192.0.2.0/24", "198.51.100.0/24"
YEAR = timedelta(days=365)


def make(press: Workspace, name: str = "website", *scopes: str, lifetime: timedelta = YEAR) -> str:
    text, _ = tokens.create(press, name, scopes or ["items:write"], lifetime, "Олена")
    return text


def test_a_token_is_recognised_and_only_its_hash_is_stored(either: Workspace) -> None:
    text, made = tokens.create(either, "website", ["items:write", "items:read"], YEAR, "Олена")
    found = tokens.recognise(either, text, HOME)
    assert found
    assert (found.id, found.name) == (made.id, "website")
    assert found.scopes == {Scope.ITEMS_WRITE, Scope.ITEMS_READ}
    secret = text.split("_", 2)[2]
    with reading(either.database) as connection:
        row = connection.execute(api_token.select()).one()
    assert bytes(row.digest) == sha256(secret.encode()).digest()
    assert secret not in repr(row)


def test_nothing_else_is_recognised(press: Workspace) -> None:
    text, other = make(press), make(press, "members", "readers:sync")
    number, secret = text.split("_", 2)[1:]
    wrong = (
        "",
        text[:-1],
        text + "a",
        text.swapcase(),
        f"nlt_{number}_{other.split('_', 2)[2]}",
        f"nlt_99_{secret}",
        f"nlt_{number}_{'ї' * 43}",
        f"nlt_{'9' * 40}_{secret}",
    )
    assert [one for one in wrong if tokens.recognise(press, one, HOME)] == []


def test_a_token_ends_at_its_hour_and_when_it_is_revoked(
    press: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, revoked = make(press, lifetime=timedelta(days=1)), make(press, "members")
    tokens.revoke(press, "members")
    assert tokens.recognise(press, revoked, HOME) is None
    assert tokens.recognise(press, short, HOME)
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-15T13:00:00+00:00")
    assert tokens.recognise(press, short, HOME) is None
    make(press)  # the name of one that ended is free
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-03-18T13:00:00+00:00")
    prune(press)
    assert [one.name for one in tokens.every(press)] == ["website"]


def test_its_last_use_is_known_and_not_written_at_every_request(
    press: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = make(press)
    seen = Counter[tuple[str, str]]()
    for now, network in (("13:00", HOME), ("13:04", HOME), ("13:05", HOME), ("13:06", AWAY)):
        monkeypatch.setenv("NEWSLETTER_NOW", f"2025-02-14T{now}:00+00:00")
        tokens.recognise(press, text, network)
        (one,) = tokens.every(press)
        seen[one.seen_at[11:16], one.seen_from] += 1
    assert seen == {("13:00", HOME): 2, ("13:05", HOME): 1, ("13:06", AWAY): 1}


def test_the_journal_says_who_made_and_revoked_it_and_never_the_token(press: Workspace) -> None:
    text = make(press)
    tokens.revoke(press, "1", "Ігор")
    last, first = journal.entries(press, Wanted())
    assert (first.did, first.name, first.details["scopes"]) == (Act.TOKEN_CREATED, "Олена", "items:write")
    assert (last.did, last.name, last.subject) == (Act.TOKEN_REVOKED, "Ігор", "1")
    assert text[-20:] not in repr((last, first))


@pytest.mark.parametrize(
    ("name", "scopes", "days", "why"),
    [
        ("  ", ["items:read"], 1, "needs a name"),
        ("x" * 61, ["items:read"], 1, "needs a name"),
        ("WEBSITE", ["items:read"], 1, "there is a token"),
        ("other", ["items:reed"], 1, "no scope"),
        ("other", [], 1, "needs a scope"),
        ("other", ["items:read"], 0, "good for"),
        ("other", ["items:read"], 731, "good for"),
    ],
)
def test_what_is_wrong_with_a_new_token_is_said(
    press: Workspace, name: str, scopes: list[str], days: int, why: str
) -> None:
    make(press)
    with pytest.raises(ConfigError, match=why) as caught:
        tokens.create(press, name, scopes, timedelta(days=days))
    assert caught.value.problems[0].hint
    with pytest.raises(ConfigError, match="to revoke"):
        tokens.revoke(press, "nobody")
