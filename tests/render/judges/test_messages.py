"""Each message as Python's parser reads it: no defect, and what was rendered."""

from collections.abc import Callable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

import html5lib
import pytest

from newsletter.slots import fill_html, fill_text
from tests.gallery import VALUES
from tests.render.judges.conftest import EVERY, Made

each = pytest.mark.parametrize("name", EVERY)


@each
def test_python_s_parser_finds_no_defect(mail: Callable[[str], Made], name: str) -> None:
    message = BytesParser(policy=default).parsebytes(mail(name).mail.message)
    for part in message.walk():
        assert isinstance(part, EmailMessage)
        assert part.defects == []
        assert [(header, value) for header, value in part.items() if value.defects] == []
        if not part.is_multipart():
            assert part.get_content()


@each
def test_both_parts_arrive_as_they_were_rendered(mail: Callable[[str], Made], name: str) -> None:
    found = mail(name).mail
    assert found.text.replace("\r\n", "\n") == fill_text(found.page.text, VALUES)
    assert found.html.replace("\r\n", "\n").strip() == fill_html(found.page.html, VALUES).strip()


@each
def test_a_strict_parser_reads_the_html_without_an_error(mail: Callable[[str], Made], name: str) -> None:
    html5lib.HTMLParser(strict=True).parse(mail(name).mail.html)


@each
def test_every_picture_of_the_html_is_in_the_message_and_the_other_way_round(
    mail: Callable[[str], Made], name: str
) -> None:
    found = mail(name).mail
    assert [cid for cid in found.pictures if f"cid:{cid}" not in found.html] == []
    assert "cid:" not in found.shown
