"""Item files, read and written."""

from dataclasses import replace
from datetime import date, datetime, time
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.item import format_item, is_address, parse_item
from newsletter.errors import Place, Problem, Severity
from newsletter.model import AllOf, AnyOf, Condition, Event, Has, Item, ItemKind, Not, Silenced

PATH = "issues/2025-02-14/items/01-forum.md"
ZONE = "Europe/Kyiv"
SECTIONS = ("top", "social", "education")
FIELDS = ("region", "position")


def parse(text: str) -> tuple[Item | None, list[Problem]]:
    return parse_item(dedent(text), PATH, sections=SECTIONS, fields=FIELDS, timezone=ZONE)


def only_problem(text: str) -> Problem:
    item, (problem,) = parse(text)
    assert item is None
    assert problem.severity is Severity.ERROR
    return problem


def test_an_item_file_is_read_whole() -> None:
    item, problems = parse(
        """\
        ---
        title: Форум громад
        section: [social, top]
        date: 2025-02-11
        link: https://auc.org.ua/forum
        only_for: {region: [Сумська, Харківська]}
        ---

        Перший абзац.

        ---
        Другий.
        """
    )
    assert not problems
    assert item == Item(
        id="01-forum",
        title="Форум громад",
        text="Перший абзац.\n\n---\nДругий.",
        link="https://auc.org.ua/forum",
        date=date(2025, 2, 11),
        sections=("social", "top"),
        only_for=Has("region", frozenset({"Сумська", "Харківська"})),
        at=Place(PATH, 2),
    )


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter() -> None:
    item, problems = parse_item(
        "\ufeff---\r\ntitle: А\r\nsection: top\r\n---\r\n\r\nБ\r\nВ\r\n",
        PATH,
        sections=SECTIONS,
        fields=(),
        timezone=ZONE,
    )
    assert not problems
    assert item
    assert item.text == "Б\nВ"


@pytest.mark.parametrize("link", ["link:", "link: ''", 'link: "#"'])
def test_an_empty_or_placeholder_link_is_none(link: str) -> None:
    item, problems = parse(f"---\ntitle: А\nsection: top\n{link}\n---\n")
    assert not problems
    assert item
    assert item.link is None


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "/news/1", "www.auc.org.ua", "https://", "data:text/html,x", "https://a b"],
)
def test_a_link_elsewhere_than_to_web_or_mail_is_a_problem_and_left_out(link: str) -> None:
    item, (problem,) = parse(f"---\ntitle: А\nsection: top\nlink: '{link}'\n---\n")
    assert item
    assert item.link is None
    assert problem.at == Place(PATH, 4)


def test_an_unknown_key_names_the_nearest() -> None:
    problem = only_problem("---\ntitel: А\ntitle: Б\nsection: top\n---\n")
    assert (problem.at, problem.hint) == (Place(PATH, 2), "Did you mean 'title'?")


def test_an_unknown_section_names_the_nearest_and_keeps_the_item_out() -> None:
    problem = only_problem("---\ntitle: А\nsection: socail\n---\n")
    assert (problem.at, problem.hint) == (Place(PATH, 3), "Did you mean 'social'?")
    assert "not shown" in problem.text


def test_an_item_of_a_known_and_an_unknown_section_stays_in_the_known_one() -> None:
    item, (problem,) = parse("---\ntitle: А\nsection:\n  - top\n  - socail\n---\n")
    assert item
    assert item.sections == ("top",)
    assert problem.at == Place(PATH, 5)


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", 1, "---"),
        ("title: А\n", 1, "---"),
        ("---\ntitle: А\nsection: top\n", 1, "---"),
        ("---\nsection: top\n---\n", 2, "'title' is missing"),
        ("---\ntitle: А\n---\n", 2, "'section' is missing"),
        ('---\ntitle: " "\nsection: top\n---\n', 2, "is empty"),
        ('---\nsection: top\ntitle: "А\\u0007"\n---\n', 3, "U+0007"),
        ('---\nsection: top\ntitle: "А\\nБ"\n---\n', 3, "U+000A"),
        ("---\nsection: top\ntitle: А\x07\n---\n", 3, "U+0007"),
        ("---\nsection: top\ntitle: 2025\n---\n", 3, "must be words"),
        ("---\nsection: []\ntitle: А\n---\n", 2, "is empty"),
        ("---\ntitle: А\nsection: top\ndate: 2025-02-30\n---\n", 4, "2025-02-30"),
        ("---\ntitle: А\nsection: top\ndate: 20250214\n---\n", 4, "2025-02-14"),
        ("---\ntitle: А: Б\nsection: top\n---\n", 2, "YAML"),
        ("---\ntitle: А\ntitle: Б\nsection: top\n---\n", 3, "second time"),
        ("---\n- title\n---\n", 2, "keys with values"),
        ("---\ntitle: А\nsection: top\nonly_for: {regoin: Сумська}\n---\n", 4, "regoin"),
        ("---\ntitle: А\nsection: top\nonly_for: []\n---\n", 4, "mapping"),
    ],
)
def test_every_fault_is_named_at_its_line(text: str, line: int, word: str) -> None:
    problem = only_problem(text)
    assert problem.at == Place(PATH, line)
    assert word in f"{problem.text} {problem.hint}"


