"""Buttons that are pressed at one moment: what was asked for is done once, and nobody sees an error."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

from sqlalchemy import Connection, Engine, event, func, select

from newsletter.audience import handover, moving, optin
from newsletter.audience.asking import Ending, Settle, confirm
from newsletter.audience.forms import Answers
from newsletter.store import people, requests
from newsletter.store.consent import Wording
from newsletter.store.db import reading, writing
from newsletter.store.schema import consent, subscriber
from tests.audience.conversation import NOW, POST, act, get, subscribe

OLD, NEW = "old@example.org", "new@example.org"
WORDS = Wording("0123456789ab", "uk", "Я погоджуюся.")


def press(engine: Engine, buttons: Iterable[tuple[Settle, int]]) -> list[Ending]:
    """Press each button, given as what it does and the number of the request, all at once."""

    def one(button: tuple[Settle, int]) -> Ending:
        settle, number = button
        with writing(engine) as connection:
            asked = requests.find(connection, number, NOW, for_update=True)
            assert asked is not None
            return confirm(act(connection), asked, settle)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, buttons))


def ask(engine: Engine, question: Callable[[Connection], object]) -> None:
    with writing(engine) as connection:
        question(connection)


def sign_up(connection: Connection, section: str) -> None:
    answers = Answers(email=NEW, sections=frozenset({section}))
    optin.sign_up(act(connection), answers, WORDS, source="sign-up page", ip=None)


def pass_on(connection: Connection, email: str = OLD, *, to: str = NEW) -> None:
    handover.ask_successor(
        act(connection),
        people.find(connection, email) or subscribe(connection, email),
        email=to,
        name="",
        words=WORDS,
        source="preferences",
        post=POST,
    )


def consents(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(consent)).scalar_one()


def test_a_button_pressed_many_times_at_once_subscribes_once(engine: Engine) -> None:
    ask(engine, lambda connection: sign_up(connection, "social"))
    assert set(press(engine, [(optin.settle, 1)] * 8)) == {Ending.DONE}
    assert consents(engine) == 1


def test_two_sign_ups_of_one_address_confirmed_at_once_make_one_reader_with_both_choices(
    engine: Engine,
) -> None:
    ask(engine, lambda connection: sign_up(connection, "social"))
    ask(engine, lambda connection: sign_up(connection, "staff"))
    assert press(engine, [(optin.settle, 1), (optin.settle, 2)]) == [Ending.DONE, Ending.DONE]
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(subscriber)).scalar_one() == 1
        assert set(get(connection, NEW).choices) == {"social", "staff"}


def test_a_button_pressed_many_times_at_once_moves_the_reader_once(engine: Engine) -> None:
    ask(
        engine,
        lambda connection: moving.ask_new(act(connection), subscribe(connection, OLD), NEW, "uk"),
    )
    endings = press(engine, [(moving.settle, 1)] * 8)
    assert Ending.DONE in endings
    assert Ending.STOPPED not in endings
    with reading(engine) as connection:
        assert people.find(connection, OLD) is None
        assert get(connection, NEW).name == "Олена"


def test_a_button_pressed_many_times_at_once_hands_over_once(engine: Engine) -> None:
    ask(engine, pass_on)
    press(engine, [(handover.settle, 1)] * 8)
    assert consents(engine) == 1
    with reading(engine) as connection:
        assert get(connection, OLD).reason == handover.HANDED_OVER


def test_a_successor_named_by_two_holders_takes_both_posts_over(engine: Engine) -> None:
    ask(engine, pass_on)
    ask(engine, lambda connection: pass_on(connection, "second@example.org"))
    assert press(engine, [(handover.settle, 1), (handover.settle, 2)]) == [Ending.DONE, Ending.DONE]
    assert consents(engine) == 2


def meet_after_locking_a_person(engine: Engine) -> None:
    """Let each of two transactions lock its first person before either locks another one."""
    meeting = Barrier(2)

    @event.listens_for(engine, "after_cursor_execute")
    def _(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM subscriber" in statement and statement.endswith("FOR UPDATE"):
            with suppress(BrokenBarrierError):
                meeting.wait(timeout=0.4)  # where both need the same people, one of them waits for the other


def test_two_posts_that_cross_are_handed_over_in_turn(postgres_engine: Engine) -> None:
    ask(postgres_engine, lambda connection: pass_on(connection, OLD))
    ask(postgres_engine, lambda connection: subscribe(connection, NEW))
    ask(postgres_engine, lambda connection: pass_on(connection, NEW, to=OLD))
    meet_after_locking_a_person(postgres_engine)
    endings = press(postgres_engine, [(handover.settle, 1), (handover.settle, 2)])
    assert sorted(endings) == [Ending.DONE, Ending.STOPPED]
    with reading(postgres_engine) as connection:
        reasons = {get(connection, email).reason for email in (OLD, NEW)}
    assert reasons == {"", handover.HANDED_OVER}, "one of the two still reads"


def test_two_readers_who_move_to_each_other_s_address_both_get_an_answer(postgres_engine: Engine) -> None:
    def exchange(connection: Connection, email: str, to: str) -> None:
        person = people.find(connection, email) or subscribe(connection, email)
        moving.ask_new(act(connection), person, to, "uk")

    ask(postgres_engine, lambda connection: subscribe(connection, NEW))
    ask(postgres_engine, lambda connection: exchange(connection, OLD, NEW))
    ask(postgres_engine, lambda connection: exchange(connection, NEW, OLD))
    meet_after_locking_a_person(postgres_engine)
    assert press(postgres_engine, [(moving.settle, 1), (moving.settle, 2)]) == [Ending.DONE, Ending.DONE]
