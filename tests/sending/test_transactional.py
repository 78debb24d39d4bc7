"""Letters outside the ledger as messages: their headers, both parts, and a signature."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from newsletter.model import Rendered
from newsletter.sending.transactional import compose
from newsletter.slots import EMAIL, slot
from newsletter.transport.dkim import DomainSigner
from tests.sending.house import SHARED
from tests.transport.test_dkim import SIGN, verifies

NOW = datetime(2025, 2, 14, 10, tzinfo=UTC)
PAGE = Rendered(
    edition="confirm-uk",
    subject="Підтвердьте підписку: Робота громад в умовах воєнного стану",
    html=f"<p>Лист для {slot(EMAIL)}</p>",
    text=f"Лист для {slot(EMAIL)}\n.\n",
    sha256="a1" * 32,
)


def content(dkim: DomainSigner | None = None) -> bytes:
    return compose(
        PAGE,
        SHARED,
        dkim,
        number=7,
        to="o&h@example.org",
        message_id="<confirm.x@news.example.org>",
        now=NOW,
        values={EMAIL: "o&h@example.org"},
    ).content


def parsed() -> EmailMessage:
    message = message_from_bytes(content(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_both_parts_hold_the_values_of_the_slots_each_in_its_way() -> None:
    plain, html = parsed().iter_parts()
    assert plain.get_content().replace("\r\n", "\n").rstrip() == "Лист для o&h@example.org\n."
    assert html.get_content().rstrip() == "<p>Лист для o&amp;h@example.org</p>"
    assert parsed().get_content_type() == "multipart/alternative"


def test_every_header_stands_once_and_none_is_a_list_s() -> None:
    names = [name.lower() for name in parsed()]
    assert len(names) == len(set(names))
    assert not [name for name in names if name.startswith(("list-", "feedback-", "precedence"))]
    message = parsed()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["To"] == "o&h@example.org"
    assert message["Message-ID"] == "<confirm.x@news.example.org>"
    assert str(message["Subject"]) == PAGE.subject
    assert message["Reply-To"] == SHARED.reply_to


def test_the_whole_is_7_bit_with_short_lines_and_no_leading_dot() -> None:
    _, _, body = content().partition(b"\r\n\r\n")
    lines = body.split(b"\r\n")
    assert content().isascii()
    assert max(map(len, lines)) <= 76
    assert not [line for line in lines if line.startswith(b".")]


@pytest.mark.parametrize("signer", [SIGN])
def test_a_letter_is_signed_where_messages_are(signer: DomainSigner) -> None:
    signed = content(signer)
    assert verifies(signed)
    assert not verifies(signed.replace(b"Subject: ", b"Subject: X", 1))
