"""Moves the theme's own CSS into style attributes. The only importer of premailer.

MJML styles its own components; left to itself premailer would copy MJML's table rules into every cell (a
quarter more bytes) and strip `!important` from the media queries, so it gets our rules only.
"""

import logging
import re
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from cssutils import CSSParser, ser

from newsletter.errors import Message, Place, RenderError

ser.prefs.minimizeColorHash = False  # classic Outlook reads colours of six digits only


def _import_premailer() -> Any:
    """Import premailer without its HTTP client, 0.06 s of imports: nothing is loaded from elsewhere.

    Nor does it validate what stands in each tag's style attribute: cssutils would compile 0.1 s of patterns
    for it, and the result is the same.
    """
    known = sys.modules.setdefault("requests", ModuleType("requests"))
    from premailer import merge_style, premailer  # noqa: PLC0415  while there is the line above

    if not hasattr(known, "__file__"):
        del sys.modules["requests"]
    parse = merge_style.csstext_to_pairs
    unvalidated: Any = partial(parse, validate=False)
    unvalidated._lock = parse._lock  # noqa: SLF001  the function looks its lock up under its own name
    merge_style.csstext_to_pairs = unvalidated
    return premailer.Premailer


_Premailer: Any = _import_premailer()

_IGNORE = '<style data-premailer="ignore"'
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_IMPORT = re.compile(r"@import\b", re.IGNORECASE)
_SELECTOR = re.compile(r"(?!.*[+~])(?:[^\s>()]+(?:[\s>]+|\Z)){1,4}")
_WORK = 3_000_000  # rules times tags; some three seconds


class _Once(_Premailer):  # type: ignore[misc]  # premailer publishes no types
    """Premailer with the CSS parsed once; by itself it parses it for every edition, half of its time."""

    _rules: Any = None

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> Any:
        if self._rules is None:
            self._rules = super()._parse_style_rules(css_body, ruleset_index)
        return self._rules

    def _parse_css_string(self, css_body: str, validate: Any = None) -> Any:
        """Parse CSS without loading imports: cssutils would open files and connections for them."""
        parser = CSSParser(fetcher=lambda _url: ("utf-8", b""), loglevel=logging.CRITICAL)
        return parser.parseString(css_body, validate=validate)

    def rules(self, css: str) -> list[tuple[Any, str, Any]]:
        """Return the rules of `css` with their selectors."""
        rules: list[tuple[Any, str, Any]] = self._parse_style_rules(css, 0)[0]
        return rules


def _nowhere(_words: str) -> None:
    return None


class Inliner:
    """Inlines the rules of `css` into style attributes; `locate` finds the line of a word.

    Raises RenderError for @import and for selectors that are slow to match.
    """

    def __init__(self, css: str, locate: Callable[[str], Place | None] = _nowhere) -> None:
        if found := _IMPORT.search(css):
            hint = "Copy those rules into style.css: nothing is loaded from elsewhere."
            raise RenderError("@import has no place here", hint, locate(found[0]))
        self._premailer = _Once(
            css_text=[css],
            strip_important=False,
            disable_validation=True,
            disable_link_rewrites=True,
            disable_leftover_css=True,
            align_floating_images=False,  # it parses the style of every picture anew, a sixth of the time
            disable_basic_attributes=["align", "bgcolor", "width", "height", "valign"],
            allow_network=False,
            cssutils_logging_level=logging.CRITICAL,
        )
        rules = self._premailer.rules(css)
        self._count = len(rules)
        for _, selector, _ in rules:
            if not _SELECTOR.fullmatch(selector):
                raise RenderError(
                    Message("the selector %(selector)r is too intricate", selector=selector[:60]),
                    "Use up to four names, classes or ids, with blanks or > between.",
                    locate(selector),
                )

    def inline(self, html: str) -> str:
        """Return `html` with the rules inlined. Raises RenderError if that would take too long."""
        if self._count * html.count("<") > _WORK:
            raise RenderError(
                "the CSS and the HTML are too much together",
                "Write fewer rules into style.css, or less into issue.mjml.",
            )
        ignoring = html.replace("<style", _IGNORE)  # premailer is to leave MJML's own rules alone
        styled = self._premailer.transform(ignoring, pretty_print=False)
        out: str = "<!doctype html>\n" + styled.replace(_IGNORE, "<style")
        _check_comments(html, out)
        return out


def _check_comments(before: str, after: str) -> None:
    """Raise RenderError unless all comments (Outlook's conditions) are still there, unchanged, in order."""
    at = 0
    for comment in _COMMENT.findall(before):
        at = after.find(comment, at)
        if at < 0:
            raise RenderError(
                Message(
                    "a conditional comment for Outlook did not survive the inlining of CSS: %(comment)r",
                    comment=comment[:60],
                ),
                "Open a revealed one as <!--[if !mso]><!--> and close it as <!--<![endif]-->.",
            )
        at += len(comment)
