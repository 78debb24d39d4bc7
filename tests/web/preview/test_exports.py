"""What leaves the preview for a colleague, and what mail programs make of an edition."""

import shutil
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml.html import HtmlElement, document_fromstring
from PIL import Image

from newsletter.errors import ConfigError
from newsletter.services.screenshot import screenshot
from newsletter.services.spam import spam_verdict
from tests.pictured import show_picture

ISSUE = "/2025-02-14"
ENGLISH = {"Accept-Language": "en"}


def read(client: FlaskClient, path: str) -> HtmlElement:
    return document_fromstring(client.get(path, headers=ENGLISH).get_data(as_text=True))


def test_without_pictures_their_alt_text_is_left(client: FlaskClient) -> None:
    with_pictures = read(client, f"{ISSUE}/letter.html")
    without = read(client, f"{ISSUE}/letter.html?pictures=off")
    assert with_pictures.xpath("//img/@src")
    assert not without.xpath("//img/@src")
    assert without.xpath("//img/@alt") == with_pictures.xpath("//img/@alt")


def test_a_copy_is_one_file_that_loads_nothing(client: FlaskClient, workspace: Path) -> None:
    show_picture(workspace, "01-forum")
    answer = client.get(f"{ISSUE}/copy.html")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="2025-02-14-')
    sources = read(client, f"{ISSUE}/copy.html").xpath("//img/@src")
    assert len(sources) >= 2
    assert all(source.startswith("data:image/") for source in sources)


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")
def test_a_picture_shows_the_whole_edition_at_twice_the_pixels(client: FlaskClient) -> None:
    answer = client.get(f"{ISSUE}/letter-phone.png")
    assert answer.mimetype == "image/png"
    with Image.open(BytesIO(answer.data)) as picture:
        assert picture.width == 2 * 375
        assert 2_000 < picture.height < 10_000  # no empty ground below it


def test_a_page_of_mail_programs_names_features_by_those_that_lack_them(client: FlaskClient) -> None:
    page = read(client, f"{ISSUE}/programs")
    first = page.xpath("string(//tbody/tr[1])")
    assert "prefers-color-scheme" in first
    assert "Gmail, Android" in first
    assert page.xpath("//a[contains(@href, 'spam=1')]")
    assert client.get(f"{ISSUE}/programs?sections=").status_code == 200
    assert client.get(f"{ISSUE}/programs?reader=nobody@example.org").status_code == 404


@pytest.mark.skipif(not shutil.which("spamassassin"), reason="SpamAssassin is not installed")
def test_spamassassin_names_what_gave_points() -> None:
    spam = (
        b"From: a@example.org\nTo: b@example.org\nSubject: WIN MONEY\nMessage-ID: <1@example.org>\n\n"
        b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
    )
    verdict = spam_verdict(spam)
    assert verdict.points >= 1000 > verdict.limit
    assert verdict.rules[0].name == "GTUBE"


def test_a_program_that_is_not_installed_is_said_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="no Chromium"):
        screenshot("<html></html>", 375)
    with pytest.raises(ConfigError, match="SpamAssassin is not installed"):
        spam_verdict(b"")
