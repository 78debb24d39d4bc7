"""Bounces and complaints of one workspace: from returned mail, the bounce mailbox and provider events."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from newsletter.config.secrets import secret, secrets_of
from newsletter.errors import ConfigError
from newsletter.feedback import Provider, ProviderEvents
from newsletter.feedback.process import Done, process
from newsletter.registry import PROVIDERS
from newsletter.store import events
from newsletter.store.db import writing
from newsletter.store.events import Event, Kind

if TYPE_CHECKING:
    from newsletter.feedback.mailboxes import Imap, Mail, Source
    from newsletter.feedback.parse import BounceReport
    from newsletter.services import Workspace

_BATCH = 100
_NO_PROOF = "without our return path or our header for reports: stored, but it has no effect"


def work_on_events(workspace: "Workspace") -> Done:
    """Process the stored events that wait; return what was changed. Raises StoreError."""
    return process(workspace.database, workspace.now())


def process_events(workspace: "Workspace") -> int:
    """Process the stored events that wait; return how many they were. Raises StoreError."""
    return work_on_events(workspace).events


@dataclass(slots=True)
class Tally:
    """Counts of returned mails that were read, and of their effects on readers.

    `unreadable` and `unverified` name mails, with the reason: those have no effect.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)
    unverified: dict[str, str] = field(default_factory=dict)
    new: int = 0
    suppressed: int = 0
    left: int = 0


def process_mails(
    workspace: "Workspace",
    mails: "Source",
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda _done: None,
) -> Tally:
    """Read returned mails and apply what they report; a dry run only reads. Raises StoreError.

    Events are stored in batches; a stored batch is then settled in its mailbox, so that a mail is read again
    after a crash rather than lost. A mail that was processed before changes nothing.
    """
    tally, rest = Tally(), iter(mails)
    while batch := {mail.name: read(workspace, mail) for mail in islice(rest, _BATCH)}:
        tally.kinds.update(one.kind if one.proven else Kind.UNVERIFIED for one in batch.values())
        unreadable = {name: one.detail for name, one in batch.items() if one.kind is Kind.UNREADABLE}
        tally.unreadable |= unreadable
        tally.unverified |= {name: f"{one.kind} {_NO_PROOF}" for name, one in batch.items() if not one.proven}
        if not dry_run:
            tally.new += keep(workspace, batch.values())
            mails.settle([name for name in batch if name not in unreadable], list(unreadable))
        progress(tally.kinds.total())
    if not dry_run:
        done = work_on_events(workspace)
        tally.suppressed, tally.left = done.suppressed, done.left
    return tally


def read(workspace: "Workspace", mail: "Mail") -> "BounceReport":
    """Parse a returned mail."""
    from newsletter.feedback import parse

    return parse.read(mail.content, workspace.signer)


def keep(workspace: "Workspace", found: Iterable["BounceReport"]) -> int:
    """Store parsed mails as events to be processed; return how many are new. Raises StoreError."""
    now = workspace.now()
    with writing(workspace.database) as connection:
        return events.put(connection, filter(None, (one.event(now) for one in found)))


def bounce_mailbox(workspace: "Workspace") -> AbstractContextManager["Imap"]:
    """Return the bounce mailbox of newsletter.yaml as a workspace manager. Raises ConfigError."""
    from newsletter.feedback.mailboxes import Account, from_imap

    imap = workspace.settings.bounces.imap
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


def provider_events(workspace: "Workspace", provider: str) -> ProviderEvents | None:
    """Return how to read what a provider, or the provider of a way, reports; None while no key is set.

    Raises ConfigError.
    """
    key = _key(workspace, provider)
    if key is None:
        return None
    return _provider(workspace.settings.way(provider)[0]).events(key, workspace.now())


def read_provider_keys(workspace: "Workspace") -> None:
    """Read the key of every provider that has one. Raises ConfigError when it cannot be read."""
    for name in (*PROVIDERS, *workspace.settings.ways):
        _key(workspace, name)


def _key(workspace: "Workspace", provider: str) -> str | None:
    name = workspace.settings.way(provider)[0]
    if name not in PROVIDERS:
        return None
    with secrets_of(provider if provider != name else ""):
        return _provider(name).key()


def _provider(name: str) -> Provider:
    description: Provider = resolve_name(PROVIDERS[name])
    return description


def keep_events(workspace: "Workspace", found: Iterable[Event]) -> int:
    """Keep a provider's events, to be processed later; return how many are new. Raises StoreError."""
    with writing(workspace.database) as connection:
        return events.put(connection, found)
