"""Sign-up in Chromium without scripts: on small screens, by keyboard, and in a frame on another site."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from newsletter.services import Workspace
from newsletter.store.db import reading
from newsletter.store.schema import request
from newsletter.web.readers.joining.signup import SOONEST

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[3]
Open = Callable[..., Page]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """Run a server, and give its address."""
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def address(site: Flask) -> Iterator[str]:
    """Serve the site on a free port."""
    with running(make_server("127.0.0.1", 0, site, threaded=True)) as address:  # type: ignore[arg-type]  # is one
        yield address


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Serve a page of another site on a port of its own."""
    with ExitStack() as stack:

        def serve(page: str) -> str:
            folder = tmp_path / "association"
            folder.mkdir(exist_ok=True)
            (folder / "index.html").write_text(page, encoding="utf-8")
            handler = partial(Quiet, directory=str(folder))
            return stack.enter_context(running(ThreadingHTTPServer(("127.0.0.1", 0), handler)))

        yield serve


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Open pages of the site without scripts; options are those of a browser context."""
    with ExitStack() as stack:

        def open_page(path: str, **options: object) -> Page:
            given = {"locale": "uk", "java_script_enabled": False, **options}
            context = browser.new_context(**given)  # type: ignore[arg-type]  # its own names
            stack.callback(context.close)
            page = context.new_page()
            page.goto(path if path.startswith("http") else address + path)
            return page

        yield open_page


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a form be filled in as fast as this browser does."""
    monkeypatch.setattr("newsletter.web.readers.joining.signup.SOONEST", SOONEST - timedelta(seconds=3))


def asked(context: Workspace) -> list[tuple[str, str, dict[str, object]]]:
    with reading(context.database) as connection:
        rows = connection.execute(select(request)).all()
    return [(row.email, row.source, row.details) for row in rows]


def test_the_whole_way_at_320_pixels_by_region_and_community(open_page: Open, context: Workspace) -> None:
    page = open_page("/signup", viewport={"width": 320, "height": 640}, has_touch=True)
    page.get_by_label("Ваша адреса електронної пошти").fill("olena@konotop.example.org")
    page.get_by_label("Лише деякі рубрики").check()
    page.get_by_label("Освіта").check()
    page.get_by_label("Область").select_option("Сумська")
    page.get_by_role("button", name="Показати громади").click()
    expect(page.get_by_label("Освіта")).to_be_checked()
    page.locator("#field-community").select_option("Конотопська")
    page.get_by_role("button", name="Підписатися").last.click()
    expect(page.get_by_role("alert")).to_contain_text("Поставте позначку, якщо згодні")
    page.get_by_role("alert").get_by_role("link").click()
    page.get_by_label("Я погоджуюся").check()
    page.get_by_role("button", name="Підписатися").last.click()
    expect(page.locator("h1")).to_have_text("Залишився один крок: відкрийте пошту")
    ((email, source, details),) = asked(context)
    assert (email, source) == ("olena@konotop.example.org", "sign-up page")
    assert details["attributes"] == {"region": "Сумська", "community": "Конотопська"}
    assert details["sections"] == ["education"]


def test_enter_in_a_field_sends_the_form_and_does_not_list_communities(open_page: Open) -> None:
    page = open_page("/signup")
    page.get_by_label("Ваша адреса електронної пошти").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()


def test_the_keyboard_goes_through_what_is_seen_in_its_order(open_page: Open) -> None:
    page = open_page("/signup", java_script_enabled=True)
    page.locator("#email").focus()
    order = []
    for _ in range(7):
        order.append(
            page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()")
        )
        page.keyboard.press("Tab")
    assert order == ["email", "take", "name", "field-region", "step", "field-position", "consent"]


def test_faults_are_read_out(open_page: Open) -> None:
    page = open_page("/signup", java_script_enabled=True)
    page.get_by_label("Лише деякі рубрики").check()
    page.get_by_role("button", name="Підписатися").last.click()
    expect(page.get_by_role("alert")).to_be_focused()


