"""What the code says to people, by extraction: the ids that the Ukrainian catalog must have."""

import ast
import errno
import inspect
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
from babel.messages.extract import extract_from_dir

from newsletter.yamlfile import load

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "newsletter"

SPEAKING = {
    "Message": ((0,), ()),
    "counted": ((0,), ()),
    "say": ((0,), ()),
    "words": ((0,), ()),
    "error": ((0, 2), ("hint",)),
    "warning": ((0, 2), ("hint",)),
    "_once": ((0,), ()),
    "passed": ((1,), ()),
    "warned": ((1, 2), ("hint",)),
    "failed": ((1, 2), ("hint",)),
    "skipped": ((1,), ()),
    "Problem": ((), ("text", "hint")),
    "Remark": ((), ("text", "hint")),
    "ConfigError": ((0, 1), ("hint",)),
    "ContentError": ((0, 1), ("hint",)),
    "RenderError": ((0, 1), ("hint",)),
    "StoreError": ((0, 1), ("hint",)),
    "StoreConflict": ((0, 1), ("hint",)),
    "TransportUnavailable": ((0, 1), ("hint",)),
    "StateError": ((0, 1), ("hint",)),
    "LinkInvalid": ((0, 1), ("hint",)),
    "FetchError": ((0,), ()),
    "NotAFeedError": ((0,), ()),
    "NotAPageError": ((0,), ()),
    "go_out": ((0,), ()),
    "UsageError": ((0,), ()),
    "BadParameter": ((0,), ()),
    "fail": ((0,), ()),
    "PydanticCustomError": ((1, 2), ()),
    "option": ((), ("help",)),
    "confirm": ((0,), ()),
    "prompt": ((0,), ()),
}
"""Of each function that speaks to people: which of its arguments are words, by position and by name."""

_WORD = re.compile(r"[^\W\d_]{2}")


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        plain = function.value.id if isinstance(function.value, ast.Name) else ""
        if function.attr in {"error", "warning"} and plain != "Problem":
            return ""  # a logger's
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _given(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call that are words."""
    places, names = SPEAKING.get(_name(call.func), ((), ()))
    yield from (call.args[place] for place in places if place < len(call.args))
    yield from (keyword.value for keyword in call.keywords if keyword.arg in names)


def _parts(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.IfExp):
        yield from _parts(value.body)
        yield from _parts(value.orelse)
    elif isinstance(value, ast.BoolOp):
        for one in value.values:
            yield from _parts(one)
    elif isinstance(value, ast.Dict):
        for key, one in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "words":
                yield from _parts(one)
    else:
        yield value


def is_words(text: str) -> bool:
    """Tell whether a text has words of its own beside placeholders."""
    return bool(_WORD.search(re.sub(r"%\(\w+\)[sdr]|\{\w*(![rs])?\}", "", text)))


@cache
def arguments() -> tuple[tuple[Path, ast.expr], ...]:
    """Return every argument that is words, with its module."""
    return tuple(
        (module, part)
        for module, node in _nodes()
        if isinstance(node, ast.Call)
        for value in _given(node)
        for part in _parts(value)
    )


def named() -> Iterator[tuple[Path, str]]:
    """Yield what is said by a name for it, word for word: of a variable, a loop, or a table of the module."""
    known: dict[Path, dict[str, set[str]]] = {}
    for module, value in arguments():
        inner = value.value if isinstance(value, ast.Subscript) else value
        if isinstance(inner, ast.Name):
            names = known.get(module) or known.setdefault(module, _texts_by_name(module))
            texts = names.get(inner.id, ())
            yield from ((module, text) for text in texts if is_words(text) and not text.isupper())


def _texts_by_name(module: Path) -> dict[str, set[str]]:
    """Return the texts that each name of a module may stand for, as far as its own lines tell."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                pairs = _paired(target, value)
            case ast.For(target=target, iter=ast.Tuple(elts=each) | ast.List(elts=each)):
                pairs = [pair for value in each for pair in _paired(target, value)]
            case _:
                continue
        for name, value in pairs:
            found.setdefault(name, set()).update(_texts(value))
    return found


def _paired(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]]:
    """Return the names of a target, each with what it is given."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return [pair for one in zip(target.elts, value.elts, strict=False) for pair in _paired(*one)]
    return [(target.id, value)] if isinstance(target, ast.Name) else []


def _texts(value: ast.expr) -> Iterator[str]:
    """Yield the texts that a value may be, or that a table holds."""
    for part in _parts(value):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, ast.Dict):
            for one in part.values:
                yield from _texts(one)
        elif isinstance(part, ast.Subscript):  # a table that is made where it is used
            yield from _texts(part.value)


@cache
def _nodes() -> tuple[tuple[Path, ast.AST], ...]:
    """Return the calls and the constants of the program, with their modules: it is parsed once."""
    return tuple(
        (module, node)
        for module in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call | ast.Constant)
    )


def literals() -> Iterator[tuple[Path, str]]:
    """Yield what is said word for word, with its module."""
    for module, value in arguments():
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and is_words(value.value):
            yield module, value.value


def assembled() -> Iterator[str]:
    """Yield where words are put together as no catalog can have them: f-strings, `+`, `format`, `join`."""
    for module, value in arguments():
        put = isinstance(value, ast.JoinedStr | ast.BinOp)
        call = value.func if isinstance(value, ast.Call) else None
        put = put or (isinstance(call, ast.Attribute) and call.attr in {"format", "join"})
        if put and any(
            isinstance(part, ast.Constant) and isinstance(part.value, str) and is_words(part.value)
            for part in ast.walk(value)
        ):
            yield f"{module.relative_to(ROOT)}:{value.lineno}"


def constants() -> frozenset[str]:
    """Return every text in the code."""
    found = (node.value for _, node in _nodes() if isinstance(node, ast.Constant))
    return frozenset(value for value in found if isinstance(value, str))


def plurals() -> set[tuple[str, ...]]:
    """Return the texts in the code that a number decides the form of, as catalogs name them."""
    calls = (node for _, node in _nodes() if isinstance(node, ast.Call))
    given = (call.args[:2] for call in calls if _name(call.func) == "counted")
    return {tuple(str(one.value) for one in args if isinstance(one, ast.Constant)) for args in given}


def of_files() -> set[str]:
    """Return what files beside the code say: what a private page is."""
    rules = load((PACKAGE / "compose/addresses.yaml").read_text(encoding="utf-8"), "")
    return {rule["what"] for rule in rules.data["private"]}


def of_click() -> set[str | tuple[str, ...]]:
    """Return click's own words: its errors, and the headings of its help."""
    ours = {"core", "decorators", "exceptions", "formatting", "parser", "termui", "types"}
    folder = Path(click.__file__).parent
    found = extract_from_dir(folder, [("**.py", "python")], keywords={"_": None, "ngettext": (1, 2)})
    return {words for name, _, words, *_ in found if Path(name).stem in ours and words not in _PROGRAMMERS}


_PROGRAMMERS = {"%(prog)s, version %(version)s"}


def helps(command: click.Command) -> Iterator[str]:
    """Yield the phrases of a command's help, and of its commands' help."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b"):
            yield from (line.strip() for line in paragraph.split("\n")[1:])
        else:
            yield " ".join(paragraph.split())
    yield from (one.help or "" for one in command.params if isinstance(one, click.Option))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            assert one
            yield from helps(one)


def of_the_system() -> set[str]:
    """Return what the operating system says of a file or a connection."""
    return {os.strerror(number) for number in errno.errorcode}
