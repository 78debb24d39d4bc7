"""Moves the theme's own CSS into style attributes. The only importer of premailer.

MJML styles its own components; left to itself premailer would copy MJML's table rules into every cell (a
quarter more bytes) and strip `!important` from the media queries, so it gets our rules only.
"""

import logging
import re
from typing import Any

from premailer import Premailer

from newsletter.errors import RenderError

_IGNORE = '<style data-premailer="ignore"'
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class _Once(Premailer):  # type: ignore[misc]  # premailer publishes no types
    """Reads the rules once; premailer would write them out anew for every edition, half of its time."""

    _rules: Any = None

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> Any:
        if self._rules is None:
            self._rules = super()._parse_style_rules(css_body, ruleset_index)
        return self._rules


class Inliner:
    """Puts the rules of `css` into the elements they select."""

    def __init__(self, css: str) -> None:
        self._premailer = _Once(
            css_text=[css],
            strip_important=False,
            disable_validation=True,
            disable_link_rewrites=True,
            disable_leftover_css=True,
            disable_basic_attributes=["align", "bgcolor", "width", "height", "valign"],
            allow_network=False,
            cssutils_logging_level=logging.CRITICAL,
        )

    def inline(self, html: str) -> str:
        """Return `html` with the rules in its style attributes. Raises RenderError."""
        ignoring = html.replace("<style", _IGNORE)  # premailer is to leave MJML's own rules alone
        styled = self._premailer.transform(ignoring, pretty_print=False)
        out: str = "<!doctype html>\n" + styled.replace(_IGNORE, "<style")
        _check_comments(html, out)
        return out


def _check_comments(before: str, after: str) -> None:
    """Refuse HTML whose comments, which are Outlook's conditions, are not all there, unchanged, in order."""
    at = 0
    for comment in _COMMENT.findall(before):
        at = after.find(comment, at)
        if at < 0:
            raise RenderError(
                f"a conditional comment for Outlook did not survive the inlining of CSS: {comment[:60]!r}",
                "Open a revealed one as <!--[if !mso]><!--> and close it as <!--<![endif]-->.",
            )
        at += len(comment)
