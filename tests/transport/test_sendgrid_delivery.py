"""Delivery by SendGrid: nobody twice, nobody lost, whatever happens to a request."""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from newsletter.errors import TransportUnavailable
from newsletter.model import IssueState
from newsletter.store import issues
from newsletter.store.db import open_database, reading, writing
from newsletter.store.schema import chunk, subscriber
from newsletter.transport.sendgrid.client import SendGrid
from tests.sendgrid_fake import Body, FakeSendGrid, Told
from tests.sending import house
from tests.web_fake import HANG

ROOT = Path(__file__).parent.parent.parent
Start = Callable[[FakeSendGrid], FakeSendGrid]


def transport(fake: FakeSendGrid, *, batch: int = 100, timeout: float = 5) -> SendGrid:
    return SendGrid(key=fake.key, host=fake.host, batch=batch, timeout=timeout)


def everybody(number: int) -> list[str]:
    return sorted(house.address(one) for one in range(1, number + 1))


def addresses(body: Body) -> set[str]:
    return {person["to"][0]["email"] for person in body["personalizations"]}


def test_every_reader_gets_one_message_and_the_issue_is_sent(engine: Engine, start: Start) -> None:
    house.people(engine, 450)
    house.approve(engine)
    fake = start(FakeSendGrid())
    house.send(engine, transport(fake))
    house.send(engine, transport(fake))
    assert sorted(fake.recipients) == everybody(450)
    assert fake.slices == [100] * 4 + [50]
    assert house.outcomes(engine) == {"accepted": 450}
    assert house.state(engine) == "sent"


def test_readers_of_each_edition_get_theirs(sqlite_engine: Engine, start: Start) -> None:
    house.people(sqlite_engine, 100, sections=["social"])
    house.people(sqlite_engine, 100, sections=["top"], first=101)
    house.approve(sqlite_engine)
    fake = start(FakeSendGrid())
    house.send(sqlite_engine, transport(fake, batch=30))
    social = [body for body in fake.taken if "social" in body["content"][0]["value"]]
    assert sorted(address for body in social for address in addresses(body)) == everybody(100)
    assert sorted(fake.recipients) == everybody(200)


def test_a_lost_answer_is_unknown_and_nobody_in_it_is_sent_to_again(engine: Engine, start: Start) -> None:
    house.people(engine, 200)
    house.approve(engine)
    fake = start(FakeSendGrid(answer=lambda number, _body: f"{HANG} after all" if number == 1 else None))
    house.send(engine, transport(fake, batch=50, timeout=0.3))
    house.send(engine, transport(fake, batch=50))
    assert house.outcomes(engine) == {"accepted": 150, "unknown": 50}, "one lost answer is one error"
    assert sorted(fake.recipients) == everybody(200)


def test_a_service_that_answers_no_more_leaves_few_uncertain_and_the_others_open(
    sqlite_engine: Engine, start: Start
) -> None:
    house.people(sqlite_engine, 1000)
    house.approve(sqlite_engine)
    fake = start(FakeSendGrid(answer=lambda _number, _body: Told(503)))
    with pytest.raises(TransportUnavailable, match="no clear answer: 503"):
        house.send(sqlite_engine, transport(fake, batch=20))
    unknown = house.outcomes(sqlite_engine)["unknown"]
    assert house.outcomes(sqlite_engine) == {"unknown": 20 * len(fake.asked)}
    assert len(fake.asked) <= 6
    fake.answer = lambda _number, _body: None
    house.send(sqlite_engine, transport(fake))
    assert house.outcomes(sqlite_engine) == {"accepted": 1000 - unknown, "unknown": unknown}
    assert max(Counter(address for body in fake.asked for address in addresses(body)).values()) == 1


@pytest.mark.parametrize("told", [Told(401, "revoked"), Told(429, "later"), Told(400, "no", "from.email")])
def test_what_ends_a_run_half_way_is_told_and_the_next_goes_on_at_once(
    sqlite_engine: Engine, start: Start, told: Told
) -> None:
    house.people(sqlite_engine, 150)
    house.approve(sqlite_engine)
    fake = start(FakeSendGrid(answer=lambda number, _body: told if number else None))
    with pytest.raises(TransportUnavailable, match=told.message):
        house.send(sqlite_engine, transport(fake, batch=50))
    assert house.outcomes(sqlite_engine) == {"accepted": 50}, "the others are as if they had not been tried"
    assert house.state(sqlite_engine) == "sending"
    fake.answer = lambda _number, _body: None
    house.send(sqlite_engine, transport(fake, batch=50))
    assert sorted(fake.recipients) == everybody(150)
    assert house.state(sqlite_engine) == "sent"


def test_who_leaves_during_the_sending_is_not_in_a_later_request(sqlite_engine: Engine, start: Start) -> None:
    house.people(sqlite_engine, 200)
    house.approve(sqlite_engine)

    def leave(_number: int, body: Body) -> None:
        if house.address(1) in addresses(body):
            with writing(sqlite_engine) as connection:
                connection.execute(
                    update(subscriber).where(subscriber.c.id > 150).values(status="suppressed")
                )
        else:
            time.sleep(0.05)

    fake = start(FakeSendGrid(answer=leave))
    house.send(sqlite_engine, transport(fake, batch=10))
    counts = house.outcomes(sqlite_engine)
    assert counts["suppressed"] + counts["accepted"] == 200
    assert 0 < counts["suppressed"] <= 50
    assert len(fake.recipients) == counts["accepted"]


