"""Parse and validate YAML, with the line of every key, so that each problem names its line."""

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import AfterValidator, BaseModel, ValidationError

from newsletter.errors import ContentError, Message, Place, Problem

Path = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

LARGEST = 1_000_000
"""The most characters of a file written by hand; PyYAML parses 0.2 million in a second."""
_LONGEST_NUMBER = 64
"""Characters; the time Python takes to parse a number grows with the square of its length."""
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character, as only an escape can write it; no file, page or database takes it."""
_COMMENTED = re.compile(r"[:,\[{]\s+(#\w+)")
_MOST_PROBLEMS = 50
_LONGEST_WORD = 80
_MOST_KNOWN = 1000

_KINDS = {
    "dict_type": "keys with values",
    "model_attributes_type": "keys with values",
    "string_type": "words: put them in quotes",
    "tuple_type": "a list, like `[one, another]`",
}
_WORDS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "float_parsing": "must be a number",
    "greater_than_equal": "must be %(ge)s or more",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than_equal": "must be %(le)s or less",
    "literal_error": "must be %(expected)s",
    "string_too_long": "must have at most %(max_length)s characters",
    "string_too_short": "is empty",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
    "union_tag_not_found": "say by which transport it leaves, like `transport: smtp`",
}
"""What is said of a fault instead of pydantic's words, which are for programmers."""
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_QUOTE = "If these are words, put them in quotes."
_CURE = "Check quotes, colons and the indentation of this line and the one above."


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Parsed YAML: the data, the file's name, and the line of each key path."""

    data: Any
    name: str
    lines: Mapping[Path, int]

    def place(self, path: Path = ()) -> Place:
        """Return the place of `path`, or of its nearest parent that has a line."""
        while path and path not in self.lines:
            path = path[:-1]
        return Place(self.name, self.lines.get(path, 1))


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses mistakes: a key twice (YAML 1.2 forbids it), impossible dates.

    Aliases are refused too: a few lines of them can expand to gigabytes. 12:30 is text, not the number 750 of
    YAML 1.1.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # missing in the stubs
            raise yaml.composer.ComposerError(
                None, None, "aliases like *name are not allowed; write the value itself", mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  PyYAML's signature
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # is refused below
            if key in seen:
                text, mark = Message("the key %(key)r occurs a second time", key=key), key_node.start_mark
                raise yaml.constructor.ConstructorError(None, None, text, mark, "Keep one of the two.")
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  PyYAML's signature
        if node.tag in _NUMBERS and len(node.value) > _LONGEST_NUMBER:
            problem = Message("a number of %(count)s characters", count=len(node.value))
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark, _QUOTE)
        if isinstance(node, yaml.ScalarNode) and (half := _HALF.search(node.value)):
            problem = Message("the character U+%(code)s is not allowed", code=f"{ord(half[0]):04X}")
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        if node.tag in _NUMBERS and ":" in node.value:
            return node.value
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # 2025-02-30 looks like a date, but is not one
            problem = Message("%(value)r: %(error)s", value=node.value, error=error)
        except (AttributeError, LookupError, TypeError):  # !!timestamp abc, !!bool abc, !!int ""
            problem = Message(
                "%(value)r is not a valid %(kind)r",
                value=node.value,
                kind=node.tag.rpartition(":")[2],
            )
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def load(text: str, name: str, *, first_line: int = 1, largest: int = LARGEST) -> Document:
    """Parse YAML `text`, which begins at line `first_line` of the file `name`.

    Raises ContentError with file and line when it is not YAML, or has more than `largest` characters.
    """
    offset = first_line - 1
    if len(text) > largest:
        raise _too_large(text, name, first_line, largest)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else None
        lines = dict(_lines(node, (), offset))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        raise _unreadable(
            Message("the character U+%(character)s is not allowed", character=f"{error.character:04X}"),
            name,
            line,
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = (mark.line + 1 if mark else 1) + offset
        problem, cure = getattr(error, "problem", None) or str(error), getattr(error, "note", None)
        if r"'\t'" in problem:
            problem, cure = "the line is indented with a tab", "Indent with spaces."
        if hidden := _commented_value(text, error):
            number, value = hidden
            problem, cure = (
                Message("%(value)s is read as a comment", value=value),
                Message('Put it in quotes: "%(value)s"', value=value),
            )
            line = number + 1 + offset
        raise _unreadable(problem, name, line, cure or _CURE) from None
    except RecursionError:
        raise _unreadable("it is nested too deeply", name, first_line) from None
    return Document(data=data, name=name, lines=lines)


@lru_cache(maxsize=16)
def load_again(text: str, name: str) -> Document:
    """Parse the YAML of a file that is read for every page; a text that was parsed before is remembered.

    Nobody may change the data of what it returns. Raises ContentError.
    """
    return load(text, name)


def _commented_value(text: str, error: yaml.YAMLError) -> tuple[int, str] | None:
    """Return the line and the value of the last `#word` where brackets lack a value: # begins a comment."""
    mark = getattr(error, "problem_mark", None)
    if mark is None or "flow" not in (getattr(error, "context", None) or ""):
        return None
    found = list(_COMMENTED.finditer("\n".join(text.split("\n")[: mark.line + 1])))
    return (text.count("\n", 0, found[-1].start(1)), found[-1][1]) if found else None


def _too_large(text: str, name: str, first_line: int, largest: int) -> ContentError:
    """Return an error at the longest line if that alone is over half the limit, else at the first line."""
    number, longest = max(enumerate(text.split("\n")), key=lambda line: len(line[1]))
    line = number + first_line if 2 * len(longest) > largest else first_line
    return ContentError(
        Problem.error(
            Message(
                "%(count)s characters of YAML; at most %(largest)s are allowed",
                count=len(text),
                largest=largest,
            ),
            Place(name, line),
            "Remove what does not belong here.",
            code="yaml-unreadable",
        )
    )


def _unreadable(what: str, name: str, line: int, cure: str = _CURE) -> ContentError:
    return ContentError(
        Problem.error(
            Message("not readable as YAML: %(what)s", what=what),
            Place(name, line),
            cure,
            code="yaml-unreadable",
        )
    )


def _lines(node: yaml.Node | None, path: Path, offset: int) -> Iterable[tuple[Path, int]]:
    if node is None:
        return
    yield path, node.start_mark.line + 1 + offset
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value), offset)
            yield (*path, key.value), key.start_mark.line + 1 + offset
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*path, index), offset)


