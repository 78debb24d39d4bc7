"""The tables of the API: tokens of programs, and answers that are given again."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, LargeBinary, Table, Text

from newsletter.store.schema.base import Id, metadata

api_token = Table(
    "api_token",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, comment="of the program, as the journal names it"),
    Column("digest", LargeBinary, nullable=False, comment="sha256 of its secret"),
    Column("scopes", JSON, nullable=False, comment="values of Scope"),
    Column("created_at", Text, nullable=False),
    Column("created_by", Text, nullable=False, comment="a login name, or the one that was given"),
    Column("expires_at", Text, nullable=False),
    Column("revoked_at", Text, nullable=False, default=""),
    Column("seen_at", Text, nullable=False, default="", comment="when it was last used, to five minutes"),
    Column("seen_from", Text, nullable=False, default="", comment="the network it was last used from"),
    sqlite_autoincrement=True,  # a journal's entry must never come to mean another token
)
"""Tokens of programs. One that ended stays for a month, so that its end can be seen."""

api_answer = Table(
    "api_answer",
    metadata,
    Column("token", Id, ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True, comment="the Idempotency-Key of a request"),
    Column("request", LargeBinary, nullable=False, comment="keyed hash of its path and body"),
    Column("at", Text, nullable=False),
    Column("status", Integer, nullable=False, default=0, comment="0: it is still being answered"),
    Column("headers", JSON, nullable=False, default=dict),
    Column("body", Text, nullable=False, default=""),
    Column("personal", Boolean, nullable=False, comment="the answer may be about people"),
)
"""Answers to requests that a program may repeat; kept for a day."""
