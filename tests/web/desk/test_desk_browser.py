"""A week at the desk in Chromium: by keys and mouse, without scripts, by two editors, and over a restart."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from newsletter.services import Workspace, open_workspace
from newsletter.services.editing.outline import read_outline
from newsletter.services.editors import whoever_is_here
from newsletter.web.desk.app import create_desk
from tests.databases import new_database
from tests.drawn import PICTURES
from tests.press import CLOSING
from tests.sample import ROOT
from tests.web.preview.sample import ITEMS
from tests.web.test_accessibility import write_issue

pytestmark = pytest.mark.browser

BOARD = f"/desk/{CLOSING}"
FIRST = "01-pro-partnerstvo-na-ukrainskomu-tyzhni-v"
"""The first item of the real digest."""
FORUM = "01-forum"
ITEM = f"{BOARD}/items/{FORUM}"
Open = Callable[..., Page]


class Server:
    """A desk on one port, which can be stopped and started again as a new process would be."""

    def __init__(self, workspace: Workspace) -> None:
        self.root, self.port = workspace.root, 0
        self.start()

    def start(self) -> None:
        workspace = open_workspace(self.root)
        app = create_desk(workspace, single=whoever_is_here(workspace))
        self._server = make_server("127.0.0.1", self.port, app, threaded=True)
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the desk of a workspace that has no issue yet."""
    root = tmp_path_factory.mktemp("press")
    for name in ("newsletter.yaml", "logo.png"):
        shutil.copy(ROOT / name, root)
    new_database(root / "var/newsletter.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSLETTER_NOW", "2025-02-13T12:00:00+00:00")
        server = Server(open_workspace(root))
        yield server
        server.stop()


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Open]:
    """Open pages of the desk in windows of their own, as editors on several machines do."""
    with ExitStack() as stack:

        def open_page(path: str, **options: object) -> Page:
            size = {"width": 1440, "height": 900}
            context = browser.new_context(**{"locale": "uk", "viewport": size, **options})  # type: ignore[arg-type]  # its own names
            stack.callback(context.close)
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{server.port}{path}")
            return page

        yield open_page


@pytest.fixture
def no_issue(server: Server) -> None:
    """Let the workspace be without an issue."""
    shutil.rmtree(server.root / "issues", ignore_errors=True)


@pytest.fixture
def small_issue(server: Server, no_issue: None) -> None:
    """Let the workspace have an issue of three items."""
    del no_issue  # only what it does is wanted
    write_issue(server.root)


def order(server: Server, slug: str) -> list[str]:
    outline = read_outline(open_workspace(server.root), CLOSING)
    return next([item.id for item in one.items] for one in outline.sections if one.section.slug == slug)


def paste_the_digest(page: Page) -> None:
    page.get_by_role("link", name="Вставити дайджест").first.click()
    page.get_by_label("Текст дайджесту").fill((ROOT / "issues/2025-02-14/digest.txt").read_text("utf-8"))
    page.get_by_role("button", name="Показати, що з нього вийде").click()
    expect(page.locator("tr.title")).to_have_count(13)
    expect(page.get_by_text("Кожен рядок має своє місце")).to_be_visible()
    page.get_by_role("button", name="Створити ці новини").click()
    expect(page.locator(".item[data-id]")).to_have_count(13)


@pytest.mark.usefixtures("small_issue")
def test_items_go_to_another_section_by_a_key_and_by_the_mouse(open_page: Open, server: Server) -> None:
    page = open_page(BOARD)
    page.locator(f"#item-{FORUM} h3 a").focus()
    page.keyboard.press("m")
    page.locator("dialog button", has_text="Освіта").click()
    expect(page.locator(f".section[data-section=education] #item-{FORUM}")).to_be_visible()
    assert order(server, "education")[-1] == FORUM
    grip = page.locator(f"#item-{FORUM} .grip")
    grip.drag_to(page.locator(".section[data-section=social] .item").first, target_position={"x": 60, "y": 2})
    expect(page.locator(f".section[data-section=social] #item-{FORUM}")).to_be_visible()
    assert order(server, "social")[0] == FORUM
    page.get_by_role("link", name="Ніч").click()
    expect(page.get_by_role("link", name="Ніч")).to_have_attribute("aria-current", "true")


@pytest.mark.usefixtures("no_issue")
def test_the_same_week_is_made_without_scripts(open_page: Open, server: Server) -> None:
    page = open_page(BOARD, java_script_enabled=False)
    paste_the_digest(page)
    page.locator(f"#item-{FIRST}").hover()
    page.locator(f"#item-{FIRST} [name=down]").click()
    assert order(server, "top")[1] == FIRST
    page.locator(f"#item-{FIRST}").hover()
    page.locator(f"#item-{FIRST}").get_by_role("link", name="Перенести").click()
    page.locator(".section[data-section=education]").get_by_role("button", name="Перенести сюди").click()
    assert order(server, "education")[-1] == FIRST
    page.locator(f"#item-{FIRST} h3 a").click()
    page.locator("#title").fill("Партнерство")
    page.locator("#upload").set_input_files(PICTURES / "chart.png")
    page.locator("#alt").fill("Учасники")
    page.get_by_role("button", name="Зберегти й назад").click()
    expect(page.locator(f"#item-{FIRST}")).to_contain_text("зі світлиною")
    page.locator(f"#item-{FIRST} h3 a").click()
    page.get_by_role("button", name="Зробити головною").click()
    expect(page.locator(f"#item-{FIRST}")).to_contain_text("★")


