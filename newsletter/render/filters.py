"""Template filters and functions: an allowlist of Jinja's own, each with a bound on its output."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from jinja2 import pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context, markup_join, str_join
from jinja2.utils import Namespace, _PassArg
from markupsafe import Markup, escape

from newsletter.errors import Message
from newsletter.render.budget import TooMuch, expect, spend
from newsletter.render.kinds import DATA, Steps, is_data, on_words, printed, settled, text_of
from newsletter.render.parts import HELD, HELD_NOT, OPENED, held, held_not, opened
from newsletter.render.values import Function, Table

STEPS, JOIN, MAKE = "loop over", "~", "made"
"""Names of the filters with which the sandbox wraps loops, `~`, lists and slices."""

_HARMLESS = frozenset(
    {"abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "filesizeformat", "first"}
    | {"float", "forceescape", "groupby", "int", "items", "last", "length", "list", "lower", "map", "max"}
    | {"min", "reject", "rejectattr", "reverse", "safe", "select", "selectattr", "sort", "string", "title"}
    | {"trim", "unique", "upper", "urlencode", "wordcount"}
)
"""Filters whose result is at most a small factor larger than their input."""

_OF_WORDS = frozenset({"capitalize", "lower", "title", "truncate", "upper", "wordwrap"})

SLOW = 50_000
"""Maximum length of text for filters that take quadratic time."""

_CONVERSION = re.compile(r"%(?:\((\w+)\))?[-+ 0#]{0,3}\d{0,2}(?:\.\d{0,2})?([sdifFeEgGxXc%])|%")
_WIDEST = 199  # what two digits before and after the point can make of a number


def _length(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else len(str(printed(value)))


def _lines(value: Any, width: Any = 4, *_rest: Any, **_named: Any) -> int:
    each = len(width) if isinstance(width, str) else int(width)
    return _length(value) + (1 + str(printed(value)).count("\n")) * max(each, 0)


def _joins(value: Any, d: str = "", attribute: Any = None) -> int:
    if attribute is not None or isinstance(value, str):
        return len(value) * (1 + len(d))
    return sum(_length(printed(one)) for one in value) + len(value) * len(printed(d))


def _replaces(value: Any, old: str, new: str, _count: Any = None) -> int:
    text = str(printed(value))
    return len(text) + text.count(str(printed(old))) * len(str(printed(new)))


def _wraps(value: Any, *given: Any, **named: Any) -> int:
    """Return an upper bound on the length of wordwrap(width, break_long_words, wrapstring)."""
    quick(value)
    width = named.get("width", given[0] if given else 79)
    end = named.get("wrapstring", given[2] if len(given) > 2 else None)  # noqa: PLR2004  its place
    size = _length(value)
    return size + (size // max(int(width), 1) + size) * len(end or "\n")


def quick(value: Any, *_given: Any, **_named: Any) -> int:
    """Raise TooMuch if the text is too long for a filter that takes quadratic time."""
    if len(str(printed(value))) > SLOW:
        raise TooMuch(
            Message(
                "a filter is given a text that is too long: more than %(slow)s characters", slow=f"{SLOW:,}"
            )
        )
    return 0


def _numbers(value: Iterable[Any], attribute: Any = None, start: Any = 0) -> int:
    if attribute is None and not all(isinstance(one, int | float) for one in [*value, start]):
        raise TypeError("only numbers can be summed")
    if not isinstance(start, int | float):
        raise TypeError("only numbers can be summed")
    return 0


_BOUNDS: Mapping[str, Callable[..., int]] = {
    "batch": lambda value, linecount, fill_with=None: len(value) + int(linecount),  # noqa: ARG005
    "center": lambda value, width=80: max(_length(value), int(width)),
    "indent": _lines,
    "join": _joins,
    "replace": _replaces,
    "round": lambda value, precision=0, method="common": 1000 * abs(int(precision)),  # noqa: ARG005
    "slice": lambda value, slices, fill_with=None: len(value) + int(slices),  # noqa: ARG005
    "striptags": quick,
    "sum": _numbers,
    "truncate": lambda value, length=255, killwords=False, end="...", leeway=None: len(value) + len(end),  # noqa: ARG005
    "wordwrap": _wraps,
}


Bound = Callable[..., int]


def bounded(
    name: str, work: Callable[..., Any], bound: Bound | None = None, *, ours: bool = False
) -> Callable[..., Any]:
    """Wrap the filter `work` for templates: it accepts and returns only data, and both are charged.

    `bound` returns an upper limit on the size of the result. Our own filters get text, never markup.
    """
    passed = _PassArg.from_obj(work)
    of_words = name in _OF_WORDS

    @pass_context  # which also keeps Jinja from calling it while compiling
    def run(context: Context, value: Any, *given: Any, **named: Any) -> Any:
        kind = type(value)
        if kind is str or kind is Markup:
            spend(len(value))
        for one in (value, *given, *named.values()):
            if type(one) not in DATA and not is_data(one):
                raise TypeError(
                    Message("|%(name)s cannot be used of a %(kind)s", name=name, kind=type(one).__name__)
                )
        if ours and kind is Markup:
            value = text_of(value)
        if bound:
            expect(bound(value, *given, **named))
        first = () if passed is None else (_first(passed, context),)
        if of_words and kind is Markup:
            return settled(on_words(value, lambda words: work(*first, words, *given, **named)))
        return settled(work(*first, value, *given, **named))

    return run


def _first(passed: _PassArg, context: Context) -> Any:
    if passed is _PassArg.context:
        return context
    return context.eval_ctx if passed is _PassArg.eval_context else context.environment


class Filters(dict[str, Callable[..., Any]]):
    """The filters of an environment; each one added is wrapped by `bounded`."""

    def __setitem__(self, name: str, work: Callable[..., Any]) -> None:
        self.offer(name, work)

    def __ior__(self, others: Any) -> Self:  # type: ignore[override,misc]  # narrower than dict's
        for name, work in dict(others).items():
            self.offer(name, work)
        return self

    def offer(self, name: str, work: Callable[..., Any], bound: Bound | None = None) -> None:
        """Add a filter of our own, with a bound on the size of its result."""
        super().__setitem__(name, bounded(name, work, bound, ours=True))

    def take(self, name: str, bound: Bound | None = None) -> None:
        """Add one of Jinja's filters, with a bound on the size of its result."""
        super().__setitem__(name, bounded(name, FILTERS[name], bound))


