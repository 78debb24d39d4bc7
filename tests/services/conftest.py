"""What tests of services share: the sample in a folder of its own, at a moment before its weekly hour."""

from collections.abc import Iterator

import pytest

from newsletter.services import Workspace
from tests.sample import sample

BEFORE = "2025-02-14T13:00:00+00:00"


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Open the sample without readers, an hour before its weekly hour."""
    for variable in ("NEWSLETTER_DATABASE", "NEWSLETTER_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NEWSLETTER_NOW", BEFORE)
    with sample() as workspace:
        yield workspace