@pytest.mark.usefixtures("small_issue")
def test_the_board_and_its_mail_follow_what_one_and_others_do_without_a_reload(open_page: Open) -> None:
    olena = open_page(BOARD)
    letter = olena.frame_locator("#view iframe").locator("body")
    expect(letter).to_contain_text(ITEMS[FORUM][0])
    olena.evaluate("window.same = true; setInterval = setTimeout = () => 0")
    olena.locator(f"#item-{FORUM} h3 a").focus()
    olena.keyboard.press("m")
    olena.locator("dialog button", has_text="Освіта").click()
    expect(letter).not_to_contain_text("ТОП")
    marko = open_page(ITEM)
    marko.locator("#title").fill("Назва Марка")
    marko.get_by_role("button", name="Зберегти", exact=True).click()
    expect(letter).to_contain_text("Назва Марка")
    marko.get_by_role("button", name="Зробити головною").click()
    expect(olena.locator(f"#item-{FORUM}.lead")).to_contain_text("Назва Марка")
    marko.locator(f"#item-{FORUM} h3 a").click()
    marko.get_by_role("button", name="Видалити новину").click()
    expect(letter).not_to_contain_text("Назва Марка")
    expect(olena.locator(".item[data-id]")).to_have_count(len(ITEMS) - 1)
    assert olena.evaluate("window.same"), "the page was loaded once"


@pytest.mark.usefixtures("small_issue")
@pytest.mark.parametrize("width", [375, 920, 1280, 1440])
def test_nothing_covers_the_inbox_on_the_board(open_page: Open, width: int) -> None:
    page = open_page(BOARD, viewport={"width": width, "height": 720})
    page.get_by_role("link", name="Вставити дайджест").click(timeout=5_000)
    expect(page.get_by_label("Текст дайджесту")).to_be_visible()


@pytest.mark.usefixtures("small_issue")
def test_two_editors_of_one_item_see_both_versions(open_page: Open) -> None:
    olena, marko = open_page(ITEM), open_page(ITEM)
    olena.locator("#title").fill("Назва Олени")
    marko.locator("#text").fill("Текст Марка")
    olena.get_by_role("button", name="Зберегти", exact=True).click()
    expect(olena.locator(".saving")).to_contain_text("Збережено")
    marko.get_by_role("button", name="Зберегти", exact=True).click()
    expect(marko.get_by_role("heading", name="Дві версії")).to_be_visible()
    expect(marko.locator("[name=take_title][value=theirs]")).to_be_checked()
    expect(marko.locator("[name=take_text][value=mine]")).to_be_checked()
    marko.get_by_role("button", name="Зберегти вибране").click()
    expect(marko.locator("#title")).to_have_value("Назва Олени")
    expect(marko.locator("#text")).to_have_value("Текст Марка")
    expect(marko.locator(".saving")).to_be_empty()


@pytest.mark.usefixtures("small_issue")
def test_nothing_typed_is_lost_when_the_server_is_started_anew(open_page: Open, server: Server) -> None:
    page = open_page(ITEM)
    server.stop()
    try:
        page.locator("#text").fill("Написане без зв’язку")
        page.get_by_role("button", name="Зберегти", exact=True).click()
        expect(page.locator(".notice.offline")).to_contain_text("Немає зв’язку")
    finally:
        server.start()
    page.reload()
    expect(page.locator("#text")).to_have_value("Написане без зв’язку")
    expect(page.locator(".saving")).to_contain_text("Написане вами повернулося")
    page.get_by_role("button", name="Зберегти", exact=True).click()
    expect(page.locator(".saving")).to_contain_text("Збережено")
    expect(page.locator(".notice.offline")).to_have_count(0)
    text = Path(server.root / f"issues/{CLOSING}/items/{FORUM}.md").read_text("utf-8")
    assert "Написане без зв’язку" in text


@pytest.mark.usefixtures("small_issue")
def test_words_typed_before_another_s_change_overwrite_nothing_unseen(open_page: Open) -> None:
    olena, marko = open_page(BOARD), open_page(BOARD)
    expect(olena.locator("html")).to_have_class("scripted")
    olena.locator("#subject").fill("Тема Олени")
    marko.locator("#subject").fill("Тема Марка")
    marko.locator("#words button").click()
    expect(marko.locator("#words .saving")).to_contain_text("Збережено")
    olena.reload()
    expect(olena.locator("#subject")).to_have_value("Тема Олени")
    olena.locator("#words button").click()
    expect(olena.locator("#words .conflict")).to_be_visible()
    expect(olena.locator("#words .theirs")).to_contain_text("Тема Марка")
    expect(olena.locator("#subject")).to_have_value("Тема Олени")
    olena.locator("#words button").click()
    expect(olena.locator("#words .saving")).to_contain_text("Збережено")
