"""PostgreSQL connections: timeouts and snapshots set per transaction, and pooled connections that have ended.

Nothing is set for a session, because a pooler in transaction mode, such as pgbouncer, gives each transaction
another session, and what one of our programs sets there would hold for the others too.
"""

import logging
import select as poll
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

if TYPE_CHECKING:
    from psycopg import Connection as PostgresConnection

_SILENCE = "30s"  # for which a writer may idle in a transaction: its machine may have stopped
_WRITER = f"SET LOCAL idle_in_transaction_session_timeout = '{_SILENCE}'"
_READER = (  # one snapshot; a reader may write into a pager, so it may idle
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    " SET LOCAL idle_in_transaction_session_timeout = 0"
)


def set_up(engine: Engine) -> None:
    """Let all connections and transactions of a PostgreSQL `engine` begin as they should."""
    # Its pool logs a traceback when a lost connection comes back, after our StoreError has said so.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    event.listen(engine, "connect", _prepare_nothing_behind_a_pooler)
    event.listen(engine, "checkout", _leave_ended)
    event.listen(engine, "begin", _begin)


def _prepare_nothing_behind_a_pooler(connection: "PostgresConnection", _record: object) -> None:
    """Turn prepared statements off where the next transaction may be of another session, without them.

    The server's process is then not the one that the connection was announced as.
    """
    found = connection.execute("SELECT pg_backend_pid()").fetchone()
    if found != (connection.info.backend_pid,):
        connection.prepare_threshold = None
    connection.commit()


def _leave_ended(connection: "PostgresConnection", _record: object, _proxy: object) -> None:
    """Replace a pooled connection that the server has closed, as it does at a restart.

    A closing server sends a message, which makes the socket readable; polling it costs a microsecond, while
    `pool_pre_ping` would cost each of the ledger's transactions a round trip.
    """
    poller = poll.poll()
    poller.register(connection.fileno(), poll.POLLIN)
    if poller.poll(0):
        raise DisconnectionError


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(_READER if options.get("reading", False) else _WRITER)
