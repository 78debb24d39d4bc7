"""A workspace that is open for long: what its files say now."""

import logging
from pathlib import Path

import pytest

from newsletter.services import Workspace
from newsletter.services.live import LiveWorkspace, settings_and_logo


@pytest.mark.parametrize(
    "name", ["newsletter.yaml", "logo.png", "templates/digest/blocks/news.mjml", "templates/mail/confirm.txt"]
)
def test_what_mail_looks_like_is_read_anew_when_it_changes_and_the_database_stays_open(
    empty: Workspace, name: str
) -> None:
    live = LiveWorkspace(empty)
    before = live.current()
    assert live.current() is before
    file = empty.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes((file.read_bytes() if file.exists() else b"") + b"\n")
    now = live.current()
    assert now is not before
    assert now.database is before.database
    assert live.current() is now


def change(root: Path, before: str, after: str) -> None:
    """Change newsletter.yaml in place, as an editor in a terminal does."""
    file = root / "newsletter.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_a_faulty_file_keeps_the_last_good_settings_and_is_logged_once(
    empty: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    live = LiveWorkspace(empty, settings_and_logo)
    good = live.current().settings
    change(empty.root, "publisher:", "publishr:")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert live.current().settings == good
        assert "publishr" in str(live.problems[1])
        assert caplog.text.count("until it is mended") == 1
        change(empty.root, "publishr:", "publisher:")
        assert live.current().settings == good
    assert not live.problems
    assert "newsletter.yaml was changed, and is in use" in caplog.text


def test_a_change_between_reading_and_the_first_look_is_seen(empty: Workspace) -> None:
    change(empty.root, "publisher:", "serve: {port: 8099}\npublisher:")
    assert LiveWorkspace(empty).current().settings.serve.port == 8099


def test_where_a_program_listens_is_said_to_wait_for_its_next_start(empty: Workspace) -> None:
    live = LiveWorkspace(empty, settings_and_logo)
    live.current()
    change(empty.root, "publisher:", "serve: {port: 8099}\npublisher:")
    assert live.current().settings.serve.port == 8099
    assert live.waiting == ("serve",)
