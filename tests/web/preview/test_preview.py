"""The preview's pages as they are answered: editions, choices, faults, and what no request may do."""

import re
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import HtmlElement, document_fromstring
from werkzeug.test import TestResponse

from newsletter.web.preview.proofs import Proofs
from tests.pictured import show_picture
from tests.web.preview.sample import D, subscribe

ISSUE = "/2025-02-14"
EDITION = f"{ISSUE}/edition"
ENGLISH = {"Accept-Language": "en"}


def get(client: FlaskClient, path: str, status: int = 200) -> HtmlElement:
    response = client.get(path, headers=ENGLISH)
    assert response.status_code == status
    return document_fromstring(response.get_data(as_text=True))


def said(page: HtmlElement) -> str:
    return " ".join(page.text_content().split())


def rows(page: HtmlElement) -> list[str]:
    return [" ".join(row.text_content().split()) for row in page.xpath("//tbody/tr")]


def test_the_address_alone_leads_to_the_newest_issue(client: FlaskClient, workspace: Path) -> None:
    assert client.get("/").location == ISSUE
    (workspace / "issues/2025-02-21").mkdir()
    assert client.get("/?lang=uk").location == "/2025-02-21?lang=uk"


def test_the_list_shows_each_edition_with_its_readers_sizes_and_findings(client: FlaskClient) -> None:
    page = get(client, ISSUE)
    found = rows(page)
    assert [re.sub(r" HTML.*", "", row) for row in found] == [
        "ТОП · Соціальний захист Readers 2",
        "ТОП · Соціальний захист · Освіта Readers 1",
        "ТОП Readers 1",
    ]
    assert all(re.search(r"HTML \d\d KB Text \d KB Findings none", row) for row in found)
    assert "3 editions · 4 readers" in said(page)


def test_the_list_names_each_edition_s_lead_and_counts_its_events_and_partners(
    client: FlaskClient, workspace: Path
) -> None:
    folder = workspace / "issues/2025-02-14/items"
    for name, lines in (
        ("02-flats", "kind: event\nwhen: 2025-02-20"),
        ("03-schools", "kind: partner\nlead: true"),
    ):
        item = folder / f"{name}.md"
        item.write_text(
            item.read_text(encoding="utf-8").replace("---\n", f"---\n{lines}\n", 1), encoding="utf-8"
        )
    assert [re.sub(r" Readers.*", "", row) for row in rows(get(client, ISSUE))] == [
        "ТОП · Соціальний захист 1 event",
        "ТОП · Соціальний захист · Освіта Lead: Нові майстерні · 1 event · 1 partner item",
        "ТОП",
    ]


def test_the_editions_stand_in_a_row_that_arrows_walk(client: FlaskClient) -> None:
    page = get(client, f"{EDITION}?edition=top.social")
    assert "Edition 1 of 3" in said(page)
    assert not page.xpath("//a[@aria-keyshortcuts='ArrowLeft']")
    (after,) = page.xpath("//a[@aria-keyshortcuts='ArrowRight']/@href")
    assert after == f"{EDITION}?edition=top.social.education"
    last = get(client, f"{EDITION}?edition=top")
    assert "Edition 3 of 3" in said(last)
    assert not last.xpath("//a[@aria-keyshortcuts='ArrowRight']")


def test_the_letter_is_in_a_frame_that_runs_nothing(client: FlaskClient) -> None:
    (frame,) = get(client, EDITION).iter("iframe")
    assert "allow-scripts" not in frame.get("sandbox", "allow-scripts")
    response = client.get(str(frame.get("src")))
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:;")
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("way", ["attached", "hosted"])
def test_the_pictures_of_a_letter_are_shown_wherever_they_will_be(
    client: FlaskClient, workspace: Path, way: str
) -> None:
    show_picture(workspace, "01-forum")
    with (workspace / "newsletter.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\npictures: {way}\n")
    body = client.get(f"{ISSUE}/letter.html?edition=top").get_data(as_text=True)
    shown = document_fromstring(body).iter("img")
    (source,) = {one.get("src", "") for one in shown if one.get("alt") == "Що на світлині"}
    assert source.startswith(f"{ISSUE}/pictures/")
    answer = client.get(source)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert client.get(source.replace("/pictures/", "/pictures/0")).status_code == 404
    message = client.get(f"{ISSUE}/letter.eml?edition=top").data
    assert (b"Content-Type: image/png" in message) == (way == "attached")
    (html,) = [
        part.get_payload(decode=True)
        for part in message_from_bytes(message).walk()
        if part.get_content_type() == "text/html"
    ]
    assert isinstance(html, bytes)
    assert (b"https://news.example.org/pictures/" in html) == (way == "hosted")


