"""The tables. Times are UTC ISO 8601 text to the second, which both databases compare in the same way."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.engine.default import DefaultExecutionContext

from newsletter.store.mailbox import canonical

metadata = MetaData()

_Id = BigInteger().with_variant(Integer, "sqlite")  # on SQLite only INTEGER becomes the rowid


def _mailbox(context: DefaultExecutionContext) -> str:
    """Return the canonical form of the address in the row being inserted."""
    row = context.get_current_parameters()  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
    return canonical(row["email"])


subscriber = Table(
    "subscriber",
    metadata,
    Column("id", _Id, primary_key=True),
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
    Column("subscriber", _Id, ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True),
    Column("section", Text, primary_key=True, comment="a slug, or * for all"),
    Column("state", Text, nullable=False, comment="active | paused | left"),
    Column("until", Text, nullable=False, default="", comment="the day a pause ends; empty: it does not"),
    Column("origin", Text, nullable=False, comment="list | reader: only a reader undoes a reader's choice"),
    Column("changed_at", Text, nullable=False),
    sqlite_with_rowid=False,
)

request = Table(
    "request",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("kind", Text, nullable=False, comment="signup | address | handover"),
    Column("email", Text, nullable=False, comment="the address that has to confirm"),
    Column("email_key", Text, nullable=False, index=True),
    Column("subscriber", _Id, ForeignKey("subscriber.id", ondelete="CASCADE"), index=True),
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
    Column("id", _Id, primary_key=True),
    Column("kind", Text, nullable=False, comment="which template of templates/mail"),
    Column("request", _Id, ForeignKey("request.id", ondelete="CASCADE"), index=True),
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
    Column("letter", _Id, ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
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
    Column("id", _Id, primary_key=True),
    Column("subscriber", _Id, ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False, index=True),
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
    Column("subscriber", _Id, nullable=False, comment="0 where they had only asked for something"),
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

issue = Table(
    "issue",
    metadata,
    Column("name", Text, primary_key=True, comment="closing date"),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, default="", comment="why paused or cancelled"),
    Column("fingerprint", Text, nullable=False, comment="sha256 over every edition and the envelope"),
    Column("envelope", JSON, nullable=False, comment="sender, list id, base URL: what all messages share"),
    Column("sources", JSON, nullable=False, comment="file -> sha256 of all that was approved"),
    Column("errors", Integer, nullable=False, comment="findings that refuse a real transport"),
    Column("transport", Text, nullable=False, default="", comment="how it leaves, from the first send on"),
    Column("approved_by", Text, nullable=False),
    Column("approved_at", Text, nullable=False),
    Column("begun_at", Text, nullable=False, default="", comment="when its first message left"),
    Column("readers", Integer, nullable=False, comment="size of the audience"),
    Column("without", Integer, nullable=False, comment="active readers with nothing this week"),
)

edition = Table(
    "edition",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("sections", JSON, nullable=False),
    Column("subject", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("pictures", JSON, nullable=False, default=list, comment="the names of those that it shows"),
)

picture = Table(
    "picture",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True, comment="half the content's sha256, and an ending"),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False, comment="pixels"),
    Column("height", Integer, nullable=False, comment="pixels"),
    Column("content", LargeBinary, nullable=False),
    Index("picture_name", "name"),
)
"""The pictures of an issue as they are sent and shown, each once."""

cover = Table(
    "cover",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("starts", Text, nullable=False, comment="the first day of its period"),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("intro", Text, nullable=False, comment="HTML"),
    Column("call", Text, nullable=False),
    Column("hashtag", Text, nullable=False),
    Column("picture", JSON(none_as_null=True), comment="a PublicPicture: of the lead, or the first one"),
)
"""What the archive shows around the items of an issue, as approved."""

item = Table(
    "item",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False, comment="from 1, in the order of the issue"),
    Column("anchor", Text, nullable=False, comment="the item's name in its issue"),
    Column("section", Text, nullable=False),
    Column("section_title", Text, nullable=False, comment="as it was then"),
    Column("title", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False, default=""),
    Column("kind", Text, nullable=False, default="news", comment="an ItemKind"),
    Column("lead", Integer, nullable=False, default=0, comment="1: it leads the issue"),
    Column("section_colour", Text, nullable=False, default="", comment="#rrggbb"),
    Column("starts", Text, nullable=False, default="", comment="of an event, local time"),
    Column("ends", Text, nullable=False, default=""),
    Column("place", Text, nullable=False, default=""),
    Column("picture", JSON(none_as_null=True), comment="a PublicPicture"),
    Index("item_place", "issue", "number", unique=True),
    Index("item_section", "section", "issue"),
)
"""The items that the archive shows: those of the all-sections edition, as approved."""

calendar = Table(
    "calendar",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True, comment="in its address"),
    Column("content", Text, nullable=False, comment="iCalendar (RFC 5545)"),
    sqlite_with_rowid=False,
)
"""A calendar file for each event of an issue, also those for some readers only."""

audience = Table(
    "audience",
    metadata,
    Column("issue", Text, primary_key=True),
    Column("subscriber", _Id, primary_key=True, autoincrement=False),
    Column("edition", Text, nullable=False),
    ForeignKeyConstraint(["issue", "edition"], ["edition.issue", "edition.key"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

chunk = Table(
    "chunk",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), nullable=False),
    Column("lo", _Id, nullable=False, comment="first subscriber id"),
    Column("hi", _Id, nullable=False, comment="last subscriber id, included"),
    Column(
        "epoch", Integer, nullable=False, default=0, comment="raised at every acquisition; fences zombies"
    ),
    Column("worker", Text, nullable=False, default=""),
    Column("lease_until", Float, nullable=False, default=0.0, comment="seconds since 1970"),
    Column("inflight", JSON, nullable=False, default=list, comment="[subscriber, attempt] on the wire now"),
    Column("done", Integer, nullable=False, default=0),
    Index("chunk_open", "issue", "done"),  # only columns that ledger commits do not change
)

job = Table(
    "job",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("kind", Text, nullable=False, comment="a name in services/jobs/kinds"),
    Column("key", Text, nullable=False, comment="what it is about"),
    Column("open_as", Text, unique=True, comment="kind and key, until it has ended; so one is open"),
    Column("arguments", JSON, nullable=False, comment="numbers, names and file names; never an address"),
    Column("state", Text, nullable=False, comment="waiting | running | done | failed | cancelled"),
    Column("free_at", Float, nullable=False, default=0.0, comment="seconds since 1970: free from then on"),
    Column("epoch", Integer, nullable=False, default=0, comment="raised at every taking; fences zombies"),
    Column("worker", Text, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0, comment="that failed, in a row"),
    Column("progress", JSON, nullable=False, default=dict, comment="done, total, words"),
    Column("result", JSON, nullable=False, default=dict),
    Column("error", Text, nullable=False, default="", comment="of the last attempt"),
    Column("requested_by", Text, nullable=False, default="", comment="empty: the program itself"),
    Column("requested_at", Text, nullable=False),
    Column("started_at", Text, nullable=False, default=""),
    Column("ended_at", Text, nullable=False, default=""),
    Column("cancelled_by", Text, nullable=False, default="", comment="who asked; it stops when it can"),
    Index("job_ended", "ended_at"),
    sqlite_autoincrement=True,  # a page about a job must never come to show another
)
"""What a worker does beside delivery, and its history."""

rate_limit = Table(
    "rate_limit",
    metadata,
    Column("scope", Text, primary_key=True, comment="run:…, relay:…, domain:… or hold:…"),
    Column("free_at", Float, nullable=False, comment="seconds since 1970: free from then on"),
    sqlite_with_rowid=False,
)

schedule_run = Table(
    "schedule_run",
    metadata,
    Column("moment", Text, primary_key=True, comment="the weekly hour; one row, so one firing"),
    Column("issue", Text, nullable=False),
    Column("outcome", Text, nullable=False, comment="sent, or why it was held"),
    Column("at", Text, nullable=False),
    sqlite_with_rowid=False,
)

clock = Table(
    "clock",
    metadata,
    Column("place", Text, primary_key=True, comment="whose clock, as in `home`"),
    Column("first_at", Text, nullable=False, comment="since when the clock has been believed"),
    Column("last_at", Text, nullable=False, comment="when it was last believed"),
    Column("doubt_first_at", Text, nullable=False, default="", comment="what it showed when doubt began"),
    Column("doubt_last_at", Text, nullable=False, default="", comment="and last"),
    Column("doubt", Text, nullable=False, default="", comment="why it is not believed now"),
    sqlite_with_rowid=False,
)
"""Observations of the machine's clock, so that a jump is noticed after a restart too."""

