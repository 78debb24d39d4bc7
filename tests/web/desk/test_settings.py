"""The settings' pages: every value is explained, forms change the file in place, and faults save nothing."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image

from newsletter.config import read_settings, settings_model
from newsletter.services import Workspace, settings
from newsletter.services import journal as service
from newsletter.store.journal import Wanted
from tests.gallery import ROOT
from tests.test_docs import keys
from tests.web.desk.visit import send

FORM = "/desk/settings/sections"


@pytest.fixture
def file(context: Workspace) -> Path:
    """Return newsletter.yaml, with a comment on a section and one on the brand."""
    path: Path = context.root / "newsletter.yaml"
    text = path.read_text(encoding="utf-8").replace("title: ТОП,", "title: ТОП,")
    text = text.replace("always: true}\n", "always: true}  # for all\n")
    path.write_text(text.replace("brand: {", "# the town's colours\nbrand: {"), encoding="utf-8")
    return path


def sha(context: Workspace) -> str:
    return settings.read(context).sha


def rows(context: Workspace) -> dict[str, str]:
    """Return what the form of the sections sends when nothing was changed in it."""
    found = read_settings(context.root).sections
    form = {"rows": str(len(found) + 1), "sha": sha(context)}
    for number, entry in enumerate(found):
        form |= {f"{name}-{number}": getattr(entry, name) for name in ("slug", "title", "about", "colour")}
        form |= {f"place-{number}": str(number + 1), f"old-{number}": "1"}
        form |= {f"always-{number}": "1"} if entry.always else {}
    return form


def test_every_setting_has_words_and_the_value_of_the_file_with_its_line(
    client: FlaskClient,
) -> None:
    page = client.get("/desk/settings?lang=en").text
    for key in keys(settings_model()):
        shown = re.sub(r"(\[\]|\.\*).*", "", key)
        row = re.search(rf'<th scope="row">(.*?)<br><code class="muted">({re.escape(shown)})</code>', page)
        parent = re.search(
            rf'<th scope="row">(.*?)<br><code class="muted">{re.escape(shown.rpartition(".")[0])}</code>',
            page,
        )
        assert (row and row[1]) or (parent and parent[1]), key
    assert "digest@news.example.org" in page


def test_each_secret_of_the_documents_is_named_and_none_is_shown(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert set(settings.SECRETS) == set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))
    monkeypatch.setenv("NEWSLETTER_SMTP_PASSWORD", "hunter2")
    page = client.get("/desk/settings").text
    assert "hunter2" not in page
    assert "NEWSLETTER_SMTP_PASSWORD" in page


def test_a_form_sent_as_it_came_changes_no_byte(client: FlaskClient, context: Workspace, file: Path) -> None:
    before = file.read_bytes()
    assert send(client, FORM, rows(context)).status_code == 303
    own = {"logo": "logo.png", "alt": "", "colour": "#0b4f9c", "second": "#f2c335", "sha": sha(context)}
    assert send(client, "/desk/settings/brand", own).status_code == 303
    assert file.read_bytes() == before


def test_sections_are_renamed_moved_added_and_removed_and_comments_stay(
    client: FlaskClient, context: Workspace, file: Path
) -> None:
    form = rows(context) | {"title-1": "Кадри: служба в громадах", "place-1": "9", "gone-3": "1"}
    form |= {"slug-7": "energy", "title-7": "Енергетика", "about-7": "Гранти", "place-7": "2"}
    assert send(client, FORM, form).status_code == 303
    found = read_settings(context.root).sections
    assert [one.slug for one in found] == [
        *("top", "energy", "social", "services", "economy", "international", "staff")
    ]
    assert found[-1].title == "Кадри: служба в громадах"
    text = file.read_text(encoding="utf-8")
    assert re.search(r"slug: top,.*# for all", text)
    assert "# the town's colours" in text
    assert "# where the public pages will live" in text
    [entry] = service.entries(context, Wanted())
    assert entry.did == "settings changed"


def test_a_brand_that_cannot_be_read_is_not_saved_and_stays_in_the_form(
    client: FlaskClient, context: Workspace, file: Path
) -> None:
    before = file.read_bytes()
    form = {"logo": "logo.png", "alt": "", "colour": "#9b8c7d", "second": "blue", "sha": sha(context)}
    answer = send(client, "/desk/settings/brand", form)
    assert answer.status_code == 422
    assert "newsletter.yaml:" in answer.text
    assert 'value="blue"' in answer.text
    assert file.read_bytes() == before


def test_of_two_who_edit_the_file_nobody_overwrites_the_other_unseen(
    client: FlaskClient, context: Workspace, file: Path
) -> None:
    whole = file.read_text(encoding="utf-8")
    seen = sha(context)
    file.write_text(f"{whole}# theirs\n", encoding="utf-8")
    answer = send(client, "/desk/settings/file", {"sha": seen, "text": f"{whole}# mine\n"})
    assert answer.status_code == 409
    assert "# mine" in answer.text
    assert "# theirs" in answer.text
    assert file.read_text(encoding="utf-8").endswith("# theirs\n")
    again = re.search(r'name="sha" value="(\w+)"', answer.text)
    assert again
    assert (
        send(client, "/desk/settings/file", {"sha": again[1], "text": f"{whole}# mine\n"}).status_code == 303
    )
    assert file.read_text(encoding="utf-8").endswith("# mine\n")


def test_an_uploaded_logo_is_looked_at_shown_and_then_saved(
    client: FlaskClient, context: Workspace, file: Path
) -> None:
    drawing = BytesIO()
    Image.new("RGB", (900, 300), "#0b4f9c").save(drawing, "PNG")
    form = {"logo": "logo.png", "alt": "", "colour": "#0b4f9c", "second": "#f2c335", "sha": sha(context)}
    before = file.read_bytes()
    picture = {"picture": (BytesIO(drawing.getvalue()), "наш знак.png")}
    page = send(client, "/desk/settings/brand", {**form, "what": "look", **picture}).text
    assert file.read_bytes() == before
    name = re.search(r'name="logo" value="(logo-[0-9a-f]{8}\.png)"', page)
    assert name
    assert 'width="400" height="133"' in page
    shown = client.get(f"/desk/settings/logo?name={name[1]}")
    assert (shown.status_code, shown.mimetype) == (200, "image/png")
    assert send(client, "/desk/settings/brand", {**form, "logo": name[1]}).status_code == 303
    assert read_settings(context.root).brand.logo == name[1]
    assert client.get("/desk/settings/logo?name=../../etc/passwd").status_code == 404
    assert client.get("/desk/settings/logo?name=newsletter.yaml").status_code == 404
    drawn = {"picture": (BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "logo.svg")}
    refused = send(client, "/desk/settings/brand", {**form, **drawn})
    assert refused.status_code == 422
    assert "SVG" in refused.text
    assert len(list(context.root.glob("logo-*"))) == 1


def test_a_fault_of_the_file_is_on_every_page_at_its_line_and_no_other_is_taken_for_one(
    client: FlaskClient, file: Path
) -> None:
    notice = "newsletter.yaml has a fault"
    place = send(
        client, "/desk/readers/import", {"list": (BytesIO(b"Email\na@city.example.org\n"), "list.csv")}
    )
    refused = send(
        client, f"{place.location}?lang=en", {"what": "import", "heading-0": "Email", "column-0": "email"}
    )
    assert "consent" in refused.text
    assert notice not in refused.text
    file.write_text(f"{file.read_text(encoding='utf-8')}nonsense: 1\n", encoding="utf-8")
    page = client.get("/desk/jobs?lang=en").text
    assert notice in page
    assert re.search(r"<code>newsletter.yaml:\d+</code> unknown key", page)
    assert notice in client.get(f"{place.location}?lang=en").text


@pytest.mark.parametrize("colour", ["#0b4f9c", "#ffff00", "", "red", '"/><script>', "#0b4f9c0"])
def test_the_brand_is_drawn_whatever_is_typed(client: FlaskClient, colour: str) -> None:
    answer = client.get("/desk/settings/brand.svg", query_string={"colour": colour, "second": colour})
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert "<script" not in answer.text