def test_a_pause_takes_effect_before_the_next_request(sqlite_engine: Engine, start: Start) -> None:
    house.people(sqlite_engine, 500)
    house.approve(sqlite_engine)

    def pause(_number: int, _body: Body) -> None:
        with writing(sqlite_engine) as connection:
            if issues.get(connection, house.NAME).state is IssueState.SENDING:
                issues.change_state(
                    connection, house.NAME, IssueState.PAUSED, among=[IssueState.SENDING], reason="x"
                )

    fake = start(FakeSendGrid(answer=pause))
    house.send(sqlite_engine, transport(fake, batch=10))
    assert len(fake.asked) <= 4, "no more than were under way"
    assert house.outcomes(sqlite_engine) == {"accepted": len(fake.recipients)}
    assert house.state(sqlite_engine) == "paused"


def test_after_a_kill_only_the_requests_under_way_are_unknown(
    sqlite_engine: Engine, start: Start, tmp_path: Path
) -> None:
    house.people(sqlite_engine, 400)
    house.approve(sqlite_engine)
    fake = start(FakeSendGrid(answer=lambda number, _body: f"{HANG} after all" if number >= 6 else None))
    with subprocess.Popen([sys.executable, "-c", sender_of(fake, tmp_path)], cwd=ROOT) as sender:
        while len(fake.asked) < 10 and sender.poll() is None:
            time.sleep(0.01)
        sender.kill()
    hanging = set().union(*map(addresses, fake.asked[6:]))
    with writing(sqlite_engine) as connection:
        connection.execute(update(chunk).values(lease_until=0))
    fake.answer = lambda _number, _body: None
    house.send(sqlite_engine, transport(fake))
    assert sorted(fake.recipients) == everybody(400), "each once, those with a lost answer too"
    counts = house.outcomes(sqlite_engine)
    assert counts["accepted"] + counts["unknown"] == 400
    assert len(hanging) <= counts["unknown"] <= len(hanging) + 40, "and at most what was not recorded yet"


def test_a_kill_while_sendgrid_has_us_wait_leaves_nobody_uncertain(
    sqlite_engine: Engine, start: Start, tmp_path: Path
) -> None:
    house.people(sqlite_engine, 40)
    house.approve(sqlite_engine)
    reset = {"X-RateLimit-Reset": str(int(time.time()) + 60)}
    fake = start(FakeSendGrid(answer=lambda _number, _body: Told(429, "too many", headers=reset)))
    with subprocess.Popen([sys.executable, "-c", sender_of(fake, tmp_path)], cwd=ROOT) as sender:
        while len(fake.asked) < 4 or on_the_wire(sqlite_engine):
            assert sender.poll() is None
            time.sleep(0.01)
        sender.kill()
    with writing(sqlite_engine) as connection:
        connection.execute(update(chunk).values(lease_until=0))
    fake.answer = lambda _number, _body: None
    house.send(sqlite_engine, transport(fake))
    assert house.outcomes(sqlite_engine) == {"accepted": 40}


def sender_of(fake: FakeSendGrid, folder: Path) -> str:
    """Return a program that sends by `fake` in requests of ten."""
    return (
        "from newsletter.store.db import open_database\n"
        "from newsletter.transport.sendgrid.client import SendGrid\n"
        "from tests.sending import house\n"
        f"transport = SendGrid(key={fake.key!r}, host={fake.host!r}, batch=10)\n"
        f"house.send(open_database('sqlite:///{folder / 'newsletter.db'}'), transport)\n"
    )


def on_the_wire(engine: Engine) -> bool:
    """Tell whether the ledger has anybody on the wire."""
    with reading(engine) as connection:
        return any(connection.execute(select(chunk.c.inflight)).scalars())


@pytest.fixture
def press(tmp_path: Path) -> Path:
    """Make a workspace of the sample issue with 130 readers."""
    for name in ("issues", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    settings = (ROOT / "newsletter.yaml").read_text(encoding="utf-8")
    kept = [line for line in settings.splitlines() if not line.startswith("sendgrid:")]
    (tmp_path / "newsletter.yaml").write_text("\n".join([*kept, "sendgrid: {host: HOST}"]), encoding="utf-8")
    shutil.copy(ROOT / "logo.png", tmp_path)
    (tmp_path / "var").mkdir()
    engine = open_database(f"sqlite:///{tmp_path / 'var/newsletter.db'}")
    house.people(engine, 130)
    engine.dispose()
    return tmp_path


def test_the_command_line_sends_by_sendgrid(press: Path, start: Start) -> None:
    fake = start(FakeSendGrid())
    settings = press / "newsletter.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("HOST", fake.host), encoding="utf-8")

    def run(*arguments: str, code: int = 0, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "newsletter", "-C", str(press), *arguments],
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert fake.key not in done.stdout + done.stderr
        return done.stdout + done.stderr

    send = ("send", house.NAME, "--transport", "sendgrid", "--yes")
    run("approve", house.NAME, "--by", "Олена")
    assert "SENDGRID_API_KEY is not set" in run(*send, code=2)
    assert "characters that no key has" in run(*send, code=2, SENDGRID_API_KEY=f"{fake.key} x")
    assert fake.asked == []
    assert "accepted 202" in run(*send, "--test", "me@example.org", SENDGRID_API_KEY=fake.key)
    (trial,) = fake.taken
    assert (addresses(trial), trial["subject"][:6]) == ({"me@example.org"}, "[тест]")
    (press / "key").write_text(f"{fake.key}\n", encoding="ascii")
    run(*send, SENDGRID_API_KEY_FILE=str(press / "key"))
    assert sorted(fake.recipients[1:]) == everybody(130)
    assert fake.slices == [100, 30, 1]
