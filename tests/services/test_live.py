"""A workspace that is open for long: what its files say now."""

import pytest

from newsletter.services import Workspace
from newsletter.services.live import LiveWorkspace


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