def test_both_parts_of_the_letter_are_shown_and_each_alone(client: FlaskClient) -> None:
    counts = {
        part: (len(page.xpath("//iframe")), len(page.xpath("//pre")))
        for part in ("both", "html", "text", "source")
        for page in [get(client, f"{EDITION}?part={part}")]
    }
    assert counts == {"both": (1, 1), "html": (1, 0), "text": (0, 1), "source": (0, 1)}


def test_the_bytes_shown_counted_and_downloaded_are_the_same(client: FlaskClient) -> None:
    page = get(client, f"{EDITION}?part=source")
    (link,) = page.xpath("//a[contains(@href, 'letter.eml')]/@href")
    response = client.get(link)
    assert response.mimetype == "message/rfc822"
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert sha256(response.data).hexdigest() in said(page)
    assert page.xpath("string(//pre)").split() == response.get_data(as_text=True).split()


def test_a_reader_s_own_edition_is_found_by_address(client: FlaskClient) -> None:
    page = get(client, f"{EDITION}?reader=IVAN@berehove.example.org")
    assert "This is what ivan@berehove.example.org gets." in said(page)
    assert "Edition 3 of 3" in said(page)
    assert "ivan@berehove.example.org" in page.xpath("string(//pre)")


def test_any_set_of_sections_can_be_looked_at(client: FlaskClient) -> None:
    page = get(client, f"{EDITION}?sections=&sections=education")
    assert "An edition that nobody gets" in said(page)
    assert "Нові майстерні" in page.xpath("string(//pre)")
    assert "Житло" not in page.xpath("string(//pre)")
    assert page.xpath("//input[@name='sections'][@checked]/@value") == ["top", "education"]
    assert "Edition 3 of 3" in said(get(client, f"{EDITION}?sections=")), "none chosen: what goes to everyone"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("reader=nobody@example.org", "No reader with the address nobody@example.org gets this issue."),
        ("edition=top.economy", "This edition is not in the issue any more."),
    ],
)
def test_an_edition_that_is_not_there_is_said_above_the_others(
    client: FlaskClient, query: str, words: str
) -> None:
    page = get(client, f"{EDITION}?{query}", 404)
    assert words in said(page)
    assert len(rows(page)) == 3
    assert client.get(f"{ISSUE}/letter.eml?{query}").status_code == 404


def test_the_view_stays_in_the_address_from_edition_to_edition(client: FlaskClient) -> None:
    page = get(client, f"{EDITION}?width=768&scheme=dark&part=html")
    links = [link for link in page.xpath("//a/@href | //iframe/@src") if "scheme=light" not in link]
    kept = [link for link in links if "scheme=" in link and "width=" in link and "part=" in link]
    assert any("/edition?edition=" in link for link in kept)
    assert any("letter.html" in link for link in kept)
    hidden = {(i.get("name"), i.get("value")) for i in page.xpath("//input[@type='hidden']")}
    assert {("width", "768"), ("scheme", "dark"), ("part", "html")} <= hidden


def test_a_scheme_is_shown_whatever_the_browser_prefers(client: FlaskClient) -> None:
    dark = client.get(f"{ISSUE}/letter.html?scheme=dark").get_data(as_text=True)
    light = client.get(f"{ISSUE}/letter.html").get_data(as_text=True)
    assert "prefers-color-scheme" not in dark + light
    assert dark != light


def test_a_logo_that_is_gone_is_named_at_its_line_until_it_is_back(
    client: FlaskClient, workspace: Path
) -> None:
    logo = workspace / "logo.png"
    content = logo.read_bytes()
    assert get(client, ISSUE).xpath("//header//img")
    logo.unlink()
    page = get(client, ISSUE)
    assert any(place.startswith("newsletter.yaml:") for place in page.xpath("//code/text()"))
    assert "brand.logo: logo.png cannot be read" in said(page)
    logo.write_bytes(content)
    assert get(client, ISSUE).xpath("//header//img")


