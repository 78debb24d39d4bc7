"""What mailbox providers require, and where a press stands."""

from newsletter.doctor import Level, failed, passed, skipped, warned
from newsletter.doctor.providers import PAGES, REQUIREMENTS, standings


def test_the_worst_of_what_shows_a_requirement_counts() -> None:
    found = [passed("https", ""), failed("one-click", ""), passed("mx", ""), warned("reply-to", "")]
    levels = {one.requirement.text: one.level for one in standings(found)}
    assert levels["one-click unsubscribing (RFC 8058)"] is Level.ERROR
    assert levels["From and Reply-To take answers"] is Level.WARNING


def test_what_nobody_looked_at_is_open_and_never_met() -> None:
    levels = {one.requirement.text: one.level for one in standings([skipped("ptr", "")])}
    assert levels["the server's address has a name that leads back"] is None
    assert levels["SPF names the sending server"] is None


def test_every_requirement_is_somebody_s_and_can_be_shown() -> None:
    for one in REQUIREMENTS:
        assert set(one.asked) <= set(PAGES)
        assert one.asked
        assert bool(one.subjects) != one.built_in
