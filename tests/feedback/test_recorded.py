"""What a file of events says of messages whose answer was lost, whichever provider recorded them."""

import json
from typing import Any

import pytest

from newsletter.errors import ContentError
from newsletter.feedback.recorded import recorded
from newsletter.model import Outcome
from newsletter.registry import PROVIDERS
from tests.feedback import signing, sns, test_mailgun, test_postmark, test_ses

TAKEN: dict[str, list[dict[str, Any]]] = {
    "sendgrid": [signing.event("processed"), signing.event("delivered"), signing.event("open")],
    "mailgun": [
        test_mailgun.event("accepted"),
        json.loads(test_mailgun.body(test_mailgun.event("delivered"))),
    ],
    "postmark": [
        test_postmark.event("Delivery"),
        {"MessageID": "x", "Status": "Sent", "Metadata": {"delivery_id": "2025-02-14:1"}},
    ],
    "ses": [sns.event("Send"), json.loads(sns.body(sns.event("Delivery")))],
}
"""Events by which a provider has the first reader's message, as webhooks post or APIs list them."""

REFUSED: dict[str, dict[str, Any]] = {
    "sendgrid": signing.event("bounce", reason="550 no such user"),
    "mailgun": test_mailgun.failed("5.1.1", "no such user"),
    "postmark": test_postmark.bounce("HardBounce", "550 no such user", Inactive=True),
    "ses": test_ses.bounced("Permanent", "General", diagnosticCode="smtp; 550 no such user"),
}
UNKNOWN: dict[str, dict[str, Any]] = {
    "sendgrid": signing.event("something new"),
    "mailgun": test_mailgun.event("something new"),
    "postmark": test_postmark.event("Something"),
    "ses": sns.event("Rendering Failure"),
}


def outcomes(*events: object) -> dict[str, Outcome]:
    return {key: one.outcome for key, one in recorded(json.dumps(events), "events.json").items()}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_who_has_a_message_is_known_by_any_event_that_shows_it(provider: str) -> None:
    for one in TAKEN[provider]:
        assert outcomes(one) == {"2025-02-14:1": Outcome.ACCEPTED}, one
    assert outcomes(UNKNOWN[provider]) == {}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_refusal_counts_in_any_order(provider: str) -> None:
    every = [*TAKEN[provider], REFUSED[provider]]
    assert outcomes(*every) == outcomes(*every[::-1]) == {"2025-02-14:1": Outcome.REFUSED}
    (receipt,) = recorded(json.dumps(REFUSED[provider]), "events.json").values()
    assert (receipt.code, "no such user" in receipt.detail) == (550, True)


@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        lambda events: "\n".join(map(json.dumps, events)),
        lambda events: "\n".join(json.dumps([one]) for one in events),
        lambda events: json.dumps({"items": events, "paging": {}}),
        lambda events: json.dumps({"TotalCount": 2, "Messages": events}),
    ],
    ids=["a list", "one a line", "a webhook's body a line", "Mailgun's page", "Postmark's page"],
)
def test_a_file_may_hold_events_of_all_providers_in_any_form(write: Any) -> None:
    events = [{**signing.event("delivered", 2), "extra": [7]}, *(ones[0] for ones in TAKEN.values())]
    assert set(recorded(write(events), "events.json")) == {"2025-02-14:1", "2025-02-14:2"}


def test_what_is_not_about_our_deliveries_is_passed_over() -> None:
    assert outcomes({"event": "delivered"}, 7, None, [], {"mail": {"tags": {"digest-issue": []}}}) == {}


@pytest.mark.parametrize("text", ["not json", "", "{}\nnot json", "[" * 100_000])
def test_a_file_without_events_is_told(text: str) -> None:
    if not text:
        assert recorded(text, "events.json") == {}
        return
    with pytest.raises(ContentError, match=r"events\.json holds no events"):
        recorded(text, "events.json")