def test_a_finding_stands_at_its_file_and_line_and_goes_when_mended(
    client: FlaskClient, workspace: Path
) -> None:
    item = workspace / "issues/2025-02-14/items/02-flats.md"
    sound = item.read_text("utf-8")
    item.write_text(sound.replace("section: social", "section: socail"), encoding="utf-8")
    page = get(client, ISSUE)
    assert "issues/2025-02-14/items/02-flats.md:3" in page.xpath("//code/text()")
    assert "unknown section 'socail'" in said(page)
    item.write_text(sound, encoding="utf-8")
    assert "socail" not in said(get(client, ISSUE))


def test_an_edition_shows_no_findings_of_items_it_does_not_hold(client: FlaskClient, workspace: Path) -> None:
    item = workspace / "issues/2025-02-14/items/03-schools.md"
    item.write_text(item.read_text("utf-8").replace("link: https://auc.org.ua/03-schools\n", ""), "utf-8")
    assert "03-schools.md" in said(get(client, f"{EDITION}?edition=top.social.education"))
    assert "03-schools.md" not in said(get(client, f"{EDITION}?edition=top.social"))


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("newsletter.yaml", "title: [\n", "newsletter.yaml:2"),
        ("newsletter.yaml", "titel: Дайджест\n", "newsletter.yaml:1"),
        ("issues/2025-02-14/issue.yaml", "subject: 'не закрито", "issues/2025-02-14/issue.yaml:1"),
        ("templates/digest/theme.yaml", "fonts: url(x)\n", "templates/digest/theme.yaml:1"),
        ("templates/digest/style.css", "{% if %}", "templates/digest/style.css:1"),
        ("templates/digest/issue.txt", "\n{{ nobody }}", "templates/digest/issue.txt:2"),
    ],
)
def test_a_broken_file_is_shown_with_its_line_and_the_page_comes_back(
    client: FlaskClient, workspace: Path, name: str, text: str, place: str
) -> None:
    file = workspace / name
    before = file.read_bytes() if file.exists() else None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    for path in (ISSUE, EDITION):
        assert place in said(get(client, path))
    file.unlink()
    if before:
        file.write_bytes(before)
    assert "Edition 1 of 3" in said(get(client, EDITION))
    assert place not in said(get(client, ISSUE))


def test_an_edition_that_cannot_be_rendered_says_so_and_the_others_stay(
    client: FlaskClient, workspace: Path
) -> None:
    item = workspace / "issues/2025-02-14/items/03-schools.md"
    item.write_text(item.read_text("utf-8") + "\nQZ7NAMEQZ\n", encoding="utf-8")
    page = get(client, f"{EDITION}?edition=top.social.education")
    assert "This edition cannot be rendered" in said(page)
    assert "QZ7NAMEQZ" in page.xpath("string(//ul[@class='findings'])")
    assert not page.xpath("//iframe")
    assert "cannot be rendered" in rows(get(client, ISSUE))[1]
    assert get(client, f"{EDITION}?edition=top").xpath("//iframe")


def test_a_workspace_without_an_issue_says_how_to_begin(client: FlaskClient, workspace: Path) -> None:
    (workspace / "issues").rename(workspace / "kept")
    assert "there is no issue yet" in said(get(client, "/"))
    assert "newsletter compose 2025-02-14" in said(get(client, ISSUE))
    (workspace / "kept").rename(workspace / "issues")
    assert len(rows(get(client, ISSUE))) == 3


def test_what_should_not_have_happened_is_said_in_the_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("newsletter.web.preview.pages.choose")
    assert "This should not have happened: NameError" in said(get(client, EDITION, 500))


def test_an_issue_is_rendered_once_until_something_changes(proofs: Proofs, workspace: Path) -> None:
    first = proofs.of(D)
    assert proofs.of(D) is first
    item = workspace / "issues/2025-02-14/items/01-forum.md"
    item.write_text(item.read_text("utf-8").replace("Форум", "З’їзд"), encoding="utf-8")
    second = proofs.of(D)
    assert "З’їзд" in second.proof.rendered[0].text
    assert second.names == {key: first.names[old] for key, old in zip(second.names, first.names, strict=True)}
    subscribe(proofs.workspace.database, 9, "new@example.org", "education")
    assert len(proofs.of(D).proof.tally) == 4


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000"])
def test_a_foreign_host_is_refused(client: FlaskClient, host: str) -> None:
    for path in ("/", ISSUE, EDITION, f"{ISSUE}/letter.html", f"{ISSUE}/changes", "/static/preview.js"):
        response = client.get(path, headers={"Host": host}, buffered=True)
        assert response.status_code == 400
        assert "Форум" not in response.get_data(as_text=True)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8123", "[::1]:8000"])
