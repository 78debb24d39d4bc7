"""The request to SendGrid: what each reader gets once the slots are filled."""

import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Message, Rendered
from newsletter.sending.personal import Writer
from newsletter.slots import EMAIL, GREETING, PREFERENCES, UNSUBSCRIBE, VIEW, fill_html, fill_text, slot
from newsletter.store.ledger import Due
from newsletter.transport.sendgrid.api import refuse, request
from tests.drawn import image
from tests.sending import house

GOLDEN = Path(__file__).parent.parent / "data/sendgrid-request.json"
PAGE = Rendered(
    edition="0123456789abcdef",
    subject="Дайджест: 8–14 лютого",
    html=f'<p>Новини для {slot(EMAIL)}</p><a href="https://news.example.org/view/{slot(VIEW)}">У браузері</a>'
    f' <a href="https://news.example.org/preferences/{slot(PREFERENCES)}">Рубрики</a>'
    f' <a href="https://news.example.org/unsubscribe/{slot(UNSUBSCRIBE)}">Відписатися</a>',
    text=f"Новини\n\nВідписатися:\nhttps://news.example.org/unsubscribe/{slot(UNSUBSCRIBE)}\n",
    sha256="0" * 64,
)
WRITER = Writer(PAGE, house.SHARED, house.SIGNER)


def write(number: int, email: str, name: str = "") -> Message:
    return WRITER.write(Due(number, email, name, PAGE.edition, 1), house.NOW)


def filled(body: dict[str, Any], number: int) -> dict[str, str]:
    """Return the parts by type as SendGrid would send them to one person."""
    parts = {}
    for part in body["content"]:
        value = part["value"]
        for key, own in body["personalizations"][number]["substitutions"].items():
            value = value.replace(key, own)
        parts[part["type"]] = value
    return parts


def test_the_request_is_the_golden_one() -> None:
    body = request(
        [
            write(7, "o'neil&co@example.org", "Олена <мер>; Київ, рада"),
            write(8, "b@xn--80aahf2bln.xn--j1amh", ""),
        ]
    )
    assert body == json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert refuse(body, house.NOW.timestamp()) is None


@given(st.text(max_size=60))
def test_both_parts_are_filled_as_by_any_other_transport(local: str) -> None:
    message = write(7, f"{local}@example.org")
    assert filled(request([message]), 0) == {
        "text/plain": fill_text(PAGE.text, message.values),
        "text/html": fill_html(PAGE.html, message.values),
    }


@given(st.text(max_size=80))
def test_no_name_makes_a_request_unfit(name: str) -> None:
    body = request([write(7, "anna@a.test", name)])
    assert refuse(body, house.NOW.timestamp()) is None
    assert body["personalizations"][0]["to"][0].get("name", "x").isprintable() or not name.isprintable()


@given(st.text(max_size=40) | st.sampled_from(["Олена", "О'Коннор", f"{slot(UNSUBSCRIBE)}", "<b>", "&amp;"]))
def test_a_greeting_is_filled_as_by_any_other_transport(name: str) -> None:
    page = replace(PAGE, html=f"<p>{slot(GREETING)}</p>{PAGE.html}", text=f"{slot(GREETING)}\n{PAGE.text}")
    shared = replace(house.SHARED, greeting="Вітаємо, {name} & колеги!", unnamed="Вітаємо & <дякуємо>!")
    message = Writer(page, shared, house.SIGNER).write(Due(7, "a@b.test", name, page.edition, 1), house.NOW)
    parts = filled(request([message]), 0)
    assert parts == {
        "text/plain": fill_text(page.text, message.values),
        "text/html": fill_html(page.html, message.values),
    }
    assert parts["text/html"].startswith("<p>Вітаємо")
    assert " &amp; " in parts["text/html"].partition("</p>")[0]


def test_each_message_has_its_own_message_id_and_way_out() -> None:
    messages = [write(number, f"{number}@a.test") for number in range(1, 51)]
    headers = [person["headers"] for person in request(messages)["personalizations"]]
    for name in ("Message-ID", "List-Unsubscribe"):
        assert len({one[name] for one in headers}) == len(messages)
    for message, one in zip(messages, headers, strict=True):
        written = b"\r\n" + message.content.replace(b"\r\n ", b" ")
        for name, value in one.items():
            assert f"\r\n{name}: {value}\r\n".encode() in written, "as by SMTP"


def test_a_note_that_nobody_can_unsubscribe_from_does_not_say_otherwise() -> None:
    message = write(0, "editor@a.test")
    (person,) = request([replace(message, values=dict.fromkeys(message.values, ""))])["personalizations"]
    assert person["headers"].keys() == {"Message-ID", "Auto-Submitted"}


def test_nothing_is_counted_or_added_on_the_way() -> None:
    body = request([write(7, "anna@a.test")])
    kinds = {"click_tracking", "open_tracking", "subscription_tracking", "ganalytics"}
    assert set(body["tracking_settings"]) == kinds
    assert not any(one["enable"] for one in body["tracking_settings"].values())
    assert body["mail_settings"] == {"footer": {"enable": False}}


def test_pictures_are_attachments_that_the_html_shows_by_their_content_id() -> None:
    one, unused = image(b"one"), image(b"unused")
    page = replace(PAGE, html=f'<img src="cid:{one.cid}">{PAGE.html}', pictures=(one, unused))
    body = request(
        [Writer(page, house.SHARED, house.SIGNER).write(Due(7, "a@b.test", "", "e", 1), house.NOW)]
    )
    (attached,) = body["attachments"]
    assert b64decode(attached["content"]) == b"one"
    assert attached["content_id"] == one.cid
    assert (attached["type"], attached["disposition"]) == ("image/jpeg", "inline")
    assert refuse(body, house.NOW.timestamp()) is None
    assert json.dumps(body)
    assert "attachments" not in request([write(7, "a@b.test")])
