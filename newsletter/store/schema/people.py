"""Tables about people: readers, their choices and consent, requests, letters, opt-outs, erasures."""

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.engine.default import DefaultExecutionContext

from newsletter.store.mailbox import canonical
from newsletter.store.schema.base import Id, metadata


def _mailbox(context: DefaultExecutionContext) -> str:
    """Return the canonical form of the address in the row being inserted."""
    row = context.get_current_parameters()  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
    return canonical(row["email"])


subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True, comment="casefolded, for uniqueness only"),
    Column("mailbox", Text, nullable=False, default=_mailbox, index=True, comment="canonical form of email"),
    Column("name", Text, nullable=False, default=""),
    Column("language", Text, nullable=False, default=""),
    Column("attributes", JSON, nullable=False, default=dict),
    Column("status", Text, nullable=False, comment="active | suppressed"),
    Column("reason", Text, nullable=False, default="", comment="why suppressed"),
    Column("source", Text, nullable=False, comment="where the consent came from, e.g. a list's file name"),
    Column("created_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    sqlite_autoincrement=True,  # the number of an erased person must never become another's
)

subscription = Table(
    "subscription",
    metadata,
    Column("subscriber", Id, ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True),
    Column("section", Text, primary_key=True, comment="a slug, or * for all"),
    Column("state", Text, nullable=False, comment="active | paused | left"),
    Column("until", Text, nullable=False, default="", comment="the day a pause ends; empty: it does not"),
    Column("origin", Text, nullable=False, comment="list | reader: only a reader undoes a reader's choice"),
    Column("changed_at", Text, nullable=False),
    sqlite_with_rowid=False,
)

member = Table(
    "member",
    metadata,
    Column("external_id", Text, primary_key=True, comment="the register's own number"),
    Column("subscriber", Id, ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False, unique=True),
)
"""Which readers are which members of the association's register."""

request = Table(
    "request",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False, comment="signup | address | handover"),
    Column("email", Text, nullable=False, comment="the address that has to confirm"),
    Column("email_key", Text, nullable=False, index=True),
    Column("subscriber", Id, ForeignKey("subscriber.id", ondelete="CASCADE"), index=True),
    Column("language", Text, nullable=False),
    Column("details", JSON, nullable=False, comment="name, attributes, sections as asked for"),
    Column("source", Text, nullable=False, comment="the page it came from"),
    Column("consent", Text, nullable=False, default="", comment="version of the text agreed to"),
    Column("ip", LargeBinary, comment="keyed hash of the network address"),
    Column("requested_at", Text, nullable=False),
    Column("agreed_at", Text, nullable=False, default="", comment="by the old address, where there is one"),
    Column("confirmed_at", Text, nullable=False, default="", comment="by the address in `email`"),
    sqlite_autoincrement=True,  # a link must never come to mean somebody else's request
)
"""Requests that wait for confirmation by mail (`requests.Kind`); until then nothing else changes."""

letter = Table(
    "letter",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False, comment="which template of templates/mail"),
    Column("request", Id, ForeignKey("request.id", ondelete="CASCADE"), index=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, index=True),
    Column("language", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("due_at", Float, nullable=False, comment="seconds since 1970 from which it may leave"),
    Column("tries", Integer, nullable=False, default=0),
    Column("sent_at", Text, nullable=False, default=""),
    Column("detail", Text, nullable=False, default="", comment="what the server said at the last try"),
    Column("lane", Integer, nullable=False, default=1, comment="a Lane: the lowest leaves first"),
    Column("turn", Float, nullable=False, default=0.0, comment="seconds since 1970: the order in a lane"),
    Index("letter_turn", "sent_at", "lane", "turn"),
)

note = Table(
    "note",
    metadata,
    Column("letter", Id, ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
)
"""Subject and text of letters to the editors, which have no template."""

confirmation_limit = Table(
    "confirmation_limit",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="keyed hash of a mailbox"),
    Column("letters", Integer, nullable=False, comment="to which nobody has said yes"),
    Column("at", Text, nullable=False, comment="when the last one was put"),
    sqlite_with_rowid=False,
)

consent = Table(
    "consent",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber", Id, ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Text, nullable=False, comment="when it was asked for"),
    Column("confirmed_at", Text, nullable=False, comment="when the link in the mail was used"),
    Column("source", Text, nullable=False),
    Column("version", Text, ForeignKey("consent_text.version"), nullable=False),
    Column("ip", LargeBinary, comment="keyed hash of the network address"),
)

consent_text = Table(
    "consent_text",
    metadata,
    Column("version", Text, primary_key=True, comment="the first digits of the text's sha256"),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("since", Text, nullable=False),
    sqlite_with_rowid=False,
)

erased = Table(
    "erased",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="keyed hash of an address"),
    Column("at", Text, nullable=False),
    sqlite_with_rowid=False,
)

erasing = Table(
    "erasing",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="keyed hash of an address"),
    Column("subscriber", Id, nullable=False, comment="0 where they had only asked for something"),
    Column("at", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""People already deleted from the tables whose data may still be in files: the outbox, and SQLite's log."""

import_chunk = Table(
    "import_chunk",
    metadata,
    Column("run", LargeBinary, primary_key=True, comment="keyed hash of the list and its options"),
    Column("rows", Integer, primary_key=True, autoincrement=False, comment="of the list, up to its end"),
    Column("fates", JSON, nullable=False, comment="fate -> lines"),
    Column("refusals", JSON, nullable=False, comment="place in the chunk -> why"),
    Column("at", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Progress of imports; the table is empty unless one was interrupted."""

opt_out = Table(
    "opt_out",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="keyed hash of a mailbox, or of an address"),
    Column("kind", Text, nullable=False, comment="left | complained | bounced"),
    Column("source", Text, nullable=False, comment="where that is known from, e.g. a list's file name"),
    Column("at", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Opt-outs of people who were never subscribers."""
