"""Fair queueing: whoever asks in masses waits for themselves, and nobody else waits for them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from sqlalchemy import Engine, func, select

from newsletter.audience import moving, networks, optin, stepup
from newsletter.audience.asking import Act
from newsletter.audience.forms import Answers
from newsletter.links import Signer
from newsletter.store import confirmation_limits, letters, people
from newsletter.store.consent import Wording
from newsletter.store.db import reading, writing
from newsletter.store.letters import Lane
from newsletter.store.requests import Kind
from newsletter.store.schema import rate_limit
from tests.sending import house

NOW = datetime(2025, 2, 14, 10, tzinfo=UTC)
SIGNER = Signer(b"0123456789abcdef")
WORDS = Wording("1", "uk", "Так")
A_MINUTE = 1000  # hostile forms


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("203.0.113.7", ["203.0.113.0/24", "203.0.0.0/16"]),
        ("::ffff:203.0.113.7", ["203.0.113.0/24", "203.0.0.0/16"]),
        (
            "2001:db8:1:2345::1",
            ["2001:db8:1:2345::/64", "2001:db8:1:2300::/56", "2001:db8:1::/48", "2001:db8::/32"],
        ),
        ("", ["unknown"]),
        ("somewhere", ["unknown"]),
    ],
)
def test_an_address_is_in_networks_of_several_widths(address: str, found: Sequence[str]) -> None:
    assert list(networks.networks(address)) == found


def turn(engine: Engine, address: str, now: datetime = NOW) -> float:
    """Return how many seconds after `now` the turn of a form from `address` is."""
    with writing(engine) as connection:
        visited = networks.networks(address)
        return networks.turn(connection, visited, SIGNER, now.timestamp()) - now.timestamp()


def test_a_second_letter_of_a_network_has_its_turn_after_the_first_of_all_others(engine: Engine) -> None:
    assert [turn(engine, "203.0.113.7") for _ in range(3)] == [0, 600, 1200]
    assert turn(engine, "198.51.100.7") == 0
    assert turn(engine, "203.0.113.7", NOW + timedelta(hours=1)) == 0


def test_what_one_network_asks_for_in_masses_costs_its_neighbours_one_turn(engine: Engine) -> None:
    for _ in range(20):
        turn(engine, "203.0.113.7")
        turn(engine, "2001:db8:1:2345::1")
    assert turn(engine, "203.0.114.7") == 60
    assert turn(engine, "2001:db8:1:2346::1") == 1200, "in the same /56"
    assert turn(engine, "2001:db8:1:2446::1") == 600, "in the same /48"
    assert turn(engine, "2001:db8:2:2446::1") == 60, "of the same provider"


@pytest.mark.parametrize(("bits", "span"), [(64, 1200), (72, 600), (80, 60)])
def test_networks_one_after_another_in_a_wider_one_are_not_many(bits: int, span: int, engine: Engine) -> None:
    first = int(ip_address("2001:db8::1"))
    turns = [turn(engine, str(ip_address(first + (number << bits)))) for number in range(40)]
    assert turns == [number * span for number in range(40)]
    assert turn(engine, "2a02:db8::1") == 0


def test_a_clock_that_was_a_year_ahead_sets_back_no_network(engine: Engine) -> None:
    turn(engine, "203.0.113.7", NOW + timedelta(days=365))
    assert [turn(engine, "203.0.113.7") for _ in range(2)] == [0, 600]


def test_a_network_that_was_misused_is_known_a_day_and_by_no_name(engine: Engine) -> None:
    assert max(turn(engine, "203.0.113.7") for _ in range(200)) == pytest.approx(24 * 3600, abs=700)
    with writing(engine) as connection:
        assert "203" not in repr(connection.execute(select(rate_limit.c.scope)).all())
        confirmation_limits.prune(connection, NOW + timedelta(hours=23))
        assert connection.execute(select(func.count()).select_from(rate_limit)).scalar_one() == 1
        confirmation_limits.prune(connection, NOW + timedelta(hours=25))
        assert connection.execute(select(func.count()).select_from(rate_limit)).scalar_one() == 0


class Hour:
    """An hour of a site, second by second: forms come in, and a worker sends what may leave."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.second = 0
        self.asked: dict[str, int] = {}
        self.waits: dict[str, int] = {}

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.second)

    def sign_up(self, *forms: tuple[str, str]) -> None:
        """Send forms, each of an address of the net and one of mail."""
        with writing(self.engine) as connection:
            for visitor, email in forms:
                now = self.now
                turn = networks.turn(connection, networks.networks(visitor), SIGNER, now.timestamp())
                doing, answers = Act(connection, now, SIGNER, ()), Answers(email=email)
                optin.sign_up(doing, answers, WORDS, source="test", ip=None, turn=turn)
                self.asked[email] = self.second

    def move(self, number: int) -> None:
        """Have a reader ask for the link by which an address is changed, and use one: two letters."""
        email = f"new{number}@example.org"
        with writing(self.engine) as connection:
            person = people.get(connection, number)
            assert person
            stepup.ask(connection, person, Kind.MOVE, "uk", self.now)
            moving.ask_new(Act(connection, self.now, SIGNER, ()), person, email, "uk")
        self.asked |= {email: self.second, person.email: self.second}

    def send(self) -> None:
        """Send what a worker sends in a second."""
        with reading(self.engine) as connection:
            if not letters.due(connection, self.now):
                return
        with writing(self.engine) as connection:
            for one in letters.take(connection, self.now):
                self.waits[one.email] = self.second - self.asked[one.email]
                letters.settle(connection, one.id, "250", self.now, done=True)


VISITORS: dict[str, Callable[[int], str]] = {
    "64 networks of one provider": lambda number: f"203.0.{number % 64}.{number // 64 % 256}",
    "64 sites, each form from another network of theirs": lambda number: str(
        ip_address((0x20010DB8 + number % 64 << 96) + (number << 64) + 1)
    ),
}


@pytest.mark.parametrize("visitor", VISITORS.values(), ids=VISITORS)
def test_a_thousand_hostile_forms_a_minute_hold_up_neither_readers_nor_who_signs_up(
    visitor: Callable[[int], str], sqlite_engine: Engine
) -> None:
    house.people(sqlite_engine, 3)
    hour, sent = Hour(sqlite_engine), 0
    readers, honest = {5: 1, 41: 2, 59: 3}, {7: "a", 20: "b", 40: "c", 58: "d", 80: "e"}
    for second in range(130):
        hour.second = second
        if second < 60:  # then it is over, but what is left must not hold up either
            last = (second + 1) * A_MINUTE // 60
            hour.sign_up(*((visitor(n), f"victim{n}@example.org") for n in range(sent, last)))
            sent = last
        if second in honest:
            hour.sign_up((f"198.51.{second}.7", honest[second]))
        if second in readers:
            hour.move(readers[second])
        hour.send()
    asked_by_readers = [hour.waits[f"new{n}@example.org"] for n in (1, 2, 3)]
    asked_by_readers += [hour.waits[house.address(n)] for n in (1, 2, 3)]
    assert max(asked_by_readers) <= 30
    assert max(hour.waits[email] for email in honest.values()) <= 120
    with reading(sqlite_engine) as connection:
        later = hour.now.timestamp() + 24 * 3600
        assert letters.wait(connection, Lane.VISITOR, later, hour.now) > 1800, "what else was asked for"
