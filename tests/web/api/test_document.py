"""Schemathesis asks every operation of the document, with good and bad values: only what it says is answered.

A few examples in the suite; `scripts/schemathesis 500` tries so many of each kind.
"""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from newsletter.scopes import Scope
from newsletter.services import Workspace, inbox, open_workspace, tokens
from newsletter.services.editing.fields import ItemFields
from newsletter.services.editing.files import Desk
from newsletter.services.editing.history import Author
from newsletter.web.api.app import create_api
from newsletter.web.api.versions import PREFIX
from newsletter.web.readers.limits import Counts
from tests.web.api.conftest import DRAFT, SENT
from tests.web.api.test_access import routes
from tests.web.desk import house
from tests.web.readers.people import NOW, subscribe
from tests.web.test_accessibility import write_issue

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "2"))
THERE = {"number": 1, "issue": SENT, "name": "forum"}
"""A value for each argument of a path."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
HOW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 10,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(params=["sqlite", "postgres"])
def filled_press(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """Open a workspace with issues, a reader and an item in the inbox, on each kind of database in turn."""
    if request.param == "postgres":
        engine: Engine = request.getfixturevalue("postgres_engine")
        monkeypatch.setenv("NEWSLETTER_DATABASE", engine.url.render_as_string(hide_password=False))
    root = tmp_path_factory.mktemp("asked")
    write_issue(root)
    workspace = open_workspace(root)
    subscribe(workspace)
    house.begin(workspace, date.fromisoformat(SENT), like=DRAFT)
    desk = Desk(workspace, Author())
    inbox.add(desk, inbox.Found(fields=ItemFields(title="Forum"), source="test", found_at=NOW))
    yield workspace
    workspace.database.dispose()


def test_only_what_the_document_says_is_answered(filled_press: Workspace) -> None:
    api = create_api(filled_press)
    clock = count(step=61)
    api.extensions["counts"] = Counts(lambda: float(next(clock)))  # a minute between two requests
    text, _ = tokens.create(filled_press, "everything", tuple(Scope), timedelta(days=1))
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        assert ask(api, text, mode) == len(routes(api))


def ask(api: Flask, token: str, mode: GenerationMode) -> int:
    """Ask each operation with values of one mode; return how many there are."""
    schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", api)
    good, asked = mode is GenerationMode.POSITIVE, 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @HOW
        @given(case=operation.as_strategy(generation_mode=mode))
        def each(case: Any) -> None:
            if good and case.path_parameters:  # what is there, for its own answers
                case.path_parameters = {name: THERE[name] for name in case.path_parameters}
            if good and "If-Match" in (case.headers or {}):
                case.headers["If-Match"] = "*"
            if not good:  # a parameter without a value is not sent, and then nothing may be wrong
                assume(all(value not in (None, [], {}) for value in (case.query or {}).values()))
            case.call_and_validate(
                headers={"Authorization": f"Bearer {token}"},
                checks=CHECKS if good else [*CHECKS, negative_data_rejection],
            )

        each()
        asked += 1
    return asked
