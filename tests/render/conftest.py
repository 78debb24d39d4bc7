"""The real digest of 14 February 2025 as an Issue, and a renderer of the shipped theme."""

from datetime import date
from pathlib import Path

import pytest

from newsletter.config import Settings, read_settings
from newsletter.errors import Place
from newsletter.model import Block, ClosingCall, Edition, Issue, Item, Section
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer

ROOT = Path(__file__).parents[2]
DIGEST = ROOT / "tests/data/digest-2025-02-14.txt"


def _blocks(settings: Settings) -> list[Block]:
    """Read the digest's layout: a heading in capitals, then a title, a paragraph and a link for each item."""
    titled = {section.title.upper(): section for section in settings.model_sections}
    blocks: list[tuple[Section, list[Item]]] = []
    said: list[str] = []
    for line in DIGEST.read_text(encoding="utf-8").splitlines():
        if line.strip() in titled:
            blocks.append((titled[line.strip()], []))
            said = []
        elif line.startswith("["):
            section, items = blocks[-1]
            number = 1 + sum(len(before) for _, before in blocks)
            title, text = said
            items.append(
                Item(
                    id=f"{number:02}",
                    title=title,
                    text=text,
                    sections=(section.slug,),
                    at=Place(f"issues/2025-02-14/items/{number:02}.md", 1),
                )
            )
            said = []
        elif line.strip():
            said.append(line.strip())
    return [Block(section=section, items=tuple(items)) for section, items in blocks]


@pytest.fixture(scope="session")
def settings() -> Settings:
    return read_settings(ROOT)


@pytest.fixture(scope="session")
def themes() -> tuple[Path, ...]:
    return (ROOT / "templates",)


@pytest.fixture(scope="session")
def renderer(settings: Settings, themes: tuple[Path, ...]) -> Renderer:
    return Renderer(settings, themes)


@pytest.fixture(scope="session")
def digest(settings: Settings) -> Issue:
    assert settings.closing
    return Issue(
        period=settings.period(date(2025, 2, 14)),
        subject="Робота громад: 8 – 14 лютого 2025 року",
        preheader="Українсько-американський форум у Вашингтоні, субсидія на оренду житла для ВПО",
        call=ClosingCall(text=settings.closing.text, hashtag=settings.closing.hashtag),
        blocks=tuple(_blocks(settings)),
        at=Place("issues/2025-02-14/issue.yaml"),
    )


@pytest.fixture(scope="session")
def whole(digest: Issue) -> Edition:
    edition = Editions(digest).whole()
    assert edition
    return edition
