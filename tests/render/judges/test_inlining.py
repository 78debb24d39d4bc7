"""css-inline as a second opinion on what premailer has moved into the elements."""

from collections.abc import Callable

import css_inline
import pytest
from lxml.html import document_fromstring

from newsletter.render.inline import Inliner
from tests.render.judges.conftest import EVERY_THEME, LETTERS, Made


def styles(html: str) -> list[tuple[str, dict[str, str]]]:
    """Return each element's declarations, by name, as a browser reads them: the last one wins."""
    found = []
    for element in document_fromstring(html).iter("*"):
        if element.tag == "tbody":  # which an HTML5 parser adds and libxml2 does not
            continue
        pairs = (part.partition(":") for part in element.get("style", "").split(";") if part.strip())
        own = {
            name.strip(): " ".join(value.replace("0px", "0").replace('"', "'").split())
            for name, _, value in pairs
        }
        found.append((str(element.tag), own))
    return found


@pytest.mark.parametrize("name", [*EVERY_THEME, LETTERS[1]])
def test_css_is_moved_into_the_elements_as_another_inliner_does(
    mail: Callable[[str], Made], name: str
) -> None:
    made = mail(name)
    other = css_inline.CSSInliner(
        inline_style_tags=False, load_remote_stylesheets=False, extra_css=made.css, keep_style_tags=True
    )
    assert styles(Inliner(made.css).inline(made.compiled)) == styles(other.inline(made.compiled))
