"""Moving to another address: the old mailbox asked for it, the new one says yes, and nothing is lost."""

from sqlalchemy import Connection, Engine, update

from newsletter.audience import asking, moving
from newsletter.audience.asking import Ending
from newsletter.store import people, requests
from newsletter.store.choices import CHOSEN, LISTED, has_left, wanted_of
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erase, erased_at
from newsletter.store.schema import request
from tests.audience.conversation import NOW, SIGNER, act, get, letters, subscribe, waiting

OLD, NEW = "old@example.org", "new@example.org"


def confirm(connection: Connection, number: int) -> Ending:
    return asking.confirm(act(connection), waiting(connection, number), moving.settle)


def test_the_new_mailbox_s_yes_moves_the_reader_with_number_and_choices(engine: Engine) -> None:
    with writing(engine) as connection:
        before = subscribe(connection, OLD, {"social": LISTED})
        number = moving.ask_new(act(connection), before, NEW, "uk")
        assert letters(connection) == [("address-new", NEW)]
        assert get(connection, OLD) == before
        assert confirm(connection, number) is Ending.DONE
        after = get(connection, NEW)
        assert (after.id, after.choices, after.attributes) == (before.id, before.choices, before.attributes)
        assert people.find(connection, OLD) is None
        assert confirm(connection, number) is Ending.DONE
        assert get(connection, NEW) == after


def test_a_request_to_which_the_old_mailbox_never_agreed_moves_nobody(engine: Engine) -> None:
    with writing(engine) as connection:
        before = subscribe(connection, OLD)
        number = moving.ask_new(act(connection), before, NEW, "uk")
        connection.execute(update(request).values(agreed_at=""))
        assert confirm(connection, number) is Ending.STOPPED
        assert get(connection, OLD) == before


def test_the_new_address_may_differ_in_the_size_of_letters_only(engine: Engine) -> None:
    with writing(engine) as connection:
        before = subscribe(connection, OLD)
        number = moving.ask_new(act(connection), before, "Old@example.org", "uk")
        confirm(connection, number)
        assert get(connection, OLD).email == "Old@example.org"


def test_an_address_that_reads_already_takes_the_sections_over_and_the_old_one_is_let_go(
    engine: Engine,
) -> None:
    with writing(engine) as connection:
        before = subscribe(connection, OLD, {"social": LISTED}, {"region": "Сумська", "position": "Голова"})
        other = subscribe(connection, NEW, {"staff": LISTED}, {"region": "Київська"}, name="")
        number = moving.ask_new(act(connection), before, NEW, "uk")
        assert confirm(connection, number) is Ending.DONE
        joined = get(connection, NEW)
        assert joined.id == other.id
        assert joined.choices["social"] == joined.choices["staff"] == CHOSEN
        assert wanted_of(joined.choices) == {"social", "staff"}
        assert joined.attributes == {"region": "Київська", "position": "Голова"}
        assert has_left(get(connection, OLD).choices)


def test_a_stopped_address_gets_no_letter_and_takes_nothing_over(engine: Engine) -> None:
    with writing(engine) as connection:
        before = subscribe(connection, OLD)
        subscribe(connection, NEW)
        people.suppress(connection, NEW, "complained", NOW)
        number = moving.ask_new(act(connection), before, NEW, "uk")
        assert letters(connection) == []
        assert confirm(connection, number) is Ending.STOPPED
        assert not waiting(connection, number).confirmed_at
        assert get(connection, OLD) == before


def test_an_erased_address_is_known_again_only_when_its_owner_moves_there(engine: Engine) -> None:
    with writing(engine) as connection:
        subscribe(connection, NEW)
    erase(engine, NEW, SIGNER, NOW)
    with writing(engine) as connection:
        number = moving.ask_new(act(connection), subscribe(connection, OLD), NEW, "uk")
        assert erased_at(connection, NEW, SIGNER)
        assert confirm(connection, number) is Ending.DONE
        assert erased_at(connection, NEW, SIGNER) is None


def test_the_request_of_an_erased_reader_is_gone(engine: Engine) -> None:
    with writing(engine) as connection:
        number = moving.ask_new(act(connection), subscribe(connection, OLD), NEW, "uk")
    erase(engine, OLD, SIGNER, NOW)
    with reading(engine) as connection:
        assert requests.find(connection, number, NOW) is None
        assert letters(connection) == []
