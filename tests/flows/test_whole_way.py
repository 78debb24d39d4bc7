"""The whole way by the command line, as a user walks it: from a text to each reader's message."""

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from email import message_from_bytes, policy
from pathlib import Path
from typing import NamedTuple

import pytest

from newsletter import cli
from tests.relay import Relay

ROOT = Path(__file__).parent.parent.parent
D = "2025-02-14"
Start = Callable[[Relay], Relay]


class Done(NamedTuple):
    """What a command line printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


def sample(folder: Path) -> Path:
    """Put the sample's settings, theme and people into a folder, without an issue."""
    for name in ("newsletter.yaml", "logo.png", "templates", "subscribers"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


@pytest.fixture
def press(tmp_path: Path) -> Path:
    """Make a workspace of the sample without an issue."""
    return sample(tmp_path)


@pytest.fixture
def run(press: Path) -> Run:
    """Run one command line in the workspace; its exit code must be the one expected."""
    return running_in(press)


def running_in(press: Path) -> Run:
    """Return what runs a command line in a workspace, in this process, which saves starting Python."""

    def run(*arguments: str, code: int = 0) -> Done:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(press)
            patch.setattr("sys.stdin", io.StringIO())
            done = Done(cli.run(arguments), out.getvalue(), err.getvalue())
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import and compose the real digest, and bring the sample subscribers in, once."""
    press = sample(tmp_path_factory.mktemp("begun"))
    run = running_in(press)
    run("import", str(ROOT / "tests/data/digest-2025-02-14.txt"))
    run("compose", D)
    run("subscribers", "import", "subscribers/example.csv", "--consent", "made up")
    return press


@pytest.fixture
def composed(press: Path, begun: Path) -> None:
    """Copy the workspace in which the digest is composed."""
    for name in ("issues", "var"):
        shutil.copytree(begun / name, press / name)


def by_smtp(press: Path, relay: Relay, **more: object) -> None:
    """Set the workspace to send through `relay`."""
    settings = (press / "newsletter.yaml").read_text()
    smtp = {"host": "127.0.0.1", "port": relay.port, "security": "none", **more}
    lines = [line for line in settings.splitlines() if not line.startswith(("smtp:", "transport:"))]
    (press / "newsletter.yaml").write_text(
        "\n".join([*lines, "transport: smtp", f"smtp: {json.dumps(smtp)}"])
    )


@pytest.mark.usefixtures("composed")
def test_the_real_digest_reaches_every_reader_of_the_sample_once(run: Run, press: Path) -> None:
    assert "13" in run("check", D).stdout
    approved = json.loads(run("approve", D, "--by", "Олена", "--json").stdout)
    assert run("send", D, "--dry-run").stdout.count("would be sent\n") == approved["readers"]
    run("send", D)
    status = json.loads(run("status", D, "--json").stdout)
    assert (status["state"], status["accepted"]) == ("sent", approved["readers"])
    outbox = sorted((press / "var/outbox").glob("*.eml"))
    assert len(outbox) == approved["readers"]
    before = {path: path.stat().st_mtime_ns for path in outbox}
    run("approve", D, "--by", "Олена")
    run("send", D)
    assert before == {path: path.stat().st_mtime_ns for path in (press / "var/outbox").glob("*.eml")}


@pytest.mark.usefixtures("composed")
def test_each_message_holds_exactly_the_chosen_sections(run: Run, press: Path) -> None:
    run("subscribers", "add", "only@social.example.org", "--sections", "social", "--consent", "a letter")
    run("approve", D, "--by", "Олена")
    run("send", D)
    (path,) = (press / "var/outbox").glob("*only@social.example.org.eml")
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # an EmailMessage has one
    assert "Субсидія на оренду житла для ВПО" in text
    assert "Про партнерство на Українському тижні в Вашингтоні" in text, "ТОП goes to everyone"
    assert "«Майстерня будівельників» відкрилась у Дніпрі" not in text
    assert message["To"] == "only@social.example.org"


@pytest.mark.usefixtures("composed")
def test_a_file_changed_after_approval_stops_the_sending_by_name(run: Run, press: Path) -> None:
    run("approve", D, "--by", "Олена")
    item = min((press / "issues" / D / "items").iterdir())
    item.write_text(item.read_text() + "Ще слово.\n")
    assert item.name in run("send", D, code=1).stderr
    assert not (press / "var/outbox").exists()
    run("approve", D, "--by", "Олена")
    run("send", D)


@pytest.mark.usefixtures("composed")
def test_errors_refuse_approval_for_a_real_transport(run: Run, press: Path, start_relay: Start) -> None:
    item = min((press / "issues" / D / "items").iterdir())
    item.write_text(item.read_text() + "\nTODO\n")
    assert "TODO" in run("check", D, code=1).stdout
    run("approve", D, "--by", "Олена")
    relay = start_relay(Relay())
    run("send", D, "--transport", "smtp", "--yes", code=1)
    by_smtp(press, relay)
    run("approve", D, "--by", "Олена", code=1)
    assert relay.connections == 0


@pytest.mark.usefixtures("composed")
def test_a_real_transport_is_asked_for_before_it_sends(run: Run, press: Path, start_relay: Start) -> None:
    relay = start_relay(Relay())
    by_smtp(press, relay)
    run("approve", D, "--by", "Олена")
    assert "--yes" in run("send", D, code=2).stderr
    assert not relay.accepted
    run("send", D, "--yes")
    assert max(Counter(relay.recipients).values()) == 1


@pytest.mark.usefixtures("composed")
def test_a_test_message_goes_to_one_address_and_is_not_recorded(
    run: Run, press: Path, start_relay: Start
) -> None:
    relay = start_relay(Relay())
    by_smtp(press, relay)
    run("send", D, "--test", "me@example.org")
    assert relay.recipients == ["me@example.org"]
    run("approve", D, "--by", "Олена")
    assert json.loads(run("status", D, "--json").stdout)["accepted"] == 0


@pytest.mark.usefixtures("composed")
def test_a_segment_is_sent_alone_and_the_rest_stays_pending(run: Run, press: Path) -> None:
    (press / "subscribers/segments.yaml").write_text("few:\n  section: education\n")
    run("approve", D, "--by", "Олена")
    members = json.loads(run("segments", "few", "--json").stdout)
    run("send", D, "--segment", "few")
    status = json.loads(run("status", D, "--json").stdout)
    assert 0 < status["accepted"] < status["readers"]
    assert status["pending"] == status["readers"] - status["accepted"]
    assert status["accepted"] == len(members["readers"])
    run("send", D)
    assert json.loads(run("status", D, "--json").stdout)["pending"] == 0


@pytest.mark.usefixtures("composed")
def test_after_kill_9_sending_goes_on_without_a_repeat(run: Run, press: Path, start_relay: Start) -> None:
    rows = ["email,sections", *(f"reader{n}@city.example.org,*" for n in range(1500))]
    (press / "many.csv").write_text("\n".join(rows))
    run("subscribers", "import", "many.csv", "--consent", "made up")
    relay = start_relay(Relay())
    by_smtp(press, relay, connections=5, window=2)
    run("approve", D, "--by", "Олена")
    arguments = [sys.executable, "-m", "newsletter", "send", D, "--yes"]
    with subprocess.Popen(
        arguments, cwd=press, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as killed:
        deadline = time.monotonic() + 30
        while len(relay.accepted) < 300 and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(killed.pid, signal.SIGKILL)
    time.sleep(0.2)
    unsure = json.loads(run("status", D, "--json").stdout)
    assert unsure["state"] == "sending"
    done = subprocess.run(arguments, cwd=press, capture_output=True, text=True, check=False)
    status = json.loads(run("status", D, "--json").stdout)
    assert max(Counter(relay.recipients).values()) == 1
    assert status["accepted"] + status["unknown"] == status["readers"]
    assert status["unknown"] <= 5 * 2, "connections times the window"
    assert len(relay.accepted) >= status["accepted"]
    assert done.returncode == (3 if status["unknown"] else 0)


@pytest.mark.usefixtures("composed")
def test_an_unreachable_relay_is_told_before_anything_changes(
    run: Run, press: Path, start_relay: Start
) -> None:
    relay = start_relay(Relay())
    by_smtp(press, relay)
    settings = (press / "newsletter.yaml").read_text()
    (press / "newsletter.yaml").write_text(settings.replace(f'"port": {relay.port}', '"port": 1'))
    run("approve", D, "--by", "Олена")
    assert "127.0.0.1:1 cannot be used" in run("send", D, "--yes", code=2).stderr
    assert json.loads(run("status", D, "--json").stdout)["state"] == "approved"


def test_a_new_workspace_composes_and_renders_straight_away(tmp_path: Path) -> None:
    for language in ("uk", "en"):
        folder = tmp_path / language
        for arguments in (
            ["init", str(folder), "--language", language],
            ["-C", str(folder), "compose"],
            ["-C", str(folder), "render"],
        ):
            done = subprocess.run(
                [sys.executable, "-m", "newsletter", *arguments],
                capture_output=True,
                text=True,
                check=False,
                cwd=tmp_path,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        assert list((folder / "var/render").rglob("*.html"))


@pytest.mark.usefixtures("composed")
def test_an_uncertain_delivery_is_settled_by_the_relays_log_or_by_hand(
    run: Run, press: Path, start_relay: Start
) -> None:
    relay = start_relay(
        Relay(answer=lambda verb, who: "drop after all" if verb == "." and "k" in who[:2] else None)
    )
    run("subscribers", "add", "k1@city.example.org", "--consent", "a letter")
    run("subscribers", "add", "k2@city.example.org", "--consent", "a letter")
    run("subscribers", "add", "k3@city.example.org", "--consent", "a letter")
    by_smtp(press, relay)
    run("approve", D, "--by", "Олена")
    run("send", D, "--yes", code=3)
    unsure = json.loads(run("reconcile", D, "--json", code=3).stdout)["unknown"]
    assert {one["email"] for one in unsure} >= {f"k{n}@city.example.org" for n in (1, 2, 3)}
    taken = next(one["message_id"] for one in unsure if one["email"].startswith("k1@"))
    (press / "mail.log").write_text(
        f"Feb 14 mx postfix/cleanup[1]: 4YvTaken1: message-id={taken}\n"
        "Feb 14 mx postfix/qmgr[1]: 4YvTaken1: from=<b@x>, size=1, nrcpt=1 (queue active)\n"
    )
    assert "1 settled" in run("reconcile", D, "--log", "mail.log", code=3).stdout
    run("reconcile", D, "--accepted", "nobody@example.org", code=1)
    relay.answer = lambda _verb, _who: None
    run("reconcile", D, "--accepted", "k2@city.example.org", code=3)
    run("reconcile", D, "--log", "mail.log", "--resend-absent", "--yes")
    run("send", D, "--yes")
    status = json.loads(run("status", D, "--json").stdout)
    assert (status["state"], status["unknown"], status["pending"]) == ("sent", 0, 0)
    assert Counter(relay.recipients)["k1@city.example.org"] == 1
    assert Counter(relay.recipients)["k2@city.example.org"] == 1
    assert Counter(relay.recipients)["k3@city.example.org"] == 2


@pytest.mark.usefixtures("composed")
def test_a_detached_issue_is_delivered_by_a_worker_which_ends_when_told(
    run: Run, press: Path, start_relay: Start
) -> None:
    relay = start_relay(Relay())
    by_smtp(press, relay)
    run("approve", D, "--by", "Олена")
    run("send", D, "--yes", "--detach", "--in", "2s")
    assert not relay.accepted
    arguments = [sys.executable, "-m", "newsletter", "worker"]
    with subprocess.Popen(arguments, cwd=press, stderr=subprocess.PIPE, text=True) as worker:
        deadline = time.monotonic() + 30
        while (
            json.loads(run("status", D, "--json").stdout)["state"] != "sent" and time.monotonic() < deadline
        ):
            time.sleep(0.2)
        worker.send_signal(signal.SIGTERM)
        assert worker.stderr
        said = worker.stderr.read()
    assert worker.returncode == 0, said
    assert "Traceback" not in said
    status = json.loads(run("status", D, "--json").stdout)
    assert (status["state"], status["accepted"]) == ("sent", status["readers"])
    assert max(Counter(relay.recipients).values()) == 1


@pytest.mark.usefixtures("composed")
def test_a_sending_can_be_undone_before_it_begins(run: Run, press: Path, start_relay: Start) -> None:
    relay = start_relay(Relay())
    by_smtp(press, relay)
    run("approve", D, "--by", "Олена")
    arguments = [sys.executable, "-m", "newsletter", "send", D, "--yes", "--in", "30s"]
    with subprocess.Popen(arguments, cwd=press, stdout=subprocess.PIPE, text=True) as sending:
        while json.loads(run("status", D, "--json").stdout)["state"] != "sending":
            time.sleep(0.1)
        sending.send_signal(signal.SIGINT)
        assert sending.stdout
        assert "Undone" in sending.stdout.read()
    assert sending.returncode == 130
    assert json.loads(run("status", D, "--json").stdout)["state"] == "approved"
    assert not relay.accepted
    run("send", D, "--yes")
    assert relay.accepted


@pytest.mark.usefixtures("composed")
def test_send_due_does_nothing_before_the_hour_and_is_idempotent_after_it(
    run: Run, press: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("approve", D, "--by", "Олена")
    for moment, sent in (("10T09", 0), ("14T13", 0), ("14T14:01", 12), ("14T15", 12)):
        monkeypatch.setenv("NEWSLETTER_NOW", f"2025-02-{moment}+00:00")
        run("send", "--due")
        assert len(list((press / "var").glob("outbox/*.eml"))) == sent


@pytest.mark.usefixtures("composed")
def test_an_issue_held_at_its_hour_is_told_to_the_editors_by_mail(
    run: Run, press: Path, start_relay: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = start_relay(Relay())
    by_smtp(press, relay)
    with (press / "newsletter.yaml").open("a") as settings:
        settings.write("\neditors: [desk@news.example.org]\n")
    for moment, code in (("10T09", 0), ("14T14:01", 1), ("14T14:06", 0)):
        monkeypatch.setenv("NEWSLETTER_NOW", f"2025-02-{moment}+00:00")
        said = run("send", "--due", code=code)
        assert ("not approved" in said.stderr) == bool(code)
    assert relay.recipients == ["desk@news.example.org"]
    note = message_from_bytes(relay.accepted[0][2], policy=policy.default)
    assert note["Auto-Submitted"] == "auto-generated"
    for part in note.iter_parts():
        assert "is not approved" in part.get_content()


@pytest.mark.usefixtures("composed")
def test_a_backup_that_was_put_back_sends_nothing_until_someone_has_looked(
    run: Run, press: Path, start_relay: Start
) -> None:
    relay = start_relay(Relay())
    by_smtp(press, relay)
    (press / "subscribers/segments.yaml").write_text("few:\n  section: education\n")
    run("approve", D, "--by", "Олена")
    run("send", D, "--yes", "--segment", "few")
    database, backup = press / "var/newsletter.db", press / "backup.db"
    with sqlite3.connect(database) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    source.close()
    target.close()
    run("send", D, "--yes")
    everybody = len(relay.accepted)
    for leftover in press.glob("var/newsletter.db*"):
        leftover.unlink()
    shutil.copy(backup, database)
    for arguments in (("send", D, "--yes"), ("worker",)):
        assert "snapshot" in run(*arguments, code=2).stderr
    assert len(relay.accepted) == everybody
    run("schedule", "--adopt")
    run("send", D, "--yes")
    assert len(relay.accepted) > everybody, "whoever adopts it has been told what that means"


@pytest.mark.usefixtures("composed")
def test_a_test_message_to_no_address_is_refused_in_words(run: Run) -> None:
    for address in ("nobody", "a@..", "a@b\r\nDATA"):
        assert "is not a usable address" in run("send", D, "--test", address, code=2).stderr
