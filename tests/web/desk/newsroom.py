"""A desk behind sign-in, the people at it, and the links that letters bring them."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from newsletter.links import Purpose
from newsletter.services import Workspace
from newsletter.services.letters import send_letters
from newsletter.store import schema
from newsletter.store.db import reading
from tests.web.desk.visit import send

SITE = "https://news.example.org"
PEOPLE = {
    "editor": "olena@hromada.example.org",
    "approver": "ihor@hromada.example.org",
    "operator": "maria@hromada.example.org",
}
EDITORS = "editors:\n" + "".join(
    f"  - {{name: {address.partition('@')[0].title()}, address: {address}, role: {role}}}\n"
    for role, address in PEOPLE.items()
)


def staff(root: Path, editors: str = EDITORS) -> None:
    """Put people at the desk of a workspace, in place of those who were there."""
    file = root / "newsletter.yaml"
    rest = file.read_text(encoding="utf-8").partition("\neditors:")[0].rstrip()
    file.write_text(f"{rest}\n{editors}", encoding="utf-8")


def browser(desk: Flask) -> FlaskClient:
    """Return a browser of its own, which speaks https and keeps cookies."""
    client = desk.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"
    return client


def post(client: FlaskClient, path: str, **data: str) -> TestResponse:
    """Send a form with the token of the browser's own page."""
    return send(client, path, data, page="/desk/nowhere")


def letters(context: Workspace) -> list[EmailMessage]:
    """Send the letters that are due; return all that were sent, in the order in which they were asked for."""
    while send_letters(context):
        pass
    files = sorted((context.var / "outbox/letters").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=default) for file in files]


def link(letter: EmailMessage, site: str = SITE) -> str:
    """Return the path that the button of a letter opens at `site`."""
    body = letter.get_body(("plain",))
    assert body
    found = re.search(rf"{site}(/desk/sign-in/\S+)", body.get_content())
    assert found
    return found[1]


def ask(client: FlaskClient, context: Workspace, role: str) -> str:
    """Ask for a link, and return its path as the letter would have it."""
    assert post(client, "/desk/sign-in", email=PEOPLE[role]).status_code == 303
    return newest_link(context)


def newest_link(context: Workspace) -> str:
    """Return the path of the link that was asked for last."""
    with reading(context.database) as connection:
        number = connection.execute(select(func.max(schema.sign_in.c.id))).scalar_one()
    return f"/desk/sign-in/{context.signer.token(Purpose.SIGN_IN, number, context.now().date())}"


def sign_in(client: FlaskClient, context: Workspace, role: str) -> FlaskClient:
    """Sign in with a letter, as a person does."""
    assert post(client, ask(client, context, role)).status_code == 303
    return client
