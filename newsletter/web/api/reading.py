"""The OpenAPI document taken apart into the words and rows that its page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

_REF = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter, or a member of a model: its name, its type, whether it must be there, what it is."""

    name: str
    type: str
    model: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, what that is called, and the model of its body."""

    status: str
    title: str
    model: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    title: str
    about: str
    scope: str
    body: str
    parameters: Sequence[Row]
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of one part of the API."""

    name: str
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a body."""

    name: str
    about: str
    members: Sequence[Row]


def operations(document: Mapping[str, Any]) -> list[Group]:
    """Return the operations by part, in the order of the document."""
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_operation(method, path, operation))
    return [Group(name, ones) for name, ones in found.items()]


def schemas(document: Mapping[str, Any]) -> list[Model]:
    """Return the models of bodies and of parameters' values, by name."""
    used = {
        model
        for group in operations(document)
        for one in group.operations
        for model in (
            one.body,
            *(answer.model for answer in one.answers),
            *(row.model for row in one.parameters),
        )
    }
    all_ = document["components"]["schemas"]
    open_ = list(used & all_.keys())
    while open_:
        inner = {row.model for row in _members(all_[open_.pop()])} & all_.keys()
        open_ += inner - used
        used |= inner
    return [
        Model(name, all_[name].get("description", ""), _members(all_[name]))
        for name in sorted(used & all_.keys())
    ]


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Operation:
    body: Mapping[str, Any] = operation.get("requestBody", {})
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation["summary"],
        about=operation["description"],
        scope=operation["security"][0]["token"][0],
        body=_body(body),
        parameters=[
            _row(one["name"], one["schema"], required=one["required"], about=one["description"])
            for one in operation["parameters"]
        ],
        answers=[
            Answer(
                status,
                HTTPStatus(int(status)).phrase,
                _body(one),
            )
            for status, one in sorted(operation["responses"].items())
        ],
    )


def _body(described: Mapping[str, Any]) -> str:
    """Return the model of the body of a request or an answer, or nothing."""
    return next((_model(one["schema"]) for one in described.get("content", {}).values()), "")


def _members(schema: Mapping[str, Any]) -> list[Row]:
    must = schema.get("required", ())
    return [
        _row(name, one, required=name in must, about=one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    ]


def _row(name: str, schema: Mapping[str, Any], *, required: bool, about: str) -> Row:
    return Row(name=name, type=_type(schema), model=_model(schema), required=required, about=about)


def _type(schema: Mapping[str, Any]) -> str:
    """Return the type of a schema in words."""
    if choices := schema.get("enum"):
        return " | ".join(map(str, choices))
    if several := schema.get("anyOf"):
        return " | ".join(_type(one) for one in several)
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"{_type(schema['additionalProperties'])} by name"
    return _model(schema) or str(schema.get("format") or schema.get("type", ""))


def _model(schema: Mapping[str, Any]) -> str:
    """Return the model that a schema, or one within it, refers to, or nothing."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    return next(filter(None, map(_model, inner)), "")
