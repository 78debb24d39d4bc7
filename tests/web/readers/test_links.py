"""The links of letters: each opens what it is for and nothing else, and looking changes nothing."""

import re
import shutil
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience import handover, moving, stepup
from newsletter.audience.optin import wording
from newsletter.cli import run
from newsletter.links import Purpose, Signer
from newsletter.names import LAST, CorrectionName, IssueName
from newsletter.services import Workspace
from newsletter.services.letters import send_letters
from newsletter.store import issues
from newsletter.store.db import writing
from newsletter.store.erasure import erase
from tests import press
from tests.web.readers.people import NOW, POST, act, dump, found, mailed, subscribe, token

ROOT = Path(__file__).parents[3]
EVERYWHERE = [
    (Purpose.UNSUBSCRIBE, "/unsubscribe/{}"),
    (Purpose.PREFERENCES, "/preferences/{}"),
    (Purpose.CONFIRM, "/confirm/{}"),
    *((purpose, f"/mine/{purpose}/{{}}") for purpose in stepup.PURPOSES.values()),
]


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")


@pytest.fixture
def number(context: Workspace) -> int:
    """Make a reader whose number is also that of a request to move."""
    number = subscribe(context)
    with writing(context.database) as connection:
        person = found(connection, "olena@konotop.example.org")
        asked = moving.ask_new(act(context, connection), person, "new@example.org", "en")
    assert asked == number
    return number


def good_token(context: Workspace, number: int, purpose: Purpose) -> str:
    """Return a token that opens the page of `purpose`."""
    kinds = {own: kind for kind, own in stepup.PURPOSES.items()}
    return mailed(context, number, kinds[purpose]) if purpose in kinds else token(context, number, purpose)


@pytest.mark.parametrize(("purpose", "place"), EVERYWHERE)
def test_a_changed_character_anywhere_opens_nothing(
    client: FlaskClient, context: Workspace, number: int, purpose: Purpose, place: str
) -> None:
    good = good_token(context, number, purpose)
    assert client.get(place.format(good)).status_code == 200
    before = dump(context)
    for index, letter in enumerate(good):
        other = "A" if letter != "A" else "Q"
        bad = good[:index] + other + good[index + 1 :]
        assert client.get(place.format(bad)).status_code == 404
    for bad in (good[:-1], good + "A", good + "=", "x", "%00", "ї" * 31):
        assert client.post(place.format(bad)).status_code == 404
    assert dump(context) == before


DAYS = st.dates(date(2020, 1, 1), date(2031, 1, 1))
NAMES = DAYS | st.builds(CorrectionName, DAYS, st.integers(1, LAST))


@given(number=st.integers(0, 2**32 - 1), day=NAMES, key=st.binary(min_size=16, max_size=16))
def test_another_secret_s_tokens_read_as_nothing(number: int, day: IssueName, key: bytes) -> None:
    ours, theirs = Signer(b"0123456789abcdef"), Signer(key)
    for purpose in Purpose:
        made = ours.token(purpose, number, day)
        assert ours.read(purpose, made) == (number, day)
        if theirs != ours:
            assert theirs.token(purpose, number, day) != made


def test_what_is_unknown_tampered_with_too_old_or_erased_looks_alike(
    client: FlaskClient, context: Workspace, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = token(context, number)
    tampered = good[:20] + ("B" if good[20] == "A" else "A") + good[21:]
    pages = [client.get("/preferences/nonsense?lang=en"), client.get(f"/preferences/{tampered}?lang=en")]
    pages.append(client.get(f"/preferences/{token(context, 77)}?lang=en"))
    monkeypatch.setenv("NEWSLETTER_NOW", "2027-02-14T10:00:00+00:00")
    pages.append(client.get(f"/preferences/{good}?lang=en"))
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")
    erase(context.database, "olena@konotop.example.org", context.signer, NOW)
    pages.append(client.get(f"/preferences/{good}?lang=en"))
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1


def test_the_links_of_an_issue_sent_long_after_its_day_count_from_when_it_left(
    client: FlaskClient, context: Workspace, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"/preferences/{token(context, number)}"
    press.approve(context.database, press.issue(press.CLOSING, [press.item("Дороги")]))
    with writing(context.database) as connection:
        issues.begin(connection, str(press.CLOSING), "smtp", datetime(2026, 11, 22, tzinfo=UTC))
    monkeypatch.setenv("NEWSLETTER_NOW", "2027-11-20T10:00:00+00:00")
    assert client.get(page).status_code == 200
    monkeypatch.setenv("NEWSLETTER_NOW", "2027-11-25T10:00:00+00:00")
    assert client.get(page).status_code == 404


@pytest.mark.usefixtures("number")
def test_a_scanner_that_opens_every_link_of_every_letter_changes_nothing(
    client: FlaskClient, context: Workspace
) -> None:
    shutil.copytree(ROOT / "issues/2025-02-14", context.root / "issues/2025-02-14")
    subscribe(context, "ivan@example.org", attributes={})
    for kind in stepup.PURPOSES:
        mailed(context, 1, kind)
    with writing(context.database) as connection:
        stepup.mail_link(connection, "olena@konotop.example.org", "en", NOW)
        holder = found(connection, "olena@konotop.example.org")
        handover.ask_successor(
            act(context, connection),
            holder,
            email="heir@example.org",
            name="",
            words=wording(context.settings, "en"),
            source="preferences",
            post=POST,
        )
    here = ["-C", str(context.root)]
    assert run([*here, "approve", "2025-02-14", "--by", "Олена"]) == 0
    assert run([*here, "send", "2025-02-14", "--yes", "--now"]) == 0
    assert send_letters(context) == 7
    links = {
        link
        for file in (context.root / "var/outbox").rglob("*.eml")
        for link in re.findall(r"https://news\.example\.org(/[^\s\"<>]*)", _text(file))
    }
    for start in (
        "/unsubscribe/",
        "/preferences/",
        "/view/",
        "/confirm/",
        *(f"/mine/{kind}/" for kind in stepup.PURPOSES),
    ):
        assert any(link.startswith(start) for link in links), start
    before = dump(context)
    for link in links:
        for _ in range(3):
            assert client.get(link).status_code == 200
            assert client.head(link).status_code == 200
    assert dump(context) == before


def _text(file: Path) -> str:
    """Return headers and both parts of a message, decoded."""
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*map(str, message.values()), *parts])