def validate(model: type[M], document: Document) -> tuple[M | None, list[Problem]]:
    """Validate `document` as `model`; on errors, return None and every problem with its line."""
    data = {} if document.data is None else document.data
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        problems = [_problem(model, document, fault) for fault in faults[:_MOST_PROBLEMS]]
        if len(faults) > _MOST_PROBLEMS:
            text = Message("and %(count)s more problems in this file", count=len(faults) - _MOST_PROBLEMS)
            problems.append(Problem.error(text, problems[-1].at, code="value-wrong"))
        return None, problems


def _problem(model: type[BaseModel], document: Document, fault: Any) -> Problem:
    path = _written(document, fault["loc"])
    key = ".".join(map(str, path))
    text: str
    hint, code = "", "value-wrong"
    if fault["type"] == "extra_forbidden":
        text = Message("unknown key %(key)r", key=key)
        hint = nearest(str(path[-1]), _keys(model, fault["loc"][:-1]))
        code = "key-unknown"
    elif fault["type"] == "missing":
        text = Message("the key %(key)r is missing", key=key)
        hint, code = Message("Add `%(key)s: …` here.", key=path[-1]), "key-missing"
    elif fault["type"] == "model_type":
        first = _keys(model, fault["loc"])[0]
        where = key or Message("the file")
        text = Message("%(key)s: must be keys with values, like `%(keys)s: …`", key=where, keys=first)
    elif fault["type"] in _KINDS:
        text = Message("%(key)s: must be %(kind)s", key=key, kind=Message(_KINDS[fault["type"]]))
    else:
        message = worded(fault)
        text = Message("%(key)s: %(words)s", key=key, words=message) if key else message
        hint = fault.get("ctx", {}).get("hint", "")
    return Problem.error(text, document.place(path), hint, code=code)


def _written(document: Document, path: Path) -> Path:
    """Return `path` without pydantic's steps to one of several models, which no document has."""
    found: Path = ()
    for place, step in enumerate(path, 1):
        if place == len(path) or (*found, step) in document.lines:
            found = (*found, step)
    return found


def worded(fault: Any) -> str:
    """Return the words for one of pydantic's errors, without its key."""
    given = fault.get("ctx", {})
    if words := _WORDS.get(fault["type"]):
        return Message(words, **given)
    if "words" in given:
        return Message(given["words"], **given)
    if fault["type"] == "value_error" and given["error"].args:
        ours = given["error"].args[0]
        return ours if isinstance(ours, Message) else Message(str(ours))
    return Message(fault["msg"].replace("Input should be", "must be", 1))


def matching(pattern: str, words: str) -> AfterValidator:
    """Return a validator of strings that match all of `pattern`; of others it says `words`."""
    compiled = re.compile(pattern)

    def checked(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(words)
        return value

    return AfterValidator(checked)


def _keys(model: Any, path: Path) -> list[str]:
    """Return the known keys at `path`; a step into a list or a mapping goes to the model of its values."""
    for step in path:
        parts = _parts(model)
        if not parts:
            return []
        if get_origin(model) in {dict, list, tuple}:
            model = get_args(model)[-1 if get_origin(model) is dict else 0]
        elif len(parts) > 1:  # pydantic's step to the one of several that is meant, by its tag
            model = next((part for part in parts if _has_tag(part, step)), None)
        else:
            model = parts[0].model_fields[str(step)].annotation
    found = _parts(model)
    return list(found[0].model_fields) if found else []


def _parts(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in an annotation."""
    if isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for inside in get_args(annotation) for part in _parts(inside)]


def _has_tag(part: type[BaseModel], tag: str | int) -> bool:
    return any(get_args(field.annotation) == (tag,) for field in part.model_fields.values())


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint with the most similar of `known`, or with all of them when none is similar."""
    known = list(known)
    if len(word) > _LONGEST_WORD or len(known) > _MOST_KNOWN:
        return ""  # the time grows with the product of both
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return Message("Did you mean %(word)r?", word=close[0])
    return Message("Known here: %(known)s.", known=", ".join(known)) if known else ""
