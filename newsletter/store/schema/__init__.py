"""The tables. Times are UTC ISO 8601 text to the second, which both databases compare in the same way.

Not here: queries (the modules of newsletter/store), and how a table came to be (newsletter/store/migrations).
"""

from newsletter.store.schema.api import api_token
from newsletter.store.schema.base import metadata
from newsletter.store.schema.corrections import content, correction, edition_items, welcome
from newsletter.store.schema.desk import desk_session, journal, sign_in
from newsletter.store.schema.issues import (
    audience,
    calendar,
    cover,
    earlier_approval,
    edition,
    issue,
    item,
    part,
    picture,
)
from newsletter.store.schema.people import (
    confirmation_limit,
    consent,
    consent_text,
    erased,
    erasing,
    import_chunk,
    letter,
    note,
    opt_out,
    request,
    subscriber,
    subscription,
)
from newsletter.store.schema.work import (
    chunk,
    clock,
    commit_mark,
    delivery,
    event,
    job,
    notice,
    outcome_total,
    rate_limit,
    schedule_run,
    scheduler_instance,
    webhook,
)

__all__ = [
    "api_token",
    "audience",
    "calendar",
    "chunk",
    "clock",
    "commit_mark",
    "confirmation_limit",
    "consent",
    "consent_text",
    "content",
    "correction",
    "cover",
    "delivery",
    "desk_session",
    "earlier_approval",
    "edition",
    "edition_items",
    "erased",
    "erasing",
    "event",
    "import_chunk",
    "issue",
    "item",
    "job",
    "journal",
    "letter",
    "metadata",
    "note",
    "notice",
    "opt_out",
    "outcome_total",
    "part",
    "picture",
    "rate_limit",
    "request",
    "schedule_run",
    "scheduler_instance",
    "sign_in",
    "subscriber",
    "subscription",
    "webhook",
    "welcome",
]
