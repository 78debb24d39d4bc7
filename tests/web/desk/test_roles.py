"""Every route of the desk with every role, and hostile values in its arguments and in all that it shows."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from newsletter.config.types import Role
from newsletter.services import Workspace, open_workspace
from newsletter.web.desk.app import create_desk
from tests import press
from tests.databases import new_database
from tests.web.desk import house
from tests.web.desk.newsroom import browser, post, sign_in, staff
from tests.web.desk.routes import address, methods, routes
from tests.web.readers.people import subscribe
from tests.web.test_accessibility import write_issue

SLOW = ".png"
"""How the address of a screenshot ends, for which a browser is started."""
GOING = date(2025, 2, 7)
"""An issue that is being sent; the other one is a draft."""
HOSTILE = '"><script src=//evil.example.org></script><img src=x onerror=alert(1)>'
OUTSIDE = (
    "..",
    "../../newsletter.yaml",
    "..%2f..%2fnewsletter.yaml",
    "%2e%2e%2fnewsletter.yaml",
    "/etc/passwd",
)


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A desk and a browser of each role in it; the one of nobody is not signed in."""

    desk: Flask
    context: Workspace
    clients: dict[Role | None, FlaskClient]


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Open a desk whose every word is hostile where its settings and files allow it."""
    root = tmp_path_factory.mktemp("workspace")
    write_issue(root)
    staff(root)
    spoil(root)
    new_database(root / "var/newsletter.db")
    context = open_workspace(root)
    subscribe(context, name=HOSTILE, attributes={"region": HOSTILE, "position": HOSTILE})
    house.begin(context, GOING, like=press.CLOSING.isoformat())
    (root / "inbox").mkdir()
    for item in root.glob(f"issues/{press.CLOSING}/items/*.md"):
        shutil.copy(item, root / "inbox")
    desk = create_desk(context, single=None)
    clients: dict[Role | None, FlaskClient] = {None: browser(desk)}
    for role in Role:
        clients[role] = sign_in(browser(desk), context, role.value)
    yield Newsroom(desk, context, clients)
    context.database.dispose()


def spoil(root: Path) -> None:
    """Put hostile words into every setting and item that takes words."""
    file = root / "newsletter.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings |= dict.fromkeys(("title", "publisher", "postal_address", "read_more"), HOSTILE)
    for entry in (*settings["sections"], *settings["fields"].values(), *settings["editors"]):
        entry |= {name: HOSTILE for name in ("title", "about", "label", "name") if name in entry}
    settings["sender"]["name"] = HOSTILE
    file.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    for item in root.glob("issues/*/items/*.md"):
        title = re.compile(r"^title: .*$", re.MULTILINE).search(item.read_text(encoding="utf-8"))
        assert title
        head = yaml.safe_dump({"title": HOSTILE}).strip()
        text = item.read_text(encoding="utf-8").replace(title[0], head)
        item.write_text(f"{text}\n\n{HOSTILE}\n", encoding="utf-8")


def test_a_role_too_low_opens_nothing_by_any_method(newsroom: Newsroom) -> None:
    """The table of routes and roles: every cell is tried; what is allowed, by the lowest role that may."""
    tried = 0
    for rule, role in routes(newsroom.desk):
        path = address(newsroom.desk, rule)
        for who, client in newsroom.clients.items():
            allowed = who is not None and who.covers(role)
            for method in methods(rule):
                tried += 1
                if allowed:  # without the token of a form, which does nothing
                    if method == "GET" and (who is not role or path.endswith(SLOW)):
                        continue
                    code = client.open(path, method=method).status_code
                    assert (code == 400) if method == "POST" else (code not in (401, 403)), (path, who)
                    continue
                answer = client.get(path) if method == "GET" else post(client, path)
                if who is None:
                    assert answer.location == "/desk/sign-in" or "/desk/sign-in?next=" in answer.location, (
                        path
                    )
                else:
                    assert answer.status_code == 403, (path, who)
    assert tried > 10


def test_every_role_is_demanded_by_some_route_and_nothing_else_is_open(newsroom: Newsroom) -> None:
    found = {rule.endpoint for rule, _ in routes(newsroom.desk)}
    open_ = {rule.endpoint for rule in newsroom.desk.url_map.iter_rules()} - found
    assert {endpoint for endpoint in open_ if not endpoint.startswith(("sign_in.", "brand.", "oidc."))} == {
        "static"
    }


def test_an_argument_of_a_route_leads_to_no_file_outside(newsroom: Newsroom) -> None:
    client = newsroom.clients[Role.OPERATOR]
    for rule, _ in routes(newsroom.desk):
        for name in rule.arguments - {"closing", "number"}:  # no other text is a date or a number
            for value in OUTSIDE:
                path = address(newsroom.desk, rule, **{name: "NAME"}).replace("NAME", value)
                for method in methods(rule):
                    answer = client.get(path) if method == "GET" else post(client, path)
                    assert answer.status_code in (303, 308, 400, 404, 405, 409, 422), (method, path)
                    assert "postal_address" not in answer.text
                    assert "root:" not in answer.text


def test_what_is_stored_runs_on_no_page(newsroom: Newsroom) -> None:
    """Hostile words in every setting, item and reader, on every page that there is."""
    client = newsroom.clients[Role.OPERATOR]
    client.environ_base["HTTP_USER_AGENT"] = HOSTILE
    seen = 0
    pages = [rule for rule, _ in routes(newsroom.desk) if "GET" in methods(rule)]
    for rule, closing in product(pages, (press.CLOSING, GOING)):
        if rule.rule.endswith(SLOW):
            continue
        answer = client.get(address(newsroom.desk, rule, closing=closing))
        if answer.mimetype == "text/html" and answer.text.strip():
            seen += 1
            assert running(answer.text) == [], rule
    assert seen > 1


def running(page: str) -> list[str]:
    """Return what of a page would run: scripts that are not the desk's, handlers, addresses with code."""
    found = []
    for element in html.document_fromstring(page).iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag == "script" and not (element.get("src") or "").startswith("/desk/static/"):
            found.append(html.tostring(element, encoding="unicode"))
        found += [
            f"{name}={value}"
            for name, value in ((str(name), str(value)) for name, value in element.items())
            if name.startswith("on") or value.lower().lstrip().startswith(("javascript:", "data:text"))
        ]
    return found
