"""What each link opens: every purpose's token on every page of a reader, and what those pages let out."""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.audience import moving, stepup
from newsletter.cli import run
from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.services import Workspace
from newsletter.store import people, requests
from newsletter.store.choices import by_choosing
from newsletter.store.db import writing
from newsletter.store.requests import Kind
from newsletter.web.readers.limits import Counts
from tests import press
from tests.web.readers.people import NOW, OPTIONAL, POST, act, dump, subscribe

ROOT = Path(__file__).parents[3]

EMAIL, NAME = "olena@konotop.example.org", "Олена Гнатюк"
MATRIX: dict[str, tuple[Purpose, str]] = {
    "/view/<token>": (Purpose.VIEW, "GET"),
    "/unsubscribe/<token>": (Purpose.UNSUBSCRIBE, "GET POST"),
    "/unsubscribe/<token>/pause": (Purpose.UNSUBSCRIBE, "POST"),
    "/unsubscribe/<token>/link": (Purpose.UNSUBSCRIBE, "POST"),
    "/preferences/<token>": (Purpose.PREFERENCES, "GET POST"),
    "/preferences/<token>/mail": (Purpose.PREFERENCES, "POST"),
    "/confirm/<token>": (Purpose.CONFIRM, "GET POST"),
    "/mine/data/<token>": (Purpose.DATA, "GET POST"),
    "/mine/erasure/<token>": (Purpose.ERASURE, "GET POST"),
    "/mine/move/<token>": (Purpose.MOVE, "GET POST"),
    "/mine/succession/<token>": (Purpose.SUCCESSION, "GET POST"),
    "/mine/file": (Purpose.SHOWN, "POST"),
    "/mine/correct": (Purpose.SHOWN, "POST"),
}
"""As docs/privacy.md has it: which purpose opens which page, and how; no other does."""

CARRIES = {purpose: {purpose} for purpose in Purpose} | {
    Purpose.CONFIRM: {Purpose.CONFIRM, Purpose.PREFERENCES},
    Purpose.DATA: {Purpose.DATA, Purpose.SHOWN},
}
"""Which tokens the pages that a token opens may hold: none of more power than the mailbox has just proved."""

BODY = {"what": "data", "take": "all", "email": "other@example.org"}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.isoformat())


@pytest.fixture
def make(context: Workspace) -> Callable[[Purpose], tuple[int, date]]:
    """Return what makes the number and the day that a good token of a purpose says."""
    number = subscribe(context, EMAIL)
    press.publish(context.database, press.issue(press.CLOSING, [press.item("Житло")]))
    kinds = {purpose: kind for kind, purpose in stepup.PURPOSES.items()} | {Purpose.SHOWN: Kind.DATA}

    def make(purpose: Purpose) -> tuple[int, date]:
        if purpose is not Purpose.CONFIRM and purpose not in kinds:
            return number, NOW.date()
        with writing(context.database) as connection:
            person = people.get(connection, number)
            assert person
            if purpose is Purpose.CONFIRM:
                doing = act(context, connection)
                return moving.ask_new(doing, person, "new@example.org", "en"), NOW.date()
            stepup.ask(connection, person, kinds[purpose], "en", NOW)
            asked = requests.find(connection, 1, NOW)
            assert asked
            if purpose is Purpose.SHOWN:
                stepup.spend(connection, asked, NOW)
        return asked.id, NOW.date()

    return make


def ask(client: FlaskClient, method: str, rule: str, given: str) -> TestResponse:
    path = rule.replace("<token>", given)
    data = {**BODY, "token": given} if method == "POST" else None
    return client.open(path, method=method, data=data)


def test_no_page_that_a_link_opens_is_missing_from_the_matrix(site: Flask) -> None:
    by_path = {rule.rule for rule in site.url_map.iter_rules() if "token" in rule.arguments}
    by_body = {rule.rule for rule in site.url_map.iter_rules() if re.match("/mine/[a-z]+$", rule.rule)}
    assert by_path | by_body == MATRIX.keys()


