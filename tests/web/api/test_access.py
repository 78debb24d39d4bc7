"""Every route of the API with every scope and without one; what wrong and busy programs get."""

from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.routing import Rule

from newsletter.scopes import Scope
from newsletter.services import Workspace, journal, tokens
from newsletter.services.journal import Act
from newsletter.store.journal import Wanted
from newsletter.web.api import access
from newsletter.web.api.access import needed
from newsletter.web.api.app import create_api
from newsletter.web.api.versions import PREFIX
from tests.web.api.conftest import SENT, Program

NETWORK = {"REMOTE_ADDR": "192.0.2.7"}
OPEN = {"static", "brand.colours", "brand.icon", "brand.logo", "reference.openapi", "reference.show"}


def routes(api: Flask) -> list[tuple[Rule, Scope]]:
    """Return the routes that demand a scope."""
    found = [(rule, needed(api, rule.endpoint)) for rule in api.url_map.iter_rules()]
    return [(rule, scope) for rule, scope in found if scope]


def address(rule: Rule) -> str:
    """Return an address that a route answers."""
    path = rule.rule
    for name in rule.arguments:
        value = {"issue": SENT, "number": "1"}.get(name, "01-forum")
        path = "".join(f"{before}" for before in _filled(path, name, value))
    return path


def _filled(path: str, name: str, value: str) -> list[str]:
    head, _, tail = path.partition("<")
    kind, _, rest = tail.partition(">")
    assert kind.endswith(name)
    return [head, value, rest]


def test_a_scope_opens_its_routes_and_no_others(api: Flask, program: Program) -> None:
    """The table of routes and scopes: every cell is tried."""
    tried = 0
    for rule, scope in routes(api):
        path = address(rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = api.test_client().open(path, method=method, environ_overrides=NETWORK)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            for one in Scope:
                tried += 1
                code = program(one).open(path, method=method, environ_overrides=NETWORK).status_code
                assert (code not in (401, 403, 500)) if one is scope else (code == 403), (method, path, one)
    assert tried > 100


def test_every_scope_is_demanded_by_some_route_and_little_is_open(api: Flask) -> None:
    found = routes(api)
    assert {scope for _, scope in found} == set(Scope)
    closed = {rule.endpoint for rule, _ in found}
    assert {rule.endpoint for rule in api.url_map.iter_rules()} - closed == OPEN


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer nlt_1_x", "Bearer a b", "nlt_1_x"])
def test_without_a_valid_token_nothing_is_said(api: Flask, header: str) -> None:
    answer = api.test_client().get(f"{PREFIX}/issues", headers={"Authorization": header})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.json
    assert answer.json["type"].endswith("#no-token")


def test_a_revoked_token_opens_nothing_at_once(press: Workspace, api: Flask) -> None:
    text, made = tokens.create(press, "short", ["sections:read"], timedelta(days=1))
    client, headers = api.test_client(), {"Authorization": f"Bearer {text}"}
    assert client.get(f"{PREFIX}/sections", headers=headers).status_code == 200
    tokens.revoke(press, "short")
    assert client.get(f"{PREFIX}/sections", headers=headers).status_code == 401
    (one,) = [one for one in tokens.every(press) if one.id == made.id]
    assert one.seen_from == "127.0.0.0/24"


def test_who_guesses_and_who_asks_too_often_is_held_up_and_nobody_else(
    press: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_OF_TOKEN", 20)  # 600 take a second of processor time
    api = create_api(press)
    client, wrong = api.test_client(), {"Authorization": f"Bearer nlt_1_{'x' * 43}"}
    codes = [client.get(f"{PREFIX}/issues", headers=wrong).status_code for _ in range(31)]
    assert codes == [401] * 30 + [429]
    assert int(client.get(f"{PREFIX}/issues", headers=wrong).headers["Retry-After"]) <= 60
    text, _ = tokens.create(press, "busy", ["sections:read"], timedelta(days=1))
    right = {"Authorization": f"Bearer {text}"}
    codes = [client.get(f"{PREFIX}/sections", headers=right).status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]
    other, _ = tokens.create(press, "calm", ["sections:read"], timedelta(days=1))
    calm = {"Authorization": f"Bearer {other}"}
    assert client.get(f"{PREFIX}/sections", headers=calm).status_code == 200


def test_the_journal_names_the_program_and_its_network(press: Workspace, program: Program) -> None:
    answer = program().get(f"{PREFIX}/issues/{SENT}/deliveries", environ_overrides=NETWORK)
    assert answer.status_code == 200
    entry = journal.entries(press, Wanted(did=Act.READERS_SEEN))[0]
    assert entry.name.startswith("everything (token ")
    assert (entry.address, entry.network, entry.issue) == ("", "192.0.2.0/24", SENT)


def test_another_site_s_script_may_read_nothing(api: Flask, program: Program) -> None:
    asked = {"Origin": "https://evil.example.org", "Access-Control-Request-Method": "GET"}
    for answer in (
        program().get(f"{PREFIX}/sections", headers=asked),
        api.test_client().options(f"{PREFIX}/sections", headers=asked),
    ):
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
