"""npm's MJML on every theme and letter."""

from collections.abc import Callable

import pytest

from tests.render.judges.conftest import EVERY_THEME, LETTERS, Judges, Made

each = pytest.mark.parametrize("name", [*EVERY_THEME, *LETTERS])


@each
def test_npm_s_mjml_finds_no_fault_in_the_source(
    judges: Judges, mail: Callable[[str], Made], name: str
) -> None:
    assert judges.ask("mjml", mail(name).source)["faults"] == []
