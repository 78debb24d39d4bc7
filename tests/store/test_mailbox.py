"""The canonical form of an address follows what each provider documents."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from newsletter.store import mailbox
from newsletter.store.mailbox import canonical

RULES = yaml.safe_load(Path(mailbox.__file__).with_name("providers.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("spelling", "form"),
    [
        ("v.i.c.tim@gmail.com", "victim@gmail.com"),
        ("Vic.Tim+news@GoogleMail.com", "victim@gmail.com"),
        ("v.i.c.tim@office.example.org", "v.i.c.tim@office.example.org"),
        ("anna+news@office.example.org", "anna@office.example.org"),
        ("anna.koval+x@outlook.com", "anna.koval@outlook.com"),
        ("anna@hotmail.com", "anna@hotmail.com"),
        ("anna-shop@yahoo.com", "anna@yahoo.com"),
        ("anna-maria+x@ukr.net", "anna-maria@ukr.net"),
        ("anna.maria@i.ua", "anna.maria@i.ua"),
        ("anna+x@me.com", "anna@icloud.com"),
        ("shop@anna.fastmail.com", "anna@fastmail.com"),
        ("anna+shop@fastmail.com", "anna@fastmail.com"),
        ("shop@anna.example.org", "shop@anna.example.org"),
        ("an_na.ko-val+x@pm.me", "annakoval@proton.me"),
        ("+x@gmail.com", "+x@gmail.com"),
        ("-@yahoo.com", "-@yahoo.com"),
        ("._-@proton.me", "._-@proton.me"),
        ("no address", "no address"),
    ],
)
def test_every_spelling_of_a_mailbox_has_one_form(spelling: str, form: str) -> None:
    assert canonical(spelling) == form
    assert canonical(form) == form


def test_every_rule_names_its_source_and_its_day_and_no_domain_stands_twice() -> None:
    assert all(entry["source"].startswith("https://") for entry in RULES)
    assert all(isinstance(entry["read"], date) for entry in RULES)
    domains = [domain for entry in RULES for domain in entry["domains"]]
    assert len(domains) == len(set(domains))
