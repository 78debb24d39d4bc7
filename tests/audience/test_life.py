"""One reader's life in any order of events: no list revives, `*` stays honest, and who reads is who may."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from newsletter.audience import asking, handover
from newsletter.audience.preferences import Rest, Wish, wished
from newsletter.model import EVERY_SECTION, SubscriberStatus, SubscriptionState
from newsletter.store import people
from newsletter.store.choices import Choices, Origin, by_joining, has_left
from newsletter.store.consent import Wording
from newsletter.store.db import open_database, reading, writing
from newsletter.store.erasure import erase, erased_at, readmit
from newsletter.store.import_people import Decision, Entry, decide, write
from newsletter.store.people import Record, count_readers, find, get
from newsletter.store.requests import find as find_request
from tests.audience.conversation import NOW, OPTIONAL, PLACES, POST, SIGNER, act

EMAIL = "olena@example.org"
WORDS = Wording("0123456789ab", "uk", "Я погоджуюся.")
STOPPED = (SubscriptionState.LEFT, SubscriptionState.PAUSED)

wanted = st.one_of(st.just(frozenset({EVERY_SECTION})), st.frozensets(st.sampled_from(OPTIONAL), min_size=1))
days = st.integers(0, 3)


class Life(RuleBasedStateMachine):
    """What may happen to one address, by its reader, by lists, by editors and by mail servers."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "life.db"
        path.write_bytes(_empty())
        self.engine = open_database(f"sqlite:///{path}")
        self.today = date(2025, 2, 14)
        self.requests = 0

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()

    def person(self) -> Record | None:
        with reading(self.engine) as connection:
            return find(connection, EMAIL)

    def known(self) -> bool:
        return self.person() is not None

    def changed(self, step: Callable[[Record], Record]) -> None:
        before = self.person()
        assert before is not None
        if before.status is SubscriberStatus.SUPPRESSED:
            return
        with writing(self.engine) as connection:
            people.change(connection, before, step(before), NOW)

    @rule(sections=wanted)
    def signs_up(self, sections: frozenset[str]) -> None:
        before = self.person()
        if before and before.status is SubscriberStatus.SUPPRESSED:
            return
        known = before or Record(email=EMAIL, attributes=POST, choices={})
        after = replace(known, choices=by_joining(known.choices, sections))
        with writing(self.engine) as connection:
            write(connection, [Decision(Entry(email=EMAIL), before, after)], "sign-up page", NOW)
            readmit(connection, EMAIL, SIGNER)

    @rule(sections=st.one_of(st.none(), wanted))
    def stands_on_a_list(self, sections: frozenset[str] | None) -> None:
        before = self.person()
        with writing(self.engine) as connection:
            erased = erased_at(connection, EMAIL, SIGNER)
            entry = Entry(email=EMAIL, attributes=POST, sections=sections)
            write(connection, decide(connection, [entry], OPTIONAL, SIGNER), "list.csv", NOW)
        after = self.person()
        if before is None:
            assert (after is None) == (erased is not None)
            return
        assert after is not None
        assert after.status == before.status
        for section, choice in before.choices.items():
            if choice.origin is Origin.READER or choice.state in STOPPED:
                assert after.choices[section] == choice
        if has_left(before.choices) or before.status is SubscriberStatus.SUPPRESSED:
            assert after == before

    @precondition(known)
    @rule(
        sections=st.one_of(st.just(frozenset[str]()), wanted),
        everything=st.booleans(),
        resting=st.frozensets(st.sampled_from(OPTIONAL)),
        until=days,
    )
    def saves_the_page(
        self, sections: frozenset[str], everything: bool, resting: frozenset[str], until: int
    ) -> None:
        day = (self.today + timedelta(days=until)).isoformat() if until else ""
        rest = Rest(everything=everything, sections=resting, until=day)
        wish = Wish(sections=sections, rest=rest, language="uk")
        self.changed(lambda before: wished(before, wish, OPTIONAL))

    @rule()
    def a_day_passes(self) -> None:
        self.today += timedelta(days=1)
        with writing(self.engine) as connection:
            people.end_pauses(connection, self.today, NOW)

    @precondition(known)
    @rule(sections=st.frozensets(st.sampled_from(OPTIONAL)))
    def leaves(self, sections: frozenset[str]) -> None:
        person = self.person()
        assert person is not None
        with writing(self.engine) as connection:
            people.leave(connection, person.id, sections, OPTIONAL, NOW)
            assert not people.leave(connection, person.id, sections, OPTIONAL, NOW)
            after = get(connection, person.id)
        assert after is not None
        assert sections or has_left(after.choices)

    @precondition(known)
    @rule()
    def bounces(self) -> None:
        with writing(self.engine) as connection:
            people.suppress(connection, EMAIL, "bounced: 550", NOW)

    @precondition(known)
    @rule()
    def passes_the_post_on(self) -> None:
        holder = self.person()
        assert holder is not None
        if not handover.holds_post(holder, PLACES):
            return
        self.requests += 1
        heir = f"heir{self.requests}@example.org"
        with writing(self.engine) as connection:
            handover.ask_successor(
                act(connection),
                holder,
                email=heir,
                name="",
                words=WORDS,
                source="preferences",
                post=POST,
            )
            asked = find_request(connection, self.requests, NOW)
            assert asked is not None
            asking.confirm(act(connection), asked, handover.settle)
            after, successor = find(connection, EMAIL), find(connection, heir)
            assert after is not None
            assert successor is not None
            assert after.status is SubscriberStatus.SUPPRESSED
            assert not has_left(successor.choices)
            people.leave(connection, successor.id, (), OPTIONAL, NOW)  # only one reader is counted here

    @precondition(known)
    @rule()
    def is_erased(self) -> None:
        assert erase(self.engine, EMAIL, SIGNER, NOW)
        assert not self.known()

    @invariant()
    def who_reads_is_who_is_active_and_chose_something(self) -> None:
        person = self.person()
        with reading(self.engine) as connection:
            reads = count_readers(connection)
        active = person is not None and person.status is SubscriberStatus.ACTIVE
        chosen = person is not None and _active(person.choices)
        assert reads == int(active and chosen)

    @invariant()
    def every_section_never_stands_beside_one_that_was_left_or_paused(self) -> None:
        person = self.person()
        if person and (every := person.choices.get(EVERY_SECTION)) and every.state not in STOPPED:
            assert not any(choice.state in STOPPED for choice in person.choices.values())


@cache
def _empty() -> bytes:
    """Return an empty database, made once: that takes longer than a life."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_database(f"sqlite:///{path}").dispose()
        return path.read_bytes()


def _active(choices: Choices) -> bool:
    return any(choice.state is SubscriptionState.ACTIVE for choice in choices.values())


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
