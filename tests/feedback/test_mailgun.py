"""What Mailgun's events say, and whether they are Mailgun's."""

import hmac
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.feedback.mailgun import MailgunEvents
from newsletter.store.events import Event, Kind

NOW = datetime(2025, 2, 14, 18, 0, tzinfo=UTC)
KEY = "signing-key"
TOKEN = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0"  # noqa: S105  as Mailgun makes them
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def event(kind: str, code: Any = None, words: Any = "", **more: Any) -> dict[str, Any]:
    """Return an event about the first reader's delivery of the issue of 14 February."""
    return {
        "event": kind,
        "id": "not unique for long",
        "timestamp": 1739548800.25,
        "recipient": "reader1@city.example.org",
        "user-variables": {"delivery_id": "2025-02-14:1"},
        "delivery-status": {"code": 550, "enhanced-code": code, "message": words},
        **more,
    }


def body(told: object, at: datetime = NOW, changed: Mapping[str, object] = MappingProxyType({})) -> bytes:
    """Return a request as Mailgun signs it: moment and token, not the event."""
    moment = str(int(at.timestamp()))
    mark = hmac.new(KEY.encode(), f"{moment}{TOKEN}".encode(), "sha256").hexdigest()
    signature = {"timestamp": moment, "token": TOKEN, "signature": mark, **changed}
    return json.dumps({"signature": signature, "event-data": told}).encode()


def told(one: Mapping[str, Any]) -> list[Event]:
    return MailgunEvents(KEY, NOW).parse(body(one))


def failed(code: str | None, words: str, **more: Any) -> dict[str, Any]:
    return event("failed", code, words, **({"severity": "permanent", "reason": "bounce"} | more))


@pytest.mark.parametrize(
    ("one", "kind", "code"),
    [
        (event("delivered", "2.0.0", "250 OK"), Kind.DELIVERED, "2.0.0"),
        (event("delivered", **{"delivery-status": None}), Kind.DELIVERED, ""),
        (failed("4.2.1", "450 slow", severity="temporary"), Kind.DELAYED, "4.2.1"),
        (failed("5.1.1", "no such user"), Kind.HARD, "5.1.1"),
        (failed(None, "5.1.1 The email account that you tried to reach does not exist"), Kind.HARD, "5.1.1"),
        (failed("5.2.2", "mailbox full"), Kind.SOFT, "5.2.2"),
        (failed("5.7.1", "blocked for spam", reason="espblock"), Kind.SOFT, "5.7.1"),
        (failed(None, "Too old", reason="old"), Kind.SOFT, ""),
        (failed(None, "", reason="suppress-bounce"), Kind.HARD, "5.1.1"),
        (failed(None, "", reason="suppress-complaint"), Kind.HARD, ""),
        (failed(None, "", reason="suppress-unsubscribe"), Kind.UNSUBSCRIBE, ""),
        (event("rejected", reject={"reason": "sandbox"}), Kind.SOFT, "5.7.1"),
        (event("complained"), Kind.COMPLAINT, ""),
        (event("unsubscribed"), Kind.UNSUBSCRIBE, ""),
    ],
)
def test_an_event_says_what_became_of_a_delivery(one: dict[str, Any], kind: Kind, code: str) -> None:
    [found] = told(one)
    assert (found.kind, found.code, found.subscriber, found.issue) == (kind, code, 1, "2025-02-14")
    assert (found.at, found.id, found.source) == ("2025-02-14T16:00:00Z", f"mailgun:{TOKEN}", "mailgun")


@pytest.mark.parametrize(
    "one",
    [
        event("opened"),
        event("accepted"),
        event("delivered", **{"user-variables": {}}),
        event("delivered", **{"user-variables": ["x"]}),
        event("delivered", **{"user-variables": {"delivery_id": "2025-02-14:0"}}),
        event("delivered", **{"user-variables": {"delivery_id": "2025-02-31:1"}}),
        event("delivered", timestamp={"a": 1}),
        event("delivered", timestamp=1e30),
        event("delivered", timestamp=float("nan")),
        {},
    ],
    ids=range(10),
)
def test_what_is_not_about_a_delivery_or_not_known_is_passed_over(one: dict[str, Any]) -> None:
    assert told(one) == []


def test_no_address_and_nothing_unstorable_is_kept() -> None:
    [found] = told(failed("5.1.1", "550 <olena@rada.example> \0 no such user"))
    assert "o***@rada.example" in found.detail
    assert "\0" not in found.detail


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"{}", b'{"signature": {}}', b"[" * 100_000])
def test_what_is_no_event_is_an_error_and_not_mailgun_s(content: bytes) -> None:
    events = MailgunEvents(KEY, NOW)
    with pytest.raises(ValueError):  # noqa: PT011  json's own words
        events.parse(content)
    assert not events.verify({}, content)


@settings(max_examples=50)
@given(JSON | st.fixed_dictionaries(dict.fromkeys(event("failed"), JSON)), JSON)
def test_any_json_is_read(found: Any, signature: Any) -> None:
    content = json.dumps({"signature": signature, "event-data": found}).encode()
    events = MailgunEvents(KEY, NOW)
    assert not events.verify({}, content)
    with suppress(ValueError):
        events.parse(content)


@pytest.mark.parametrize(
    ("age", "changed", "right"),
    [
        (timedelta(0), {}, True),
        (timedelta(hours=8, minutes=30), {}, True),
        (timedelta(hours=10), {}, False),
        (timedelta(hours=-1), {}, False),
        (timedelta(0), {"signature": "0" * 64}, False),
        (timedelta(0), {"signature": "é"}, False),
        (timedelta(0), {"signature": None}, False),
        (timedelta(0), {"token": "another-token"}, False),
        (timedelta(0), {"token": ["x"]}, False),
        (timedelta(0), {"timestamp": "9" * 40}, False),
        (timedelta(0), {"timestamp": "²"}, False),
    ],
)
def test_only_what_mailgun_signed_and_not_long_ago_is_known(
    age: timedelta, changed: dict[str, object], right: bool
) -> None:
    content = body(event("delivered"), at=NOW - age, changed=changed)
    assert MailgunEvents(KEY, NOW).verify({}, content) is right
    assert not MailgunEvents("another-key", NOW).verify({}, content)


def test_a_key_with_spaces_is_told() -> None:
    with pytest.raises(ConfigError, match="MAILGUN_WEBHOOK_KEY"):
        MailgunEvents("a key", NOW)
