"""What SendGrid would refuse is refused here: one request per limit."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from newsletter.transport.sendgrid.api import refuse

Body = dict[str, Any]
NOW = 1_739_541_600.0
GOOD: Body = {
    "personalizations": [
        {
            "to": [{"email": f"reader{number}@a.test", "name": "Олена"}],
            "headers": {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
            "substitutions": {"QZ7EMAILQZ": f"reader{number}@a.test"},
            "custom_args": {"delivery_id": f"2025-02-14:{number}"},
        }
        for number in range(2)
    ],
    "from": {"email": "digest@news.example.org", "name": "Асоціація"},
    "reply_to": {"email": "office@news.example.org"},
    "subject": "Дайджест",
    "content": [{"type": "text/plain", "value": "Новини"}, {"type": "text/html", "value": "<p>Новини</p>"}],
    "headers": {"List-Id": "<digest.news.example.org>"},
    "categories": ["digest"] * 10,
    "send_at": int(NOW) + 72 * 3600,
}


def person(**values: object) -> Callable[[Body], None]:
    """Change the second person of a request."""
    return lambda body: body["personalizations"][1].update(values)


def whole(**values: object) -> Callable[[Body], None]:
    """Change what all people of a request share."""
    return lambda body: body.update(values)


def to(*addresses: str, **values: str) -> list[dict[str, str]]:
    return [{"email": address, **values} for address in addresses]


PLAIN, HTML = GOOD["content"]
CROWD = [f"{number}@b.test" for number in range(1000)]
RESERVED = (
    "x-sg-id x-sg-eid received dkim-signature Content-Type Content-Transfer-Encoding To From Subject Reply-To"
    " CC BCC"
)


def test_a_good_request_passes() -> None:
    assert refuse(GOOD, NOW) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param(whole(personalizations=[]), "personalizations", id="nobody"),
        pytest.param(
            whole(personalizations=[{"to": to(address)} for address in [*CROWD, "one@more.test"]]),
            "personalizations",
            id="1001 personalizations",
        ),
        pytest.param(person(to=to(*CROWD)), "personalizations", id="1001 recipients in to"),
        pytest.param(
            person(cc=to(*CROWD[:500]), bcc=to(*CROWD[500:])),
            "personalizations",
            id="1002 recipients in to, cc and bcc",
        ),
        pytest.param(
            whole(content=[PLAIN, {"type": "text/html", "value": "x" * 30_000_000}]),
            "personalizations",
            id="30 MB",
        ),
        pytest.param(person(to=to("READER0@a.test")), "personalizations", id="an address twice"),
        pytest.param(person(headers={"X-One": 1}), "personalizations.1.headers", id="a header's number"),
        pytest.param(
            person(headers={"X-One": "1", "x-one": "2"}), "personalizations.1.headers", id="a header twice"
        ),
        pytest.param(
            person(custom_args={"id": 7}), "personalizations.1.custom_args", id="an argument's number"
        ),
        pytest.param(person(custom_args={}), "personalizations.1.custom_args", id="no argument"),
        pytest.param(person(custom_args={"id": ""}), "personalizations.1.custom_args", id="empty argument"),
        pytest.param(
            person(custom_args={"id": "ї" * 5000}), "personalizations.1.custom_args", id="long arguments"
        ),
        pytest.param(whole(custom_args={"id": 7}), "custom_args", id="an argument of the whole"),
        pytest.param(
            person(substitutions={"QZ7EMAILQZ": "ї" * 5000}),
            "personalizations.1.substitutions",
            id="long substitutions",
        ),
        pytest.param(whole(categories=["digest"] * 11), "categories", id="11 categories"),
        pytest.param(whole(categories=["дайджест"]), "categories", id="a category in Ukrainian"),
        pytest.param(whole(subject=""), "subject", id="no subject"),
        pytest.param(whole(content=[]), "content", id="no content"),
        pytest.param(whole(content=[{**PLAIN, "value": ""}, HTML]), "content", id="empty content"),
        pytest.param(whole(content=[HTML, PLAIN]), "content", id="HTML before text"),
        pytest.param(
            person(to=to("a@a.test", name="Рада; мер")), "personalizations.1.to", id="semicolon in name"
        ),
        pytest.param(
            person(cc=to("a@a.test", name="Рада, мер")), "personalizations.1.to", id="comma in name"
        ),
        pytest.param(whole(reply_to_list=to("office@a.test")), "reply_to", id="both kinds of reply_to"),
        pytest.param(whole(send_at=int(NOW) + 72 * 3600 + 1), "send_at", id="in more than 72 hours"),
        pytest.param(whole(send_at=int(NOW) - 1), "send_at", id="in the past, which would be at once"),
        pytest.param(person(send_at=int(NOW) - 1), "personalizations.1.send_at", id="one person's past"),
        pytest.param(whole(**{"from": {"email": "дайджест@a.test"}}), "from.email", id="sender not in ASCII"),
        *(
            pytest.param(person(headers={name: "x"}), "personalizations.1.headers", id=f"the header {name}")
            for name in RESERVED.split()
        ),
        pytest.param(whole(headers={"Reply-To": "x"}), "headers", id="a reserved header of the whole"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_by_its_field(change: Callable[[Body], None], field: str) -> None:
    body = deepcopy(GOOD)
    change(body)
    fault = refuse(body, NOW)
    assert fault
    assert fault.field == field


def test_what_just_fits_is_not_refused() -> None:
    body = deepcopy(GOOD)
    body["personalizations"] = [{"to": to(address)} for address in CROWD]
    body["personalizations"][0]["substitutions"] = {"QZ7EMAILQZ": "x" * 9_990}
    body["personalizations"][0]["custom_args"] = {"id": "x" * 9_998}
    assert refuse(body, NOW) is None