def test_this_machine_s_own_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get(ISSUE, headers={"Host": host}).status_code == 200


_PARTS = ("letter.html", "letter.eml", "changes")


def every_answer(client: FlaskClient, app: Flask) -> list[TestResponse]:
    paths = [
        "/",
        ISSUE,
        EDITION,
        f"{ISSUE}/letter.html",
        f"{ISSUE}/letter.eml",
        f"{ISSUE}/copy.html",
        f"{ISSUE}/letter-phone.png",
        f"{ISSUE}/programs",
        f"{ISSUE}/changes",
        "/changes",
    ]
    paths += [
        "/coverage",
        "/coverage?region=Сумська",
        "/static/preview.css",
        "/brand.css",
        "/icon.png",
        "/brand/nothing.png",
        "/nothing",
        "/2025-02-30",
        "/2030-01-01",
        f"{EDITION}?reader=x@example.org",
    ]
    assert len({rule.endpoint for rule in app.url_map.iter_rules()}) == 15
    return [client.get(path, buffered=True) for path in paths]


def test_every_answer_has_its_security_headers(client: FlaskClient, app: Flask) -> None:
    for response in every_answer(client, app):
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in response.headers


def test_no_request_changes_anything(client: FlaskClient, app: Flask, workspace: Path) -> None:
    def files() -> dict[Path, bytes]:
        kept = workspace / "var/spelling"  # what dictionaries say of words, to be asked once
        ours = (path for path in workspace.rglob("*") if path.is_file() and path.suffix != ".db-shm")
        ours = (path for path in ours if path.parent != kept)
        return {path: path.read_bytes() for path in ours}

    before = files()
    assert workspace / "var/secret" in before
    every_answer(client, app)
    for path in ("/", "/coverage", ISSUE, EDITION, *(f"{ISSUE}/{name}" for name in _PARTS)):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert client.open(path, method=method).status_code == 405
    assert files() == before


def test_markup_in_a_title_is_shown_as_text(client: FlaskClient, workspace: Path) -> None:
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    item = workspace / "issues/2025-02-14/items/01-forum.md"
    item.write_text(item.read_text("utf-8").replace("Форум громад", f"'{attack}'"), encoding="utf-8")
    for path in (ISSUE, EDITION, f"{EDITION}?part=source&reader={attack}", f"{EDITION}?edition={attack}"):
        page = document_fromstring(client.get(path).get_data(as_text=True))
        assert page.xpath("//script/@src") == ["/static/preview.js"]
        assert not page.xpath("//main//img | //*[@onerror]")
    assert attack in get(client, EDITION).xpath("string(//pre)")


@pytest.mark.parametrize(
    ("query", "header", "language", "word"),
    [
        ("", "en-GB,en;q=0.9", "en", "Editions"),
        ("", "uk", "uk", "Добірки"),
        ("", "de", "uk", "Добірки"),
        ("?lang=en", "uk", "en", "Editions"),
        ("?lang=<x>", "en", "en", "Editions"),
    ],
)
def test_the_page_speaks_the_reader_s_language(
    client: FlaskClient, query: str, header: str, language: str, word: str
) -> None:
    text = client.get(ISSUE + query, headers={"Accept-Language": header}).get_data(as_text=True)
    page = document_fromstring(text)
    assert page.get("lang") == language
    assert page.xpath("string(//h2)") == word


def test_a_change_is_told_and_only_a_change(
    client: FlaskClient, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = get(client, EDITION).xpath("string(//body/@data-waiting)")
    monkeypatch.setattr("newsletter.web.preview.pages._PATIENCE", 0.05)
    assert client.get(waiting).json == {"changed": False}
    (workspace / "issues/2025-02-14/items/04-new.md").write_text("new", encoding="utf-8")
    assert client.get(waiting).json == {"changed": True}
