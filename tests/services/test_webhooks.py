"""Webhooks: told in the transaction that does it, signed, tried for days, paused when dead."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from newsletter.config import read_settings
from newsletter.config.parts import Webhook
from newsletter.config.types import WebhookEvent
from newsletter.errors import ConfigError, TransportUnavailable
from newsletter.fetched import FetchError
from newsletter.fetching import Fetcher
from newsletter.services import Workspace, person, webhooks
from newsletter.services.erasure import erase
from newsletter.services.feedback import keep_events, process_events
from newsletter.services.lists import ListImport, Reading
from newsletter.services.periodic import prune
from newsletter.services.webhooks.posting import Receiver, post_due, turn
from newsletter.services.webhooks.signing import secrets_of, signed
from newsletter.store import issues, notices, people
from newsletter.store.db import reading, writing
from newsletter.store.events import Event, Kind
from newsletter.store.schema import notice
from newsletter.store.subscriber_data import subscriber_data
from tests import press as papers
from tests.sample import ROOT
from tests.sending import house
from tests.site import Reply, Site, serving

# ruff: noqa: S105  secrets of tests
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
OLD = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDC2FVsBQIhro="
SETTINGS = """
webhooks:
  - {name: register, url: https://register.example/press}
  - {name: site, url: https://site.example/hook, events: [issue.sent], secret: NEWSLETTER_WEBHOOK_SECRET_SITE}
"""
KEYS = ["0123456789abcdef" * 2]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


def told(workspace: Workspace, name: str = "register") -> list[tuple[str, dict[str, Any]]]:
    """Return what a webhook is to be told, in order."""
    with reading(workspace.database) as connection:
        found = notices.listed(connection, name, None, 100)
    return [(one.event, dict(one.data)) for one in reversed(found)]


def hooked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Name webhooks in a workspace whose database is not open yet."""
    monkeypatch.setenv("NEWSLETTER_WEBHOOK_SECRET", f"{SECRET} {OLD}")
    monkeypatch.setenv("NEWSLETTER_WEBHOOK_SECRET_SITE", OLD)
    file = workspace.root / "newsletter.yaml"
    file.write_text(file.read_text("utf-8") + SETTINGS, "utf-8")
    workspace.settings = read_settings(workspace.root)
    return workspace


@pytest.fixture
def press_with(either: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Open a workspace with webhooks, on each kind of database in turn."""
    return hooked(either, monkeypatch)


@pytest.fixture
def light(press: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Open a workspace with webhooks on SQLite alone, now."""
    monkeypatch.setenv("NEWSLETTER_NOW", datetime.now(UTC).isoformat())
    return hooked(press, monkeypatch)


def receiver(url: str, keys: list[str] | None = None, name: str = "register") -> Receiver:
    """Return a webhook on loopback, which no newsletter.yaml may name."""
    secrets = [one.encode() for one in keys] if keys else secrets_of("NEWSLETTER_WEBHOOK_SECRET")
    return Receiver(Webhook.model_construct(name=name, url=url), secrets)


def join(workspace: Workspace, address: str, sections: str = "social") -> int:
    person.add(workspace, {"email": address, "sections": sections}, "asked by mail", "a test")
    return number(workspace, address)


def number(workspace: Workspace, address: str) -> int:
    with reading(workspace.database) as connection:
        found = people.find(connection, address)
    assert found
    return found.id


def test_each_change_of_a_reader_is_told_once_and_nothing_else_is(press_with: Workspace) -> None:
    anna = join(press_with, "anna@example.org")
    borys, vira = join(press_with, "borys@example.org", "*"), join(press_with, "vira@example.org")
    report = Event(
        id="1", source="mail", kind=Kind.COMPLAINT, subscriber=borys, issue="", at=house.NOW.isoformat()
    )
    keep_events(press_with, [report, replace(report, id="2", kind=Kind.HARD, subscriber=vira)])
    process_events(press_with)
    person.restore(press_with, "vira@example.org", "a new mailbox")
    erase(press_with, "anna@example.org")
    assert told(press_with) == [
        ("reader.joined", {"reader": borys, "sections": ["*"]}),
        ("reader.joined", {"reader": vira, "sections": ["social"]}),
        ("reader.complained", {"reader": borys}),
        ("reader.bounced", {"reader": vira}),
        ("reader.joined", {"reader": vira, "sections": ["social"]}),
        ("reader.left", {"reader": anna, "erased": True}),
    ]
    assert told(press_with, "site") == []


def test_what_was_told_of_a_reader_before_an_erasure_was_this(press_with: Workspace) -> None:
    anna = join(press_with, "anna@example.org")
    join(press_with, "anna@example.org")
    person.add(press_with, {"email": "anna@example.org", "name": "Анна", "sections": "social;education"})
    person.leave(press_with, "anna@example.org", ["social"], "a call")
    person.leave(press_with, "anna@example.org", [], "a call")
    person.leave(press_with, "anna@example.org", [], "a call")
    expected = [
        ("reader.joined", {"reader": anna, "sections": ["social"]}),
        ("reader.sections", {"reader": anna, "sections": ["education", "social"]}),
        ("reader.sections", {"reader": anna, "sections": ["education"]}),
        ("reader.left", {"reader": anna}),
    ]
    assert told(press_with) == expected
    with reading(press_with.database) as connection:
        data = subscriber_data(connection, "anna@example.org")
    assert data
    assert [(one["webhook"], one["event"]) for one in data.data()["webhooks"]] == [
        ("register", event) for event, _ in expected
    ]


def test_an_issue_is_told_approved_started_and_sent_once_whoever_joins_later(press_with: Workspace) -> None:
    engine = press_with.database
    join(press_with, "anna@example.org")
    issue = papers.issue(papers.CLOSING, [papers.item("Укриття", "Текст")])
    papers.publish(engine, issue)
    for _ in range(2):
        with writing(engine) as connection:
            notices.put_issue(
                connection,
                WebhookEvent.ISSUE_SENT,
                issue.name,
                issues.get(connection, issue.name).begun_at,
                1,
                house.NOW,
            )
    assert [one for one in told(press_with) if "issue" in one[0]] == [
        (event, {"issue": "2025-02-14", "readers": 1})
        for event in ("issue.approved", "issue.started", "issue.sent")
    ]
    assert told(press_with, "site") == [("issue.sent", {"issue": "2025-02-14", "readers": 1})]


def test_what_is_undone_is_not_told_and_without_webhooks_nothing_is_written(press_with: Workspace) -> None:
    anna = join(press_with, "anna@example.org")
    before = told(press_with)
    with writing(press_with.database) as connection:
        people.leave(connection, anna, (), ("social",), house.NOW)
        connection.rollback()
    assert told(press_with) == before
    notices.listen(press_with.database, {})
    person.leave(press_with, "anna@example.org", [], "a call")
    assert told(press_with) == before


def test_a_list_of_thousands_tells_of_each_in_a_few_statements(press_with: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("email\n" + "".join(f"r{n}@example.org\n" for n in range(3000)), "utf-8")
    ListImport(press_with, file, Reading(columns={}, values={})).run("a forum")
    with reading(press_with.database) as connection:
        counts = notices.counts(connection)
        ids = connection.execute(select(func.count(notice.c.message.distinct()))).scalar_one()
    assert (counts, ids) == ({("register", "waiting"): 3000}, 3000)


def test_the_public_library_believes_each_of_two_secrets_and_no_change(light: Workspace, site: Site) -> None:
    site.replies["/press"], site.posted[:] = Reply(), []
    anna = join(light, "anna@example.org")
    assert post_due(light, [receiver(site.url("/press"))], lambda: site.fetcher("newsletter")) == 1
    ((_, headers, body),) = site.posted
    for secret in (SECRET, OLD):
        assert Verifier(secret).verify(body, headers)["data"] == {"reader": anna, "sections": ["social"]}
    for wrong in (
        (body + b" ", headers),
        (body, {**headers, "webhook-id": "msg_other"}),
        (body, {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Verifier(SECRET).verify(*wrong)
    assert post_due(light, [receiver(site.url("/press"))], lambda: site.fetcher("newsletter")) == 0
    with sqlite3.connect(light.var / "newsletter.db") as database:
        assert "@" not in str(database.execute("SELECT * FROM notice").fetchall())


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), f"whsec_{'A' * 400}", "whsec_ё"]
)
def test_a_secret_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("NEWSLETTER_WEBHOOK_SECRET", secret)
    with pytest.raises(ConfigError, match="NEWSLETTER_WEBHOOK_SECRET"):
        secrets_of("NEWSLETTER_WEBHOOK_SECRET")


@contextmanager
def example(folder: Path, secret: str) -> Iterator[tuple[int, Callable[[], str]]]:
    """Run the receiver of docs/webhooks.md; give its port, and what stops it and returns its words."""
    text = (ROOT / "docs/webhooks.md").read_text("utf-8")
    code = re.search(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert code
    (folder / "receiver.py").write_text(code[1], "utf-8")
    environment = {**os.environ, "WEBHOOK_SECRET": secret}
    process = subprocess.Popen(
        [sys.executable, "receiver.py", "0"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout

    def stop() -> str:
        process.kill()
        return process.communicate()[0]

    try:
        yield int(process.stdout.readline().split()[-1]), stop
    finally:
        process.kill()
        process.wait()


def test_a_kill_between_answer_and_record_repeats_the_id_which_the_example_does_once(
    light: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEWSLETTER_NOW")
    anna = join(light, "anna@example.org")
    borys = join(light, "borys@example.org")
    secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # KEYS
    with example(tmp_path, secret) as (port, lines):
        url = f"http://register.example:{port}/"
        poster = subprocess.Popen(
            [sys.executable, "-m", "tests.services.webhook_poster", light.root, url, str(port)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        with sqlite3.connect(light.var / "newsletter.db", isolation_level=None) as lock:
            lock.execute("BEGIN IMMEDIATE")  # the receiver can answer, and nothing can be recorded
            seen = tmp_path / "seen.db"
            wait(lambda: seen.exists() and counted(seen) == 2)
            poster.kill()
            poster.wait()
            lock.execute("ROLLBACK")
        assert {one.state for one in webhooks.told(light, "register")} == {webhooks.State.WAITING}
        again = Site(port).fetcher
        assert post_due(light, [receiver(url, KEYS)], lambda: again("newsletter")) == 2
        refused = post_due(light, [receiver(url, ["another"])], lambda: again("newsletter"))
        assert (refused, counted(seen)) == (0, 2)
        assert lines().splitlines() == [
            f"reader.joined {{'reader': {one}, 'sections': ['social']}}" for one in (anna, borys)
        ]
    assert [one.state for one in webhooks.told(light, "register")] == [webhooks.State.DELIVERED] * 2


def counted(seen: Path) -> int:
    with sqlite3.connect(seen) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'seen'").fetchone():
            return 0
        found: int = database.execute("SELECT count(*) FROM seen").fetchone()[0]
        return found


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Clock:
    """Sets the time of a workspace."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime.now(UTC)
        self._patch = monkeypatch
        self.forward(timedelta())

    def forward(self, time: timedelta) -> None:
        self.now += time
        self._patch.setenv("NEWSLETTER_NOW", self.now.isoformat())


def test_who_takes_nothing_for_three_days_is_tried_ever_more_seldom_then_paused_and_resumed(
    light: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, url = Clock(monkeypatch), site.url("/dead")
    site.replies["/dead"], site.posted[:] = Reply(status=500), []
    for who in ("anna", "borys", "vira"):
        join(light, f"{who}@example.org")
    begun = clock.now
    while not (status := webhooks.overview(light)[0]).paused_at:
        post_due(light, [receiver(url)], lambda: site.fetcher("newsletter"))
        assert clock.now - begun < timedelta(days=4)
        if next_try := webhooks.overview(light)[0].next_try:
            clock.forward(datetime.fromisoformat(next_try) - clock.now + timedelta(seconds=1))
    assert timedelta(days=3) <= clock.now - begun < timedelta(days=3, hours=5)
    assert (status.state, status.reason, status.waiting) == ("paused", "the answer is 500", 3)
    assert 15 < len(site.posted) < 40
    posted = len(site.posted)
    site.replies["/dead"] = Reply()
    clock.forward(timedelta(days=1))
    assert post_due(light, [receiver(url)], lambda: site.fetcher("newsletter")) == 0
    assert len(site.posted) == posted
    assert webhooks.resume(light, "register") == 3
    assert post_due(light, [receiver(url)], lambda: site.fetcher("newsletter")) == 3
    ids = [headers["webhook-id"] for _, headers, _ in site.posted[posted:]]
    assert ids == [one.message for one in reversed(webhooks.told(light, "register"))]
    assert webhooks.trouble(light) == []


def test_what_is_refused_alone_holds_up_nothing_and_fails_after_three_days_and_can_be_told_again(
    light: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    for who in ("anna", "borys", "vira"):
        join(light, f"{who}@example.org")
    taken: list[bytes] = []
    bad = number(light, "anna@example.org")

    class Picky(Fetcher):
        async def post(self, url: str, body: bytes, headers: object) -> None:  # noqa: ARG002  the signature
            if json.loads(body)["data"]["reader"] == bad and not taken.count(b"mended"):
                raise FetchError("the answer is 422", 422)
            taken.append(body)

    def go() -> int:
        return post_due(light, [receiver("")], lambda: Picky("newsletter"))

    assert go() == 0
    clock.forward(timedelta(seconds=6))
    assert (go(), go()) == (1, 0)  # one that is new to it is tried first, then what it refused
    clock.forward(timedelta(seconds=6))
    assert go() == 1
    while not webhooks.overview(light)[0].failed:
        clock.forward(timedelta(hours=4))
        go()
    status = webhooks.overview(light)[0]
    assert (status.state, status.failed, status.delivered) == ("fails", 1, 2)
    taken.append(b"mended")
    assert webhooks.replay(light, "register") == 1
    clock.forward(timedelta(hours=5))
    assert go() == 1
    assert webhooks.overview(light)[0].state == "works"
    assert webhooks.replay(light, "register", since=clock.now - timedelta(days=9)) == 3
    (latest, *_) = webhooks.told(light, "register")
    assert webhooks.replay(light, "register", messages=[latest.message]) == 0  # it waits already


def test_an_address_that_is_gone_is_paused_at_once_and_one_that_hangs_holds_up_no_other(
    light: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.fetching.SECONDS", 0.3)
    notices.listen(light.database, dict.fromkeys(WebhookEvent, ("register", "gone", "site")))
    join(light, "anna@example.org")
    site.replies |= {"/hangs": Reply(hangs=True), "/gone": Reply(status=410), "/well": Reply()}
    where = {"register": "/hangs", "gone": "/gone", "site": "/well"}
    all_three = [receiver(site.url(path), name=name) for name, path in where.items()]
    assert post_due(light, all_three, lambda: site.fetcher("newsletter")) == 1
    with reading(light.database) as connection:
        found = notices.standings(connection, list(where))
    assert [(bool(one.paused_at), one.failures) for one in found.values()] == [
        (False, 1),
        (True, 1),
        (False, 0),
    ]
    assert "no answer within" in found["register"].reason


@pytest.mark.parametrize(("status", "why"), [(302, "302"), (404, "404"), (500, "500")])
def test_nothing_but_success_is_taken_and_no_redirect_is_followed(
    light: Workspace, site: Site, status: int, why: str
) -> None:
    site.replies["/there"] = Reply(status=status, headers={"Location": "/elsewhere"})
    site.posted[:] = []
    join(light, "anna@example.org")
    assert post_due(light, [receiver(site.url("/there"))], lambda: site.fetcher("newsletter")) == 0
    assert [path for path, *_ in site.posted] == ["/there"]
    assert why in webhooks.overview(light)[0].reason


def test_no_webhook_is_told_on_one_s_own_network(light: Workspace, site: Site) -> None:
    join(light, "anna@example.org")
    for url in ("https://127.0.0.1/x", "https://10.0.0.1/", "https://[::1]/", "https://localhost:22/"):
        assert post_due(light, [receiver(url, name="register")]) == 0
        webhooks.resume(light, "register")
    assert post_due(light, [receiver(site.url("/", host="x.inside"))], lambda: site.fetcher("n")) == 0
    assert "not on the public internet" in webhooks.overview(light)[0].reason


def test_a_test_is_signed_and_says_why_it_was_not_taken(light: Workspace, site: Site) -> None:
    webhook = light.settings.webhooks[0].model_copy(update={"url": site.url("/test")})
    light.settings = light.settings.model_copy(update={"webhooks": (webhook,)})
    site.replies["/test"], site.posted[:] = Reply(), []
    webhooks.send_test(light, "register", lambda: site.fetcher("newsletter"))
    ((_, headers, body),) = site.posted
    assert Verifier(SECRET).verify(body, headers)["type"] == "webhook.test"
    site.replies["/test"] = Reply(status=403)
    with pytest.raises(TransportUnavailable, match="403"):
        webhooks.send_test(light, "register", lambda: site.fetcher("newsletter"))
    with pytest.raises(ConfigError, match="no webhook"):
        webhooks.send_test(light, "nobody")


def test_notices_are_forgotten_after_thirty_days_and_a_missing_secret_stops_the_job(
    light: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    join(light, "anna@example.org")
    clock.forward(timedelta(days=29))
    prune(light)
    assert len(told(light)) == 1
    clock.forward(timedelta(days=2))
    prune(light)
    assert told(light) == []
    monkeypatch.delenv("NEWSLETTER_WEBHOOK_SECRET_SITE")
    watch: Any = None
    with pytest.raises(ConfigError, match="SECRET_SITE"):
        turn(light, watch)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{name: a, url: 'http://example.org/'}", "https://"),
        ("{name: a, url: 'https://example.org/', events: [reader.slept]}", "reader.left"),
        ("{name: a, url: 'https://example.org/', events: []}", "events"),
        ("{name: a, url: 'https://example.org/', secret: PATH}", "NEWSLETTER_WEBHOOK_SECRET"),
        ("{name: register, url: 'https://example.org/'}", "twice"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_at_its_line(
    press: Workspace, monkeypatch: pytest.MonkeyPatch, line: str, why: str
) -> None:
    hooked(press, monkeypatch)
    file = press.root / "newsletter.yaml"
    file.write_text(file.read_text("utf-8") + f"  - {line}\n", "utf-8")
    with pytest.raises(ConfigError, match="webhooks") as error:
        read_settings(press.root)
    assert why in str(error.value)


def test_the_signature_is_that_of_the_specification_s_example() -> None:
    headers = signed(
        secrets_of_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def secrets_of_text(text: str) -> list[bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSLETTER_WEBHOOK_SECRET", text)
        return list(secrets_of("NEWSLETTER_WEBHOOK_SECRET"))


def test_a_list_that_says_who_complained_elsewhere_tells_it(light: Workspace, tmp_path: Path) -> None:
    anna, file = join(light, "anna@example.org"), tmp_path / "list.csv"
    file.write_text("email,status\nanna@example.org,complained\n", "utf-8")
    ListImport(light, file, Reading(columns={}, values={})).run("a forum")
    assert told(light)[-1] == ("reader.complained", {"reader": anna})
