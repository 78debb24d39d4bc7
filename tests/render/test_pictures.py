"""Pictures in an edition: their addresses and sizes, and that only what is shown goes along."""

from dataclasses import replace
from pathlib import Path

from lxml.html import document_fromstring

from newsletter.config import Settings
from newsletter.model import Block, Edition, Image, Issue, Picture
from newsletter.render.edition import Editions
from newsletter.render.pictures import shown_size
from newsletter.render.renderer import Renderer
from tests.drawn import image

LOGO = image(b"logo", width=400, height=300)
PARK = image(b"park", width=1200, height=800)


def with_picture(issue: Issue, shown: Image | None) -> tuple[Issue, Edition]:
    picture = Picture(file="park.jpg", alt="Парк", caption="Відкриття", credit="Фото", image=shown)
    first, *others = issue.blocks
    item, *rest = first.items
    block = Block(section=first.section, items=(replace(item, picture=picture), *rest))
    made = replace(issue, blocks=(block, *others))
    whole = Editions(made).whole()
    assert whole
    return made, whole


def shown(html: str) -> list[tuple[str, str]]:
    """Return address and alt text of each picture, the logo first."""
    return [(one.get("src", ""), one.get("alt", "")) for one in document_fromstring(html).iter("img")]


def test_a_letter_carries_the_pictures_that_it_shows(
    settings: Settings, themes: tuple[Path, ...], digest: Issue
) -> None:
    rendered = Renderer(settings, themes, LOGO).render(*with_picture(digest, PARK))
    assert shown(rendered.html) == [(f"cid:{LOGO.cid}", settings.publisher), (f"cid:{PARK.cid}", "Парк")]
    assert set(rendered.attached) == set(rendered.pictures) == {LOGO, PARK}
    for part in (rendered.html, rendered.text):
        assert "Відкриття" in part
        assert "Фото" in part
    assert "Парк]" in rendered.text


def test_a_portrait_is_no_longer_than_a_screen() -> None:
    assert shown_size(image(width=900, height=1200)) == (450, 600)
    assert shown_size(image(width=200, height=100)) == (200, 100)
    assert shown_size(image(width=1200, height=1)) == (600, 1)


def test_hosted_pictures_have_one_address_for_everybody(
    settings: Settings, themes: tuple[Path, ...], digest: Issue
) -> None:
    hosted = settings.model_copy(update={"pictures": "hosted"})
    rendered = Renderer(hosted, themes, LOGO).render(*with_picture(digest, PARK))
    base = f"{settings.base_url}/pictures"
    assert [source for source, _ in shown(rendered.html)] == [f"{base}/{LOGO.name}", f"{base}/{PARK.name}"]
    assert rendered.attached == ()
    assert set(rendered.pictures) == {LOGO, PARK}


def test_a_picture_belongs_to_the_edition_and_to_its_hash(
    settings: Settings, themes: tuple[Path, ...], digest: Issue
) -> None:
    renderer = Renderer(settings, themes)
    one, other = (with_picture(digest, image(content)) for content in (b"1", b"2"))
    assert one[1].key != other[1].key
    assert renderer.render(*one).sha256 != renderer.render(*other).sha256


def test_without_pictures_nothing_goes_along(
    settings: Settings, themes: tuple[Path, ...], digest: Issue
) -> None:
    rendered = Renderer(settings, themes).render(*with_picture(digest, None))
    assert rendered.pictures == ()
    assert "<img" not in rendered.html
