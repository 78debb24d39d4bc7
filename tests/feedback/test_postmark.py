"""What Postmark's webhooks say, and whether they are Postmark's."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.feedback.postmark import PostmarkEvents
from newsletter.store.events import Event, Kind
from tests.feedback.test_sendgrid import JSON

NOW = datetime(2025, 2, 14, 18, 0, tzinfo=UTC)
SECRET = "postmark:0123456789abcdef"  # noqa: S105
MOMENT = "2025-02-14T16:00:00Z"
MESSAGE = "883953f4-6105-42a2-a16a-77a8eac79483"


def event(record: str, **more: Any) -> dict[str, Any]:
    """Return one event about a delivery of the issue of 14 February, as Postmark's pages show it."""
    return {
        "RecordType": record,
        "MessageID": MESSAGE,
        "MessageStream": "broadcast",
        "Email": "reader1@city.example.org",
        "Metadata": {"delivery_id": "2025-02-14:1"},
        **more,
    }


def bounce(kind: str, details: str = "", **more: Any) -> dict[str, Any]:
    at = "2025-02-14T11:00:00.2735393-05:00"
    return event("Bounce", ID=42, Type=kind, Details=details, BouncedAt=at, **more)


def told(one: object) -> list[Event]:
    return PostmarkEvents(SECRET, NOW).parse(json.dumps(one).encode())


def login(secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}


def left(**more: Any) -> dict[str, Any]:
    return event("SubscriptionChange", Origin="Recipient", ChangedAt=MOMENT, **more)


@pytest.mark.parametrize(
    ("one", "kind", "code"),
    [
        (event("Delivery", Details="250 2.0.0 OK", DeliveredAt=MOMENT), Kind.DELIVERED, "2.0.0"),
        (bounce("HardBounce", "smtp;550 5.1.1 no such user", Inactive=True), Kind.HARD, "5.1.1"),
        (bounce("HardBounce", "", Inactive=True), Kind.HARD, ""),
        (bounce("HardBounce", "smtp;552 5.2.2 mailbox full", Inactive=False), Kind.SOFT, "5.2.2"),
        (bounce("HardBounce", "550 5.1.1 no such user", Inactive=False), Kind.HARD, "5.1.1"),
        (bounce("BadEmailAddress"), Kind.HARD, "5.1.1"),
        (bounce("SoftBounce", "452 4.2.2 over quota"), Kind.SOFT, "4.2.2"),
        (bounce("Transient", "421 4.3.0 later"), Kind.DELAYED, "4.3.0"),
        (bounce("DnsError"), Kind.DELAYED, ""),
        (bounce("Blocked", "blocked, see 192.5.1.1"), Kind.SOFT, "5.7.1"),
        (bounce("SpamNotification"), Kind.SOFT, "5.7.1"),
        (bounce("DMARCPolicy", "550 5.7.26 DMARC"), Kind.SOFT, "5.7.26"),
        (bounce("SpamComplaint"), Kind.COMPLAINT, ""),
        (bounce("Unsubscribe"), Kind.UNSUBSCRIBE, ""),
        (event("SpamComplaint", ID=42, Type="SpamComplaint", BouncedAt=MOMENT), Kind.COMPLAINT, ""),
        (left(SuppressSending=True, SuppressionReason="ManualSuppression"), Kind.UNSUBSCRIBE, ""),
        (left(SuppressSending=True, SuppressionReason="HardBounce"), Kind.HARD, "5.1.1"),
        (left(SuppressSending=True, SuppressionReason="SpamComplaint"), Kind.COMPLAINT, ""),
    ],
)  # fmt: skip
def test_an_event_says_what_became_of_a_delivery(one: dict[str, Any], kind: Kind, code: str) -> None:
    (found,) = told(one)
    assert (found.kind, found.code, found.subscriber, found.issue) == (kind, code, 1, "2025-02-14")
    assert found.at == MOMENT
    assert found.id == f"postmark:{one['RecordType']}:{one.get('ID', MESSAGE)}"


@pytest.mark.parametrize(
    "one",
    [
        event("Open"),
        event("something new"),
        {"RecordType": "Bounce"},
        bounce("AutoResponder"),
        bounce("InboundError"),
        left(SuppressSending=False, SuppressionReason=None),
        left(SuppressSending=True, SuppressionReason="ManualSuppression", MessageID=None),
        event("Delivery", Metadata={}),
        event("Delivery", Metadata=["delivery_id"]),
        event("Delivery", Metadata={"delivery_id": "2025-02-14:0"}),
        event("Delivery", Metadata={"delivery_id": "2025-02-31:1"}),
        event("Delivery", MessageID="a\0b"),
        event("Delivery", MessageID="x" * 500),
        event("Delivery", DeliveredAt={"a": 1}),
        event("Delivery", DeliveredAt="soon"),
    ],
    ids=range(15),
)
def test_what_is_not_about_a_delivery_or_not_known_is_passed_over(one: dict[str, Any]) -> None:
    assert told(one) == []


def test_no_address_and_nothing_unstorable_is_kept() -> None:
    (found,) = told(bounce("HardBounce", "550 5.1.1 <olena@rada.example> \u0000\ud800 no such user"))
    assert "olena@" not in found.detail
    found.detail.encode()
    assert "\0" not in found.detail


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"[" * 100_000])
def test_what_is_no_event_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  json's own words
        PostmarkEvents(SECRET, NOW).parse(body)


@settings(max_examples=50)
@given(st.fixed_dictionaries(dict.fromkeys(bounce("Bounce"), JSON)))
def test_any_json_is_read(found: dict[str, Any]) -> None:
    told(found)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        login("postmark:wrong"),
        login("postmark:"),
        login(f"x{SECRET}"),
        {"Authorization": "Basic é\udc80"},
    ],
)
def test_a_request_without_the_secret_is_refused(headers: dict[str, str]) -> None:
    assert PostmarkEvents(SECRET, NOW).verify(login(SECRET), b"{}")
    assert not PostmarkEvents(SECRET, NOW).verify(headers, b"{}")


@pytest.mark.parametrize("key", ["", "0123456789abcdef", "postmark:short", "postmark:0123456789 abcdef"])
def test_a_secret_that_protects_nothing_is_told(key: str) -> None:
    with pytest.raises(ConfigError, match="POSTMARK_WEBHOOK_SECRET"):
        PostmarkEvents(key, NOW)
