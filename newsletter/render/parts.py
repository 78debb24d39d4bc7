"""The tag `{% when fact %}` of templates, and the parts that a rendering is cut into at its marks.

A part is what stands within the same tags. While templates are filled in, a mark stands between control
characters; on the way through MJML and premailer it is a word, as both leave words where they are. No text
can hold a mark: nobody knows the random letters of this process in it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from secrets import token_hex

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from newsletter.errors import RenderError
from newsletter.render.values import Fact

OPENED, HELD, HELD_NOT = "when begins", "when so", "when not so"
"""Names of the filters that the tag is made of."""
NOT = "!"
_OURS = token_hex(6).upper()
_BEGIN, _END = f"\x05{_OURS}", "\x06"
MARK = f"{_BEGIN}[^{_END}]*{_END}"
_MARK = re.compile(f"{_BEGIN}([^{_END}]*){_END}")
_CLOSE = f"{_BEGIN}{_END}"
_WORD = re.compile(rf"QY{_OURS}Z(\d+)QY")
_STEP = re.compile(rf"{_BEGIN}([^{_END}]*){_END}|<(/?)(mj[a-z-]*)(?>[^<>\"']+|\"[^\"]*\"|'[^']*')*>")
"""A mark, or the tag of a component."""
_OF_COMPONENTS = frozenset(
    {"mjml", "mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"}
)
_HINT = "Put {% when … %} and {% endwhen %} around whole tags or words, each inside the same block."


@dataclass(frozen=True, slots=True)
class Piece:
    """A text that an edition shows where all facts `needs` are so; one that begins with ! must not be."""

    needs: tuple[str, ...]
    text: str


class When(Extension):
    """`{% when fact %} … {% else %} … {% endwhen %}`: shown in editions where the fact is so, or not so."""

    tags = {"when"}  # noqa: RUF012  as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return the statement as nodes: each body behind its condition, with a mark before and after."""
        line = next(parser.stream).lineno
        fact = parser.parse_expression()
        made = _marked(fact, parser.parse_statements(("name:else", "name:endwhen")), OPENED, HELD, line)
        if next(parser.stream).value == "else":
            other = parser.parse_statements(("name:endwhen",), drop_needle=True)
            denied = nodes.Filter(fact, OPENED, [nodes.Const(NOT)], [], None, None, lineno=line)
            made += _marked(fact, other, denied, HELD_NOT, line)
        return made


def _marked(
    fact: nodes.Expr, body: list[nodes.Node], opened: str | nodes.Expr, held: str, line: int
) -> list[nodes.Node]:
    def asked(name: str) -> nodes.Expr:
        return nodes.Filter(fact, name, [], [], None, None, lineno=line)

    begin = asked(opened) if isinstance(opened, str) else opened
    return [
        nodes.Output([begin], lineno=line),
        nodes.If(asked(held), body, [], [], lineno=line),
        nodes.Output([nodes.TemplateData(_CLOSE)], lineno=line),
    ]


def opened(fact: Fact, negation: str = "") -> str:
    """Return the mark before what depends on `fact`. Raises TypeError for another value."""
    return f"{_BEGIN}{negation}{_asked(fact).name}{_END}"


def held(fact: Fact) -> bool:
    """Return whether what depends on `fact` is rendered; when nobody knows yet, it is."""
    return _asked(fact).held is not False


def held_not(fact: Fact) -> bool:
    """Return whether what depends on the contrary is rendered."""
    return _asked(fact).held is not True


def _asked(fact: Fact) -> Fact:
    if type(fact) is not Fact:
        raise TypeError("{% when … %} asks one of the facts, as item.here; other values are for {% if … %}")
    return fact


@dataclass(frozen=True, slots=True)
class Marked:
    """MJML with its marks as words, and what each mark says, in order."""

    source: str
    marks: tuple[str, ...]


def as_words(marked: str) -> Marked:
    """Return MJML with its marks as words; between components they are in an `mj-raw`.

    Raises RenderError where a mark stands inside a tag.
    """
    marks: list[str] = []
    out: list[str] = []
    within = [False]
    at = 0
    for step in _STEP.finditer(marked) if _BEGIN in marked else ():
        says, ends, component = step.groups()
        if says is None:
            if _BEGIN in step[0]:
                raise RenderError("{% when … %} stands inside a tag", _HINT)
            if ends:
                within[1:] = within[1:-1]
            elif not step[0].endswith("/>"):
                within.append(component in _OF_COMPONENTS)
            continue
        if marked.rfind("<", 0, step.start()) > marked.rfind(">", 0, step.start()):
            raise RenderError("{% when … %} stands inside a tag", _HINT)
        out.append(marked[at : step.start()])
        at = step.end()
        word = f"QY{_OURS}Z{len(marks)}QY"
        out.append(f"<mj-raw>{word}</mj-raw>" if within[-1] else word)
        marks.append(says)
    return Marked("".join([*out, marked[at:]]), tuple(marks))


def as_marks(html: str, marked: Marked) -> str:
    """Return HTML with marks instead of words. Raises RenderError unless each kept its place."""
    order: list[str] = []

    def mark(word: re.Match[str]) -> str:
        order.append(word[1])
        return f"{_BEGIN}{marked.marks[int(word[1])]}{_END}"

    found = _WORD.sub(mark, html)
    if order != [str(number) for number in range(len(marked.marks))]:
        raise RenderError("what {% when … %} holds did not keep its place in the HTML", _HINT)
    return found


def cut(marked: str) -> list[Piece]:
    """Cut a rendering at its marks; pieces that follow each other and need the same facts are one."""
    return merged(_cut(marked))


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Return pieces without the empty ones; those that follow each other and need the same facts are one."""
    full = (piece for piece in pieces if piece.text)
    return [
        Piece(needs, "".join([piece.text for piece in same]))
        for needs, same in groupby(full, key=attrgetter("needs"))
    ]


def _cut(marked: str) -> Iterator[Piece]:
    needs: list[str] = []
    at = 0
    for mark in _MARK.finditer(marked):
        yield Piece(tuple(dict.fromkeys(needs)), marked[at : mark.start()])
        at = mark.end()
        if mark[1]:
            needs.append(mark[1])
        else:
            needs.pop()
    yield Piece(tuple(dict.fromkeys(needs)), marked[at:])


def unmarked(marked: str) -> str:
    """Return a rendering without its marks."""
    return _MARK.sub("", marked)