def stand_on(context: Workspace, site: str) -> None:
    """Name the association's site."""
    file = context.root / "newsletter.yaml"
    text = file.read_text("utf-8")
    assert "site: https://auc.org.ua" in text
    file.write_text(text.replace("site: https://auc.org.ua", f"site: {site}"), "utf-8")


def framing(address: str, path: str = "/embed") -> str:
    """Return a page of another site that shows a page of ours in a frame."""
    frame = f'<iframe src="{address}{path}?lang=uk" title="Sign-up" width="100%" height="700"></iframe>'
    return f"<!doctype html><title>An association</title>{frame}"


def test_the_association_s_site_frames_the_form_and_the_answer_comes_in_the_frame(
    open_page: Open, serve: Callable[[str], str], address: str, context: Workspace
) -> None:
    site = serve(framing(address))
    stand_on(context, site)
    page = open_page(site)
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Підписатися").last.click()
    expect(frame.get_by_role("alert")).to_be_visible()
    frame.get_by_label("Ваша адреса електронної пошти").fill("olena@konotop.example.org")
    frame.get_by_label("Я погоджуюся").check()
    frame.get_by_role("button", name="Підписатися").last.click()
    expect(frame.locator("h1")).to_have_text("Залишився один крок: відкрийте пошту")
    expect(frame.locator("header")).to_have_count(0)
    assert page.url.rstrip("/") == site
    ((email, source, _),) = asked(context)
    assert (email, source) == ("olena@konotop.example.org", "embedded form")


@pytest.mark.parametrize("path", ["/embed", "/signup"])
def test_no_other_site_frames_the_form_and_none_the_rest(
    open_page: Open, serve: Callable[[str], str], address: str, context: Workspace, path: str
) -> None:
    site = serve(framing(address, path))
    if path == "/signup":
        stand_on(context, site)
    frame = open_page(site).frame_locator("iframe")
    expect(frame.get_by_label("Ваша адреса електронної пошти")).to_have_count(0)


def example(address: str, text: str) -> str:
    """Return the page of docs/examples as another site has it."""
    assert text.count("https://news.example.org/") == 3
    return text.replace("https://news.example.org", address)


def test_the_example_page_s_frame_and_plain_form_work_from_another_origin_without_scripts(
    open_page: Open, serve: Callable[[str], str], address: str, context: Workspace
) -> None:
    text = (ROOT / "docs/examples/sign-up.html").read_text("utf-8")
    site = serve(example(address, text))
    stand_on(context, site)
    page = open_page(site)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_label("Освіта")).to_be_checked()
    expect(frame.get_by_label("Кадри")).not_to_be_checked()
    form = page.locator("form.digest-sign-up")
    form.get_by_label("Ваша адреса електронної пошти").fill("olena@konotop.example.org")
    form.get_by_label("Я погоджуюся").check()
    form.get_by_role("button").click()
    expect(page.locator("h1")).to_have_text("Залишився один крок: відкрийте пошту")
    assert page.url.startswith(address)
    ((email, source, details),) = asked(context)
    assert (email, source, details["sections"]) == ("olena@konotop.example.org", "form on the site", ["*"])


@pytest.mark.parametrize(
    "policy", ["", '<meta name="referrer" content="no-referrer">'], ids=["other", "hidden"]
)
def test_from_another_site_or_a_hidden_origin_the_form_is_shown_once_more_filled_in(
    open_page: Open, serve: Callable[[str], str], address: str, context: Workspace, policy: str
) -> None:
    text = (ROOT / "docs/examples/sign-up.html").read_text("utf-8")
    site = serve(policy + example(address, text))
    if policy:
        stand_on(context, site)
    page = open_page(site)
    form = page.locator("form.digest-sign-up")
    form.get_by_label("Ваша адреса електронної пошти").fill("olena@konotop.example.org")
    form.get_by_label("Я погоджуюся").check()
    form.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("Залишився один крок: перегляньте")
    assert asked(context) == []
    page.get_by_role("button", name="Підписатися").last.click()
    expect(page.locator("h1")).to_have_text("Залишився один крок: відкрийте пошту")
    assert [one[1] for one in asked(context)] == ["sign-up page"]
