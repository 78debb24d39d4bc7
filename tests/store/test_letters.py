"""Letters: taken by one, tried again for a while, settled for good."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from newsletter.store import letters
from newsletter.store.db import reading, writing
from newsletter.store.letters import Lane
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


def put_in(engine: Engine, lane: Lane, *turns: float) -> None:
    with writing(engine) as connection:
        for number, turn in enumerate(turns):
            email = f"{lane.name}{number}@example.org"
            letters.put(
                connection,
                kind="confirm",
                email=email,
                language="uk",
                request=None,
                now=NOW,
                lane=lane,
                turn=NOW.timestamp() + turn,
            )


def test_readers_letters_leave_first_and_others_in_the_order_of_their_turns(engine: Engine) -> None:
    put_in(engine, Lane.VISITOR, 600, -5, 1200, 0)
    put_in(engine, Lane.READER, 0, 0)
    assert take(engine, limit=4) == [5, 6, 2, 4]
    assert take(engine) == [1, 3]


def test_a_lane_sends_300_at_once_then_a_thousand_an_hour_whatever_the_other_does(engine: Engine) -> None:
    put_in(engine, Lane.VISITOR, *range(-320, 0))
    assert len(take(engine, limit=2000)) == 300
    assert take(engine) == []
    assert len(take(engine, NOW + timedelta(seconds=8))) == 2
    put_in(engine, Lane.READER, 0)
    assert len(take(engine, NOW + timedelta(seconds=9))) == 1
    assert len(take(engine, NOW + timedelta(seconds=9 + 36))) == 10


def test_letters_before_their_turn_leave_room_for_those_whose_turn_has_come(engine: Engine) -> None:
    put_in(engine, Lane.VISITOR, *range(1000, 1150))
    assert len(take(engine, limit=2000)) == 100
    assert take(engine) == []
    put_in(engine, Lane.VISITOR, *([0] * 210))
    assert len(take(engine, limit=2000)) == 200
    assert len(take(engine, NOW + timedelta(seconds=36), limit=2000)) == 10


def test_how_long_a_letter_waits_is_known(engine: Engine) -> None:
    put_in(engine, Lane.VISITOR, *range(-310, 10))
    with writing(engine) as connection:
        waits = [
            letters.wait(connection, Lane.VISITOR, NOW.timestamp() + turn, NOW) for turn in (-311, -11, 0, 9)
        ]
        assert waits == [0, 0, pytest.approx(11 * 3.6), pytest.approx(220 * 3.6)]
        letters.take(connection, NOW, 100)
        assert letters.wait(connection, Lane.READER, NOW.timestamp(), NOW) == 0


def test_a_clock_that_was_a_year_ahead_holds_up_no_letter_when_it_is_right_again(engine: Engine) -> None:
    ahead = NOW + timedelta(days=365)
    put_in(engine, Lane.VISITOR, *([365 * 86400] * 5))
    assert len(take(engine, ahead, limit=4)) == 4
    put(engine, "a@example.org")
    with writing(engine) as connection:
        connection.execute(update(letter).where(letter.c.tries == 0).values(due_at=ahead.timestamp()))
    assert len(take(engine)) == 6, "those that were taken, too: nobody has had them for ten minutes"
    assert take(engine) == []
    with writing(engine) as connection:
        assert letters.wait(connection, Lane.VISITOR, NOW.timestamp(), NOW) == 0
