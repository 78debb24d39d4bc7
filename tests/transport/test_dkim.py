"""DKIM signatures, judged by dkimpy, which shares no code with what makes them."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.model import Rendered
from newsletter.sending.personal import Writer
from newsletter.slots import EMAIL, UNSUBSCRIBE, slot
from newsletter.store.ledger import Due
from newsletter.transport.dkim import SIGNED, DomainSigner, domain_signer
from tests.drawn import image
from tests.sending.house import SHARED, SIGNER

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

KEY = rsa.generate_private_key(65537, 2048)
NAME = b"s1._domainkey.news.example.org."
RECORD = b"v=DKIM1; k=rsa; p=" + b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
)
PAGE = Rendered(
    edition="e1",
    subject="Робота громад: субсидії,  ВПО та житло",
    html=f"<p>Ґалаґани  .</p>\n.\n<p>{slot(EMAIL)}</p><a href='{slot(UNSUBSCRIBE)}'>Відписатися</a>\n\n\n",
    text=f"Ґалаґани  .\n.\n{slot(EMAIL)}\n\n\n",
    sha256="0" * 64,
)


def pem(key: PrivateKey, encryption: KeySerializationEncryption | None = None) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


SIGN = domain_signer(pem(KEY), "news.example.org", "s1")


def write(page: Rendered = PAGE, name: str = "Олена Коваль", signer: DomainSigner | None = SIGN) -> bytes:
    due = Due(7, "olena@rada.example.org", name, page.edition, 1)
    return Writer(page, SHARED, SIGNER, signer).write(due, datetime(2025, 2, 14, 14, tzinfo=UTC)).content


def verifies(message: bytes) -> bool:
    asked: list[bytes] = []

    def record(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return RECORD if timeout else b""

    found: bool = dkim.verify(message, dnsfunc=record)
    assert asked == [NAME]
    return found


def field(message: bytes, name: str) -> re.Match[bytes]:
    """Return where the header `name` stands, with the lines folded under it."""
    found = re.search(rb"(?m)^" + name.encode() + rb": (?:.*\r\n)(?:[ \t].*\r\n)*", message)
    assert found
    return found


def test_a_signed_message_verifies() -> None:
    assert verifies(write())


def test_a_message_with_pictures_verifies_and_none_of_their_bytes_can_be_altered() -> None:
    pictures = tuple(image(bytes([n]) * 90_000) for n in range(1, 4))
    html = "".join(f'<img src="cid:{one.cid}">' for one in pictures) + PAGE.html
    message = write(replace(PAGE, html=html, pictures=pictures))
    assert len(message) > 360_000
    assert verifies(message)
    assert not verifies(message.replace(b"AQEBAQEB", b"AQEBAQEC", 1))


def test_every_header_of_ours_is_signed() -> None:
    plain = write(signer=None)
    assert set(message_from_bytes(plain).keys()) == set(SIGNED)


@pytest.mark.parametrize("name", SIGNED)
def test_no_header_that_matters_can_be_altered(name: str) -> None:
    message = write()
    end = field(message, name).end() - 2
    assert not verifies(message[:end] + b"x" + message[end:])


@pytest.mark.parametrize("name", SIGNED)
def test_no_header_that_matters_can_be_removed(name: str) -> None:
    message = write()
    found = field(message, name)
    assert not verifies(message[: found.start()] + message[found.end() :])


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("first", [True, False])
def test_no_header_that_matters_can_be_added(name: str, first: bool) -> None:
    message = write()
    second = field(message, name)[0]
    start = 0 if first else message.index(b"\r\n\r\n") + 2
    assert not verifies(message[:start] + second + message[start:])


@pytest.mark.parametrize("name", ["To", "List-Unsubscribe-Post"])
def test_a_header_that_was_not_there_cannot_be_added(name: str) -> None:
    message = write(signer=None)
    found = field(message, name)
    signed = SIGN.sign(message[: found.start()] + message[found.end() :])
    assert verifies(signed)
    assert not verifies(found[0] + signed)


def test_no_byte_of_the_body_can_be_altered() -> None:
    message = write()
    start = message.index(b"\r\n\r\n") + 4
    for place in range(start, len(message.rstrip()), 97):
        altered = bytearray(message)
        altered[place] ^= 1
        assert not verifies(bytes(altered))


def test_a_relay_may_fold_headers_anew_and_add_its_own() -> None:
    message = write()
    subject = field(message, "Subject")
    folded = subject[0].replace(b"\r\n ", b"\r\n \t ").replace(b"Subject: ", b"SUBJECT:\r\n  ")
    message = message[: subject.start()] + folded + message[subject.end() :]
    assert verifies(b"Received: by mx.example.org;\r\n Fri, 14 Feb 2025 16:00:00 +0200\r\n" + message)


def test_empty_lines_after_the_body_do_not_matter() -> None:
    plain = write(signer=None)
    assert verifies(SIGN.sign(plain) + b"\r\n\r\n")
    assert verifies(SIGN.sign(plain + b"\r\n\r\n"))
    assert verifies(SIGN.sign(plain[: plain.index(b"\r\n\r\n") + 4]))


def test_a_field_that_occurs_twice_is_signed_twice() -> None:
    message = b"List-Id: <another.example.org>\r\n" + write(signer=None)
    assert verifies(SIGN.sign(message))
    assert not verifies(SIGN.sign(message).replace(b"another", b"a-third"))


def test_the_message_behind_the_signature_is_as_it_was() -> None:
    plain, signed = write(signer=None), write()
    head = signed.removesuffix(plain)
    assert head != signed
    assert head.startswith(b"DKIM-Signature: v=1;")
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert all(line[:1] == b"\t" for line in head.removesuffix(b"\r\n").split(b"\r\n")[1:])


def test_a_signed_message_is_still_fit_for_any_relay() -> None:
    message = write()
    assert message.isascii()
    lines = message.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(line.startswith(b".") or b"\n" in line or b"\r" in line for line in lines)


def test_a_message_sent_again_is_signed_the_same() -> None:
    assert write() == write()


@settings(max_examples=60)
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=200))
def test_whatever_a_message_says_its_signature_verifies(subject: str, name: str, text: str) -> None:
    page = replace(PAGE, subject=subject, text=text)
    assert verifies(write(page, name))


def test_a_short_key_is_used_with_a_warning_and_a_proper_one_without() -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505  that is the point
    weak = domain_signer(pem(short), "example.org", "s1").weakness
    assert weak
    assert "1024" in weak.text
    assert "openssl genrsa" in weak.hint
    assert SIGN.weakness is None


def tiny() -> rsa.RSAPrivateKey:
    """Return a key too short for the library to make."""
    p, q, e = 2**255 - 19, 2**256 - 2**32 - 977, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (pem(tiny()), "511 bits"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "not an RSA key"),
        (pem(KEY, BestAvailableEncryption(b"secret")), "protected by a password"),
        (RECORD.decode(), "not a private key"),
        (pem(KEY)[:-200], "not a private key"),
        ("ключ", "not a private key"),
        ("", "not a private key"),
    ],
    ids=["tiny", "ed25519", "encrypted", "public", "cut off", "words", "empty"],
)
def test_a_key_that_cannot_be_used_is_refused_with_the_cure(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as error:
        domain_signer(text, "news.example.org", "s1")
    assert error.value.problems[0].hint
