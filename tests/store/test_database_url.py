"""The address of a database: how it may be written, what is added to it, and what is shown of it."""

import pytest
from sqlalchemy import create_engine

from newsletter.errors import StoreError
from newsletter.store.database_url import parse_url, shown
from newsletter.store.db import connect_to, open_database, reading


@pytest.mark.parametrize(
    ("written", "hosts", "ports", "people_see"),
    [
        ("postgresql://u:p@one:1,two/db?sslmode=require", "one,two", "1,", "postgresql://u:***@one:1,two/db"),
        ("postgres://u@[::1]:5,[::2]/db", "::1,::2", "5,", "postgresql://u@[::1]:5,[::2]/db"),
        ("postgresql:///db?host=one,two&port=1,2", "one,two", "1,2", "postgresql://one:1,two:2/db"),
        ("postgresql://u:p@/db?host=one:1&host=two:2", "one,two", "1,2", "postgresql://u:***@one:1,two:2/db"),
        ("postgresql+psycopg://u:p@one,two", "one,two", ",", "postgresql://u:***@one,two"),
    ],
)
def test_several_hosts_are_a_primary_and_its_standbys_and_are_shown_without_the_password(
    written: str, hosts: str, ports: str, people_see: str
) -> None:
    url = parse_url(written)
    _, options = create_engine(url).dialect.create_connect_args(url)
    assert (options["host"], options["port"], options["target_session_attrs"]) == (hosts, ports, "read-write")
    assert shown(url) == people_see


def test_an_operator_may_ask_for_any_of_the_hosts() -> None:
    url = parse_url("postgresql://one,two/db?target_session_attrs=any")
    assert url.query["target_session_attrs"] == "any"
    assert "target_session_attrs" not in parse_url("postgresql:///db?host=/run/postgresql").query


def test_a_port_that_is_no_number_is_said_without_the_password() -> None:
    with pytest.raises(StoreError, match="the port is not a number") as caught:
        connect_to("postgresql://u:secret@one,two:x/db")
    assert "secret" not in str(caught.value)


def test_when_no_host_answers_each_is_named() -> None:
    engine = connect_to("postgresql://u:secret@127.0.0.1:1,127.0.0.1:2/db")
    with pytest.raises(StoreError, match=r"port 1 failed.*port 2 failed") as caught:
        open_database(engine.url)
    assert "secret" not in str(caught.value)
    with pytest.raises(StoreError, match=r"port 1 failed.*port 2 failed"), reading(engine):
        pass
