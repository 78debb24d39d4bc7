"""What an address says is what the page's own links say, and nonsense in it is as usual."""

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from newsletter.web.preview.view import PARTS, SCHEMES, WIDTHS, View, read

WORDS = st.text(st.characters(codec="utf-8"), max_size=20).map(str.strip)
VIEWS = st.builds(
    View,
    edition=WORDS,
    reader=WORDS,
    sections=st.lists(WORDS, max_size=3).map(tuple),
    width=st.sampled_from(WIDTHS),
    scheme=st.sampled_from(SCHEMES),
    part=st.sampled_from(PARTS),
    lang=st.sampled_from(("", "uk", "en")),
)


def address(view: View, **changes: object) -> MultiDict[str, str]:
    return MultiDict(view.query(**changes))


@given(VIEWS)
def test_a_view_comes_back_from_its_own_address(view: View) -> None:
    assert read(address(view), ("uk", "en")) == view


@given(st.dictionaries(st.sampled_from(("width", "scheme", "part", "lang")), st.text(max_size=9)))
def test_any_address_is_some_view(query: dict[str, str]) -> None:
    view = read(MultiDict(query), ("uk", "en"))
    assert view.width in WIDTHS
    assert (view.scheme, view.part, view.lang) in {
        (scheme, part, lang) for scheme in SCHEMES for part in PARTS for lang in ("", "uk", "en")
    }


def test_the_usual_view_needs_no_words() -> None:
    assert View().query() == {}


def test_another_edition_is_shown_as_this_one_is() -> None:
    view = View(reader="olena@example.org", sections=("top",), width=768, scheme="dark")
    assert view.of("top.social") == {"edition": "top.social", "width": 768, "scheme": "dark"}


def test_schemes_and_parts_come_round() -> None:
    assert [View(scheme=scheme).next_scheme for scheme in SCHEMES] == ["dark", "inverted", "light"]
    assert [View(part=part).next_part for part in PARTS] == ["html", "text", "source", "both"]
