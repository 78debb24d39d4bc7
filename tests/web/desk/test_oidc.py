"""Signing in with an account, by a real provider of OpenID Connect, which scripts/oidc installs."""

import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from flask.testing import FlaskClient

from newsletter.config import parse_settings
from newsletter.services import Workspace, journal, open_workspace
from newsletter.store.journal import Wanted
from newsletter.web.desk.app import create_desk
from tests.databases import new_database
from tests.web.desk.newsroom import EDITORS, PEOPLE, post, staff
from tests.web.test_accessibility import write_issue

HOME = Path(__file__).parents[3] / ".venv/oidc"
ANSWER = "/desk/sign-in/provider/answer"
SECRET = token_urlsafe(32)
pytestmark = pytest.mark.skipif(
    not (HOME / "stamp").exists(), reason="oidc-provider is not installed (scripts/oidc, which needs npm)"
)


@dataclass(frozen=True, slots=True)
class House:
    """A desk that trusts a provider."""

    context: Workspace
    issuer: str

    def browser(self) -> FlaskClient:
        """Return a browser of its own at the desk."""
        return create_desk(self.context, single=None).test_client()


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
    return number


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Run the provider, and give its address."""
    port = free_port()
    script = Path(__file__).parent / "provider.mjs"
    command = [
        "node",
        f"{script}",
        f"{HOME}/node_modules/oidc-provider",
        f"{port}",
        f"http://localhost{ANSWER}",
        SECRET,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as node:
        assert node.stdout
        assert any("listening" in line for line in node.stdout), "the provider does not start"
        yield f"http://127.0.0.1:{port}"
        node.terminate()


@pytest.fixture
def house(tmp_path: Path, issuer: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Open a desk that trusts the provider."""
    monkeypatch.setenv("NEWSLETTER_OIDC_SECRET", SECRET)
    write_issue(tmp_path)
    file = tmp_path / "newsletter.yaml"
    text = file.read_text(encoding="utf-8").replace("https://news.example.org", "http://localhost")
    file.write_text(text, encoding="utf-8")
    staff(tmp_path, f"{EDITORS}oidc: {{issuer: '{issuer}', client: press}}\n")
    new_database(tmp_path / "var/newsletter.db")
    context = open_workspace(tmp_path)
    yield House(context, issuer)
    context.database.dispose()


def visit(begun: str, login: str) -> str:
    """Sign in at the provider as a person does, and return the address that it leads back to."""
    with httpx.Client(follow_redirects=False) as browser:
        answer = browser.get(begun)
        while not answer.headers.get("location", "").startswith("http://localhost/"):
            if answer.is_redirect:
                answer = browser.get(urljoin(str(answer.url), answer.headers["location"]))
                continue
            form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form, answer.text
            assert prompt
            data = {"prompt": prompt[1], "login": login, "password": "any"}
            answer = browser.post(urljoin(str(answer.url), form[1]), data=data)
    found: str = answer.headers["location"]
    return found


def begin(client: FlaskClient) -> str:
    """Press the button at the desk, and return where it leads."""
    assert "/desk/sign-in/provider" in client.get("/desk/sign-in").text
    return client.get("/desk/sign-in/provider").location


def path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def test_an_account_whose_address_is_an_editor_s_signs_in_with_its_role(house: House) -> None:
    client = house.browser()
    client.get("/desk/sign-in?next=/desk/journal")
    back = visit(begin(client), PEOPLE["operator"])
    answer = client.get(path(back))
    assert answer.location == "/desk/journal"
    assert client.get("/desk/journal").status_code == 200
    [entry] = journal.entries(house.context, Wanted())
    assert (entry.address, entry.details) == (PEOPLE["operator"], {"how": "account"})
    assert client.get(path(back)).status_code == 403, "an answer is good once"


def test_the_answer_to_one_browser_opens_nothing_in_another(house: House) -> None:
    victim, attacker = house.browser(), house.browser()
    back = visit(begin(victim), PEOPLE["operator"])
    begin(attacker)
    assert attacker.get(path(back)).status_code == 403
    assert attacker.get("/desk/issues").status_code == 303


@pytest.mark.parametrize("login", ["stranger@example.org", f"unverified.{PEOPLE['operator']}"])
def test_an_address_that_is_unknown_or_not_verified_opens_nothing(house: House, login: str) -> None:
    client = house.browser()
    answer = client.get(path(visit(begin(client), login)))
    assert answer.status_code == 403
    assert client.get("/desk/issues").status_code == 303


def test_a_provider_that_does_not_answer_leaves_the_link_by_mail(house: House) -> None:
    staff(house.context.root, f"{EDITORS}oidc: {{issuer: 'http://127.0.0.1:{free_port()}', client: press}}\n")
    client = house.browser()
    assert client.get("/desk/sign-in/provider").status_code == 502
    assert post(client, "/desk/sign-in", email=PEOPLE["editor"]).status_code == 303


def test_a_provider_that_calls_itself_otherwise_is_not_trusted(house: House) -> None:
    elsewhere = house.issuer.replace("127.0.0.1", "localhost")
    staff(house.context.root, f"{EDITORS}oidc: {{issuer: '{elsewhere}', client: press}}\n")
    assert house.browser().get("/desk/sign-in/provider").status_code == 502


def test_a_provider_beyond_this_machine_needs_https(house: House) -> None:
    text = (house.context.root / "newsletter.yaml").read_text(encoding="utf-8")
    _, problems = parse_settings(text.replace(house.issuer, "http://login.example.org"))
    assert [problem.text for problem in problems] == ["oidc.issuer: must begin with https"]