@pytest.mark.parametrize("rule", MATRIX)
def test_a_token_of_another_purpose_opens_nothing(
    client: FlaskClient,
    site: Flask,
    context: Workspace,
    make: Callable[[Purpose], tuple[int, date]],
    rule: str,
) -> None:
    purpose, methods = MATRIX[rule]
    number, day = make(purpose)
    before = dump(context)
    for other in Purpose:
        for method in ("GET", "POST"):
            site.extensions["counts"] = Counts()
            if other is purpose and method in methods:
                continue
            answer = ask(client, method, rule, context.signer.token(other, number, day))
            allowed = method in methods
            assert answer.status_code == (404 if allowed else 405), (other, method)
    assert dump(context) == before
    for method in methods.split():
        answer = ask(client, method, rule, context.signer.token(purpose, number, day))
        assert answer.status_code in {200, 422}, method
        if method == "GET":
            assert dump(context) == before


@pytest.mark.parametrize("purpose", sorted({purpose for purpose, _ in MATRIX.values()}))
def test_no_page_lets_out_a_token_of_more_power_than_its_own(
    client: FlaskClient, site: Flask, context: Workspace, make: Callable[[Purpose], tuple[int, date]],
    purpose: Purpose,
) -> None:  # fmt: skip
    number, day = make(purpose)
    given = context.signer.token(purpose, number, day)
    opened = [
        (rule, method)
        for rule, (own, methods) in MATRIX.items()
        if own is purpose
        for method in methods.split()
    ]
    held: set[Purpose] = set()
    for rule, method in opened:
        site.extensions["counts"] = Counts()
        held |= set(_tokens(context, ask(client, method, rule, given).text))
    assert held <= CARRIES[purpose]


@pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.VIEW])
def test_what_a_forwarded_letter_opens_shows_nothing_personal(
    client: FlaskClient, site: Flask, context: Workspace, make: Callable[[Purpose], tuple[int, date]],
    purpose: Purpose,
) -> None:  # fmt: skip
    number, day = make(purpose)
    given = context.signer.token(purpose, number, day)
    for rule, (own, methods) in MATRIX.items():
        for method in methods.split() if own is purpose else ():
            site.extensions["counts"] = Counts()
            page = ask(client, method, rule, given).text
            for words in (EMAIL, NAME, *POST.values()):
                assert words not in page, (rule, method, words)


def test_what_a_forwarded_letter_opens_changes_nothing_personal(
    client: FlaskClient, context: Workspace, make: Callable[[Purpose], tuple[int, date]]
) -> None:
    number, day = make(Purpose.PREFERENCES)
    with writing(context.database) as connection:
        before = people.get(connection, number)
    assert before
    page = f"/preferences/{context.signer.token(Purpose.PREFERENCES, number, day)}"
    filled = {"name": "Чужий", "field-position": "Нічия", "email": "thief@example.org", "take": "all"}
    for form in ({**filled}, {**filled, "do": "leave"}, {**filled, "step": "communities"}):
        client.post(page, data=form)
    with writing(context.database) as connection:
        after = people.get(connection, number)
    assert after
    assert (after.email, after.name, after.attributes) == (before.email, before.name, before.attributes)


def test_the_copy_of_a_letter_leads_to_where_the_letter_itself_is_asked_for(
    client: FlaskClient, context: Workspace
) -> None:
    shutil.copytree(ROOT / "issues/2025-02-14", context.root / "issues/2025-02-14")
    number = subscribe(context, EMAIL, by_choosing({}, {"social"}, OPTIONAL))
    here = ["-C", str(context.root)]
    assert run([*here, "approve", "2025-02-14", "--by", "Олена"]) == 0
    assert run([*here, "send", "2025-02-14", "--yes", "--now"]) == 0
    given = context.signer.token(Purpose.VIEW, number, press.CLOSING)
    shown = client.get(f"/view/{given}").text
    assert set(_tokens(context, shown)) == {Purpose.VIEW}
    assert "o***@konotop.example.org" in shown
    ours = set(re.findall(r'href="https://news\.example\.org(/[^"#]+)"', shown)) - {f"/view/{given}"}
    assert ours == {"/preferences/copy", "/preferences/copy?pause=social", "/unsubscribe/copy"}
    for link in ours:
        answer = client.get(link, headers={"Accept-Language": "en"})
        assert answer.status_code == 200
        assert "Email me the link" in answer.text
    for copied in ("/preferences/copy", "/unsubscribe/copy"):
        assert client.post(copied).status_code == 404


def _tokens(context: Workspace, page: str) -> Iterator[Purpose]:
    """Yield the purpose of every token that stands anywhere in a page."""
    for found in re.findall(r"(?<![\w-])[\w-]{31}(?![\w-])", page):
        for purpose in Purpose:
            try:
                context.signer.read(purpose, found)
            except LinkInvalid:
                continue
            yield purpose
