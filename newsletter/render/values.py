"""Plain frozen values: the only objects that templates get, so that they cannot reach the program."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, cached_property
from types import NoneType
from typing import Any, Never

from markupsafe import Markup
from pydantic import BaseModel

from newsletter.errors import Message

SCALARS = frozenset({str, Markup, int, float, bool, NoneType, dt.date, dt.datetime})
"""The types that a template may print; subclasses are not allowed."""


class Data:
    """An immutable record whose values are read by name; it cannot be printed."""

    __slots__ = ("_values",)
    _values: Mapping[str, Any]

    def __init__(self, **values: Any) -> None:
        object.__setattr__(self, "_values", values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names; templates cannot."""
        return iter(self._values)

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError(Message("%(name)s cannot be changed", name=name))

    def __str__(self) -> Never:
        raise TypeError(
            Message(
                "a record cannot be printed; name one of its values: %(values)s",
                values=", ".join(self._values),
            )
        )

    def __repr__(self) -> str:
        return f"Data({', '.join(self._values)})"


class Table(Mapping[Any, Any]):
    """An immutable mapping; it cannot be printed."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[Any, Any]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, key: object) -> Any:
        return self._entries[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __str__(self) -> Never:
        raise TypeError("a mapping cannot be printed; name one of its keys")

    def __repr__(self) -> str:
        return f"Table({len(self)})"


class Function:
    """A function that templates may call; no other callable can be passed to them.

    One `with_context` gets Jinja's context as its first argument.
    """

    __slots__ = ("call", "with_context")

    def __init__(self, call: Callable[..., Any], *, with_context: bool = False) -> None:
        self.call = call
        self.with_context = with_context


class Fact:
    """Whether an edition shows something; a template asks it with `{% when fact %}` alone.

    `held` is None while all that any edition may show is rendered at once: then nobody knows yet.
    """

    __slots__ = ("held", "name")

    def __init__(self, name: str, *, held: bool | None) -> None:
        self.name = name
        self.held = held

    def __bool__(self) -> Never:
        raise TypeError("what an edition shows is asked with {% when … %}, not with {% if … %}")


_FINAL = SCALARS | {Data, Table, Function, Fact}


class NoDataError(TypeError):
    """A value that may not be passed to a template."""


def plain(value: Any) -> Any:
    """Return `value` as plain frozen values: scalars, tuples, sets, Tables and Data. Raises NoDataError.

    Dataclasses, named tuples and settings become Data of those of their fields and properties that are data;
    their methods stay out.
    """
    if type(value) in _FINAL:
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return Data(**dict(zip(value._fields, map(plain, value), strict=True)))
    return _plain_many(value)


def _plain_many(value: Any) -> Any:
    if isinstance(value, list | tuple | range):
        return tuple(map(plain, value))
    if isinstance(value, set | frozenset):
        return frozenset(map(plain, value))
    if isinstance(value, Mapping):
        return Table({plain(key): plain(entry) for key, entry in value.items()})
    if isinstance(value, type) or not (isinstance(value, BaseModel) or is_dataclass(value)):
        raise NoDataError(
            Message("a template cannot be given a value of the type %(name)s", name=type(value).__name__)
        )
    kept = {}
    for name in _names(type(value)):  # type: ignore[arg-type]  # a class can be hashed
        with suppress(NoDataError):  # as bytes, which stay out
            kept[name] = plain(getattr(value, name))
    return Data(**kept)


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert named values for a template. Raises NoDataError that names the value which is not data."""
    given = {}
    for name, value in values.items():
        try:
            given[name] = plain(value)
        except NoDataError as error:
            raise NoDataError(f"{name}: {error}") from None
    return given


@cache
def _names(kind: Any) -> list[str]:
    """Return the names of the public fields and properties of a dataclass or a model."""
    own = kind.model_fields if issubclass(kind, BaseModel) else [field.name for field in fields(kind)]
    known = set(dir(BaseModel))
    properties = [
        name
        for base in kind.__mro__
        for name, member in vars(base).items()
        if isinstance(member, property | cached_property) and name not in known
    ]
    return [name for name in dict.fromkeys((*own, *properties)) if not name.startswith("_")]
