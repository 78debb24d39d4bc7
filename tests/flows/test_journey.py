"""A reader's whole way, by pages, mail and command line: signing up, choosing, pausing, leaving."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.faults.scene import free_port
from tests.relay import Relay

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
TODAY = date.today()  # noqa: DTZ011  links are good for a year from their issue, whatever the zone
FIRST, SECOND, THIRD = ((TODAY + timedelta(weeks=week)).isoformat() for week in range(3))
ITEMS = {"top": "Найважливіше", "social": "Субсидія на житло", "economy": "Грант для підприємців"}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def relay(start_relay: Callable[[Relay], Relay]) -> Relay:
    """Start a mail server that takes everything."""
    return start_relay(Relay())


@pytest.fixture
def press(tmp_path: Path, relay: Relay) -> Path:
    """Make a workspace that sends through the relay, with three issues that are ready to be approved."""
    port = free_port()
    ours = ("base_url:", "transport:", "smtp:", "schedule:")
    settings = (ROOT / "newsletter.yaml").read_text(encoding="utf-8").splitlines()
    smtp = {"host": "127.0.0.1", "port": relay.port, "security": "none"}
    lines = [line for line in settings if not line.startswith(ours)]
    lines += [f"base_url: http://127.0.0.1:{port}", "transport: smtp", f"smtp: {json.dumps(smtp)}"]
    (tmp_path / "newsletter.yaml").write_text("\n".join(lines), encoding="utf-8")
    shutil.copy(ROOT / "logo.png", tmp_path)
    for day in (FIRST, SECOND, THIRD):
        items = tmp_path / f"issues/{day}/items"
        items.mkdir(parents=True)
        for number, (section, title) in enumerate(ITEMS.items(), 1):
            head = f"---\ntitle: {title} {day}\nsection: {section}\nlink: https://auc.org.ua/{day}/{section}\n---\n"
            (items / f"{number:02}-{section}.md").write_text(f"{head}\nТекст новини.\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(press: Path) -> Run:
    """Run one command line in the workspace; it must succeed."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "newsletter", *arguments]
        done = subprocess.run(command, cwd=press, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def site(press: Path, run: Run) -> Iterator[str]:
    """Serve the workspace by the real command, until the test ends."""
    for day in (FIRST, SECOND, THIRD):
        run("compose", day)
    address = re.findall(r"^base_url: (.*)$", (press / "newsletter.yaml").read_text("utf-8"), re.MULTILINE)[0]
    command = [sys.executable, "-m", "newsletter", "serve", "--port", str(urlsplit(address).port)]
    with (
        (press / "serve.log").open("w") as log,
        subprocess.Popen(command, cwd=press, stdout=log, stderr=log) as serving,
    ):
        wait_for(lambda: answers(address))
        yield address
        serving.terminate()
        assert serving.wait(timeout=30) == 0, (press / "serve.log").read_text()
    assert "Traceback" not in (press / "serve.log").read_text()


def wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it did not come in half a minute"
        time.sleep(0.05)


def answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def letters(relay: Relay, to: str) -> list[EmailMessage]:
    return [
        message_from_bytes(content, policy=policy.default)
        for _, recipient, content in relay.accepted
        if recipient == to
    ]


def plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part
    return str(part.get_content())


def link(letter: EmailMessage, path: str) -> str:
    found = re.search(rf"http://127\.0\.0\.1:\d+{path}\S*", plain(letter))
    assert found, plain(letter)
    return found[0]


def test_from_signing_up_to_leaving(site: str, run: Run, relay: Relay, browser: Browser, press: Path) -> None:
    me = "mayor@city.example.org"
    context = browser.new_context(
        locale="uk", viewport={"width": 375, "height": 812}, java_script_enabled=False
    )
    page = context.new_page()
    try:
        walk(page, site, run, relay, me)
    finally:
        context.close()
    story = json.loads(run("subscribers", "show", me, "--json").stdout)
    assert {choice["state"] for choice in story["choices"]} == {"left"}
    assert me not in (press / "serve.log").read_text()


def walk(page: Page, site: str, run: Run, relay: Relay, me: str) -> None:
    page.goto(f"{site}/signup")
    page.locator("input[name=email]").fill(me)
    page.locator("input[name=take][value=some]").check()
    for section in ("social", "economy"):
        page.locator(f"input[name=section][value={section}]").check()
    page.locator("input[name=consent]").check()
    time.sleep(3.1)  # nobody fills in a form faster
    page.locator("main form > button:not(.unseen)").last.click()
    assert urlsplit(page.url).path == "/signup/sent"
    wait_for(lambda: letters(relay, me))
    page.goto(link(letters(relay, me)[0], "/confirm/"))
    assert run("subscribers", "list").stdout == "", "opening the link changes nothing"
    page.get_by_role("button", name="Так, підписатися").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    digest = sent(run, relay, me, FIRST)
    assert [title in plain(digest) for title in ITEMS.values()] == [True, True, True]

    page.goto(link(digest, r"/preferences/\S+pause=social"))
    page.get_by_role("button", name="Призупинити «Соціальний захист»").click()
    digest = sent(run, relay, me, SECOND)
    assert [title in plain(digest) for title in ITEMS.values()] == [True, False, True]

    page.goto(link(digest, "/unsubscribe/"))
    assert one_click(digest) == 200
    run("subscribers", "add", "other@city.example.org", "--consent", "a letter")
    run("approve", THIRD, "--by", "Олена")
    run("send", THIRD, "--yes", "--now")
    assert len(letters(relay, me)) == 3, "one confirmation and two digests"


def sent(run: Run, relay: Relay, me: str, day: str) -> EmailMessage:
    """Approve and send an issue; return what came of it."""
    before = len(letters(relay, me))
    run("approve", day, "--by", "Олена")
    run("send", day, "--yes", "--now")
    wait_for(lambda: json.loads(run("status", day, "--json").stdout)["state"] == "sent")
    found = letters(relay, me)
    assert len(found) == before + 1, "one message and no more"
    return found[-1]


def one_click(digest: EmailMessage) -> int:
    """Leave as a mail program does (RFC 8058 §3.2): one POST, without cookie, and no redirect followed."""
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = urlsplit(re.findall(r"<(http[^>]+)>", digest["List-Unsubscribe"])[0])
    with closing(HTTPConnection(address.netloc)) as connection:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", address.path, "List-Unsubscribe=One-Click", kind)
        return connection.getresponse().status


def test_no_scanner_that_opens_every_link_changes_anything(site: str, run: Run, relay: Relay) -> None:
    run("subscribers", "add", "mayor@city.example.org", "--sections", "social", "--consent", "a letter")
    digest = sent(run, relay, "mayor@city.example.org", FIRST)
    ours = set(re.findall(rf"{re.escape(site)}[^\s<>\"]*", plain(digest) + str(digest["List-Unsubscribe"])))
    assert len(ours) >= 4
    before = run("subscribers", "show", "mayor@city.example.org", "--json").stdout
    for address in sorted(ours):
        for method in ("GET", "HEAD") * 3:
            with urlopen(Request(address, method=method)) as answer:  # noqa: S310  our own address
                assert answer.status == 200
    assert run("subscribers", "show", "mayor@city.example.org", "--json").stdout == before
