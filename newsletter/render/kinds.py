"""Types of value permitted inside a template: which exist, their size, and their readable attributes."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import Undefined
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, LoopContext, Macro, TemplateReference
from jinja2.utils import Namespace
from markupsafe import Markup, escape

from newsletter.errors import Message
from newsletter.render.budget import expect, expect_number, spend
from newsletter.render.values import SCALARS, Data, Fact, Function, Table

_MAPPINGS = frozenset({dict, Table})
_SEQUENCES = frozenset({list, tuple, range})
_ITERABLE = _MAPPINGS | _SEQUENCES | {str, Markup, set, frozenset}
_OPAQUE = frozenset({float, bool, type(None), Data, Fact, Function, Macro, Namespace})

_TEXT_METHODS = frozenset(
    {"strip", "lstrip", "rstrip", "upper", "lower", "title", "capitalize", "startswith", "endswith"}
    | {"removeprefix", "removesuffix", "split", "rsplit", "splitlines", "partition", "rpartition"}
    | {"isdigit", "isspace", "isupper", "islower", "find", "count"}
)
"""Methods of text whose result is no longer than the text; filters, which are bounded, do the rest."""

_DATE_PARTS = frozenset({"year", "month", "day", "hour", "minute", "second"})
_LOOP_PARTS = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0"}
    | {"previtem", "nextitem"}
)
DATA = SCALARS | _ITERABLE | _OPAQUE
"""Types accepted by filters and functions, besides Jinja's undefined values and named tuples."""

_LIGHT = (SCALARS | _OPAQUE) - {str, Markup, int}
ABSENT = object()
_DATE_PATTERN = re.compile(r"(?=.{0,100}\Z)(?:[^%]|%[-_]?[A-Za-z]|%%)*", re.DOTALL)


def is_data(value: Any) -> bool:
    """Tell whether `value` may be passed to a filter or function."""
    if type(value) in DATA or isinstance(value, Undefined):
        return True
    return isinstance(value, tuple) and hasattr(value, "_fields")


def printed(value: Any) -> Any:
    """Return `value` if it is printable (text, number, date). Raises TypeError otherwise."""
    if type(value) in SCALARS or isinstance(value, Undefined):
        return value
    raise TypeError(
        Message(
            "%(named)s cannot be printed; name one of its values, or join them: |join(', ')",
            named=_named(value),
        )
    )


def settled(value: Any) -> Any:
    """Convert a new value to one that templates may hold, and charge for its size.

    Iterators become lists. Raises TooMuch, and SecurityError for anything that is not data.
    """
    kind = type(value)
    if kind is str or kind is Markup:
        expect(len(value))
        spend(1 + len(value))
    elif kind not in _LIGHT:
        if kind not in DATA and isinstance(value, Iterator):
            value = list(_charged(value))
        spend(1 + weight(value))
    return value


def weight(value: Any) -> int:
    """Return the number of characters and entries in `value`, counting shared ones each time they occur.

    Nested lists that share entries thus weigh as much as their printed form. Raises TooMuch.
    """
    total, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind is str or kind is Markup:
            total += len(one)
        elif kind is int:
            expect_number(one.bit_length())
        elif kind is range:
            total += len(one)
        elif kind in _MAPPINGS:
            total += 2 * len(one)
            expect(total)
            waiting += [*one, *one.values()]
        elif kind in _ITERABLE or (isinstance(one, tuple) and hasattr(one, "_fields")):
            total += len(one)
            expect(total)
            waiting += one
        elif not (kind in SCALARS or kind in _OPAQUE or isinstance(one, Undefined)):
            raise SecurityError(
                Message("%(named)s is not a value that a template may have", named=_named(one))
            )
    expect(total)
    return total


def _charged(values: Iterable[Any]) -> Iterator[Any]:
    for number, value in enumerate(values, 1):
        expect(number)
        yield value


class Steps:
    """The iterable of a loop; each step is charged, so that no loop is endless."""

    __slots__ = ("_values",)

    def __init__(self, values: Any) -> None:
        if type(values) not in _ITERABLE and not isinstance(values, tuple | Undefined):
            raise TypeError(Message("%(named)s has nothing to go through", named=_named(values)))
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        for value in self._values:
            spend()
            yield value


