"""The board, items and the inbox by forms alone, as a browser without scripts sends them."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.services import Workspace, open_workspace
from newsletter.services.editing.outline import read_outline
from newsletter.services.editors import whoever_is_here
from newsletter.web.desk.app import create_desk
from tests import site
from tests.databases import new_database
from tests.drawn import PICTURES
from tests.press import CLOSING, publish
from tests.sample import ROOT
from tests.web.desk.visit import send
from tests.web.test_accessibility import write_issue

BOARD = f"/desk/{CLOSING}"
FORUM = f"{BOARD}/items/01-forum"
NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Flask]]:
    """Open one workspace and its desk for all tests: to compile a theme takes longer than most of them."""
    root = tmp_path_factory.mktemp("workspace")
    write_issue(root)
    new_database(root / "var/newsletter.db")
    found = open_workspace(root)
    yield found, create_desk(found, single=whoever_is_here(found))
    found.database.dispose()


@pytest.fixture
def context(shared: tuple[Workspace, Flask]) -> Workspace:
    """Return the workspace with its three items as they were at first."""
    root = shared[0].root
    for name in ("issues", "inbox", "templates"):
        shutil.rmtree(root / name, ignore_errors=True)
    write_issue(root)
    return shared[0]


@pytest.fixture
def client(shared: tuple[Workspace, Flask], context: Workspace) -> FlaskClient:
    """Ask the desk without a network."""
    del context  # it is only to be as at first
    return shared[1].test_client()


def fields(page: str) -> dict[str, str | list[str]]:
    """Return what a browser would send of the form of an item on `page`."""
    form = re.search(r'<form class="panel item-form".*?</form>', page, re.DOTALL)
    assert form
    found: dict[str, str | list[str]] = {"sections": []}
    for tag in re.findall(r"<input [^>]*>", form[0]):
        name, value = (re.search(rf'\b{key}="([^"]*)"', tag) for key in ("name", "value"))
        if not name or ('type="checkbox"' in tag and "checked" not in tag) or 'type="file"' in tag:
            continue
        if name[1] == "sections":
            found["sections"].append(value[1] if value else "")  # type: ignore[union-attr]  # the list above
        else:
            found[name[1]] = value[1] if value else ""
    texts = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n?(.*?)</textarea>', form[0], re.DOTALL)
    return found | dict(texts)


def save(client: FlaskClient, path: str, **changes: object) -> TestResponse:
    return send(client, path, {**fields(client.get(path).text), **changes}, page=path)


def order(context: Workspace) -> dict[str, list[str]]:
    outline = read_outline(context, CLOSING)
    return {one.section.slug: [item.id for item in one.items] for one in outline.sections if one.items}


def test_the_sample_s_digest_is_pasted_accounted_for_and_becomes_items(
    client: FlaskClient, context: Workspace
) -> None:
    shutil.rmtree(context.root / "issues")
    assert "Цього тижня ще порожньо" in client.get(BOARD).text
    text = (ROOT / "issues/2025-02-14/digest.txt").read_text("utf-8")
    other = send(
        client, "/desk/inbox/paste", {"text": f"{text}\n\nНЕВІДОМА РУБРИКА\n", "issue": "2025-03-07"}
    ).text
    assert "У дайджесті сказано, що він за 8 – 14 лютого 2025 року" in other
    assert "рубрика, якої не знає newsletter.yaml" in other
    account = send(client, "/desk/inbox/paste", {"text": text, "issue": ""})
    assert "У дайджесті сказано" not in account.text
    assert "Кожен рядок має своє місце" in account.text
    assert "13 новин" in account.text
    assert not (context.root / "issues").exists()
    token = re.search(r'name="token" value="(\w+)"', account.text)
    assert token
    done = send(client, "/desk/inbox/paste/items", {"token": token[1], "issue": "2025-02-14"})
    assert done.location == BOARD
    page = client.get(BOARD).text
    assert "Створено новин: 13" in page
    assert page.count('class="item"') == 13
    again = send(client, "/desk/inbox/paste/items", {"token": token[1], "issue": "2025-02-14"})
    assert (again.status_code, "більше не чекає" in again.text) == (422, True)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.pdf", b"%PDF", "не файл дайджесту"),
        ("x.txt", b"%PDF-1.4", "a PDF"),
    ],
)
def test_what_is_no_digest_is_refused_and_what_was_typed_stays(
    client: FlaskClient, name: str, data: bytes, said: str
) -> None:
    sent = {"upload": (io.BytesIO(data), name), "text": "Моє"}
    answer = send(client, "/desk/inbox/paste", sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Моє</textarea>" in answer.text


def test_a_board_that_waits_is_told_of_a_change_at_once_and_else_that_nothing_changed(
    client: FlaskClient, shared: tuple[Workspace, Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = client.get(f"{BOARD}/stamp").json
    assert now
    monkeypatch.setattr("newsletter.web.desk.board._PATIENCE", 0.1)
    assert client.get(f"{BOARD}/stamp?at={now['stamp']}").json == now
    monkeypatch.setattr("newsletter.web.desk.board._PATIENCE", 60)
    monkeypatch.setattr("newsletter.web.waiting._PULSE", 60)
    with ThreadPoolExecutor(1) as colleague:
        waiting = colleague.submit(shared[1].test_client().get, f"{BOARD}/stamp?at={now['stamp']}")
        assert send(client, f"{BOARD}/arrange", {"item": "01-forum", "section": "social"}).status_code == 303
        told = waiting.result(30).json
    assert told
    assert told["stamp"] != now["stamp"]


def test_an_item_is_edited_moved_made_the_lead_deleted_and_put_back(
    client: FlaskClient, context: Workspace
) -> None:
    before = order(context)
    saved = save(
        client, FORUM, title="Нова назва", link="https://auc.org.ua/x", kind="event", when="2025-02-20"
    )
    assert saved.status_code == 303
    page = client.get(FORUM).text
    assert 'value="Нова назва"' in page
    assert 'value="2025-02-20"' in page
    send(client, f"{BOARD}/arrange", {"item": "01-forum", "section": "education"})
    assert order(context)["education"][-1] == "01-forum"
    send(client, f"{BOARD}/arrange", {"up": "01-forum"})
    assert order(context)["education"][-2] == "01-forum"
    send(client, f"{BOARD}/arrange", {"lead": "01-forum"})
    assert "★" in client.get(BOARD).text
    gone = send(client, f"{BOARD}/arrange", {"delete": "01-forum"})
    assert "01-forum" not in str(order(context))
    name = re.search(r'name="name" value="([^"]+)"', client.get(gone.location).text)
    assert name
    send(client, "/desk/restore", {"name": name[1]})
    assert order(context)["education"][-2] == "01-forum"
    assert sorted(chain(*before.values())) == sorted(chain(*order(context).values()))


def test_an_item_that_leaves_its_section_by_the_form_is_listed_under_the_new_one(
    client: FlaskClient, context: Workspace
) -> None:
    save(client, FORUM, sections=["international"])
    assert order(context)["international"] == ["01-forum"]
    assert read_outline(context, CLOSING).problems == ()


def test_two_versions_are_shown_field_by_field_and_merged(client: FlaskClient) -> None:
    mine = fields(client.get(FORUM).text)
    assert save(client, FORUM, text="Чужий текст").status_code == 303
    lost = send(client, FORUM, {**mine, "title": "Моя назва", "text": "Мій текст"})
    assert lost.status_code == 409
    for words in ("Моя назва", "Мій текст", "Чужий текст", "Форум громад"):
        assert words in lost.text
    sha = re.search(r'name="sha" value="(\w+)"', lost.text)
    assert sha
    chosen = dict(re.findall(r'type="hidden" name="(mine_\w+)" value="([^"]*)"', lost.text))
    chosen |= {"sha": sha[1], "mine_title": "Моя назва", "take_title": "mine", "theirs_title": "Форум громад"}
    chosen |= {"mine_text": "Мій текст", "theirs_text": "Чужий текст", "take_text": "theirs"}
    assert send(client, f"{FORUM}/merge", chosen).status_code == 303
    page = client.get(FORUM).text
    assert 'value="Моя назва"' in page
    assert "Чужий текст</textarea>" in page


def test_a_picture_is_uploaded_with_its_words_and_refused_when_it_is_none(client: FlaskClient) -> None:
    content = (PICTURES / "chart.png").read_bytes()
    bad = save(client, FORUM, upload=(io.BytesIO(b"<svg/>"), "a.png"), title="Не втрачено")
    assert bad.status_code == 422
    assert 'value="Не втрачено"' in bad.text
    save(client, FORUM, upload=(io.BytesIO(content), "Наш графік.png"), alt="")
    assert "кількома словами скажіть, що на світлині" in client.get(FORUM).text
    save(client, FORUM, alt="Графік")
    page = client.get(FORUM).text
    address = re.search(rf'src="({BOARD}/pictures/[^"]+)"', page)
    assert address
    assert str(client.get(address[1]).mimetype).startswith("image/")
    assert "зі світлиною" in client.get(BOARD).text
    save(client, FORUM, no_picture="1")
    assert "зі світлиною" not in client.get(BOARD).text


def test_the_page_behind_a_link_offers_title_text_and_a_picture_that_is_taken_with_its_words(
    client: FlaskClient, context: Workspace
) -> None:
    with site.serving() as found:
        client.application.extensions["fetcher"] = found.fetcher
        found.put("/park", f'<title>Парк</title><meta property="og:image" content="/p.png"><p>{"Так. " * 30}')
        found.put("/p.png", (PICTURES / "chart.png").read_bytes())
        new = {"title": "", "link": found.url("/park"), "sections": "top", "fetch": "1"}
        page = send(client, f"{BOARD}/new", new).text
        assert "Так. Так." in page
        bare = {**fields(client.get(FORUM).text), "link": found.url("/park"), "fetch": "1"}
        assert 'value="Форум громад"' in send(client, FORUM, bare).text
        found.put("/p.png", b"<svg/>")
        assert "SVG" in send(client, FORUM, bare).text
    typed = fields(page)
    token = re.search(rf'src="{BOARD}/offered/(\w+)"', page)
    assert typed["title"] == "Парк"
    assert token
    assert str(client.get(f"{BOARD}/offered/{token[1]}").mimetype).startswith("image/")
    assert client.get(f"{BOARD}/offered/..").status_code == 404
    saved = send(client, f"{BOARD}/new", {**typed, "take": token[1], "alt": "Гойдалка"})
    text = next((context.root / f"issues/{CLOSING}/items").glob("park*.md")).read_text("utf-8")
    assert "alt: Гойдалка" in text
    assert (context.root / f"issues/{CLOSING}/pictures/park.png").is_file()
    assert "Гойдалка" in client.get(f"{saved.location}").text


def test_a_picture_is_cut_around_a_point_and_a_wrong_point_is_told(
    client: FlaskClient, context: Workspace
) -> None:
    content = (PICTURES / "chart.png").read_bytes()
    save(client, FORUM, upload=(io.BytesIO(content), "chart.png"), alt="Графік")
    save(client, FORUM, shape="square", focus=["100", "0"])
    text = (context.root / f"issues/{CLOSING}/items/01-forum.md").read_text("utf-8")
    assert re.search(r"shape: square\n\s+focus:\s*(\[100, 0\]|\n?\s*- 100\n\s*- 0)", text)
    letter = client.get(f"{BOARD}/letter.html?item=01-forum").text
    shown = re.search(r'<img[^>]*alt="Графік"[^>]*>', letter)
    assert shown
    sides = re.findall(r'(?:width|height)="(\d+)"', shown[0])
    assert len(set(sides)) == 1, shown[0]
    save(client, FORUM, shape="square", focus=["140", "0"])
    assert "picture.focus" in client.get(FORUM).text
    save(client, FORUM, shape="", focus=["1", "2"])
    assert "focus" not in (context.root / f"issues/{CLOSING}/items/01-forum.md").read_text("utf-8")


def test_only_for_is_a_sentence_with_a_count(client: FlaskClient, context: Workspace) -> None:
    typed = {**fields(client.get(FORUM).text), "who": ["region", "section"], "holds": ["is", "not"]}
    typed |= {"values": ["Харківська; Сумська", "Освіта"], "every": "any"}
    told = send(client, f"{FORUM}/look", typed).text
    assert json.loads(told)["readers"].strip() == "0 читачів"
    send(client, FORUM, typed)
    text = (context.root / f"issues/{CLOSING}/items/01-forum.md").read_text("utf-8")
    assert "any:" in text
    assert "not:\n          section: education" in text.replace("        section", "          section")
    page = client.get(FORUM).text
    assert 'value="Сумська; Харківська"' in page
    assert 'value="Освіта"' in page


def test_findings_are_told_for_what_is_typed_before_it_is_saved(client: FlaskClient) -> None:
    typed = {**fields(client.get(FORUM).text), "link": "", "title": "Так " * 40, "date": "учора"}
    told = json.loads(send(client, f"{FORUM}/look", typed).text)["findings"]
    assert told.keys() >= {"date"}
    typed["date"] = ""
    told = json.loads(send(client, f"{FORUM}/look", typed).text)["findings"]
    assert told.keys() >= {"link", "title"}
    assert "немає власного посилання" in told["link"]


def test_the_mail_shows_what_is_typed_before_it_is_saved(client: FlaskClient, context: Workspace) -> None:
    file = context.root / f"issues/{CLOSING}/items/01-forum.md"
    saved = file.read_text("utf-8")
    typed = {**fields(client.get(FORUM).text), "title": "Ще не збережено", "text": f"Текст {NASTY}"}
    for path in (f"{FORUM}/look?scheme=dark", f"{BOARD}/new/look"):
        told = json.loads(send(client, path, typed).text)["view"]
        frame = re.search(r'<iframe[^>]* src="([^"]+)"', told)
        assert frame
        letter = client.get(frame[1].replace("&amp;", "&"))
        assert "Ще не збережено" in letter.text
        assert "<script>alert" not in letter.text
        assert f'href="{path.replace("/look", "").partition("?")[0]}?' in told
    assert file.read_text("utf-8") == saved
    assert "Ще не збережено" not in client.get(f"{BOARD}/letter.html?item=01-forum").text


def test_a_finding_on_the_board_and_on_the_check_leads_to_its_field(
    client: FlaskClient, context: Workspace
) -> None:
    file = context.root / f"issues/{CLOSING}/items/01-forum.md"
    file.write_text(file.read_text("utf-8").replace("link:", "link: nowhere #"), "utf-8")
    for page in (BOARD, f"{BOARD}/check"):
        assert f'href="{FORUM}#link"' in client.get(page).text, page
    assert 'id="link"' in client.get(FORUM).text


def test_the_item_that_makes_mail_heavy_is_shortened_by_the_tick_its_finding_leads_to(
    client: FlaskClient, context: Workspace
) -> None:
    file = context.root / f"issues/{CLOSING}/items/01-forum.md"
    file.write_text(file.read_text("utf-8") + "\n\n" + "Громади зустрілися в Києві. " * 1600, "utf-8")
    assert f'href="{FORUM}#trim"' in client.get(f"{BOARD}/check").text
    assert 'id="trim" name="trim" value="1" aria' in client.get(FORUM).text
    save(client, FORUM, trim="1")
    assert "\ntrim: true\n" in file.read_text("utf-8")
    assert f'href="{FORUM}#trim"' not in client.get(f"{BOARD}/check").text
    save(client, FORUM, title="Нова назва")
    assert "\ntrim: true\n" in file.read_text("utf-8")
    ticked = fields(client.get(FORUM).text)
    assert ticked.pop("trim") == "1"
    send(client, FORUM, ticked)
    assert "trim" not in file.read_text("utf-8")


def test_a_broken_item_is_shown_with_its_line_and_mended_as_text(
    client: FlaskClient, context: Workspace
) -> None:
    file = context.root / f"issues/{CLOSING}/items/01-forum.md"
    whole = file.read_text("utf-8")
    file.write_text(whole.replace("title: ", "title: ["), "utf-8")
    page = client.get(FORUM).text
    assert "items/01-forum.md:4" in page
    assert "01-forum" in client.get(BOARD).text
    sha = re.search(r'name="sha" value="(\w+)"', page)
    assert sha
    assert send(client, FORUM, {"sha": sha[1], "whole": whole.replace("\n", "\r\n")}).status_code == 303
    assert file.read_text("utf-8") == whole


def test_a_broken_issue_yaml_is_named_and_the_board_stays(client: FlaskClient, context: Workspace) -> None:
    (context.root / f"issues/{CLOSING}/issue.yaml").write_text("subject: [\n", "utf-8")
    page = client.get(BOARD)
    assert page.status_code == 200
    assert "issue.yaml:2" in page.text


def test_words_of_the_issue_are_saved_and_a_conflict_keeps_both(client: FlaskClient) -> None:
    was = re.search(r'name="was_subject" value="([^"]*)"', client.get(BOARD).text)
    assert was
    send(client, f"{BOARD}/words", {"subject": "Перша", "was_subject": was[1]})
    lost = send(client, f"{BOARD}/words", {"subject": "Друга", "was_subject": was[1]})
    assert lost.status_code == 409
    assert 'value="Друга"' in lost.text
    assert "Перша" in lost.text
    assert send(client, f"{BOARD}/words", {"subject": "Друга", "was_subject": "Перша"}).status_code == 303


def test_what_is_typed_into_any_field_is_only_words_on_every_page(
    client: FlaskClient, context: Workspace
) -> None:
    typed = dict.fromkeys(("title", "text", "link", "date", "when", "where", "alt", "caption"), NASTY)
    save(client, FORUM, **typed, only_for="")
    send(client, f"{BOARD}/words", {"subject": NASTY, "preheader": NASTY, "intro": NASTY})
    send(client, "/desk/inbox/paste", {"text": f"14 лютого\n\nТОП\n{NASTY}\nТекст {NASTY}"})
    (context.root / "inbox").mkdir()
    (context.root / "inbox/x.md").write_text(f"---\ntitle: '{NASTY.replace(chr(39), '')}'\n---\n", "utf-8")
    for path in (BOARD, FORUM, "/desk/inbox", "/desk/inbox/x/edit", f"{BOARD}/letter.html"):
        page = client.get(path).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path


@pytest.mark.parametrize(
    "name", ["..", "%2e%2e", "..%2fissue", ".%2e/issue", "a%00b", "%2fetc%2fpasswd", "нема"]
)
def test_no_address_leads_out_of_the_issue(client: FlaskClient, name: str) -> None:
    for path in (f"{BOARD}/items/{name}", f"{BOARD}/pictures/{name}", f"/desk/inbox/{name}/edit"):
        assert client.get(path).status_code in {404, 422}
    for path in (f"{BOARD}/items/{name}", f"{BOARD}/items/{name}/here", f"/desk/inbox/{name}/place"):
        assert send(client, path, {"sha": "", "whole": "x", "issue": str(CLOSING)}).status_code in {
            404,
            422,
            405,
        }
    assert send(client, "/desk/restore", {"name": name}).status_code == 422


def test_an_issue_on_its_way_is_shown_and_takes_no_change(tmp_path: Path) -> None:
    write_issue(tmp_path)
    new_database(tmp_path / "var/newsletter.db")
    context = open_workspace(tmp_path)
    client = create_desk(context, single=whoever_is_here(context)).test_client()
    publish(context.database, read_outline(context, CLOSING).issue)
    page = client.get(BOARD).text
    assert "її файли більше нічого не змінюють" in page.replace("його", "її")
    assert 'name="up"' not in page
    assert "readonly" in client.get(FORUM).text
    answer = save(client, FORUM, title="Запізно")
    assert answer.status_code == 422
    assert 'value="Запізно"' in answer.text
    context.database.dispose()


def test_a_page_that_cannot_be_read_leaves_its_link_in_the_form(client: FlaskClient) -> None:
    for address in ("http://127.0.0.1:1/x", "file:///etc/passwd", "http://169.254.169.254/", "так"):
        answer = send(client, "/desk/inbox/link", {"link": address, "issue": str(CLOSING)})
        page = client.get(answer.location).text
        assert f'value="{address}"' in page
        assert "не вдалося прочитати" in page


def test_a_view_has_the_bytes_and_the_pictures_of_a_message(client: FlaskClient) -> None:
    page = client.get(f"{BOARD}?width=768&scheme=inverted&pictures=off").text
    assert "width-768" in page
    assert "inverted" in page
    frame = re.search(r'<iframe[^>]* src="([^"]+)"', page)
    assert frame
    letter = client.get(frame[1].replace("&amp;", "&"))
    assert "Форум громад" in letter.text
    assert f"{BOARD}/letter/" not in letter.text
    letter = client.get(f"{BOARD}/letter.html")
    picture = re.search(rf'src="({BOARD}/letter/[^"]+)"', letter.text)
    assert picture
    assert str(client.get(picture[1].replace("&amp;", "&")).mimetype).startswith("image/")
    assert (
        client.get(f"{BOARD}/letter.eml").data.startswith(b"From:")
        or b"\r\nSubject:" in client.get(f"{BOARD}/letter.eml").data
    )
    assert "Форум громад" in client.get(f"{BOARD}/letter.html?item=01-forum").text
    assert (
        "Житло"
        not in client.get(f"{BOARD}/letter.html?item=01-forum").text.partition("Форум громад")[2][:300]
    )


def test_a_broken_theme_is_told_in_the_view_and_the_board_goes_on(
    client: FlaskClient, context: Workspace
) -> None:
    theme = Path(context.root / "templates/digest")
    shutil.copytree(ROOT / "templates/digest", theme)
    main = next(theme.glob("*.mjml"))
    whole = main.read_text("utf-8")
    main.write_text(whole + "{% broken", "utf-8")
    page = client.get(BOARD)
    assert page.status_code == 200
    assert main.name in page.text
    main.write_text(whole, "utf-8")
    assert "<iframe" in client.get(BOARD).text
