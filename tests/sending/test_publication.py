"""What approval makes for the archive out of an issue."""

from newsletter.model import ClosingCall, Has
from newsletter.render.edition import Editions
from newsletter.sending.publication import publication
from tests import press

CALL = ClosingCall(text="Закликаємо долучитися.", hashtag="#FreeOurPeople")


def test_control_characters_and_blanks_do_not_get_into_the_archive() -> None:
    faulty = press.item("Жит\x00ло\x0b ", "Кош\x00ти\ufffe", name="a b")
    made = publication(Editions(press.issue(press.CLOSING, [faulty], intro="Ві\x07таємо")))
    assert made
    cover, (item,) = made
    assert cover.intro == "<p>Вітаємо</p>"
    assert (item.anchor, item.title, item.text, item.html) == ("a-b", "Житло", "Кошти", "<p>Кошти</p>")


def test_html_in_an_item_stays_words() -> None:
    made = publication(Editions(press.issue(press.CLOSING, [press.item("T", "<script>alert(1)</script>")])))
    assert made
    assert made[1][0].html == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"


def test_the_closing_call_is_left_out_where_an_item_has_its_hashtag_as_in_the_mail() -> None:
    for text, shown in (("Новини.", CALL), ("#FreeOurPeople", None)):
        made = publication(Editions(press.issue(press.CLOSING, [press.item("T", text)], call=CALL)))
        assert made
        assert made[0].call == shown


def test_an_issue_whose_every_item_names_its_readers_is_not_published() -> None:
    secret = press.item("Лише для Сум", only_for=Has("region", frozenset({"Сумська"})))
    assert publication(Editions(press.issue(press.CLOSING, [secret]))) is None
