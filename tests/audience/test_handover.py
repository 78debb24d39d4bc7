"""A post changes hands: the successor reads in place of the holder once both say yes, and not before."""

from typing import Any

from sqlalchemy import Connection, Engine, select, update

from newsletter.audience import asking, handover
from newsletter.audience.asking import Ending
from newsletter.model import SubscriberStatus, SubscriptionState
from newsletter.store import people
from newsletter.store.choices import CHOSEN, LEFT, LISTED, Choice, Origin, by_list, has_left, wanted_of
from newsletter.store.consent import Wording
from newsletter.store.db import writing
from newsletter.store.erasure import erase, erased_at
from newsletter.store.people import Record
from newsletter.store.schema import consent, request
from tests.audience.conversation import (
    NOW,
    OPTIONAL,
    PLACES,
    POST,
    SIGNER,
    act,
    get,
    letters,
    subscribe,
    waiting,
)

OLD, NEW = "old@example.org", "new@example.org"
WORDS = Wording("0123456789ab", "uk", "Я погоджуюся.")
REST = Choice(SubscriptionState.PAUSED, Origin.READER, "2025-03-01")


def ask(connection: Connection, holder: Record, email: str = NEW) -> bool:
    return handover.ask_successor(
        act(connection),
        holder,
        email=email,
        name="Ірина",
        words=WORDS,
        source="preferences",
        post=handover.post_of(holder, PLACES),
    )


def confirm(connection: Connection, number: int = 1) -> Ending:
    return asking.confirm(act(connection), waiting(connection, number), handover.settle)


def test_a_successor_has_the_post_and_its_sections_and_nothing_of_the_person(engine: Engine) -> None:
    with writing(engine) as connection:
        holder = subscribe(
            connection, OLD, {"social": LISTED, "staff": REST, "economy": LEFT}, POST | {"phone": "1"}
        )
        assert ask(connection, holder)
        assert letters(connection) == [("handover", NEW)]
        assert get(connection, OLD) == holder
        assert people.find(connection, NEW) is None
        assert confirm(connection) is Ending.DONE
        successor = get(connection, NEW)
        assert (successor.name, successor.attributes, successor.language) == ("Ірина", POST, "uk")
        assert wanted_of(successor.choices) == {"social", "staff"}
        assert successor.choices["social"] == successor.choices["staff"] == CHOSEN
        assert by_list(successor.choices, {"*"}, OPTIONAL) == successor.choices
        former = get(connection, OLD)
        assert has_left(former.choices)
        assert (former.status, former.reason) == (SubscriberStatus.SUPPRESSED, "handed over")
        given: Any = connection.execute(select(consent)).one()
        assert (given.subscriber, given.version) == (successor.id, WORDS.version)
        assert confirm(connection) is Ending.DONE
        assert get(connection, NEW) == successor


def test_the_holder_s_word_is_part_of_the_request_and_without_it_nothing_is_settled(engine: Engine) -> None:
    """As in a request that an older version left behind, to which the holder had yet to agree."""
    with writing(engine) as connection:
        holder = subscribe(connection, OLD)
        ask(connection, holder)
        connection.execute(update(request).values(agreed_at=""))
        assert confirm(connection) is Ending.STOPPED
        assert not waiting(connection, 1).confirmed_at
        assert get(connection, OLD) == holder
        assert people.find(connection, NEW) is None


def test_a_successor_who_reads_already_joins_the_sections_and_gets_the_post(engine: Engine) -> None:
    with writing(engine) as connection:
        holder = subscribe(connection, OLD, {"social": LISTED})
        subscribe(
            connection, NEW, {"staff": REST}, {"position": "Заступник", "phone": "2"}, name="Ірина Ткач"
        )
        ask(connection, holder)
        assert confirm(connection) is Ending.DONE
        successor = get(connection, NEW)
        assert successor.name == "Ірина Ткач"
        assert successor.attributes == {**POST, "phone": "2"}
        assert successor.choices["social"] == CHOSEN
        assert successor.choices["staff"] == REST


def test_a_post_is_passed_on_once(engine: Engine) -> None:
    with writing(engine) as connection:
        holder = subscribe(connection, OLD)
        ask(connection, holder, "first@example.org")
        ask(connection, holder, "second@example.org")
        assert confirm(connection, 1) is Ending.DONE
        assert confirm(connection, 2) is Ending.STOPPED
        assert not waiting(connection, 2).confirmed_at
        assert people.find(connection, "second@example.org") is None


def test_a_stopped_successor_is_not_asked_and_stays_stopped(engine: Engine) -> None:
    with writing(engine) as connection:
        holder = subscribe(connection, OLD)
        subscribe(connection, NEW)
        people.suppress(connection, NEW, "complained", NOW)
        assert not ask(connection, holder)
        assert letters(connection) == []
        assert confirm(connection) is Ending.STOPPED
        assert get(connection, OLD) == holder


def test_an_erased_successor_comes_back_by_their_own_yes(engine: Engine) -> None:
    with writing(engine) as connection:
        subscribe(connection, NEW)
    erase(engine, NEW, SIGNER, NOW)
    with writing(engine) as connection:
        ask(connection, subscribe(connection, OLD))
        assert confirm(connection) is Ending.DONE
        assert erased_at(connection, NEW, SIGNER) is None


def test_a_holder_who_left_meanwhile_leaves_the_successor_all_sections(engine: Engine) -> None:
    with writing(engine) as connection:
        holder = subscribe(connection, OLD, {"social": LISTED})
        ask(connection, holder)
        people.leave(connection, holder.id, (), OPTIONAL, NOW)
        assert confirm(connection) is Ending.DONE
        assert get(connection, NEW).choices == {"*": CHOSEN}


def test_only_a_reader_with_a_post_can_pass_it_on(engine: Engine) -> None:
    with writing(engine) as connection:
        holder = subscribe(connection, OLD)
        assert handover.holds_post(holder, PLACES)
        placeless = subscribe(connection, "a@example.org", attributes={"position": "x"})
        gone = subscribe(connection, "b@example.org", {"*": LEFT})
        people.suppress(connection, OLD, "complained", NOW)
        for person in (placeless, gone, get(connection, OLD)):
            assert not handover.holds_post(person, PLACES)


def test_what_is_private_does_not_go_along_with_a_post(engine: Engine) -> None:
    fields = PLACES.fields | {"position": PLACES.fields["position"].model_copy(update={"public": False})}
    private = PLACES.model_copy(update={"fields": fields})
    with writing(engine) as connection:
        holder = subscribe(connection, OLD)
    assert handover.post_fields(private) == []
    assert not handover.holds_post(holder, private)
    assert "position" not in handover.post_of(holder, private)


def test_what_was_asked_for_names_the_post_and_the_words_agreed_to(engine: Engine) -> None:
    with writing(engine) as connection:
        ask(connection, subscribe(connection, OLD))
        details = connection.execute(select(request.c.details)).scalar_one()
    assert details == {"name": "Ірина", "attributes": POST, "words": WORDS.text}
