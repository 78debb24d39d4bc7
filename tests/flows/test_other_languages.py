"""Polish, German and Hebrew workspaces: mail and public pages speak one language, and run its way."""

import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from email import message_from_bytes, policy
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from lxml.html import HtmlElement, document_fromstring

from newsletter.audience import stepup
from newsletter.cli import run
from newsletter.i18n import translations
from newsletter.links import Purpose
from newsletter.locales import direction
from newsletter.services import open_workspace
from newsletter.services.letters import send_letters
from newsletter.store import people
from newsletter.store.db import writing
from newsletter.web.readers.app import create_site
from tests.flows.test_english_workspace import CYRILLIC, crawl
from tests.render.test_catalog import of_readers

ISSUE, EMAIL = "2025-02-14", "anna@example.org"


@dataclass(frozen=True)
class Made:
    """What a workspace showed to readers: each page by its path, and each mail's subject and parts."""

    language: str
    pages: dict[str, str]
    mail: list[tuple[str, str, str]]


@pytest.fixture(scope="module", params=["pl", "de", "he"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    language: str = request.param
    root = tmp_path_factory.mktemp(language) / "digest"
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        patch.setenv("NEWSLETTER_NOW", "2025-02-14T16:30:00+00:00")
        run(["init", str(root), "--language", language, "--yes"])
        patch.chdir(root)
        list_ = Path("subscribers/example.csv")
        if EMAIL not in list_.read_text(encoding="utf-8"):
            list_.write_text(f"email,name\n{EMAIL},Anna\n", encoding="utf-8")
        run(["subscribers", "import", str(list_), "--consent", "forms"])
        run(["approve", ISSUE, "--by", "Anna"])
        run(["send", ISSUE, "--yes", "--now"])
        context = open_workspace(root)
        with writing(context.database) as connection:
            reader = people.find(connection, EMAIL)
            assert reader
            stepup.mail_link(connection, EMAIL, language, context.now())
            for kind in stepup.PURPOSES:
                stepup.ask(connection, reader, kind, language, context.now())
        today, sign = context.now().date(), context.signer.token
        own = {
            "/view/": sign(Purpose.VIEW, reader.id, today),
            "/unsubscribe/": sign(Purpose.UNSUBSCRIBE, reader.id, today),
            "/preferences/": sign(Purpose.PREFERENCES, reader.id, today),
        }
        start = {"/", "/nowhere", "/erased", "/embed", *(page + token for page, token in own.items())}
        pages = crawl(create_site(context).test_client(), start)
        assert send_letters(context) == 5
        mail = [_read(path) for path in root.glob("var/outbox/**/*.eml")]
        context.database.dispose()
    return Made(language, pages, mail)


def _read(path: Path) -> tuple[str, str, str]:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text
    assert html
    return str(message["Subject"]), text.get_content(), html.get_content()


def _words(html: str) -> str:
    """Return what a page says: its text, its labels and its title."""
    page: HtmlElement = document_fromstring(html)
    said = [str(text) for text in page.xpath("//text()[not(parent::style) and not(parent::script)]")]
    said += [str(label) for label in page.xpath("//@aria-label | //@alt | //@title | //@placeholder")]
    return " ".join(" ".join(said).split())


def _english(language: str) -> list[str]:
    """Return the English phrases that read otherwise in `language`, the long ones first."""
    ids = {one if isinstance(one, str) else one[-1] for one in of_readers()}
    catalog = translations(language)
    plain = {re.split(r"%\(\w+\)[sd]", one)[0].strip(" “:,.") for one in ids if catalog.gettext(one) != one}
    return sorted((one for one in plain if len(one) > 9), key=len, reverse=True)


def test_mail_and_pages_speak_the_workspace_s_language_alone(made: Made) -> None:
    assert len(made.pages) > 15
    assert len(made.mail) >= 6
    shown = {path: _words(text) if "<html" in text else unescape(text) for path, text in made.pages.items()}
    shown |= {subject: f"{subject} {text} {_words(html)}" for subject, text, html in made.mail}
    assert {path: CYRILLIC.findall(text)[:5] for path, text in shown.items() if CYRILLIC.search(text)} == {}
    if made.language == "he":
        return  # its phrases are English
    english = _english(made.language)
    assert len(english) > 150
    left = {path: [phrase for phrase in english if phrase in text] for path, text in shown.items()}
    assert {path: phrases for path, phrases in left.items() if phrases} == {}


def test_everything_runs_the_language_s_way(made: Made) -> None:
    way = direction(made.language)
    for html in (
        text for text in (*made.pages.values(), *(html for *_, html in made.mail)) if "<html" in text
    ):
        page: HtmlElement = document_fromstring(html)
        assert page.get("lang") == made.language
        assert page.get("dir") == way


def test_its_dates_are_its_own(made: Made) -> None:
    period = {"pl": "8–14 lutego 2025", "de": "8.–14. Februar 2025", "he": "8–14 בפברואר 2025"}[made.language]
    assert any(period in subject or period in text for subject, text, _ in made.mail)
    assert any(period in text.replace("\u00a0", " ") for text in made.pages.values())