def test_all_faults_are_named_at_once() -> None:
    item, problems = parse("---\nsection: socail\nlink: nowhere\nonly_for: {x: 1}\ntitle: А\n---\n")
    assert item is None
    assert [problem.at.line for problem in problems if problem.at] == [2, 3, 4]


def test_a_file_without_a_link_has_a_line_to_fill_in() -> None:
    item = Item(id="x", title="Назва", sections=("top",), at=Place(PATH))
    assert format_item(item) == "---\ntitle: Назва\nsection: top\nlink:\n---\n"


def test_only_full_addresses_are_links() -> None:
    assert is_address("https://auc.org.ua/а?б=в#г")
    assert is_address("mailto:office@auc.org.ua")
    assert not is_address("mailto:office")
    assert not is_address("https://auc.org.ua\n")


words = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"), min_size=1)
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))
values = st.frozensets(words, min_size=1, max_size=3)
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Has, st.sampled_from(FIELDS), values),
    st.builds(Has, st.just("section"), st.frozensets(st.sampled_from(SECTIONS), min_size=1)),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)
items = st.builds(
    Item,
    id=st.just("01-forum"),
    title=words.map(str.strip).filter(bool),
    text=lines.map(lambda text: text.strip("\n")),
    link=st.none() | st.just("https://auc.org.ua/x?y=1#z") | st.just("mailto:a@b.org"),
    date=st.none() | st.dates(),
    sections=st.lists(st.sampled_from(SECTIONS), min_size=1, unique=True).map(tuple),
    only_for=st.none() | conditions,
    kind=st.sampled_from([ItemKind.NEWS, ItemKind.BRIEF, ItemKind.PARTNER]),
    lead=st.booleans(),
    trim=st.booleans(),
    at=st.just(Place(PATH, 2)),
)


zone = ZoneInfo(ZONE)
this_age = st.dates(date(1900, 1, 1), date(2099, 12, 31))
days = st.builds(Event, start=this_age, end=st.none() | st.just(date(2100, 1, 1)), place=words.map(str.strip))
hours = st.builds(
    lambda day, minute: datetime.combine(day, time(12, minute), zone), this_age, st.integers(0, 59)
)
end = st.none() | st.just(datetime(2100, 1, 1, 12, tzinfo=zone))
events = days | st.builds(Event, start=hours, end=end, place=words.map(str.strip))


@settings(deadline=None)
@given(items | st.builds(lambda item, event: replace(item, kind=ItemKind.EVENT, event=event), items, events))
def test_what_is_written_is_read_back_the_same(item: Item) -> None:
    assert parse_item(format_item(item), PATH, sections=SECTIONS, fields=FIELDS, timezone=ZONE) == (
        item,
        [],
    )


@settings(deadline=None)
@given(st.text() | st.text().map(lambda text: f"---\n{text}\n---\n"))
def test_any_text_is_an_item_or_a_problem(text: str) -> None:
    item, problems = parse_item(text, PATH, sections=SECTIONS, fields=FIELDS, timezone=ZONE)
    assert item or problems


def test_a_finding_is_silenced_by_its_text_with_a_reason_and_both_are_written_back() -> None:
    item, problems = parse("---\ntitle: Форум\nsection: top\nsilenced: {no link: Сторінки ще немає}\n---\n")
    assert item is not None
    assert (item.silenced, problems) == ((Silenced("no link", "Сторінки ще немає"),), [])
    again, _ = parse(format_item(item))
    assert again == replace(item, at=again.at if again else item.at)
    assert (
        "silenced: must be keys with values"
        in only_problem("---\ntitle: Форум\nsection: top\nsilenced: no link\n---\n").text
    )
