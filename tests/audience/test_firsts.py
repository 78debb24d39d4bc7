"""The first line of each address is remembered in little room, and exactly."""

from newsletter.audience.firsts import FirstLines


def test_an_address_keeps_the_line_on_which_it_came_first_however_many_there_are() -> None:
    firsts, expected = FirstLines(), dict[str, int]()
    for line in range(1, 30_001):
        address = f"golova{line * 7919 % 20_011}@example.org"
        assert firsts.add(address, line) == expected.setdefault(address, line)
    assert all(firsts.add(address, 99_999) == line for address, line in expected.items())
