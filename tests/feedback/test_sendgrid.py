"""What SendGrid's events say, and whether they are SendGrid's."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.feedback.sendgrid import SendGridEvents
from newsletter.store.events import Event, Kind
from tests.feedback import signing
from tests.feedback.signing import event

NOW = datetime(2025, 2, 14, 18, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def told(*events: dict[str, Any]) -> list[Event]:
    return SendGridEvents(signing.PUBLIC, NOW).parse(signing.body(*events))


def verified(body: bytes, at: datetime = NOW, changed: Mapping[str, str] = MappingProxyType({})) -> bool:
    headers = signing.headers(body, at) | {
        f"X-Twilio-Email-Event-Webhook-{name.title()}": value for name, value in changed.items()
    }
    return SendGridEvents(signing.PUBLIC, NOW).verify(headers, body)


@pytest.mark.parametrize(
    ("one", "kind", "code"),
    [
        (event("delivered", response="250 OK"), Kind.DELIVERED, ""),
        (event("deferred", response="450 4.2.1 slow"), Kind.DELAYED, ""),
        (event("bounce", type="bounce", status="5.1.1", reason="550 5.1.1 no such user"), Kind.HARD, "5.1.1"),
        (event("bounce", type="bounce", status="5.2.2", reason="552 5.2.2 mailbox full"), Kind.SOFT, "5.2.2"),
        (event("bounce", type="blocked", status="5.1.1", reason="550 5.1.1 unknown"), Kind.SOFT, "5.1.1"),
        (event("bounce", status="nonsense", reason=None), Kind.SOFT, ""),
        (event("dropped", reason="Bounced Address"), Kind.HARD, "5.1.1"),
        (event("dropped", reason="Invalid"), Kind.HARD, "5.1.1"),
        (event("dropped", reason="Spam Reporting Address"), Kind.HARD, ""),
        (event("dropped", reason="Unsubscribed Address"), Kind.UNSUBSCRIBE, ""),
        (event("dropped", reason="Recipient List over Package Quota"), Kind.SOFT, "5.7.1"),
        (event("spamreport"), Kind.COMPLAINT, ""),
        (event("unsubscribe"), Kind.UNSUBSCRIBE, ""),
        (event("group_unsubscribe"), Kind.UNSUBSCRIBE, ""),
    ],
)
def test_an_event_says_what_became_of_a_delivery(one: dict[str, Any], kind: Kind, code: str) -> None:
    (found,) = told(one)
    assert (found.kind, found.code, found.subscriber, found.issue) == (kind, code, 1, "2025-02-14")
    assert found.at == "2025-02-14T16:00:00Z"
    assert found.id == f"sendgrid:{one['sg_event_id']}"


@pytest.mark.parametrize(
    "one",
    [
        event("open"),
        event("processed"),
        event("something new"),
        event(""),
        {"event": "bounce"},
        event("bounce", delivery_id="note"),
        event("bounce", delivery_id="2025-02-14:0"),
        event("bounce", delivery_id="2025-02-14:-5"),
        event("bounce", delivery_id="2025-02-14:99999999999999999999"),
        event("bounce", delivery_id="2025-02-31:1"),
        event("bounce", sg_event_id=None),
        event("bounce", sg_event_id="a\0b"),
        event("bounce", sg_event_id="x" * 500),
        event("bounce", timestamp={"a": 1}),
        event("bounce", timestamp=10**30),
        event("bounce", event=["bounce"]),
    ],
    ids=range(16),
)
def test_what_is_not_about_a_delivery_or_not_known_is_passed_over(one: dict[str, Any]) -> None:
    assert [found.kind for found in told(one, event("delivered"))] == [Kind.DELIVERED]


def test_no_address_and_nothing_unstorable_is_kept() -> None:
    reason = "550 5.1.1 <olena@rada.example> \u0000\ud800 no such user"
    (found,) = told(event("bounce", type="bounce", status="5.1.1", reason=reason))
    assert "olena@" not in found.detail
    assert "o***@rada.example" in found.detail
    found.detail.encode()
    assert "\0" not in found.detail


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"7", b"[" * 100_000])
def test_what_is_no_list_of_events_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  json's own words
        SendGridEvents(signing.PUBLIC, NOW).parse(body)


@settings(max_examples=50)
@given(st.lists(JSON | st.fixed_dictionaries(dict.fromkeys(event("bounce"), JSON))))
def test_any_json_is_read(found: list[Any]) -> None:
    SendGridEvents(signing.PUBLIC, NOW).parse(json.dumps(found).encode())


def test_a_request_that_sendgrid_signed_is_known() -> None:
    assert verified(signing.body(event("bounce")))
    assert verified(signing.body(), at=NOW - timedelta(hours=24, minutes=30)), "it tries for a day"


def test_json_that_was_read_and_written_again_is_not() -> None:
    content = signing.body(event("bounce"))
    headers = signing.headers(content, NOW)
    again = json.dumps(json.loads(content)).encode()
    assert not SendGridEvents(signing.PUBLIC, NOW).verify(headers, again)
    assert not SendGridEvents(signing.PUBLIC, NOW).verify(headers, content.strip())


@pytest.mark.parametrize("at", [NOW - timedelta(hours=26), NOW + timedelta(hours=1)])
def test_an_old_or_a_future_moment_is_refused_though_it_is_signed(at: datetime) -> None:
    assert not verified(signing.body(event("bounce")), at=at)


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": ""},
        {"signature": "AAAA"},
        {"signature": "not base64 é"},
        {"timestamp": ""},
        {"timestamp": "1739555999"},
        {"timestamp": "soon"},
        {"timestamp": "9" * 40},
    ],
)
def test_a_signature_or_moment_that_is_missing_or_wrong_is_refused(changed: dict[str, str]) -> None:
    assert not verified(signing.body(event("bounce")), changed=changed)


def test_a_request_without_the_headers_or_in_another_encoding_is_refused() -> None:
    events = SendGridEvents(signing.PUBLIC, NOW)
    assert not events.verify({}, b"[]")
    content = b"\xff\xfe"
    assert not events.verify(signing.headers(content, NOW), content)


RSA = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjb"
    "JTWit+CqvjWYzvQwECAwEAAQ=="
)


@pytest.mark.parametrize("key", ["", "nonsense", "AAAA", "é", RSA])
def test_what_is_no_public_key_is_told(key: str) -> None:
    with pytest.raises(ConfigError, match="SENDGRID_WEBHOOK_KEY"):
        SendGridEvents(key, NOW)
