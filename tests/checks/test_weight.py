"""How far into the HTML each item reaches."""

from newsletter.checks.weight import CLIPPED, weights
from newsletter.render.edition import Editions
from tests.press import CLOSING, issue, item


def html(*parts: str) -> str:
    return "<p>" + "</p><p>".join(parts) + "</p>"


def test_each_item_reaches_from_its_title_to_the_next_one() -> None:
    edition = Editions(issue(CLOSING, [item("Перша новина"), item("A & B")])).whole()
    assert edition
    page = html("Зміст: Перша новина · A &amp; B", "Перша\u00a0новина", "текст", "A &amp; B", "кінець")
    first, second = weights(page, edition)
    assert (first.title, second.title) == ("Перша новина", "A & B")
    assert first.size == len("Перша\u00a0новина</p><p>текст</p><p>".encode())
    assert second.end == len(page.encode())
    assert first.end + second.size == second.end


def test_what_gmail_cuts_off_is_known_and_a_title_that_is_nowhere_is_left_out() -> None:
    edition = Editions(issue(CLOSING, [item("Перша"), item("Друга"), item("Третя")])).whole()
    assert edition
    found = weights(html("Перша", "x" * CLIPPED, "Друга"), edition)
    assert [(one.title, one.clipped) for one in found] == [("Перша", True), ("Друга", True)]
