"""Nobody is bombed with letters, not even by requests that come at one moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, select

from newsletter.store import letters
from newsletter.store.db import reading, writing
from newsletter.store.restraint import may_be_asked
from newsletter.store.schema import letter

NOW = datetime(2025, 2, 14, 10, tzinfo=UTC)


def test_of_many_at_one_moment_one_may_write(engine: Engine) -> None:
    def ask(_number: int) -> None:
        with writing(engine) as connection:
            if may_be_asked(connection, "olena@example.org", NOW):
                letters.put(
                    connection,
                    kind="confirm",
                    email="Olena@example.org",
                    language="uk",
                    request=None,
                    now=NOW,
                )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(24)))
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(letter)).scalar_one() == 1


@pytest.mark.parametrize(
    ("first", "second", "may"),
    [
        ("olena@example.org", "olena+1@example.org", False),
        ("olena+1@example.org", "Olena+2@example.org", False),
        ("olena+1@example.org", "olena@example.org", False),
        ("olena+1@example.org", "olena+1@other.example.org", True),
        ("olena+1@example.org", "olen@example.org", True),
        ("olena-1@example.org", "olena@example.org", True),
        ("o%+1@example.org", "ola@example.org", True),
        ("ola+1@example.org", "o_a@example.org", True),
    ],
)
def test_addresses_of_one_mailbox_count_as_one(engine: Engine, first: str, second: str, *, may: bool) -> None:
    with writing(engine) as connection:
        letters.put(connection, kind="confirm", email=first, language="uk", request=None, now=NOW)
        assert may_be_asked(connection, second, NOW) is may
