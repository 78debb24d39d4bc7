"""Addresses are checked as email-validator checks them, and kept in one form."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.addresses import _domain, check_address

LONG = "a" * 64


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("olena@example.org", "olena@example.org"),
        ("Olena.Hnatiuk@EXAMPLE.org", "Olena.Hnatiuk@example.org"),
        ("=x@a.org", "=x@a.org"),
        ("+a@x.de", "+a@x.de"),
        ("o'hara@example.test", "o'hara@example.test"),
        ("x@пошта.укр", "x@xn--80a1acn3a.xn--j1amh"),
        ("x@XN--80A1ACN3A.xn--j1amh", "x@xn--80a1acn3a.xn--j1amh"),
        (f"{LONG}@example.org", f"{LONG}@example.org"),
    ],
)
def test_a_valid_address_is_kept_with_its_domain_in_ascii(text: str, address: str) -> None:
    assert check_address(text) == (address, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "olena",
        "olena@",
        "@example.org",
        "a@b@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a b@example.org",
        "a@example",
        "a@localhost",
        "a@-b.org",
        "a@b..org",
        "a@[127.0.0.1]",
        '"a b"@example.org',
        "Олена <a@example.org>",
        "a@example.org,b@example.org",
        "a@example.org\nBcc: b@example.org",
        f"{LONG}a@example.org",
        f"{LONG}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example.org",
        f"a@{'b' * 64}.org",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(text: str) -> None:
    address, fault = check_address(text)
    assert address == ""
    assert fault


def test_a_cyrillic_letter_before_the_at_sign_is_named() -> None:
    _, fault = check_address("оlena@example.org")
    assert "'о' (U+043E)" in fault
    assert "SMTPUTF8" in fault


local = st.text(st.sampled_from("aZ9.+-_'=@ ої\"<\n\x00"), max_size=12)
domain = st.sampled_from(
    ["example.org", "a.b.test", "пошта.укр", "Exam_ple.org", "x", "xn--a.org", "a..b", ""]
)


@given(local, domain)
def test_the_short_way_finds_what_the_library_finds(before: str, after: str) -> None:
    text = f"{before}@{after}"
    try:
        wanted = validate_email(
            text, check_deliverability=False, test_environment=True, allow_smtputf8=False, strict=True
        ).ascii_email
    except EmailNotValidError:
        wanted = ""
    address, fault = check_address(text)
    assert address == wanted
    assert bool(fault) == (wanted == "")


def test_of_what_is_too_long_to_be_a_domain_nothing_is_remembered() -> None:
    before = _domain.cache_info().currsize
    for number in range(10):
        assert check_address(f"a@{number}{'a' * 300}.org")[1]
    assert _domain.cache_info().currsize == before