scheduler_instance = Table(
    "scheduler_instance",
    metadata,
    Column("place", Text, primary_key=True, comment="a scheduler that uses this database"),
    Column("starts", Integer, nullable=False, comment="how often a scheduler began; a snapshot knows fewer"),
    Column("machine", Text, nullable=False, comment="and its folder, where it began; a copy is elsewhere"),
    sqlite_with_rowid=False,
)

delivery = Table(
    "delivery",
    metadata,
    Column("issue", Text, ForeignKey("issue.name"), primary_key=True),
    Column("subscriber", _Id, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False, comment="an Outcome"),
    Column("attempt", Integer, nullable=False),
    Column("code", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Text, nullable=False),
    Index("delivery_state", "issue", "state"),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    Column("id", Text, primary_key=True, comment="the provider's, or the mail's hash: counted once"),
    Column("source", Text, nullable=False, comment="sendgrid | mail"),
    Column("kind", Text, nullable=False, comment="what was reported"),
    Column("subscriber", _Id, nullable=False),
    Column("issue", Text, nullable=False, default=""),
    Column("code", Text, nullable=False, default="", comment="RFC 3463 status, where one was given"),
    Column("detail", Text, nullable=False, default=""),
    Column("at", Text, nullable=False, comment="when it happened"),
    Column("processed_at", Text, nullable=False, default="", index=True),
    Index("event_subscriber", "subscriber", "at"),
    sqlite_with_rowid=False,
)
"""Reports about messages after their acceptance, such as bounces and complaints."""
