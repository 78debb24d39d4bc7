"""Nobody is bombed with letters, not even by requests that come at one moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

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
