"""An edition that is assembled of parts is, byte for byte, the one that is rendered by itself."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from newsletter.config import Settings
from newsletter.errors import Place, RenderError
from newsletter.model import (
    Block,
    ClosingCall,
    Event,
    Has,
    Issue,
    Item,
    ItemKind,
    Period,
    Picture,
    Section,
    Subscriber,
)
from newsletter.render.assembly import Assembly, assembly_of
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer
from newsletter.sending.personal import Writer
from newsletter.store.ledger import Due
from tests.drawn import image
from tests.sending import house

SLUGS = ("top", "social", "school", "economy", "culture", "roads")
REGIONS = ("Київська", "Сумська")
THEMES = ("digest", "plain", "civic")


def item(number: int, home: str, **more: Any) -> Item:
    """Return an item like others but for what is given."""
    given: dict[str, Any] = {
        "id": f"n {number}",
        "title": f"Новина {number} м. Київ",
        "text": f"Слово **{number}** і [посилання](https://example.org/{number}/a).",
        "link": f"https://example.org/{number}",
        "sections": (home,),
        "at": Place(f"items/{number}.md", 1),
    }
    return Item(**(given | more))


def issue() -> Issue:
    """Return an issue with everything that decides what else is shown."""
    kyiv, elsewhere = Has("region", frozenset({REGIONS[0]})), Has("section", frozenset({"school"}))
    shown = Picture(file="a.png", alt="Світлина", caption="Підпис", image=image(b"bridge"))
    event = Event(start=datetime(2025, 2, 20, 10, tzinfo=UTC), place="Київ")
    brief, partner = ItemKind.BRIEF, ItemKind.PARTNER
    items = {
        "top": [item(1, "top", only_for=kyiv), item(2, "top", sections=("top", "roads"), picture=shown)],
        "social": [
            item(3, "social", kind=brief),
            item(4, "social", only_for=kyiv),
            item(5, "social", kind=brief),
        ],
        "school": [
            item(6, "school", lead=True, sections=("school", "culture")),
            item(7, "school", kind=partner),
        ],
        "economy": [item(8, "economy", kind=ItemKind.EVENT, event=event), item(9, "economy", kind=brief)],
        "culture": [
            item(10, "culture", lead=True, only_for=elsewhere),
            item(11, "culture", link=None, text=""),
        ],
        "roads": [item(12, "roads", text="#FreeOurPeople"), item(13, "roads", sections=("social", "roads"))],
    }
    return Issue(
        period=Period(start=date(2025, 2, 8), end=date(2025, 2, 14)),
        subject="Робота громад: 8 – 14 лютого 2025 року",
        preheader="Головне за тиждень",
        intro="Вітаємо **вас**.",
        call=ClosingCall(text="Не мовчіть", hashtag="#FreeOurPeople"),
        blocks=tuple(
            Block(
                section=Section(
                    slug=slug,
                    title=f"Рубрика {slug} А",
                    always=slug == "top",
                    colour="#0b4f9c" if slug in ("social", "roads") else "",
                ),
                items=tuple(items[slug]),
            )
            for slug in SLUGS
        ),
        at=Place("issue.yaml", 1),
    )


@pytest.fixture(scope="module")
def editions() -> Editions:
    return Editions(issue())


@pytest.fixture(scope="module")
def made(
    editions: Editions, settings: Settings, themes: tuple[Path, ...]
) -> dict[str, tuple[Renderer, Assembly]]:
    """Return each shipped theme's renderer, and the issue assembled in it."""
    renderers = {name: Renderer(settings.model_copy(update={"theme": name}), themes) for name in THEMES}
    return {name: (renderer, Assembly(editions, renderer)) for name, renderer in renderers.items()}


@given(
    theme=st.sampled_from(THEMES),
    reader=st.builds(
        Subscriber,
        id=st.integers(1, 10**6),
        email=st.from_regex(r"[a-z&']{1,20}@example\.org", fullmatch=True),
        name=st.sampled_from(["", "Олена", "Ян", "Мер міста"]),
        sections=st.frozensets(st.sampled_from((*SLUGS, "*"))),
        attributes=st.fixed_dictionaries({}, optional={"region": st.sampled_from(REGIONS)}),
    ),
)
@how(max_examples=120)
def test_an_assembled_message_is_the_one_whose_edition_is_rendered_by_itself(
    made: dict[str, tuple[Renderer, Assembly]], editions: Editions, theme: str, reader: Subscriber
) -> None:
    renderer, assembly = made[theme]
    edition = editions.of(reader.sections, reader.attributes)
    if edition is None:
        return
    own, assembled = renderer.render(editions.issue, edition), assembly.assembled(edition)
    assert assembled.page == own
    due = Due(reader.id, reader.email, reader.name, edition.key, 1)
    messages = [Writer(page, house.SHARED, house.SIGNER).write(due, house.NOW) for page in (assembled, own)]
    assert messages[0].content == messages[1].content


def test_items_that_the_same_readers_get_are_one_part(settings: Settings, themes: tuple[Path, ...]) -> None:
    many = [item(number, "social") for number in range(20)]
    one = replace(issue(), blocks=tuple(replace(block, items=tuple(many)) for block in issue().blocks[1:2]))
    assembly = Assembly(Editions(one), Renderer(settings, themes))
    assert sum("Новина" in part.content for part in assembly.stock.parts) == 2  # of HTML, and of text


@pytest.fixture
def themed(
    tmp_path: Path, settings: Settings, themes: tuple[Path, ...], request: pytest.FixtureRequest
) -> Renderer:
    """Return the renderer of a theme whose block for sections is the test's parameter."""
    folder = tmp_path / "own/blocks"
    folder.mkdir(parents=True)
    (folder / "section.mjml").write_text(request.param, encoding="utf-8")
    return Renderer(settings.model_copy(update={"theme": "own"}), (tmp_path, *themes))


@pytest.mark.parametrize(
    "themed",
    ["<mj-text>{{ blocks|length }}</mj-text>", "{% for _ in blocks %}<mj-text>x</mj-text>{% endfor %}"],
    indirect=True,
)
def test_a_theme_that_decides_by_what_is_shown_without_saying_so_is_not_assembled(
    themed: Renderer, editions: Editions
) -> None:
    shown = [one for slug in SLUGS if (one := editions.of(frozenset({slug, "top"}), {}))]
    with pytest.raises(RenderError, match="the HTML near"):
        assembly_of(editions, shown, themed)


@pytest.mark.parametrize(
    ("themed", "words"),
    [
        ("{% if block.here %}<mj-text>x</mj-text>{% endif %}", "is asked with"),
        ("{% when block.section %}<mj-text>x</mj-text>{% endwhen %}", "asks one of the facts"),
        ('<mj-text color="{% when block.here %}#000000{% endwhen %}">x</mj-text>', "inside a tag"),
        ("{% when block.here %}<mj-text>x</mj-text>", "endwhen"),
    ],
    indirect=["themed"],
)
def test_a_fact_asked_in_another_way_is_an_error(themed: Renderer, editions: Editions, words: str) -> None:
    edition = editions.of(frozenset({"*"}), {})
    assert edition
    with pytest.raises(RenderError, match=words):
        themed.render(editions.issue, edition)
