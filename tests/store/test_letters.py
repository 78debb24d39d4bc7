"""Letters: taken by one, tried again for a while, settled for good."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, update

from newsletter.store import letters
from newsletter.store.db import reading, writing
from newsletter.store.schema import letter

NOW = datetime(2025, 2, 14, 10, tzinfo=UTC)
LATER = NOW + timedelta(minutes=11)


def put(engine: Engine, *emails: str) -> None:
    with writing(engine) as connection:
        for email in emails:
            letters.put(connection, kind="confirm", email=email, language="uk", request=None, now=NOW)


def take(engine: Engine, now: datetime = NOW, limit: int = 20) -> list[int]:
    with reading(engine) as connection:
        due = letters.due(connection, now)
    with writing(engine) as connection:
        found = [one.id for one in letters.take(connection, now, limit)]
    assert due == bool(found)
    return found


def test_a_letter_is_taken_by_one_and_by_another_after_its_lease(engine: Engine) -> None:
    put(engine, "a@example.org", "b@example.org")
    assert len(take(engine, limit=1)) == 1
    assert len(take(engine)) == 1
    assert take(engine) == []
    assert len(take(engine, LATER)) == 2


def test_a_letter_is_tried_five_times(engine: Engine) -> None:
    put(engine, "a@example.org")
    tries = [take(engine, NOW + timedelta(minutes=11 * number)) for number in range(7)]
    assert [len(found) for found in tries] == [1, 1, 1, 1, 1, 0, 0]


def test_a_letter_put_back_is_due_at_once_and_has_lost_no_try(engine: Engine) -> None:
    put(engine, "a@example.org")
    for _ in range(9):
        numbers = take(engine)
        with writing(engine) as connection:
            letters.put_back(connection, numbers, NOW)
    assert len(take(engine)) == 1


def test_what_was_settled_or_dropped_is_not_taken_again(engine: Engine) -> None:
    put(engine, "a@example.org", "b@example.org", "c@example.org")
    done, again, dropped = take(engine)
    with writing(engine) as connection:
        letters.settle(connection, done, "250 queued", NOW, done=True)
        letters.settle(connection, again, "451 later", NOW, done=False)
        letters.drop(connection, [dropped])
    assert take(engine, LATER) == [again]


def test_of_very_many_letters_a_thousand_leave_in_an_hour(engine: Engine) -> None:
    put(engine, *(f"a{number}@example.org" for number in range(1003)))
    assert len(take(engine, limit=2000)) == 1000
    with writing(engine) as connection:
        connection.execute(update(letter).where(letter.c.tries > 0).values(sent_at="2025-02-14T10:00:00Z"))
    assert take(engine, NOW + timedelta(minutes=59)) == []
    assert len(take(engine, NOW + timedelta(minutes=60))) == 3
