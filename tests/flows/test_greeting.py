"""Readers are greeted by name, from newsletter.yaml to the message and its copy on the web."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml.html import document_fromstring

from newsletter.cli import run
from newsletter.links import Purpose
from newsletter.services import open_workspace
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.web.readers.app import create_site

ISSUE = "2025-02-14"
Sent = tuple[Path, dict[str, EmailMessage]]
NAMES = {
    "olena@example.org": "Олена О'Коннор-Ковальчук",
    "none@example.org": "",
    "html@example.org": "<img src=x onerror=alert(1)>",
    "slot@example.org": "QZ7UNSUBSCRIBEQZ",
    "quotes@example.org": 'Хтось "Так" & <Ні>, Jr.',
    "ascii@example.org": "O'Neil, Ann (press)",
    "long@example.org": "Дуже довге ім’я " * 6 + "кінець",
}


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """Send an issue with a greeting to readers with these names; return the workspace and each message."""
    root = tmp_path_factory.mktemp("greeting") / "digest"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSLETTER_NOW", "2025-02-14T15:00:00+00:00")
        said("init", str(root), "--language", "uk", "--yes")
        patch.chdir(root)
        settings = root / "newsletter.yaml"
        line = 'greeting: {named: "Вітаємо, {name} & колеги!", unnamed: "Вітаємо & дякуємо!"}\n'
        settings.write_text(settings.read_text(encoding="utf-8") + line, encoding="utf-8")
        rows = "".join(f'{email},"{name.replace(chr(34), chr(34) * 2)}",*\n' for email, name in NAMES.items())
        (root / "list.csv").write_text("email,name,sections\n" + rows, encoding="utf-8")
        assert said("subscribers", "import", "list.csv", "--consent", "forms") == 0
        assert said("compose") == 0
        assert said("approve", ISSUE, "--by", "Olena") == 0
        assert said("send", ISSUE, "--yes", "--now") == 0
        found = [message_from_bytes(path.read_bytes(), policy=policy.default)
                 for path in root.glob("var/outbox/**/*.eml")]  # fmt: skip
        by_address = {one["To"].addresses[0].addr_spec: one for one in found}
        yield root, by_address


def said(*words: str) -> int:
    with CliRunner().isolation():
        return run(list(words))


def parts(message: EmailMessage) -> tuple[str, str]:
    """Return the words of the text part and of the HTML part."""
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text
    assert html
    page = "".join(map(str, document_fromstring(html.get_content()).itertext()))
    return " ".join(text.get_content().split()), " ".join(page.split())


def test_who_has_a_name_is_greeted_by_it_in_both_parts(
    messages: Sent,
) -> None:
    for words in parts(messages[1]["olena@example.org"]):
        assert "Вітаємо, Олена О'Коннор-Ковальчук & колеги!" in words
        assert "QZ7" not in words


@pytest.mark.parametrize("email", [email for email in NAMES if email != "olena@example.org"])
def test_others_are_greeted_without_one(messages: Sent, email: str) -> None:
    for words in parts(messages[1][email]):
        assert "Вітаємо & дякуємо!" in words
        assert "колеги" not in words
    html = messages[1][email].get_body(("html",))
    assert html
    assert "onerror" not in html.get_content()


@pytest.mark.parametrize(("email", "name"), NAMES.items())
def test_a_message_is_addressed_to_the_reader_by_name(messages: Sent, email: str, name: str) -> None:
    raw = messages[1][email].as_bytes().partition(b"\nTo: ")[2].decode("ascii")
    lines = re.match(r".*(?:\n[ \t].*)*", raw)
    assert lines
    assert all(len(line) <= 78 for line in lines[0].splitlines())
    to = make_header(decode_header(lines[0]))  # Python's address parser puts blanks between encoded words
    assert parseaddr(str(to)) == (name.strip(), email) or str(to) == f"{name.strip()} <{email}>"
    assert messages[1][email]["To"].addresses[0].addr_spec == email


def test_the_copy_on_the_web_names_nobody(messages: Sent) -> None:
    context = open_workspace(messages[0])
    with reading(context.database) as connection:
        reader = people.find(connection, "olena@example.org")
    assert reader
    token = context.signer.token(Purpose.VIEW, reader.id, context.settings.closing_day(context.now().date()))
    page = create_site(context).test_client().get(f"/view/{token}")
    assert page.status_code == 200
    assert "Вітаємо &amp; дякуємо!" in page.text
    assert "Олена" not in page.text
    context.database.dispose()
