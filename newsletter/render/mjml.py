"""Compile MJML to HTML, and reject the errors that the compiler ignores silently."""

import re
from collections.abc import Callable

from lxml import etree
from mjml import mjml2html

from newsletter.errors import Message, Place, RenderError

_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")  # XML itself has only these five
_HINT = "Close every tag in its order, quote every attribute, and write & as &amp;."


_POSITION = re.compile(r"position (\d+):\d+")
_OPENED = re.compile(r"tag mismatch: \S+ line (\d+)")

Locate = Callable[[int], Place | None]


def nowhere(_line: int) -> None:
    """Find no line of a template."""


def compile_mjml(source: str, locate: Locate = nowhere) -> str:
    """Return the HTML of MJML `source`, which holds no control characters. Raises RenderError.

    `locate` finds the line of a template that line n of `source` came from.
    """
    _check_form(source, locate)
    escaped = _as_ascii(source)
    try:
        html: str = mjml2html(escaped, fonts={}, disable_comments=True)
    except ValueError as error:
        at = _POSITION.search(str(error))
        line = escaped[: int(at[1])].count("\n") + 1 if at else 1
        raise RenderError(
            Message("the MJML cannot be compiled: %(error)s", error=error), _HINT, locate(line)
        ) from None
    except BaseException as error:
        # A panic of the compiler is no Exception, and its class cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise RenderError("the MJML compiler gave up", _HINT, locate(1)) from None
    for mark, meaning in (("<mj-", "an unknown MJML component"), (r"\u{", "an attribute it garbled")):
        if mark in html:
            start = html.index(mark)
            name = re.split(r"[\s/>]", html[start : start + 80], maxsplit=1)[0]
            raise RenderError(
                Message(
                    "the compiled HTML holds %(meaning)s: %(html)r",
                    meaning=meaning,
                    html=html[max(0, start - 40) : start + 40],
                ),
                "Check the component's name and its attributes against the MJML documentation.",
                locate(next((n for n, line in enumerate(source.split("\n"), 1) if name in line), 1)),
            )
    return html


def _as_ascii(source: str) -> str:
    r"""Write what the compiler would garble as numeric entities, which it passes on.

    It writes attributes as Rust debug strings, where U+00A0 becomes a literal \u{a0} and a backslash two;
    and beside letters of several bytes its tokenizer can panic.
    """
    return source.encode("ascii", "xmlcharrefreplace").decode().replace("\\", "&#92;")


def _check_form(source: str, locate: Locate) -> None:
    """Refuse what is not well-formed XML: the compiler would guess, and seldom says where it stumbled."""
    try:
        etree.fromstring(_NAMED.sub(" ", source).encode(), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        opened = _OPENED.search(error.msg or "")
        line = int(opened[1]) if opened else error.lineno or 1
        near = "".join(source.split("\n")[line - 1 : line]).strip()
        message = Message(
            "the MJML is not well-formed: %(msg)s, near %(near)r", msg=error.msg, near=near[:80]
        )
        raise RenderError(message, _HINT, locate(line)) from None
