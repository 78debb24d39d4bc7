"""Our CSS goes into the elements, and everything else stays."""

import re

import pytest
from lxml.html import document_fromstring

from newsletter.errors import RenderError
from newsletter.render.inline import Inliner

PAGE = """<!doctype html><html><head><style>
@media (prefers-color-scheme: dark) { p { color: #ffffff !important; } }
[data-ogsc] p { color: #ffffff !important; }
#outlook a { padding: 0; }</style></head>
<body><!--[if mso | IE]><table width="600"><tr><td><![endif]--><p style="margin:9px">Ї&nbsp;<a href="https://example.org/QZ7VIEWQZ">x</a></p>
<!--[if !mso]><!--><b>y</b><!--<![endif]--></body></html>"""


def styles(html: str) -> list[tuple[str, dict[str, str]]]:
    """Return each element's declarations, by name, as a browser reads them: the last one wins."""
    found = []
    for element in document_fromstring(html).iter("*"):
        pairs = (part.partition(":") for part in element.get("style", "").split(";") if part.strip())
        found.append((str(element.tag), {name.strip(): value.strip() for name, _, value in pairs}))
    return found


def test_rules_go_into_the_elements_and_the_elements_own_style_wins() -> None:
    html = Inliner("p { margin: 1px; color: #123456 } b { color: #000000 }").inline(PAGE)
    assert ("p", {"margin": "9px", "color": "#123456"}) in styles(html)


def test_colours_keep_their_six_digits() -> None:
    assert ("p", {"margin": "9px", "color": "#ffffff"}) in styles(
        Inliner("p { color: #ffffff }").inline(PAGE)
    )


def test_media_rules_keep_their_importance_and_rules_without_match_stay() -> None:
    html = Inliner("p { color: #123456 }").inline(PAGE)
    assert html.count("!important") == 2
    assert "[data-ogsc] p" in html
    assert "#outlook a" in html
    assert "data-premailer" not in html
    assert html.startswith("<!doctype html>\n<html>")


def test_outlook_comments_are_the_same_bytes() -> None:
    html = Inliner("p { color: #123456 }").inline(PAGE)
    assert re.findall("<!--.*?-->", html) == re.findall("<!--.*?-->", PAGE)


def test_a_comment_that_does_not_survive_is_refused() -> None:
    with pytest.raises(RenderError, match="Outlook"):
        Inliner("p { color: #123456 }").inline(
            "<p><!--[if !mso]> -- <![endif]>x<!-- y --></p><plaintext><!-- z -->"
        )
