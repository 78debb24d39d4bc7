"""What pages are given and print: plain values only, and every word as it was written, whatever is in it."""

import datetime as dt
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import Any

import html5lib
import pytest
import yaml
from flask import Flask, g
from jinja2 import FunctionLoader
from markupsafe import Markup

from newsletter.config import FILE, read_settings
from newsletter.errors import RenderError
from newsletter.render import sandbox
from newsletter.render.edition import Editions
from newsletter.render.letter import Letters
from newsletter.render.values import Data, Fact, Function, Table, plain_values
from newsletter.services import open_workspace, theme_folders
from newsletter.web.preview.app import create_preview
from newsletter.web.preview.proofs import Proofs
from newsletter.web.preview.reload import Watch
from newsletter.web.readers.app import create_site
from newsletter.web.readers.limits import OURS
from tests.web.readers.people import NOW
from tests.web.test_accessibility import PRESSED, PREVIEW, PUBLIC, D, fill, write_issue

ROOT = Path(__file__).parents[2]
NASTY = 'зв\'язку "q" & <b> \\ 5\u00a0км'
ENTITY = re.compile(r"&(#\d+|#x[0-9a-f]+|amp|lt|gt|quot|apos|nbsp);", re.IGNORECASE)
SCALARS = {str, Markup, int, float, bool, NoneType, dt.date, dt.datetime, Function, Fact}
TEXTS = {"title", "publisher", "postal_address", "read_more", "name", "about", "label", "text"}
FEEDS = ["/feed.xml", "/sections/social/feed.xml", "/sitemap.xml"]

Visit = tuple[str, int, str]


def spoil(root: Path) -> None:
    """Put odd characters into every text of the settings and the titles of the issue."""
    write_issue(root)
    settings = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
    (root / FILE).write_text(yaml.safe_dump(odd(settings), allow_unicode=True), encoding="utf-8")
    for item in (root / f"issues/{D}/items").glob("*.md"):
        _, front, words = item.read_text(encoding="utf-8").split("---\n", 2)
        front = yaml.safe_dump(odd(yaml.safe_load(front)), allow_unicode=True)
        item.write_text(f"---\n{front}---\n{words}", encoding="utf-8")


def odd(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: odd(entry, name) for name, entry in value.items()}
    if isinstance(value, list):
        return [odd(entry) for entry in value]
    return f"{value} {NASTY}" if key in TEXTS else value


@pytest.fixture(scope="module")
def applications(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Flask, dict[str, str]]]:
    """Return the site and the preview of a workspace with odd words, and the tokens of its letters."""
    root = tmp_path_factory.mktemp("workspace")
    spoil(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSLETTER_NOW", NOW.isoformat())
        context = open_workspace(root)
        tokens = fill(context)
        proofs = Proofs(context)
        with Watch(proofs.folders) as watch:
            yield create_site(context), create_preview(proofs, watch), tokens
        context.database.dispose()


@pytest.fixture(scope="module")
def given() -> Iterator[list[tuple[str, Any]]]:
    """Note every value that a template is given, by its name."""
    noted: list[tuple[str, Any]] = []
    real = plain_values

    def note(values: Mapping[str, Any]) -> dict[str, Any]:
        made = real(values)
        noted.extend(made.items())
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "plain_values", note)
        yield noted


@pytest.fixture(scope="module")
def visits(applications: tuple[Flask, Flask, dict[str, str]], given: list[tuple[str, Any]]) -> list[Visit]:
    """Open every page of both applications, press the buttons, and read the feeds."""
    site, preview, tokens = applications
    opened = []
    public = [("GET", path) for each in PUBLIC.values() for path in each]
    public += [("GET", path) for path in [*FEEDS, "/nowhere", "/?lang=en", "/view/{view}"]]
    public += [("POST", path) for path, _ in PRESSED.values()]
    shown = [("GET", path) for each in PREVIEW.values() for path in each]
    shown += [("GET", f"/{D}/letter.html")]
    base = open_workspace(Path(site.extensions["live"].current().root)).settings.base_url
    for app, asked in ((site, public), (preview, shown)):
        client = app.test_client()
        for method, path in asked:
            answer = client.open(
                path.format(**tokens),
                method=method,
                environ_overrides={OURS: True},
                follow_redirects=True,
                base_url=base if app is site else None,
            )
            opened.append((f"{method} {path}", answer.status_code, answer.text))
    assert given
    return opened


def faults(name: str, value: Any) -> Iterator[str]:
    """Give everything that can be reached from a value and is no data."""
    kind = type(value)
    if kind is Data:
        for key in value:
            yield from faults(f"{name}.{key}", getattr(value, key))
    elif kind is Table:
        for key, entry in value.items():
            yield from faults(f"{name}[]", key)
            yield from faults(f"{name}[{key!r}]", entry)
    elif kind in (tuple, frozenset):
        for entry in value:
            yield from faults(f"{name}[]", entry)
    elif kind not in SCALARS:
        yield f"{name} is a {kind.__qualname__}"


def test_whatever_a_page_is_given_is_data(
    applications: tuple[Flask, Flask, dict[str, str]], visits: list[Visit], given: list[tuple[str, Any]]
) -> None:
    assert {status for _, status, _ in visits} <= {200, 404, 405, 422, 429}, visits
    names = {name for name, _ in given}
    assert {"settings", "request", "person", "choice", "letter", "proof", "covers", "wishes", "feed"} <= names
    site, preview, _ = applications
    given += [*site.jinja_env.globals.items(), *preview.jinja_env.globals.items()]
    assert [fault for name, value in given for fault in faults(name, value)] == []


