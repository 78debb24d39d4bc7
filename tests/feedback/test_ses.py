"""What Amazon SES's events say, and whether they are SNS's of our topic."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.feedback import ses
from newsletter.feedback.ses import SesEvents
from newsletter.store.events import Event, Kind
from tests.feedback import sns
from tests.feedback.sns import CERTIFICATE, CONFIRM, HOST, NOW, TOPIC, Web, event
from tests.feedback.test_sendgrid import JSON

OTHER = "arn:aws:sns:eu-central-1:999999999999:theirs"


@pytest.fixture(autouse=True)
def _nothing_cached() -> Iterator[None]:
    ses.certificates.clear()
    yield
    ses.certificates.clear()


def events(web: Web | None = None, now: datetime = NOW, topics: str = TOPIC) -> SesEvents:
    return SesEvents(topics, now, web or Web())


def told(one: dict[str, Any]) -> list[Event]:
    return events().parse(sns.body(one))


def bounced(sort: str, detail: str, **recipient: str) -> dict[str, Any]:
    people = [{"emailAddress": "olena@rada.example", **recipient}]
    return event("Bounce", bounceType=sort, bounceSubType=detail, feedbackId="f", bouncedRecipients=people)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_request_that_sns_signed_for_our_topic_is_known(version: str) -> None:
    assert events().verify({}, sns.body(event("Delivery"), version))
    assert events().verify({}, sns.body("Ж \n", version, Subject=None))
    assert events(topics=f"{OTHER}, {TOPIC}").verify({}, sns.asked())


def test_the_certificate_is_fetched_once() -> None:
    web = Web()
    for number in range(3):
        assert events(web).verify({}, sns.body(event("Delivery", number)))
    assert web.fetched == [CERTIFICATE]


@pytest.mark.parametrize(
    "after",
    [
        {"Message": "{}"},
        {"Subject": "other"},
        {"Signature": "AAAA"},
        {"Signature": "not base64 é"},
        {"Signature": 7},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"Type": "SubscriptionConfirmation"},
        {"Type": "Other"},
        {"Timestamp": "2025-02-14T17:59:01.000Z"},
        {"Timestamp": "2025-02-14T17:59:00.000"},
        {"Timestamp": None},
        {"TopicArn": OTHER},
        {"TopicArn": [TOPIC]},
    ],
    ids=range(14),
)
def test_what_was_altered_is_refused(after: dict[str, Any]) -> None:
    assert not events().verify({}, sns.body(event("Bounce"), after=after))


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE.replace("https", "http"),
        "https://evil.example/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-0123abcd.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://s3.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        f"{HOST}/mine/SimpleNotificationService-0123abcd.pem",
        f"{HOST}/../SimpleNotificationService-0123abcd.pem",
        f"{HOST}/SimpleNotificationService-0123abcd.pem\n",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(url: str) -> None:
    web = Web()
    assert not events(web).verify({}, sns.body(event("Bounce"), SigningCertURL=url))
    assert web.fetched == []


def test_a_topic_of_others_is_refused_though_sns_signed_it_and_nothing_is_fetched() -> None:
    web = Web()
    assert not events(web).verify({}, sns.body(event("Bounce"), TopicArn=OTHER))
    assert not events(web).verify({}, sns.asked(TopicArn=OTHER))
    assert web.fetched == []


def test_a_certificate_that_leads_away_cannot_be_had_or_has_ended_counts_nothing() -> None:
    body = sns.body(event("Bounce"))
    assert not events(Web(leads_to="https://evil.example/x.pem")).verify({}, body)
    gone = sns.body(event("Bounce"), SigningCertURL=CERTIFICATE.replace("0123", "9999"))
    assert not events().verify({}, gone)
    late = NOW + timedelta(days=400)
    assert not events(now=late).verify({}, sns.body(event("Bounce"), Timestamp=late.isoformat()))
    assert events().verify({}, body), "and nothing wrong was kept"


@pytest.mark.parametrize("moved", [timedelta(hours=3), timedelta(minutes=-10)])
def test_an_old_or_a_future_moment_is_refused_though_it_is_signed(moved: timedelta) -> None:
    assert not events(now=NOW + moved).verify({}, sns.body(event("Bounce")))


def test_a_subscription_to_our_topic_is_confirmed_at_sns_alone() -> None:
    web = Web()
    assert events(web).parse(sns.asked()) == []
    assert web.fetched == [CONFIRM]
    for changed in (
        {"TopicArn": OTHER},
        {"SubscribeURL": "https://evil.example/?Action=ConfirmSubscription"},
    ):
        with pytest.raises(ValueError, match="not a subscription of ours"):
            events(web).parse(sns.asked(**changed))
    assert web.fetched == [CONFIRM]
    with pytest.raises(ValueError, match="leads away"):
        events(Web(leads_to="https://evil.example/")).parse(sns.asked())
    with pytest.raises(ValueError, match="cannot be confirmed"):
        events().parse(sns.asked(SubscribeURL=f"{HOST}/gone"))


@pytest.mark.parametrize(
    ("one", "kind", "code"),
    [
        (bounced("Permanent", "General", status="5.1.1", diagnosticCode="smtp; 550 no"), Kind.HARD, "5.1.1"),
        (
            bounced("Permanent", "General", status="5.7.1", diagnosticCode="smtp; 550 no"),
            Kind.SOFT,
            "5.7.1",
        ),
        (bounced("Permanent", "General"), Kind.HARD, ""),
        (bounced("Permanent", "NoEmail"), Kind.HARD, "5.1.1"),
        (bounced("Permanent", "Suppressed"), Kind.HARD, "5.1.1"),
        (bounced("Permanent", "OnAccountSuppressionList"), Kind.HARD, "5.1.1"),
        (bounced("Permanent", "UnsubscribedRecipient"), Kind.UNSUBSCRIBE, ""),
        (bounced("Transient", "MailboxFull", status="5.2.2"), Kind.SOFT, "5.2.2"),
        (bounced("Transient", "General", status="5.1.1"), Kind.SOFT, "5.1.1"),
        (bounced("Undetermined", "Undetermined"), Kind.SOFT, ""),
        (event("Complaint", complaintFeedbackType="abuse", feedbackId="c"), Kind.COMPLAINT, ""),
        (event("Complaint", complaintSubType="OnAccountSuppressionList"), Kind.COMPLAINT, ""),
        (event("Delivery", smtpResponse="250 ok"), Kind.DELIVERED, ""),
        (event("DeliveryDelay", delayType="MailboxFull"), Kind.DELAYED, ""),
        (event("Reject", reason="Bad content"), Kind.SOFT, "5.7.1"),
    ],
    ids=range(15),
)
def test_an_event_says_what_became_of_a_delivery(one: dict[str, Any], kind: Kind, code: str) -> None:
    for name in ("eventType", "notificationType"):
        (found,) = told({name: one["eventType"], **{key: one[key] for key in one if key != "eventType"}})
        assert (found.kind, found.code, found.subscriber, found.issue) == (kind, code, 1, "2025-02-14")
        assert found.at == "2025-02-14T16:00:00Z"
        assert found.id.startswith("ses:")
    assert told(one) == told(one)


@pytest.mark.parametrize(
    "one",
    [
        event("Open"),
        event("Send"),
        event("Complaint", complaintFeedbackType="not-spam"),
        event("Bounce", tags={}),
        event("Bounce", tags={"digest-issue": "2025-02-14", "digest-reader": "1"}),
        event("Bounce", tags={"digest-issue": ["2025-02-31"], "digest-reader": ["1"]}),
        event("Bounce", 0),
        event("Bounce", -1),
        event("Bounce", 10**20),
        event("Bounce", feedbackId="a\0b"),
        event("Bounce", timestamp="soon"),
        {"eventType": ["Bounce"]},
        {},
    ],
    ids=range(13),
)
def test_what_is_not_about_a_delivery_or_not_known_is_passed_over(one: dict[str, Any]) -> None:
    assert told(one) == []


def test_the_first_words_of_ses_to_a_topic_are_no_event() -> None:
    assert events().parse(sns.body("Successfully validated SNS topic for Amazon SES event publishing.")) == []


def test_no_address_and_nothing_unstorable_is_kept() -> None:
    words = "smtp; 550 5.1.1 <olena@rada.example> \u0000\ud800 no such user"
    (found,) = told(bounced("Permanent", "General", diagnosticCode=words))
    assert "olena@" not in found.detail
    assert "o***@rada.example" in found.detail
    found.detail.encode()
    assert "\0" not in found.detail


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"[" * 100_000, b"\xff"])
def test_what_is_no_message_of_sns_is_an_error_and_not_verified(body: bytes) -> None:
    assert not events().verify({}, body)
    with pytest.raises(ValueError):  # noqa: PT011  json's own words
        events().parse(body)


@settings(max_examples=50)
@given(JSON | st.fixed_dictionaries({"eventType": st.just("Bounce"), "mail": JSON, "bounce": JSON}))
def test_any_json_is_read(found: Any) -> None:
    events().parse(sns.body(json.dumps(found)))


@pytest.mark.parametrize("topics", ["", "digest", TOPIC.replace("sns", "sqs"), f"{TOPIC} x"])
def test_what_is_no_topic_is_told(topics: str) -> None:
    with pytest.raises(ConfigError, match="SES_TOPIC_ARN"):
        events(topics=topics)
