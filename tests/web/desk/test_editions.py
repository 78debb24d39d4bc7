"""The page of all editions: a table, any choice, a reader's own for operators, and files to take along."""

from flask import Flask
from flask.testing import FlaskClient
from lxml.html import HtmlElement, document_fromstring

from newsletter.config.parts import Editor
from newsletter.config.types import Role
from newsletter.services import Workspace
from newsletter.services import journal as service
from newsletter.store.choices import LISTED
from newsletter.store.journal import Wanted
from newsletter.web.desk.app import create_desk
from tests.web.desk.visit import send
from tests.web.readers.people import subscribe

PAGE = "/desk/2025-02-14/editions"
OLENA = "olena@konotop.example.org"


def read(client: FlaskClient, path: str = PAGE) -> HtmlElement:
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return document_fromstring(answer.get_data(as_text=True))


def rows(page: HtmlElement, panel: str) -> list[list[str]]:
    found = page.xpath(f"//section[@aria-labelledby='{panel}']//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in found]


def test_every_edition_is_listed_with_its_items_size_and_readers(
    client: FlaskClient, context: Workspace
) -> None:
    subscribe(context, OLENA)
    subscribe(context, "ivan@berehove.example.org", {"social": LISTED})
    found = rows(read(client), "all")
    assert [row[-1] for row in found] == ["1", "1"]
    assert all(10 < int(row[2]) < 40 for row in found)


def test_any_choice_of_sections_is_shown_with_the_weight_of_its_items(client: FlaskClient) -> None:
    page = read(client, f"{PAGE}?sections=&sections=social")
    weights = rows(page, "weight")
    assert 0 < len(weights) < len(rows(read(client), "weight"))
    ends = [int(row[2]) for row in weights]
    assert ends == sorted(ends)
    (frame,) = page.xpath("//iframe/@src")
    assert "sections=social" in frame
    assert client.get(frame).status_code == 200


def test_a_reader_s_own_edition_is_found_by_operators_alone_and_that_is_in_the_journal(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context, OLENA)
    answer = send(client, f"{PAGE}/reader", {"address": OLENA})
    assert answer.location == f"{PAGE}?reader={number}"
    assert OLENA in client.get(f"/desk/2025-02-14/letter.eml?reader={number}").text
    (entry,) = service.entries(context, Wanted(did=service.Act.READER_SEEN))
    assert (entry.subject, entry.issue) == (str(number), "2025-02-14")
    plain = create_desk(context, single=Editor(address="a@example.org", role=Role.EDITOR)).test_client()
    assert plain.get(f"{PAGE}?reader={number}").status_code == 403
    assert plain.get(f"/desk/2025-02-14/letter.eml?reader={number}").status_code == 403
    assert not read(plain).xpath("//input[@name='address']")


def test_who_gets_no_mail_has_no_edition(client: FlaskClient) -> None:
    assert send(client, f"{PAGE}/reader", {"address": "nobody@example.org"}).location == PAGE
    assert "Ніхто з такою адресою листів не отримує." in client.get(PAGE).text


def test_an_edition_can_be_taken_along_as_one_file(client: FlaskClient, desk: Flask) -> None:
    links = read(client).xpath("//section[@aria-labelledby='take']//a/@href")
    assert [link.partition("?")[0].rpartition("/")[2] for link in links] == [
        *("letter.eml", "copy.html", "letter-phone.png", "letter-desktop.png"),
    ]
    copy = desk.test_client().get(links[1])
    assert copy.headers["Content-Disposition"].startswith("attachment;")
    assert b'src="data:image/' in copy.data
