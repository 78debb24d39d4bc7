"""An issue without faults, for tests to put one fault in."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from newsletter.config import Settings, read_settings
from newsletter.errors import Place
from newsletter.model import Block, Issue, Item, Period

REPOSITORY = Path(__file__).parents[2]
NAME = "issues/2025-02-14"


@pytest.fixture(scope="session")
def settings() -> Settings:
    return read_settings(REPOSITORY)


@pytest.fixture
def make_item() -> Callable[..., Item]:
    def make(**changes: object) -> Item:
        values = {
            "id": "01-forum",
            "title": "Форум громад",
            "text": "Громади зустрілися в Києві.",
            "link": "https://auc.org.ua/forum",
            "sections": ("top",),
        } | changes
        return Item(at=Place(f"{NAME}/items/{values['id']}.md", 1), **values)  # type: ignore[arg-type]  # by name

    return make


@pytest.fixture
def make_issue(make_item: Callable[..., Item], settings: Settings) -> Callable[..., Issue]:
    def make(*items: Item, **changes: object) -> Issue:
        blocks = (Block(section=settings.model_sections[0], items=items or (make_item(),)),)
        values = {
            "period": Period(start=date(2025, 2, 8), end=date(2025, 2, 14)),
            "subject": "Робота громад: 8 – 14 лютого 2025 року",
            "preheader": "Форум громад, субсидії для переселенців, нові вебінари",
            "blocks": blocks,
        } | changes
        return Issue(at=Place(f"{NAME}/issue.yaml", 1), **values)  # type: ignore[arg-type]  # by name

    return make
