"""The message as bytes: parsed back, it says what was put in, whatever was put in."""

import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Envelope, Rendered
from newsletter.recipes import TEXT, Part
from newsletter.slots import EMAIL, PREFERENCES, UNSUBSCRIBE, VIEW, fill_html, fill_text, slot
from newsletter.transport.body import Base64, quoted_printable, tokens_of
from newsletter.transport.mime import Skeleton, mailbox, note, unstructured
from tests.drawn import image

SHARED = Envelope(
    issue="2025-02-14",
    from_name="Асоціація міст України",
    from_address="digest@news.example.org",
    reply_to="office@news.example.org",
    list_id="digest.news.example.org",
    base_url="https://news.example.org",
)
VALUES = {EMAIL: "o'neil&co@example.org", PREFERENCES: "p" * 31, UNSUBSCRIBE: "u" * 31, VIEW: "v" * 31}
NOW = datetime(2025, 2, 14, 14, 0, 5, 999, tzinfo=UTC)
SINGLE = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "CFBL-Feedback-ID",
    "MIME-Version",
    "Content-Type",
)

controls = st.characters(categories=["Cc", "Zl", "Zp"])
line = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300)
prose = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\r"), max_size=500
)
ukrainian = st.lists(
    st.sampled_from(
        ["Київ", "громада", "2025", "ВПО", "«Дія»", "Ukraine", "–", "p.s.", "=?utf-8?q?x?=", "🇺🇦"]
    ),
    min_size=1,
    max_size=25,
).map(" ".join)


def page(html: str, text: str, subject: str = "Дайджест") -> Rendered:
    return Rendered(edition="e" * 16, subject=subject, html=html, text=text, sha256="a" * 64)


def built(rendered: Rendered, *, name: str = "Олена", email: str = "olena@example.org") -> bytes:
    skeleton = Skeleton(rendered, SHARED)
    pieces = skeleton.pieces(
        name=name, email=email, message_id="<1@example.org>", date=NOW, values=VALUES, report="r" * 31
    )
    return b"".join(pieces)


def decoded(raw: str) -> str:
    return str(make_header(decode_header(raw)))


def parts(content: bytes) -> tuple[str, str, Message]:
    message = message_from_bytes(content)
    assert not message.defects
    payloads = message.get_payload()
    assert isinstance(payloads, list)
    bodies = []
    for part, kind in zip(payloads, ("text/plain", "text/html"), strict=True):
        assert isinstance(part, Message)
        assert not part.defects
        assert part.get_content_type() == kind
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        bodies.append(payload.decode().replace("\r\n", "\n"))
    return bodies[0], bodies[1], message