def test_whatever_a_theme_and_letters_are_given_is_data(given: list[tuple[str, Any]]) -> None:
    given.clear()
    context = open_workspace(ROOT)
    issue, _ = context.issue(dt.date(2025, 2, 14))
    whole = Editions(issue).whole()
    assert whole
    context.renderer.render(issue, whole)
    Letters(context.settings, theme_folders(ROOT)).page("handover", "uk")
    assert {"blocks", "call", "kind", "email"} <= {name for name, _ in given}
    own = context.renderer._templates._environment.globals  # noqa: SLF001  what templates have beside
    given += own.items()
    assert [fault for name, value in given for fault in faults(name, value)] == []


def read(page: Any) -> Iterator[str]:
    """Give every text and attribute of a page but its source, scripts, and comments, which are Outlook's."""
    for element in page.iter():
        if isinstance(element.tag, str) and element.tag not in ("style", "script", "pre"):
            yield from filter(None, [element.text, *element.attrib.values()])
        yield element.tail or ""


def test_every_word_of_a_page_reads_as_it_was_written(visits: list[Visit]) -> None:
    seen = 0
    for path, status, text in visits:
        if not text.lstrip().lower().startswith("<!doctype html"):
            continue
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        page = parser.parse(text)
        assert not parser.errors, (path, parser.errors)
        for words in read(page):
            assert not ENTITY.search(words), (path, status, words)
            seen += NASTY in words
    assert seen > 100
    letters = [text for path, _, text in visits if path.endswith(("letter.html", "{view}"))]
    for letter in letters:
        page = html5lib.parse(letter, namespaceHTMLElements=False)
        links = ["".join(link.itertext()) for link in page.iter("a")]
        assert [words for words in links if words.startswith("Призупинити «") and words.endswith(f"{NASTY}»")]
    assert len(letters) == 2


SLIPS = (("{% if %}", "xpected"), ("{{ 1|nosuch }}", "nosuch"), ("{% set x = nosuch.y %}", "nosuch"))


@pytest.mark.parametrize("kind", ["readers", "preview"])
def test_every_template_of_a_page_fails_at_its_line(
    applications: tuple[Flask, Flask, dict[str, str]], broken: dict[str, str], kind: str
) -> None:
    site, preview, _ = applications
    app = site if kind == "readers" else preview
    for file in (ROOT / "templates/web" / kind).iterdir():
        for slip, said in SLIPS:
            broken[file.name] = f"{{# #}}\n{slip}{file.read_text(encoding='utf-8')}"
            forget(app)
            with app.test_request_context():
                g.language = "en"
                with pytest.raises(RenderError, match=said) as caught:
                    app.jinja_env.get_template(file.name).render()
            assert str(caught.value.at) == f"templates/web/{kind}/{file.name}:2"
        del broken[file.name]


def test_a_page_whose_template_fails_is_an_error_in_words_and_the_log_has_its_line(
    applications: tuple[Flask, Flask, dict[str, str]],
    broken: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    site, preview, _ = applications
    base = site.extensions["live"].current().settings.base_url
    broken["signup.html"] = "{{ nosuch }}"
    with caplog.at_level(logging.ERROR):
        answer = site.test_client().get("/signup", environ_overrides={OURS: True}, base_url=base)
        assert (answer.status_code, answer.mimetype) == (500, "text/html")
        broken["layout.html"] = "\n{% nosuch %}"
        forget(site)
        answer = site.test_client().get("/signup/sent", environ_overrides={OURS: True}, base_url=base)
        assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert "templates/web/readers/signup.html:1: the template fails: 'nosuch' is undefined" in caplog.text
    assert "templates/web/readers/layout.html:2" in caplog.text
    assert "Traceback" not in caplog.text
    assert "File " not in caplog.text
    forget(preview)
    assert "templates/web/preview/layout.html:2" in preview.test_client().get(f"/{D}").text


@pytest.fixture
def broken(applications: tuple[Flask, Flask, dict[str, str]]) -> Iterator[dict[str, str]]:
    """Put other texts in place of templates of both applications."""
    slips: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        for app in applications[:2]:
            assert isinstance(app, Flask)
            loader = app.jinja_env.loader
            assert isinstance(loader, FunctionLoader)

            def load(name: str, real: Any = loader.load_func) -> Any:
                found = real(name)
                return (slips[name], *found[1:]) if found and name in slips else found

            patch.setattr(loader, "load_func", load)
            forget(app)
        yield slips
    for app in applications[:2]:
        assert isinstance(app, Flask)
        forget(app)


def forget(app: Flask) -> None:
    assert app.jinja_env.cache is not None
    app.jinja_env.cache.clear()


def test_the_letters_of_a_workspace_with_odd_words_read_as_they_were_written(
    applications: tuple[Flask, Flask, dict[str, str]],
) -> None:
    settings = read_settings(applications[0].extensions["live"].current().root)
    letters = Letters(settings, theme_folders(ROOT))
    for kind in ("confirm", "address-new", "handover", "data", "erasure", "link", "move", "succession"):
        made = letters.page(kind, "uk")
        page = html5lib.parse(made.html, namespaceHTMLElements=False)
        assert not any(ENTITY.search(words) for words in read(page))
        assert any(NASTY in words for words in read(page))
        assert NASTY.partition("\u00a0")[0] in " ".join(made.text.split())
