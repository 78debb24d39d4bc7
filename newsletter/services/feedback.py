"""Bounces and complaints of one workspace: from returned mail, the bounce mailbox and provider events."""

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from newsletter.config import secret
from newsletter.errors import ConfigError
from newsletter.feedback import sendgrid
from newsletter.feedback.process import Done, process
from newsletter.store import events
from newsletter.store.db import writing

if TYPE_CHECKING:
    from newsletter.feedback.mailboxes import Imap, Mail
    from newsletter.feedback.parse import BounceReport
    from newsletter.services import Workspace


def work_on_events(context: "Workspace") -> Done:
    """Process the stored events that wait; return what was changed. Raises StoreError."""
    return process(context.database, context.now())


def process_events(context: "Workspace") -> int:
    """Process the stored events that wait; return how many they were. Raises StoreError."""
    return work_on_events(context).events


def read(context: "Workspace", mail: "Mail") -> "BounceReport":
    """Parse a returned mail."""
    from newsletter.feedback import parse

    return parse.read(mail.content, context.signer)


def keep(context: "Workspace", found: Iterable["BounceReport"]) -> int:
    """Store parsed mails as events to be processed; return how many are new. Raises StoreError."""
    now = context.now()
    with writing(context.database) as connection:
        return events.put(connection, filter(None, (one.event(now) for one in found)))


def bounce_mailbox(context: "Workspace") -> AbstractContextManager["Imap"]:
    """Return the bounce mailbox of newsletter.yaml as a context manager. Raises ConfigError."""
    from newsletter.feedback.mailboxes import Account, from_imap

    imap = context.settings.bounces.imap
    if imap is None:
        raise ConfigError(
            "newsletter.yaml names no mailbox for bounces",
            "Add `bounces: {imap: {host: mail.example.org, user: bounces@example.org}}`.",
        )
    password = secret("NEWSLETTER_IMAP_PASSWORD")
    if password is None:
        raise ConfigError(
            "NEWSLETTER_IMAP_PASSWORD is not set, and the mailbox requires a password",
            "Put the password of bounces.imap.user into that variable, or the name of a file that holds it"
            " into NEWSLETTER_IMAP_PASSWORD_FILE.",
        )
    return from_imap(
        Account(
            host=imap.host,
            port=imap.port,
            security=imap.security,
            user=imap.user,
            password=password,
            folder=imap.folder,
            processed=imap.processed,
        )
    )


def sendgrid_verifier() -> sendgrid.Verifier | None:
    """Return the verifier of SendGrid's webhook requests; None if no key is set. Raises ConfigError."""
    key = secret("SENDGRID_WEBHOOK_KEY")
    return None if key is None else sendgrid.Verifier(re.sub(r"-----[A-Z ]+-----|\s", "", key))


def keep_sendgrid_events(context: "Workspace", body: bytes) -> int:
    """Store the events of a verified request; return how many are new. Raises ValueError and StoreError."""
    found = sendgrid.read(body, context.now())
    with writing(context.database) as connection:
        return events.put(connection, found)
