"""The commands about people, run as a user runs them, on a workspace on disk."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from newsletter.cli import cli, run
from tests.audience.workbooks import write_workbook

REPOSITORY = Path(__file__).parents[2]
HEAD = "Пошта;Ім'я;Розділи;Область\n"

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copy(REPOSITORY / "newsletter.yaml", tmp_path)
    shutil.copy(REPOSITORY / "logo.png", tmp_path)
    (tmp_path / "subscribers").mkdir()
    for name in ("example.csv", "segments.yaml"):
        shutil.copy(REPOSITORY / "subscribers" / name, tmp_path / "subscribers")
    return tmp_path


@pytest.fixture
def say(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run one command in the workspace and return its exit code, output and errors."""
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T14:00:00+00:00")
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    monkeypatch.delenv("NEWSLETTER_SECRET", raising=False)

    def say(*words: str) -> tuple[int, str, str]:
        code = run(["-C", str(workspace), *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return say


@pytest.fixture
def loaded(say: Say, workspace: Path) -> Say:
    """Import the example list, then run commands."""
    assert take(say, workspace / "subscribers/example.csv")[0] == 0
    return say


def take(say: Say, path: Path, *words: str) -> tuple[int, str, str]:
    """Import a list with a word on consent."""
    return say("subscribers", "import", str(path), "--consent", "a forum", *words)


def told(say: Say, *words: str) -> Any:
    """Return what a command prints as JSON."""
    code, out, _ = say(*words, "--json")
    assert code == 0
    return json.loads(out)


def test_the_example_gives_its_people_and_again_changes_nothing(say: Say, workspace: Path) -> None:
    path = workspace / "subscribers/example.csv"
    assert take(say, path)[:2] == (
        0,
        (
            "subscribers/example.csv: 12 new, 0 changed, 0 unchanged, 0 refused\n"
            "No section on line 6, where others name some: that means all sections."
            " --blank-sections refuse refuses such lines.\n"
        ),
    )
    assert "0 new, 0 changed, 12 unchanged" in take(say, path)[1]
    choices = {tuple(reader["sections"]) for reader in told(say, "subscribers", "list")}
    assert 6 <= len(choices) <= 8


def test_refused_lines_are_shown_up_to_a_number_and_exit_1(say: Say, workspace: Path) -> None:
    path = workspace / "bad.csv"
    path.write_text(HEAD + "a@example.org;;;\n" + "not-an-address;;;\n" * 25, encoding="utf-8")
    code, out, _ = take(say, path)
    assert code == 1
    assert out.startswith(
        "bad.csv: 1 new, 0 changed, 0 unchanged, 25 refused\n"
        "Columns: «Пошта» is email, «Ім'я» is name, «Розділи» is sections, «Область» is region.\nbad.csv:3: "
    )
    assert "bad.csv:22: " in out
    assert "bad.csv:23: " not in out
    assert "… and 5 more; --all prints them." in out
    assert "bad.csv:27: " in take(say, path, "--all")[1]
    code, out, _ = take(say, path, "--json")
    assert code == 1
    data = json.loads(out)
    assert (data["refused"], len(data["problems"]), data["problems"][0]["line"]) == (25, 25, 3)


def test_a_dry_run_shows_the_changes_and_makes_none(say: Say, workspace: Path) -> None:
    code, out, _ = say("subscribers", "import", str(workspace / "subscribers/example.csv"), "--dry-run")
    assert code == 0
    assert "would give: 12 new" in out
    assert "subscribers/example.csv:2: olena.hnatiuk@konotop.example.org: new" in out
    assert told(say, "subscribers", "list") == []


def test_an_old_encoding_is_named_so_that_letters_can_be_checked(say: Say, workspace: Path) -> None:
    path = workspace / "old.csv"
    path.write_bytes((HEAD + "a@example.org;Юрій Єременко;;Київська\n").encode("cp1251"))
    assert "Read as cp1251" in take(say, path)[1]
    assert told(say, "subscribers", "show", "a@example.org")["name"] == "Юрій Єременко"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["subscribers", "import", "nosuch.csv"], 2),
        (["subscribers", "import", "{here}/newsletter.yaml", "--consent", "a forum"], 1),
        (["subscribers", "import", "{here}/subscribers/example.csv"], 2),
        (["subscribers", "import", "{here}/subscribers/example.csv", "--consent", " "], 2),
        (["subscribers", "import", "{here}/subscribers/example.csv", "--column", "emial=Пошта"], 2),
        (["subscribers", "import", "{here}/subscribers/example.csv", "--dry-run", "--sheet", "Лист1"], 1),
        (["subscribers", "report", "--region", "Шумська"], 2),
        (["subscribers", "add", "new@example.org"], 2),
        (["subscribers", "list", "--section", "socal"], 2),
        (["subscribers", "list", "--segment", "frontlin"], 1),
        (["subscribers", "export", "--segment", "frontlin"], 1),
        (["subscribers", "export", "--out", "{here}/nosuch/list.csv"], 2),
        (["subscribers", "add", "пошта@example.org"], 2),
        (["subscribers", "add", "a@example.org", "--field", "regoin=Сумська"], 2),
        (["subscribers", "add", "a@example.org", "--field", "region"], 2),
        (["subscribers", "add", "a@example.org", "--sections", "socal", "--consent", "x"], 1),
        (["subscribers", "show", "nobody@example.org"], 1),
        (["subscribers", "leave", "nobody@example.org", "social"], 1),
        (["subscribers", "leave"], 2),
        (["subscribers", "leave", "nobody@example.org", "--dry-run"], 2),
        (["subscribers", "leave", "nobody@example.org", "--file", "{here}/newsletter.yaml"], 2),
        (["subscribers", "leave", "--file", "{here}/newsletter.yaml"], 1),
        (["subscribers", "import", "{here}/subscribers/example.csv", "--status", "gone=left"], 2),
        (["subscribers", "import", "{here}/subscribers/example.csv", "--status", "left"], 2),
        (["subscribers", "leave", "ivan.balog@berehove.example.org", "top"], 2),
        (["subscribers", "erase", "nobody@example.org", "--yes"], 1),
        (["subscribers", "erase", "--yes"], 2),
        (["segments", "frontlin"], 1),
    ],
)
def test_a_mistake_is_answered_in_words(loaded: Say, workspace: Path, words: list[str], code: int) -> None:
    before = told(loaded, "subscribers", "list")
    found, out, err = loaded(*(word.format(here=workspace) for word in words))
    assert found == code
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) >= 2  # what is wrong, and what to do
    assert told(loaded, "subscribers", "list") == before