def words(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_every_header_stands_once_and_says_what_providers_ask_for() -> None:
    _, _, message = parts(built(page("<p>x</p>", "x")))
    assert sorted(message.keys()) == sorted(SINGLE)
    assert message["To"].replace("\r\n", "").endswith("<olena@example.org>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"].replace("\r\n", "") == (
        f"<https://news.example.org/unsubscribe/{'u' * 31}>, <mailto:u+{'u' * 31}@news.example.org>"
    )
    assert message["List-Id"] == "<digest.news.example.org>"
    assert re.fullmatch(r"2025-02-14:e{16}:digest:[a-z0-9]{5,15}", message["Feedback-ID"])
    assert message["CFBL-Feedback-ID"] == "r" * 31
    assert message["Date"] == "Fri, 14 Feb 2025 14:00:05 +0000"


@given(html=prose, text=prose, where=st.lists(st.sampled_from(sorted(VALUES)), max_size=4))
def test_both_parts_come_back_as_they_were_with_the_readers_values(
    html: str, text: str, where: list[str]
) -> None:
    slots = ".".join(slot(name) for name in where)
    rendered = page(f"{html}{slots}.{html}", f"{text}{slots}.{text}")
    content = built(rendered)
    got_text, got_html, _ = parts(content)
    assert got_html == fill_html(rendered.html, VALUES).replace("\r\n", "\n")
    assert got_text == fill_text(rendered.text, VALUES).replace("\r\n", "\n")


@given(html=prose, text=prose, subject=line, name=line)
def test_a_message_is_seven_bit_with_short_lines_none_of_which_starts_with_a_dot(
    html: str, text: str, subject: str, name: str
) -> None:
    content = built(page(html + slot(EMAIL) + ".\n.x", "." + text + slot(VIEW) + ".", subject), name=name)
    assert content.isascii()
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(line.startswith(b".") for line in lines)
    _, _, body = content.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76


@given(
    contents=st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=4, unique=True), text=prose
)
def test_pictures_come_back_byte_for_byte_beside_the_html_that_shows_them(
    contents: list[bytes], text: str
) -> None:
    pictures = tuple(map(image, contents))
    shown = "".join(f'<img src="cid:{one.cid}">' for one in pictures)
    rendered = replace(page(f"{shown}{text}{slot(EMAIL)}", text + slot(VIEW)), pictures=pictures)
    content = built(rendered)
    assert content.isascii()
    assert max(map(len, content.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76
    assert not any(line.startswith(b".") for line in content.split(b"\r\n"))
    message = message_from_bytes(content, policy=policy.default)
    assert [one.defects for one in message.walk()] == [[]] * (4 + len(pictures))
    plain, related = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert words(plain).replace("\r\n", "\n") == fill_text(rendered.text, VALUES)
    assert (related.get_content_type(), related.get_param("type")) == ("multipart/related", "text/html")
    root, *attached = related.iter_parts()
    assert words(root).replace("\r\n", "\n") == fill_html(rendered.html, VALUES)
    assert [one.get_content() for one in attached] == contents
    assert [one["Content-ID"] for one in attached] == [f"<{one.cid}>" for one in pictures]
    assert {one.get_content_disposition() for one in attached} == {"inline"}
    assert {one.get_content_type() for one in attached} == {"image/jpeg"}


def test_a_picture_on_our_site_is_not_attached() -> None:
    one = image()
    rendered = replace(
        page(f'<img src="https://news.example.org/pictures/{one.name}">', "x"), pictures=(one,)
    )
    assert [part.get_content_type() for part in message_from_bytes(built(rendered)).walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_pictures_are_encoded_once_and_shared_by_all_messages() -> None:
    one = image(bytes(range(256)) * 500)
    skeleton = Skeleton(replace(page(f'<img src="cid:{one.cid}">', "x"), pictures=(one,)), SHARED)
    first, second = (
        skeleton.pieces(name="", email=f"{n}@example.org", message_id="<1@a.b>", date=NOW, values=VALUES)
        for n in "ab"
    )
    large = [piece for piece in first if len(piece) > 100_000]
    assert len(large) == 1
    assert any(piece is large[0] for piece in second)


def test_a_letter_of_the_program_carries_its_logo() -> None:
    one = image()
    rendered = replace(page(f'<img src="cid:{one.cid}">', "x"), pictures=(one,))
    content = note(rendered, SHARED, to="a@b.test", message_id="<1@a.b>", date=NOW, values=VALUES)
    (picture,) = [
        part for part in message_from_bytes(content).walk() if part.get_content_type() == "image/jpeg"
    ]
    assert picture.get_payload(decode=True) == b"picture"


@given(subject=st.one_of(ukrainian, line))
def test_a_subject_comes_back_word_for_word(subject: str) -> None:
    _, _, message = parts(built(page("x", "x", subject)))
    assert decoded(message["Subject"]).strip() == subject.strip()
    for word in re.findall(r"=\?[^ ]*\?=", message["Subject"]):
        assert len(word) <= 75


@given(name=st.one_of(ukrainian, line))
def test_a_name_comes_back_and_never_breaks_the_address(name: str) -> None:
    raw = mailbox(name, "anna@example.org").replace("\r\n", "")
    shown, address = parseaddr(raw)
    assert address == "anna@example.org"
    assert decoded(shown).strip() == name.strip()


@given(before=line, control=controls, after=line)
def test_control_characters_never_reach_a_header(before: str, control: str, after: str) -> None:
    for header in (mailbox(before + control + after, "a@b.test"), unstructured(before + control + after)):
        plain = header.replace("\r\n ", "")
        assert plain.isascii()
        assert not re.search(r"[\x00-\x1f\x7f]", plain)


@given(prose)
def test_quoted_printable_is_undone_by_the_standard_library(text: str) -> None:
    message = EmailMessage(policy.SMTP)
    message["Content-Transfer-Encoding"] = "quoted-printable"
    message.set_payload(quoted_printable(text).decode())
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().replace("\r\n", "\n") == text.replace("\r\n", "\n")


@given(
    pieces=st.lists(st.one_of(prose, st.text("абв", max_size=3)), min_size=1, max_size=6),
    values=st.lists(
        st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=200), min_size=3
    ),
)
def test_base64_is_undone_by_the_standard_library_wherever_the_slots_are(
    pieces: list[str], values: list[str]
) -> None:
    names = "ABC"
    text = "".join(f"{piece}.{slot(names[number % 3])}" for number, piece in enumerate(pieces)) + pieces[0]
    given_values = dict(zip(names, values, strict=False))
    encoded = b"".join(Base64(tokens_of(Part(TEXT, text)), html=False).filled(given_values))
    assert b64decode(encoded, validate=False).decode() == fill_text(text, given_values).replace("\n", "\r\n")
    lines = encoded.split(b"\r\n")
    assert all(line and len(line) % 4 == 0 for line in lines[:-1]), "no line is empty or ends within a three"
    assert max(map(len, lines)) <= 76


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Рахунок на оплату", "base64"), ("An invoice to pay", "quoted-printable")],
)
def test_each_part_takes_the_shorter_encoding(text: str, encoding: str) -> None:
    content = built(page(f"<p>plain {slot(VIEW)}</p>", f"{text}{slot(VIEW)}"))
    found = re.findall(rb"Content-Transfer-Encoding: (\S+)", content)
    assert found == [encoding.encode(), b"quoted-printable"]


@pytest.mark.parametrize("name", ["", "   ", "\n"])
def test_without_a_name_only_the_address_stands(name: str) -> None:
    assert mailbox(name, "a@b.test") == "a@b.test"
