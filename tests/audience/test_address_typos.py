"""Addresses that look mistyped are doubted with a suggestion, and sound ones are not."""

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.address_typos import SERVICES, doubt, likely

LONG = [service for service in SERVICES if len(service) >= 7]


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmai.con", "gmail.com"),
        ("ukr.ner", "ukr.net"),
        ("urk.net", "ukr.net"),
        ("outlok.com", "outlook.com"),
        ("hotmial.con", "hotmail.com"),
        ("yaho.com", "yahoo.com"),
        ("iclod.com", "icloud.com"),
    ],
)
def test_a_slip_in_a_known_service_suggests_it(domain: str, meant: str) -> None:
    assert likely(domain) == meant
    assert doubt(f"olena@{domain.upper()}")[1] == f"If so, write olena@{meant}."


@pytest.mark.parametrize("domain", ["gmаil.com", "ukr.nеt", "gmail.соm", "rаda.gov.ua"])
def test_cyrillic_letters_among_latin_ones_are_seen(domain: str) -> None:
    assert likely(idna.encode(domain, uts46=True).decode()).isascii()


@pytest.mark.parametrize(
    "domain",
    [
        "konotop-rada.gov.ua",
        "auc.org.ua",
        "i.ua",
        "a.ua",
        "ua.fm",
        "me.com",
        "mail.com",
        "ymail.com",
        "uk.net",
    ],
)
def test_other_domains_are_left_alone(domain: str) -> None:
    assert likely(domain) == ""


@pytest.mark.parametrize("domain", ["пошта.укр", "хост.укр", "громада.com.ua"])
def test_a_domain_that_is_cyrillic_on_purpose_is_left_alone(domain: str) -> None:
    assert likely(idna.encode(domain, uts46=True).decode()) == ""


@given(service=st.sampled_from(LONG), place=st.integers(0, 30))
def test_two_swapped_letters_are_always_seen(service: str, place: int) -> None:
    place %= len(service) - 1
    slip = service[:place] + service[place + 1] + service[place] + service[place + 2 :]
    assert slip == service or likely(slip) in SERVICES


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", max_size=40))
def test_no_domain_breaks_the_guess(domain: str) -> None:
    assert likely(f"xn--{domain}") in {"", *SERVICES} or likely(f"xn--{domain}").isascii()


@pytest.mark.parametrize("local", ["rada", "info", "OFFICE", "gromada2", "cnap"])
def test_an_office_s_mailbox_is_named(local: str) -> None:
    assert "office" in doubt(f"{local}@konotop.example.org")[0]


@pytest.mark.parametrize("local", ["olena.rada", "informatyk", "golova"])
def test_a_person_s_mailbox_is_not(local: str) -> None:
    assert doubt(f"{local}@konotop.example.org") == ("", "")
