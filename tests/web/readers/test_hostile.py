"""What programs send that mean no good: it is refused in words, on either database, and nothing breaks."""

from collections.abc import Iterator
from urllib.parse import quote, quote_from_bytes
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from newsletter.audience import stepup
from newsletter.links import Purpose
from newsletter.services import Workspace
from newsletter.store.requests import Kind
from tests.postgres import copy, execute, named
from tests.press import CLOSING, issue, item, publish
from tests.web.readers.people import dump, mailed, subscribe, token

ODD = {
    "nul": b"a\x00b",
    "surrogate": b"\xed\xa0\x80",
    "no UTF-8": b"\xff\xfe",
    "lines": b"a\r\nBcc: b@example.org\r\n\r\n",
    "script": b'"><script>alert(1)</script>{{7*7}}',
    "long": b"1" * 5000,
}
odd = pytest.mark.parametrize("value", ODD.values(), ids=ODD)


@pytest.fixture(params=["sqlite", "postgres"])
def _database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the workspace on each kind of database in turn."""
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:01:00+00:00")
    if request.param == "sqlite":
        yield
        return
    server, template = request.getfixturevalue("postgres"), request.getfixturevalue("template")
    name = f"test_{uuid4().hex}"
    copy(server, template, name)
    monkeypatch.setenv("NEWSLETTER_DATABASE", named(server, name))
    yield
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def number(_database: None, context: Workspace) -> int:
    """Make a reader, and an issue in the archive."""
    number = subscribe(context)
    publish(context.database, issue(CLOSING, [item("Субсидії", "На <b>житло</b>")]))
    return number


def own(context: Workspace, number: int) -> list[str]:
    """Return the pages that a reader's links open."""
    mine = (f"/mine/{kind}/{mailed(context, number, kind)}" for kind in stepup.PURPOSES if kind != Kind.DATA)
    return [f"/preferences/{token(context, number)}", *mine]


@odd
def test_odd_addresses_and_queries_are_answered_in_words(
    client: FlaskClient, context: Workspace, number: int, value: bytes
) -> None:
    given = quote_from_bytes(value, safe="")
    leave = token(context, number, Purpose.UNSUBSCRIBE)
    for place in (
        "/",
        "/issues",
        "/sections/social",
        "/search",
        "/signup",
        "/embed",
        "/confirm/x",
        "/feed.xml",
    ):
        for path in (f"{place}?lang={given}&q={given}&page={given}&from={given}", f"{place}x/{given}"):
            answer = client.get(path)
            assert answer.status_code < 500, path
            assert b"<script" not in answer.data
            assert "Set-Cookie" not in answer.headers
    for place in (*own(context, number), f"/unsubscribe/{leave}"):
        answer = client.get(f"{place}?lang={given}&pause={given}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert b"<script" not in answer.data
    for path in (f"/issues/page/{given}", f"/sections/{given}/page/2", f"/issues/{given}", f"/view/{given}"):
        assert client.get(path).status_code in {400, 404}, path


@odd
def test_odd_values_in_forms_are_shown_as_faults_or_stored_as_they_are(
    client: FlaskClient, context: Workspace, number: int, value: bytes
) -> None:
    then = int(context.now().timestamp()) - 60
    good = {
        "stamp": context.signer.token(Purpose.FORM, then, context.now().date()),
        "email": "new@example.org",
        "take": "all",
        "name": "Олена",
    }
    names = (
        *good,
        "consent",
        "section",
        "field-region",
        "field-community",
        "other-community",
        "language",
        "until",
    )
    for turn, (path, name) in enumerate(
        (path, name) for path in ("/signup", "/link", *own(context, number)) for name in names
    ):
        left_out = {name, "email"} if "/mine/" in path else {name}  # an address would spend the link
        body = "&".join(f"{key}={quote(text)}" for key, text in good.items() if key not in left_out)
        answer = client.post(
            path,
            data=f"{body}&{name}={quote_from_bytes(value)}",
            content_type="application/x-www-form-urlencoded",
            environ_base={"REMOTE_ADDR": f"10.0.{turn}.1"},
        )
        assert answer.status_code in {200, 303, 422, 429}, (path, name)
        assert b"<script" not in answer.data


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files that nobody asked for
@pytest.mark.usefixtures("_database")
def test_bodies_that_are_no_forms_are_no_trouble(client: FlaskClient, context: Workspace) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="email"; filename="a"\r\n\r\n\xff\x00\r\n'
    for path in ("/signup", *own(context, subscribe(context))):
        for body, kind in (
            (b'{"email": "a@example.org"}', "application/json"),
            (b"email=a&" * 8000, "application/x-www-form-urlencoded"),
            (part + b"--x--\r\n", "multipart/form-data; boundary=x"),
            (part * 100, "multipart/form-data; boundary=x"),
            (part, "multipart/form-data"),
            (b"\xff\xfe\x00", "text/plain; charset=utf-16"),
        ):
            answer = client.post(path, data=body, content_type=kind)
            assert answer.status_code in {200, 413, 422, 429}, (path, kind)


def test_no_page_answers_to_methods_that_are_not_its_own(client: FlaskClient, context: Workspace) -> None:
    number = subscribe(context)
    paths = ["/", "/issues", "/feed.json", "/health", "/signup", "/confirm/x", *own(context, number)]
    before = dump(context)
    for path in paths:
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "ANY"):
            assert client.open(path, method=method).status_code == 405
        assert client.options(path).status_code == 200
        assert client.get(path.rstrip("/") + "/x/").status_code == 404
    assert dump(context) == before


def test_a_redirect_leads_to_no_other_host(client: FlaskClient) -> None:
    for path in (
        "//evil.example/issues",
        "/issues//page//2",
        "/\\evil.example",
        "///evil.example",
        "/%2fevil.example",
    ):
        answer = client.get(path, base_url="http://localhost")
        assert answer.headers.get("Location", "/").removeprefix("http://localhost").startswith("/")
        assert not answer.headers.get("Location", "/").startswith("//")
