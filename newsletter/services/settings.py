"""The settings of a workspace: every value with its line, checked and saved by whoever may."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from newsletter.config import FILE, Settings, parse_settings
from newsletter.errors import ConfigError, ContentError, Problem
from newsletter.services.editing.files import Conflict, Desk, Saved, Version, exclusive, read_version, save
from newsletter.yamlfile import load

if TYPE_CHECKING:
    from newsletter.services import Workspace

SECRETS = (
    "NEWSLETTER_DATABASE",
    "NEWSLETTER_SECRET",
    "NEWSLETTER_DKIM_KEY",
    "NEWSLETTER_SMTP_PASSWORD",
    "NEWSLETTER_SMTP_TOKEN",
    "NEWSLETTER_IMAP_PASSWORD",
    "NEWSLETTER_COLLECT_PASSWORD",
    "NEWSLETTER_OIDC_SECRET",
    "NEWSLETTER_METRICS_TOKEN",
    "SENDGRID_API_KEY",
    "SENDGRID_WEBHOOK_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "SES_TOPIC_ARN",
    "MAILGUN_API_KEY",
    "MAILGUN_WEBHOOK_KEY",
    "POSTMARK_SERVER_TOKEN",
    "POSTMARK_WEBHOOK_SECRET",
)
"""Variables of the environment whose values no page shows, only whether they are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One setting: its key (`smtp.host`), its value as text, and its line in the file, 0 for a default."""

    key: str
    value: str
    line: int


def read(workspace: "Workspace") -> Version:
    """Return newsletter.yaml as it is now."""
    return read_version(workspace.root, FILE)


def problems(text: str) -> Sequence[Problem]:
    """Return what is wrong with a newsletter.yaml of this text, each fault with its line."""
    try:
        _, found = parse_settings(text)
    except ConfigError as error:
        return error.problems
    return found


def store(desk: Desk, text: str, sha: str) -> Saved | Conflict:
    """Save newsletter.yaml, which had the SHA-256 `sha` when it was opened. Raises ConfigError for faults."""
    wrong = problems(text)
    if wrong:
        raise ConfigError(wrong)
    with exclusive(desk.workspace):
        return save(desk, FILE, text, sha, "Change the settings")


def values(settings: Settings, text: str) -> Iterator[Value]:
    """Yield every setting in the order of the documents; lists of people, sections and fields in brief."""
    try:
        lines = load(text.removeprefix("\ufeff"), FILE).lines
    except ContentError:
        lines = {}
    yield from _values(settings, (), lines)


def secrets_set() -> Mapping[str, bool]:
    """Return for each secret whether the environment has it, as a value or as the name of a file."""
    return {name: bool(os.environ.get(name) or os.environ.get(f"{name}_FILE")) for name in SECRETS}


def _values(
    model: BaseModel, above: tuple[str, ...], lines: Mapping[tuple[str | int, ...], int]
) -> Iterator[Value]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        path = (*above, name)
        inner = value if isinstance(value, BaseModel) else None
        if inner is None:
            yield Value(key=".".join(path), value=_text(value), line=lines.get(path, 0))
        elif field.annotation is not None:
            yield from _values(inner, path, lines)


def _text(value: Any) -> str:
    """Return a value in the words of the file: `6h`, `true`, `top, social`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Mapping):
        return ", ".join(_entry(key, one) for key, one in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(_entry("", one) for one in value)
    return "" if value is None else str(value)


def _entry(key: str, one: Any) -> str:
    for name in ("shown", "label", "title"):
        if isinstance(one, BaseModel) and hasattr(one, name):
            return str(getattr(one, name))
    if isinstance(one, BaseModel):
        given = one.model_dump(mode="json", exclude_defaults=True)
        return " ".join(f"{name}: {value}" for name, value in given.items())
    return f"{key}: {_text(one)}" if key else _text(one)


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
