"""Tables of work: chunks and deliveries, jobs, schedule and clock, reports about messages."""

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from newsletter.store.schema.base import Id, Words, metadata

chunk = Table(
    "chunk",
    metadata,
    Column("id", Id, primary_key=True),
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), nullable=False),
    Column("lo", Id, nullable=False, comment="first subscriber id"),
    Column("hi", Id, nullable=False, comment="last subscriber id, included"),
    Column(
        "epoch", Integer, nullable=False, default=0, comment="raised at every acquisition; fences zombies"
    ),
    Column("worker", Text, nullable=False, default=""),
    Column("lease_until", Float, nullable=False, default=0.0, comment="seconds since 1970"),
    Column(
        "inflight", JSON, nullable=False, default=list, comment="[subscriber, attempt, way] on the wire now"
    ),
    Column("done", Integer, nullable=False, default=0),
    Index("chunk_open", "issue", "done"),  # only columns that ledger commits do not change
)

commit_mark = Table(
    "commit_mark",
    metadata,
    Column("worker", Text, primary_key=True, comment="a process, by a name of its own"),
    Column("number", Id, nullable=False, comment="of its last ledger commit"),
    Column("at", Float, nullable=False, comment="seconds since 1970"),
    sqlite_with_rowid=False,
)
"""The last ledger commit of each process, by which it notices a server that has lost some."""

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False, comment="a name in services/jobs/kinds"),
    Column("key", Text, nullable=False, comment="what it is about"),
    Column("open_as", Text, unique=True, comment="kind and key, until it has ended; so one is open"),
    Column("place", Text, nullable=False, default="", comment="the folder whose files it needs; empty: none"),
    Column("arguments", JSON, nullable=False, comment="numbers, names and file names; never an address"),
    Column("state", Text, nullable=False, comment="waiting | running | done | failed | cancelled"),
    Column("free_at", Float, nullable=False, default=0.0, comment="seconds since 1970: free from then on"),
    Column("epoch", Integer, nullable=False, default=0, comment="raised at every taking; fences zombies"),
    Column("worker", Text, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0, comment="that failed, in a row"),
    Column("progress", JSON, nullable=False, default=dict, comment="done, total, words"),
    Column("result", JSON, nullable=False, default=dict),
    Column("error", Words, nullable=False, default="", comment="of the last attempt"),
    Column("requested_by", Text, nullable=False, default="", comment="empty: the program itself"),
    Column("requested_at", Text, nullable=False),
    Column("started_at", Text, nullable=False, default=""),
    Column("ended_at", Text, nullable=False, default=""),
    Column("cancelled_by", Text, nullable=False, default="", comment="who asked; it stops when it can"),
    Index("job_ended", "ended_at"),
    sqlite_autoincrement=True,  # a page about a job must never come to show another
)
"""What a worker does beside delivery, and its history."""

webhook = Table(
    "webhook",
    metadata,
    Column("name", Text, primary_key=True, comment="as in newsletter.yaml"),
    Column("failures", Integer, nullable=False, default=0, comment="in a row"),
    Column("failing_since", Float, nullable=False, default=0.0, comment="seconds since 1970; 0: it answers"),
    Column("free_at", Float, nullable=False, default=0.0, comment="seconds since 1970: told from then on"),
    Column("paused_at", Text, nullable=False, default=""),
    Column("paused_by", Text, nullable=False, default="", comment="empty: the program itself"),
    Column("reason", Words, nullable=False, default="", comment="why it is paused, or the last failure"),
    sqlite_with_rowid=False,
)
"""How it stands with each webhook, once something has failed or it was paused."""

notice = Table(
    "notice",
    metadata,
    Column("id", Id, primary_key=True),
    Column("webhook", Text, nullable=False, comment="its name in newsletter.yaml"),
    Column("message", Text, nullable=False, comment="the id by which a receiver knows repetitions"),
    Column("event", Text, nullable=False, comment="a WebhookEvent"),
    Column("reader", Id, nullable=False, comment="whom it is about; 0: nobody"),
    Column("data", JSON, nullable=False, comment="numbers, slugs and names of issues; never an address"),
    Column("at", Text, nullable=False, index=True, comment="when it happened"),
    Column("state", Text, nullable=False, comment="waiting | delivered | failed"),
    Column("due_at", Float, nullable=False, comment="seconds since 1970: tried from then on"),
    Column("since", Float, nullable=False, comment="seconds since 1970: first tried; 0: not yet"),
    Column("attempts", Integer, nullable=False),
    Column("detail", Words, nullable=False, comment="of the last failure"),
    Column("ended_at", Text, nullable=False),
    UniqueConstraint("webhook", "message"),
    Index("notice_state", "webhook", "state", "id"),
    Index("notice_reader", "reader"),
    sqlite_autoincrement=True,  # posted in their order
)
"""What webhooks are told, written in the transaction that does it."""

rate_limit = Table(
    "rate_limit",
    metadata,
    Column("scope", Text, primary_key=True, comment="run:…, relay:…, domain:… or hold:…"),
    Column("free_at", Float, nullable=False, comment="seconds since 1970: free from then on"),
    sqlite_with_rowid=False,
)

way = Table(
    "way",
    metadata,
    Column("name", Text, primary_key=True),
    Column("out_until", Float, nullable=False, comment="seconds since 1970; then it is tried again"),
    Column("reason", Words, nullable=False, comment="why it is out"),
    Column("failures", Integer, nullable=False, comment="in a row"),
    sqlite_with_rowid=False,
)
"""The ways out that have failed, until one of their messages is accepted again."""

way_day = Table(
    "way_day",
    metadata,
    Column("way", Text, primary_key=True),
    Column("day", Text, primary_key=True, comment="UTC"),
    Column("taken", Integer, nullable=False, comment="messages that workers have taken to send that day"),
    sqlite_with_rowid=False,
)
"""How much of a way's messages a day has been used."""

schedule_run = Table(
    "schedule_run",
    metadata,
    Column("moment", Text, primary_key=True, comment="the weekly hour; one row, so one firing"),
    Column("issue", Text, nullable=False),
    Column("outcome", Words, nullable=False, comment="sent, or why it was held"),
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
    Column("doubt", Words, nullable=False, default="", comment="why it is not believed now"),
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
    Column("subscriber", Id, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False, comment="an Outcome"),
    Column("attempt", Integer, nullable=False),
    Column("code", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("way", Text, nullable=False, default="", comment="by which it left, or was tried last"),
    Index("delivery_state", "issue", "state"),
    sqlite_with_rowid=False,
)

outcome_total = Table(
    "outcome_total",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("outcome", Text, primary_key=True, comment="an Outcome"),
    Column("number", Integer, nullable=False, comment="of deliveries, which have been deleted since"),
    sqlite_with_rowid=False,
)
"""What stays of deliveries that were deleted for their age."""

event = Table(
    "event",
    metadata,
    Column("id", Text, primary_key=True, comment="the provider's, or the mail's hash: counted once"),
    Column("source", Text, nullable=False, comment="sendgrid | mail"),
    Column("kind", Text, nullable=False, comment="what was reported"),
    Column("subscriber", Id, nullable=False),
    Column("issue", Text, nullable=False, default=""),
    Column("code", Text, nullable=False, default="", comment="RFC 3463 status, where one was given"),
    Column("detail", Text, nullable=False, default=""),
    Column("at", Text, nullable=False, comment="when it happened"),
    Column("processed_at", Text, nullable=False, default="", index=True),
    Index("event_subscriber", "subscriber", "at"),
    sqlite_with_rowid=False,
)
"""Reports about messages after their acceptance, such as bounces and complaints."""
