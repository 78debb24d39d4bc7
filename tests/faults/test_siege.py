"""All at once, in short; `scripts/siege` does it at length."""

from tests.faults.attacks import Size
from tests.faults.siege import besiege


def test_under_attack_nobody_is_lost_or_written_to_twice_and_no_wish_is_forgotten() -> None:
    size = Size(readers=100, people=1_000, tokens=60, requests=120, forms=20, bounces=10, wishes=10)
    verdict = besiege(size, seed=2)
    assert verdict.account.state == "sent"
    assert verdict.account.lost == verdict.account.twice == []
    assert (verdict.forgotten, verdict.condemned, verdict.failures) == (0, 0, 0)
    assert verdict.imported == size.people