@pytest.mark.parametrize("name", ["list.csv", "list.yaml"])
def test_an_export_is_its_owners_alone_and_imports_again(loaded: Say, workspace: Path, name: str) -> None:
    path = workspace / name
    path.write_text("older", encoding="utf-8")
    assert loaded("subscribers", "export", "--out", str(path)) == (0, "", "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "12 unchanged, 0 refused" in take(loaded, path)[1]
    assert [file.name for file in workspace.iterdir() if file.name.startswith(".list")] == []


def test_an_export_can_be_narrowed_and_printed(loaded: Say) -> None:
    code, out, _ = loaded("subscribers", "export", "--segment", "frontline-social", "--format", "yaml")
    assert code == 0
    assert out.count("email:") == 4


def test_readers_are_listed_up_to_a_number(loaded: Say) -> None:
    words = ("subscribers", "list", "--section", "international", "--segment", "mayors")
    assert len(told(loaded, *words)) == 3
    assert loaded(*words, "--limit", "1")[1] == "olena.hnatiuk@konotop.example.org\tОлена Гнатюк\t*\n"


def test_a_person_is_added_shown_and_changed(say: Say) -> None:
    words = ("subscribers", "add", "Olena@example.org")
    assert say(
        *words,
        "--name",
        "Олена",
        "--sections",
        "social",
        "--field",
        "region=Сумська",
        "--consent",
        "Her  letter",
    )[:2] == (
        0,
        "Olena@example.org: new\n",
    )
    assert say(*words, "--field", "region=Харківська")[1] == (
        "Olena@example.org: region «Сумська» → «Харківська»\n"
    )
    shown = told(say, "subscribers", "show", "olena@EXAMPLE.org")
    assert shown == {
        "email": "Olena@example.org",
        "name": "Олена",
        "language": "",
        "attributes": {"region": "Харківська"},
        "status": "active",
        "reason": "",
        "source": "Her letter (subscribers add)",
        "created_at": "2025-02-14T14:00:00Z",
        "choices": [
            {
                "section": "social",
                "state": "active",
                "origin": "list",
                "until": "",
                "since": "2025-02-14T14:00:00Z",
            }
        ],
        "external_id": "",
        **{facts: [] for facts in ("consents", "requests", "letters", "deliveries", "events", "webhooks")},
    }
    out = say("subscribers", "show", "olena@example.org")[1]
    assert "Область: Харківська" in out
    assert "No deliveries yet." in out


def test_whoever_left_is_not_brought_back_by_a_list(loaded: Say, workspace: Path) -> None:
    olena, ivan = "olena.hnatiuk@konotop.example.org", "ivan.balog@berehove.example.org"
    assert loaded("subscribers", "leave", olena, "social")[1] == (
        f"{olena} has left social; still chosen: economy education international services staff.\n"
    )
    assert loaded("subscribers", "leave", ivan)[1] == f"{ivan} has left the newsletter.\n"
    code, out, _ = take(loaded, workspace / "subscribers/example.csv")
    assert code == 1
    assert "11 unchanged, 1 refused" in out
    assert f"subscribers/example.csv:13: {ivan} has left" in out
    sections = {reader["email"]: reader["sections"] for reader in told(loaded, "subscribers", "list")}
    assert ivan not in sections
    assert "social" not in sections[olena]


def test_erasing_asks_first(loaded: Say, workspace: Path) -> None:
    words = ["subscribers", "erase", "ivan.balog@berehove.example.org"]
    refused = CliRunner().invoke(cli, ["-C", str(workspace), *words], input="n\n")
    assert "cannot be undone" in refused.output
    assert len(told(loaded, "subscribers", "list")) == 12
    assert loaded(*words, "--yes")[0] == 0
    assert len(told(loaded, "subscribers", "list")) == 11
    code, _, err = loaded("subscribers", "show", words[-1])
    assert code == 1
    assert "was erased at 14 February 2025, 16:00" in err
    assert "was erased for good" in loaded("subscribers", "add", words[-1], "--consent", "x")[2]


def test_whom_a_backup_brings_back_is_erased_again(loaded: Say, workspace: Path) -> None:
    ivan = "ivan.balog@berehove.example.org"
    database = workspace / "var/newsletter.db"
    with sqlite3.connect(database) as before, sqlite3.connect(workspace / "backup.db") as backup:
        before.backup(backup)
    assert loaded("subscribers", "erase", ivan, "--yes")[0] == 0
    assert loaded("subscribers", "erase", "--again")[1] == "Nobody who was erased is in the database.\n"
    with sqlite3.connect(database) as lost, sqlite3.connect(workspace / "backup.db") as backup:
        marks = lost.execute("SELECT * FROM erased").fetchall()
        backup.executemany("INSERT INTO erased VALUES (?, ?)", marks)
    lost.close()
    backup.close()
    for file in database.parent.glob("newsletter.db*"):
        file.unlink()
    shutil.copy(workspace / "backup.db", database)
    assert loaded("subscribers", "show", ivan)[0] == 0
    assert f"{ivan} is erased" in loaded("subscribers", "erase", "--again", "--yes")[1]
    assert loaded("subscribers", "show", ivan)[0] == 1
    assert len(told(loaded, "subscribers", "list")) == 11


def test_the_report_counts_by_status_section_and_field(loaded: Say) -> None:
    loaded("subscribers", "leave", "ivan.balog@berehove.example.org")
    data = told(loaded, "subscribers", "report")
    assert (data["readers"], data["inactive"], data["every_section"]) == (11, 1, 3)
    assert data["sections"]["top"] == 11
    assert data["fields"]["region"]["Полтавська"] == 2
    out = loaded("subscribers", "report")[1]
    assert "      11  readers, 3 of them with all sections\n" in out
    assert "Readers by field: Посада" in out


def test_the_report_says_which_communities_have_a_reader(loaded: Say) -> None:
    data = told(loaded, "subscribers", "report")["coverage"]
    assert (data["having"], data["communities"]) == (12, 1774)
    out = loaded("subscribers", "report")[1]
    assert "Communities with a reader: 12 of 1774\n" in out
    assert "       2 of 60   Полтавська\n" in out
    loaded("subscribers", "add", "a@example.org", "--field", "community=Кобилянська", "--consent", "x")
    assert "       1  Кобилянська (perhaps " in loaded("subscribers", "report")[1]


def test_the_report_lists_a_region_s_communities(loaded: Say) -> None:
    out = loaded("subscribers", "report", "--region", "полтавська область")[1]
    assert out.startswith("Полтавська: 2 of 60 communities have a reader\n       1  Кобеляцька\n")
    assert "Without a reader: 58\n          Білицька\n" in out
    regions = told(loaded, "subscribers", "report", "--region", "Полтавська")["coverage"]["regions"]
    assert [(region["name"], len(region["without"])) for region in regions] == [("Полтавська", 58)]


def test_a_heading_is_explained_once(say: Say, workspace: Path) -> None:
    path = workspace / "list.csv"
    path.write_text("Скринька голови;Телефон;ПІБ\na@example.org;1;Олена\n", encoding="utf-8")
    explained = ("--column", "email=Скринька голови", "--column", "-=Телефон")
    kept = workspace / "subscribers/columns.yaml"
    code, _, err = take(say, path)
    assert (code, "--column" in err) == (1, True)
    assert take(say, path, *explained, "--dry-run")[0] == 0
    assert not kept.exists()
    code, out, err = take(say, path, *explained, "--column", "name=Немає")
    assert "Columns: «Скринька голови» is email, «Телефон» is ignored, «ПІБ» is name.\n" in out
    assert "list.csv has no column 'Немає'." in err
    assert "Немає" not in kept.read_text(encoding="utf-8")
    assert "1 unchanged" in take(say, path)[1]


def test_a_workbook_s_sheet_and_row_are_named(say: Say, workspace: Path) -> None:
    path = workspace / "list.xlsx"
    write_workbook(path, [("Email", "ПІБ"), ("a@example.org", "Олена"), ("b@", "")], "Голови")
    code, out, _ = take(say, path, "--sheet", "Голови")
    assert code == 1
    assert out.startswith("list.xlsx[Голови]: 1 new, 0 changed, 0 unchanged, 1 refused\n")
    assert "list.xlsx[Голови]:3: 'b@' is not a mail address" in out
    assert "Its sheets are: 'Голови'" in take(say, path, "--sheet", "Інші")[2]


def test_consent_is_asked_for_on_a_terminal(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "newsletter.cli.consent.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    )
    words = ["-C", str(workspace), "subscribers", "add", "a@example.org"]
    asked = CliRunner().invoke(cli, words, input="\nHer letter\n")
    assert "Where does these people's consent come from" in asked.output
    assert "a@example.org: new" in asked.output


def test_segments_are_counted_and_their_members_named(loaded: Say) -> None:
    assert {row["name"]: row["readers"] for row in told(loaded, "segments")} == {
        "frontline": 5,
        "mayors": 8,
        "frontline-social": 4,
        "staff-of-councils": 3,
    }
    code, out, _ = loaded("segments", "frontline-social")
    assert code == 0
    assert out.split() == told(loaded, "segments", "frontline-social")["readers"]


def test_a_faulty_segment_is_named_beside_the_sound_ones(loaded: Say, workspace: Path) -> None:
    with (workspace / "subscribers/segments.yaml").open("a", encoding="utf-8") as file:
        file.write("\nbroken:\n  sectoin: social\n")
    code, out, err = loaded("segments")
    assert code == 1
    assert "frontline" in out
    assert "unknown name 'sectoin'" in err


def test_a_closed_pipe_ends_an_export_quietly(loaded: Say, workspace: Path) -> None:
    assert loaded("subscribers", "report")[0] == 0
    reading, writing = os.pipe()
    os.close(reading)
    words = ["-m", "newsletter", "-C", str(workspace), "subscribers", "export"]
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run([sys.executable, *words], stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert b"Traceback" not in done.stderr


def test_who_was_never_a_reader_can_opt_out(say: Say, workspace: Path) -> None:
    stranger = "never.seen@h.example.org"
    code, out, _ = say("subscribers", "leave", stranger)
    assert (code, out) == (
        0,
        f"{stranger} is not a reader; the opt-out is recorded, and no import adds them.\n",
    )
    path = workspace / "list.csv"
    path.write_text(f"email\n{stranger}\na@example.org\n", encoding="utf-8")
    code, out, _ = take(say, path)
    assert code == 1
    assert "1 new, 0 changed, 0 unchanged, 1 refused" in out
    assert f"list.csv:2: {stranger} asked not to be written to: subscribers leave, 2025-02-14" in out
    code, _, err = say("subscribers", "add", stranger, "--consent", "x")
    assert code == 1
    assert "asked not to be written to" in err
    code, _, err = say("subscribers", "show", stranger)
    assert code == 1
    assert f"{stranger} is not a reader, and asked not to be written to: subscribers leave, 14 Feb" in err
    undo = ("subscribers", "restore", stranger, "--reason", "another was meant")
    code, _, err = say(*undo)
    assert (code, "so this needs --yes" in err) == (2, True)
    assert say(*undo, "--yes")[0] == 0
    assert take(say, path)[0] == 0


def test_leaving_names_a_reader_at_the_same_mailbox(say: Say, workspace: Path) -> None:
    say("subscribers", "add", "olena.koval@gmail.com", "--consent", "x")
    out = say("subscribers", "leave", "olenakoval@gmail.com")[1]
    assert "olena.koval@gmail.com, the same mailbox, has left the newsletter.\n" in out
    assert told(say, "subscribers", "list") == []
    path = workspace / "list.csv"
    path.write_text("email\no.lenakoval@gmail.com\n", encoding="utf-8")
    assert take(say, path)[0] == 1


def test_a_whole_list_can_leave(loaded: Say, workspace: Path) -> None:
    path = workspace / "unsubscribed.csv"
    path.write_text(
        "Ел. пошта;ПІБ\nivan.balog@berehove.example.org;Іван\nnever.seen@h.example.org;\n", encoding="utf-8"
    )
    code, out, _ = loaded("subscribers", "leave", "--file", str(path), "--dry-run")
    assert code == 0
    assert "would give: 0 new, 0 changed, 0 unchanged, 0 refused, 2 left" in out
    assert len(told(loaded, "subscribers", "list")) == 12
    data = told(loaded, "subscribers", "leave", "--file", str(path))
    assert (data["left"], data["lines"]) == (
        2,
        {"headings": 1, "above": 0, "blank": 0, "hidden": 0, "no_address": 0, "all": 3},
    )
    assert len(told(loaded, "subscribers", "list")) == 11
    assert "2 unchanged" in loaded("subscribers", "leave", "--file", str(path))[1]
    code, out, _ = take(loaded, path)
    assert (code, "2 refused" in out) == (1, True)


def test_a_list_that_says_itself_who_left_is_for_import(say: Say, workspace: Path) -> None:
    path = workspace / "list.csv"
    path.write_text("email,status\na@example.org,active\n", encoding="utf-8")
    code, _, err = say("subscribers", "leave", "--file", str(path))
    assert code == 1
    assert "this list itself says who left, in the column 'status'" in err
    assert "subscribers import" in err


def test_what_headings_mean_is_said_to_be_stored_or_to_hold_once(say: Say, workspace: Path) -> None:
    path = workspace / "list.csv"
    path.write_text("email,Status,Телефон\na@example.org,gold,1\n", encoding="utf-8")
    code, _, err = take(say, path, "--column", "-=Телефон")
    assert code == 1
    assert "the column 'Status' says 'gold' (line 2), whose meaning is not known" in err
    code, _, err = take(say, path, "--column", "-=Телефон", "--column", "-=Status", "--column", "-=Факс")
    assert code == 0
    assert "list.csv has no column 'Факс'." in err
    assert "«Status» may say who left: it is ignored in this list only, and must be named again." in err
    assert "stored in subscribers/columns.yaml" in err


def test_an_unsubscribed_export_asks_for_no_consent(say: Say) -> None:
    export = Path(__file__).parents[1] / "audience/exports/unsubscribed_mailchimp.csv"
    code, out, _ = say("subscribers", "import", str(export))
    assert code == 0
    assert "1 left, 1 suppressed\nRecognised as an export of Mailchimp.\n" in out
