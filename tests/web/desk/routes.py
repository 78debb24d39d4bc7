"""The routes of a desk with values for their arguments, so that tests reach every page that there is."""

from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

from newsletter.config.types import Role
from newsletter.web.desk.access import needed
from tests import press

VALUES = {
    "closing": press.CLOSING,
    "issue": press.CLOSING.isoformat(),
    "token": "A" * 31,
    "size": "phone",
    "number": 1,
}
"""A value for each name of an argument; any other name gets that of an item."""
ITEM = "01-forum"


def routes(desk: Flask) -> Iterator[tuple[Rule, Role]]:
    """Yield the routes that demand a role."""
    for rule in desk.url_map.iter_rules():
        role = needed(desk, rule.endpoint)
        if role is not None:
            yield rule, role


def address(desk: Flask, rule: Rule, **values: object) -> str:
    """Return an address that a route answers."""
    filled = {name: values.get(name, VALUES.get(name, ITEM)) for name in rule.arguments}
    filled = {name: value for name, value in filled.items() if name not in (rule.defaults or {})}
    with desk.test_request_context():
        adapter = desk.url_map.bind("localhost")
        return adapter.build(rule.endpoint, filled, method=next(iter(methods(rule))))


def methods(rule: Rule) -> list[str]:
    """Return the methods of a route that pages use."""
    return sorted({"GET", "POST"} & (rule.methods or set()))
