"""Exports of services are taken at once; who left, bounced or complained there is never written to."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.audience.lists import Importer
from newsletter.audience.services import recognise
from newsletter.config import Settings
from newsletter.links import Signer
from newsletter.model import Standing
from newsletter.store import optouts
from newsletter.store.db import reading
from newsletter.store.people import find, readers
from tests.audience.test_lists import NOW

EXPORTS = Path(__file__).parent / "exports"
SIGNER = Signer(b"0123456789abcdef")
LEFT, BOUNCED, COMPLAINED = Standing.LEFT, Standing.BOUNCED, Standing.COMPLAINED


@dataclass(frozen=True)
class Expected:
    """What an export comes to: readers as (local part, name, sections), opt-outs, and what is not taken."""

    service: str
    readers: set[tuple[str, str, str]] = field(default_factory=set)
    out: dict[str, Standing] = field(default_factory=dict)
    untaken: set[str] = field(default_factory=set)
    position: bool = False


OLENA = "Олена Коваль"
EXPECTED = {
    "mailchimp_subscribed.csv": Expected(
        "Mailchimp",
        {("olena.koval", OLENA, "education social"), ("ihor", "Ігор", "*")},
        position=True,
    ),
    "unsubscribed_mailchimp.csv": Expected("Mailchimp", out={"left": LEFT, "spam": COMPLAINED}),
    "cleaned_mailchimp.csv": Expected("Mailchimp", out={"gone": BOUNCED}),
    "listmonk.csv": Expected("listmonk", {("olena", OLENA, "*")}, {"left": LEFT, "off": LEFT}),
    "brevo.csv": Expected("Brevo", {("olena", OLENA, "*")}, {"left": LEFT}),
    "beehiiv.csv": Expected(
        "Beehiiv", {("olena", OLENA, "social")}, {"left": LEFT, "bad": BOUNCED}, {"wait"}
    ),
    "substack.csv": Expected("Substack", {("olena", "", "*"), ("paid", "", "*")}, {"left": LEFT}),
    "ghost.csv": Expected("Ghost", {("olena", OLENA, "education")}, {"left": LEFT, "deleted": LEFT}),
    "buttondown.csv": Expected(
        "Buttondown",
        {("olena", "", "social")},
        {"left": LEFT, "bad": BOUNCED, "spam": COMPLAINED},
        {"wait"},
    ),
    "google_old.csv": Expected("Google Contacts", {("olena", OLENA, "education")}, position=True),
    "google_new.csv": Expected(
        "Google Contacts", {("olena", "Олена Петрівна Коваль", "education")}, position=True
    ),
    "outlook.csv": Expected("Outlook", {("olena", OLENA, "education")}, position=True),
    "mailerlite.csv": Expected("MailerLite", {("olena", OLENA, "education")}),
    "unisender.csv": Expected(
        "UniSender",
        {("olena", OLENA, "social"), ("new", "", "*")},
        {"left": LEFT, "alsoleft": LEFT, "bad": BOUNCED},
        {"wait"},
    ),
    "mailtrain.csv": Expected(
        "Mailtrain", {("olena", OLENA, "*")}, {"left": LEFT, "bad": BOUNCED, "spam": COMPLAINED}
    ),
    "mautic.csv": Expected("Mautic", {("olena", OLENA, "*")}, {"left": LEFT, "bad": BOUNCED}, position=True),
    "kit.csv": Expected("Kit", {("olena", "Олена", "*")}, {"left": LEFT, "bad": BOUNCED}),
    "activecampaign.csv": Expected("ActiveCampaign", {("olena", OLENA, "social")}, {"left": LEFT}),
}


@pytest.fixture
def importer(sqlite_engine: Engine, settings: Settings) -> Importer:
    return Importer(sqlite_engine, settings, SIGNER)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_export_is_known_by_its_headings_and_taken_at_once(importer: Importer, name: str) -> None:
    wanted = EXPECTED[name]
    report = importer.file(EXPORTS / name, name, NOW, consent="an export")
    assert report.service == wanted.service
    assert not report.refused
    with (EXPORTS / name).open(encoding="utf-8", newline="") as file:
        delimiter = ";" if name == "brevo.csv" else ","
        assert report.lines["all"] == len(list(csv.reader(file, delimiter=delimiter)))
    addresses = {local: f"{local}@rada.example.org" for local in (*wanted.out, *wanted.untaken)}
    with reading(importer.database) as connection:
        found = list(readers(connection))
        out = optouts.find(connection, list(addresses.values()), SIGNER)
    taken = {(one.email.partition("@")[0], one.name, " ".join(sorted(one.sections))) for one in found}
    assert taken == wanted.readers
    assert {local: out[address].kind for local, address in addresses.items() if address in out} == wanted.out
    positions = {one.attributes.get("position") for one in found if one.email.startswith("olena")}
    assert (positions == {"міська голова"}) == wanted.position
    assert not any("region" in one.attributes for one in found)


def test_every_sample_is_tried() -> None:
    assert {path.name for path in EXPORTS.iterdir()} == EXPECTED.keys()


def test_what_means_nothing_here_is_named(importer: Importer) -> None:
    name = "mailchimp_subscribed.csv"
    report = importer.file(EXPORTS / name, name, NOW, consent="an export")
    assert {"Address", "Phone Number", "MEMBER_RATING", "REGION", "NOTES"} <= set(report.left_out)
    assert not {"Email Address", "Посада", "TAGS", "Інтереси"} & set(report.left_out)
    assert "Read as groups, because they name sections: «Інтереси»." in report.notes
    assert "Tags that match no section, ignored: «Funding and grants» (1)." in report.notes


def test_the_three_files_of_an_audience_in_any_order_leave_only_who_is_subscribed(
    importer: Importer, tmp_path: Path
) -> None:
    everybody = tmp_path / "everybody.csv"
    everybody.write_text(
        "email\n" + "".join(f"{one}@rada.example.org\n" for one in ("left", "spam", "gone", "olena.koval"))
    )
    importer.file(everybody, "everybody.csv", NOW, consent="an old list")
    for name in ("cleaned_mailchimp.csv", "unsubscribed_mailchimp.csv", "mailchimp_subscribed.csv"):
        importer.file(EXPORTS / name, name, NOW, consent="")
    importer.file(everybody, "everybody.csv", NOW, consent="an old list")
    with reading(importer.database) as connection:
        assert {one.email.partition("@")[0] for one in readers(connection)} == {"olena.koval", "ihor"}
        spam = find(connection, "spam@rada.example.org")
        gone = find(connection, "gone@rada.example.org")
    assert spam
    assert gone
    assert spam.reason == "complained: Mailchimp, unsubscribed_mailchimp.csv"
    assert gone.reason == "bounced: Mailchimp, cleaned_mailchimp.csv"


@pytest.mark.parametrize(
    ("name", "new", "left"), [("subscribed_x.csv", 1, 0), ("unsubscribed_x.csv", 0, 1), ("x.csv", 1, 0)]
)
def test_a_file_s_name_tells_who_left_where_its_columns_do_not(
    importer: Importer, tmp_path: Path, name: str, new: int, left: int
) -> None:
    path = tmp_path / name
    path.write_text("Email Address,MEMBER_RATING,LEID,EUID\na@b.org,2,1,aa\n")
    report = importer.file(path, name, NOW, consent="an export")
    assert (report.counts["new"], report.counts["left"]) == (new, left)
    assert importer.names_nobody(path, name) == bool(left)


@pytest.mark.parametrize(("name", "new"), [("subscribed_x.csv", 1), ("x.csv", 0)])
def test_columns_of_an_earlier_import_do_not_make_who_is_subscribed_leave(
    importer: Importer, tmp_path: Path, name: str, new: int
) -> None:
    path = tmp_path / name
    path.write_text("Email Address,UNSUB_TIME,MEMBER_RATING,LEID,EUID\na@b.org,,2,1,aa\n")
    assert importer.file(path, name, NOW, consent="an export").counts["new"] == new


def test_an_unsubscribed_export_needs_no_word_on_consent(importer: Importer) -> None:
    assert importer.names_nobody(EXPORTS / "unsubscribed_mailchimp.csv", "x")
    assert not importer.names_nobody(EXPORTS / "ghost.csv", "x")


def test_an_export_takes_nothing_away_by_being_silent(importer: Importer) -> None:
    importer.one({"email": "ihor@rada.example.org", "name": "Ігор Ш", "position": "голова"}, "by hand", NOW)
    importer.file(EXPORTS / "mailchimp_subscribed.csv", "x.csv", NOW, consent="an export")
    with reading(importer.database) as connection:
        ihor = find(connection, "ihor@rada.example.org")
    assert ihor
    assert (ihor.name, ihor.attributes) == ("Ігор", {"position": "голова"})


@pytest.mark.parametrize(
    "headings", [["email"], ["email", "name", "region"], ["email", "status"], ["Пошта", "Мітки", "Статус"]]
)
def test_an_everyday_list_is_no_service_s(headings: list[str]) -> None:
    assert recognise(headings) is None