def attribute(value: Any, name: str) -> Any:
    """Look up `value.name` for a template: data, or one of a few methods of text and dates; else ABSENT.

    Python attributes are never read, except those named in this module.
    """
    kind = type(value)
    if kind is Data:
        return value._values.get(name, ABSENT)  # noqa: SLF001  Data has no other door
    if kind in _MAPPINGS:
        if name in ("items", "keys", "values", "get"):
            return Function(lambda *given: _of_mapping(value, name, *given))
        return value.get(name, ABSENT)
    if kind is str or kind is Markup:
        return _method(value, name) if name in _TEXT_METHODS else ABSENT
    return _of_runtime(value, name)


def _of_runtime(value: Any, name: str) -> Any:
    """Look up an attribute of the rarer types, mostly Jinja's own."""
    kind = type(value)
    if kind in SCALARS:
        return _of_date(value, name) if hasattr(value, "isoformat") else ABSENT
    if isinstance(value, tuple):
        return getattr(value, name) if name in getattr(kind, "_fields", ()) else ABSENT
    if name.startswith("_") or kind not in _RUNTIME:
        return ABSENT
    return _RUNTIME[kind](value, name)


def _of_loop(loop: LoopContext, name: str) -> Any:
    if name in ("cycle", "changed"):
        return Function(getattr(loop, name))
    return getattr(loop, name) if name in _LOOP_PARTS else ABSENT


def _of_date(value: Any, name: str) -> Any:
    if name in ("isoformat", "strftime"):
        return Function(lambda *given: _written_date(value, name, *given))
    return getattr(value, name, ABSENT) if name in _DATE_PARTS else ABSENT


def _written_date(value: Any, name: str, *given: str) -> str:
    """Format a date; patterns with a width, which could be a billion, are refused."""
    if name == "strftime" and not all(_DATE_PATTERN.fullmatch(pattern) for pattern in given):
        raise ValueError("the pattern of a date is not as in '%d.%m.%Y', or longer than 100 characters")
    text: str = getattr(value, name)(*given)
    return text


def item(value: Any, key: Any) -> Any:
    """Look up `value[key]` for a template; ABSENT if there is none."""
    kind = type(value)
    if kind is Data:
        return value._values.get(key, ABSENT) if type(key) in SCALARS else ABSENT  # noqa: SLF001  as above
    if kind in _ITERABLE or isinstance(value, tuple):
        found = _item(value, key)
        return found if found is not ABSENT or not isinstance(key, str) else attribute(value, str(key))
    return _of_runtime(value, str(key)) if isinstance(key, str) else ABSENT


def _item(value: Any, key: Any) -> Any:
    try:
        return value[key]
    except (TypeError, LookupError):
        return ABSENT


def _method(text: str, name: str) -> Function:
    if name in ("upper", "lower", "title", "capitalize"):
        return Function(lambda: on_words(text, lambda words: getattr(words, name)()))
    return Function(getattr(text, name))


def text_of(value: Any) -> Any:
    """Return the text of markup without tags; other values unchanged."""
    if type(value) is not Markup:
        return value
    return value.striptags() if "<" in value else value.unescape()


def on_words(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to text; escaped text is unescaped first, so that no entity is cut or capitalised."""
    if type(text) is Markup and "<" not in text:
        return escape(change(text.unescape()))
    return change(text)


def _of_mapping(value: Mapping[Any, Any], name: str, *given: Any) -> Any:
    if name == "get":
        return value.get(*given)
    return list(getattr(value, name)(*given))


_RUNTIME: Mapping[type, Callable[[Any, str], Any]] = {
    LoopContext: _of_loop,
    TemplateModule: lambda module, name: vars(module).get(name, ABSENT),
    Namespace: lambda namespace, name: getattr(namespace, name, ABSENT),
    TemplateReference: _item,
    BlockReference: lambda block, name: block.super if name == "super" else ABSENT,
}
"""Readable attributes of Jinja's own values; names that begin with _ are never readable."""


def _named(value: Any) -> str:
    return {Data: "a record", Table: "a mapping", dict: "a mapping", list: "a list", tuple: "a list"}.get(
        type(value), type(value).__name__
    )
