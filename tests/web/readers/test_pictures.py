"""Pictures on the site: one address for everybody, kept for ever, and in the copy of a letter."""

import shutil
from dataclasses import replace

from flask.testing import FlaskClient
from lxml import etree
from lxml.html import document_fromstring

from newsletter.links import Purpose
from newsletter.services import Workspace, open_workspace
from newsletter.web.readers.app import create_site
from newsletter.web.readers.archive.export import files
from tests import press
from tests.drawn import PICTURES, image, shown
from tests.sending import house

CONTENT = bytes(range(256))
NAME = image(CONTENT).name


def test_a_picture_is_the_same_for_everybody_and_is_kept_for_ever(
    context: Workspace, client: FlaskClient
) -> None:
    item = replace(press.item("Парк"), picture=shown(CONTENT))
    press.publish(context.database, press.issue(press.CLOSING, [item]))
    answer = client.get(f"/pictures/{NAME}")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/jpeg", CONTENT)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not {"Set-Cookie", "Vary"} & set(answer.headers.keys())
    again = client.get(f"/pictures/{NAME}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_archive_and_its_feeds_show_a_picture_with_its_words(
    context: Workspace, client: FlaskClient
) -> None:
    item = replace(press.item("Парк", name="park"), picture=shown(CONTENT, "Діти в «парку»"))
    press.publish(context.database, press.issue(press.CLOSING, [press.item("Без"), item]))
    tree = document_fromstring(client.get(f"/issues/{press.CLOSING}").text)
    (picture,) = [one for main in tree.iter("main") for one in main.iter("img")]
    assert {str(name): value for name, value in picture.items()} == {
        "src": f"/pictures/{NAME}",
        "width": "1200",
        "height": "675",
        "alt": "Діти в «парку»",
        "loading": "lazy",
    }
    assert tree.xpath("//figcaption/text()") == ["Відкриття · Фото громади"]
    address = f"https://news.example.org/pictures/{NAME}"
    assert tree.xpath("//meta[@property='og:image']/@content") == [address]
    assert tree.xpath("//meta[@property='og:image:alt']/@content") == ["Діти в «парку»"]
    for feed in ("/feed", "/sections/social/feed"):
        entry = client.get(f"{feed}.json").get_json()["items"][-1]
        (attachment,) = entry["attachments"]
        assert entry["image"] == attachment["url"] == address
        assert (attachment["mime_type"], attachment["size_in_bytes"]) == ("image/jpeg", len(CONTENT))
        assert f'src="{address}"' in entry["content_html"]
        (enclosure,) = etree.fromstring(client.get(f"{feed}.xml").data).iterfind(
            ".//{http://www.w3.org/2005/Atom}link[@rel='enclosure']"
        )
        assert (enclosure.get("href"), enclosure.get("length")) == (address, str(len(CONTENT)))


def test_the_export_holds_the_pictures_of_its_pages(context: Workspace) -> None:
    item = replace(press.item("Парк"), picture=shown(CONTENT))
    press.publish(context.database, press.issue(press.CLOSING, [item]))
    written = files(context, lambda _: None)
    assert written[f"pictures/{NAME}"] == CONTENT
    assert f'src="../../pictures/{NAME}"'.encode() in written[f"issues/{press.CLOSING}/index.html"]


def test_a_picture_nobody_knows_is_not_found(client: FlaskClient) -> None:
    for name in (NAME, "x", "..%2Fnewsletter.yaml", f"{NAME}.jpg"):
        answer = client.get(f"/pictures/{name}")
        assert answer.status_code == 404
        assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_the_copy_of_a_letter_shows_its_pictures(context: Workspace, client: FlaskClient) -> None:
    house.people(context.database, 1)
    item = replace(press.item("Парк"), picture=shown(CONTENT))
    press.publish(context.database, press.issue(press.CLOSING, [item]))
    answer = client.get(f"/view/{context.signer.token(Purpose.VIEW, 1, press.CLOSING)}")
    assert f'src="/pictures/{NAME}"' in answer.text
    assert "cid:" not in answer.text
    assert "img-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_logo_has_an_address_before_any_issue(context: Workspace) -> None:
    shutil.copy(PICTURES / "mark.png", context.root)
    file = context.root / "newsletter.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines = [
        'brand: {logo: mark.png, colour: "#0b4f9c"}' if one.startswith("brand:") else one for one in lines
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    opened = open_workspace(context.root)
    assert opened.logo
    assert max(opened.logo.width, opened.logo.height) == 400
    answer = create_site(opened).test_client().get(f"/pictures/{opened.logo.name}")
    opened.database.dispose()
    assert answer.data == opened.logo.content


def test_the_first_page_shows_the_newest_issue_s_picture(context: Workspace, client: FlaskClient) -> None:
    item = replace(press.item("Парк"), picture=shown(CONTENT, "Діти в «парку»"))
    press.publish(context.database, press.issue(press.CLOSING, [item]))
    tree = document_fromstring(client.get("/").text)
    (picture,) = [one for main in tree.iter("main") for one in main.iter("img")]
    assert (picture.get("src"), picture.get("alt")) == (f"/pictures/{NAME}", "Діти в «парку»")