def jinja_filters() -> Filters:
    """Return the allowed filters of Jinja, and the filters that replace its operators.

    Not among them: what reaches for attributes (attr), shows the insides of values (pprint), is another each
    time (random), or takes long for its text (urlize); and what makes attributes or JSON (xmlattr, tojson).
    """
    filters = Filters({STEPS: _steps, MAKE: _made, JOIN: _joined, "format": _format})
    filters |= {OPENED: opened, HELD: held, HELD_NOT: held_not}
    for name in _HARMLESS:
        filters.take(name)
    for name, bound in _BOUNDS.items():
        filters.take(name, bound)
    return filters


@pass_context
def _steps(_context: Context, value: Any) -> Steps:
    return Steps(value)


@pass_context
def _made(_context: Context, value: Any) -> Any:
    return settled(value)


@pass_context
def _joined(context: Context, *values: Any) -> str:
    """Implement `a ~ b`."""
    expect(sum(len(value) if type(value) is str else len(str(printed(value))) for value in values))
    text: str = settled((markup_join if context.eval_ctx.autoescape else str_join)(values))
    return text


@pass_context
def _format(_context: Context, pattern: str, *given: Any, **named: Any) -> str:
    if given and named:
        raise TypeError("|format takes values in order or by name, not both")
    return formatted(pattern, named or given)


def formatted(pattern: str, values: Mapping[str, Any] | tuple[Any, ...]) -> str:
    """Return `pattern % values`. Raises for unusual conversions and for too large a result."""
    count = 0
    for conversion in _CONVERSION.finditer(pattern):
        if conversion[0] == "%":
            near = pattern[conversion.start() : conversion.start() + 20]
            raise ValueError(
                Message(
                    "a %% must stand as in %%s, %%d, %%(name)s, %%.2f or %%%%, not as in %(near)r", near=near
                )
            )
        count += 1
    each = values.values() if isinstance(values, Mapping) else values
    longest = max((len(str(printed(value))) for value in each), default=0)
    expect(len(pattern) + count * (longest + _WIDEST))
    text: str = settled(pattern % (dict(values) if isinstance(values, Mapping) else values))
    return text


def _range(*given: int) -> range:
    made = range(*given)
    expect(len(made))
    return made


def functions(
    translate: Callable[[str], str], translate_number: Callable[[str, str, int], str]
) -> dict[str, Any]:
    """Return the functions that every template may call; translations come from a catalog."""

    def said(context: Context, words: str, values: Mapping[str, Any]) -> str:
        """Return translated text, HTML-escaped under autoescape, so that a quote cannot end an attribute."""
        pattern = escape(words) if context.eval_ctx.autoescape else words
        return formatted(pattern, values) if values or "%%" in pattern else pattern

    def gettext(context: Context, message: str, /, **values: Any) -> str:
        return said(context, translate(message), values)

    def ngettext(context: Context, one: str, many: str, num: int, /, **values: Any) -> str:
        return said(context, translate_number(one, many, num), {"num": num, **values})

    words = Function(gettext, with_context=True)
    return {
        "_": words,
        "gettext": words,
        "ngettext": Function(ngettext, with_context=True),
        "range": Function(_range),
        "namespace": Function(Namespace),
        "dict": Function(lambda *given, **named: Table(dict(*given, **named))),
    }
