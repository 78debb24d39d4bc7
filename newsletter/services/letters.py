"""Send the letters that pages have queued: write each, hand it to the transport, record the answer."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from newsletter.audience import handover, moving, optin, stepup
from newsletter.links import Purpose
from newsletter.model import Message, Outcome, Rendered
from newsletter.recipes import fingerprint
from newsletter.redaction import masked
from newsletter.render.letter import LINK, OTHER, Letters
from newsletter.sending.transactional import Batch, compose, send
from newsletter.services import theme_folders
from newsletter.slots import EMAIL
from newsletter.store import letters, people, requests, sign_ins
from newsletter.store.db import reading, writing
from newsletter.store.letters import Letter
from newsletter.store.requests import Kind, Request
from newsletter.store.ways import outs

if TYPE_CHECKING:
    from newsletter.sending.ways import Ways
    from newsletter.services import Workspace

_LINKS = dict.fromkeys((optin.LETTER, moving.CONFIRMS, handover.CONFIRMS), (Purpose.CONFIRM, "confirm"))
_LINKS |= {kind.value: (purpose, f"mine/{purpose}") for kind, purpose in stepup.PURPOSES.items()}
_LINKS |= {Kind.LINK.value: (Purpose.PREFERENCES, "preferences")}
"""The purpose of the link in each kind of letter, and the page that it opens."""
_LAST = {Outcome.ACCEPTED, Outcome.REFUSED}
"""Outcomes that are not retried. A lost answer is: two letters are better than none."""


def send_letters(workspace: "Workspace") -> int:
    """Send a batch of the letters that are due; return how many the transport accepted.

    Raises TransportUnavailable when nothing can be sent now: then they stay due.
    """
    now = workspace.now()
    with reading(workspace.database) as connection:
        if not letters.due(connection, now):
            return 0
        failed = [name for name, out in outs(connection).items() if out.until > now.timestamp()]
    ways = workspace.ways(workspace.settings.transport, now.date(), folder="letters")
    return asyncio.run(_send(workspace, ways.after(failed)))


async def _send(workspace: "Workspace", ways: "Ways") -> int:
    works = await ways.check()
    with writing(workspace.database) as connection:
        taken = letters.take(connection, workspace.now())
        written = {one.id: message for one in taken if (message := _write(workspace, connection, one))}
        letters.drop(connection, [one.id for one in taken if one.id not in written])
    batch = Batch(written.values())
    try:
        await send(ways, batch, works)
    finally:
        _settle(workspace, [one for one in taken if one.id in written], batch)
    return sum(receipt.outcome is Outcome.ACCEPTED for receipt in batch.receipts.values())


def _settle(workspace: "Workspace", taken: Sequence[Letter], batch: Batch) -> None:
    """Record the outcome of each letter; one that was not tried is due again."""
    now = workspace.now()
    log = logging.getLogger(__name__)
    with writing(workspace.database) as connection:
        letters.put_back(connection, [one.id for one in taken if one.id not in batch.receipts], now)
        for one in taken:
            if receipt := batch.receipts.get(one.id):
                detail = f"{receipt.code} {receipt.detail}" if receipt.code else receipt.detail
                letters.settle(connection, one.id, detail, now, done=receipt.outcome in _LAST)
                log.info("letter %d (%s) to %s: %s", one.id, one.kind, masked(one.email), receipt.outcome)


def _write(workspace: "Workspace", connection: Connection, one: Letter) -> Message | None:
    """Return the letter as a message, or None when its request is settled, or too old."""
    if one.kind == letters.NOTE:
        return _write_note(workspace, connection, one)
    if one.kind == letters.SIGN_IN:
        return _write_sign_in(workspace, connection, one)
    asked = requests.find(connection, one.request or 0, workspace.now())
    if asked is None or asked.confirmed_at or one.kind not in _LINKS:
        return None
    purpose, page = _LINKS[one.kind]
    day = date.fromisoformat(asked.requested_at[:10])
    signer = workspace.signer
    subject = asked.subscriber if purpose is Purpose.PREFERENCES else asked.id
    token = signer.token(purpose, subject or 0, day)
    identity = signer.token(Purpose.MESSAGE, asked.id, day)
    return _compose(workspace, one, identity, f"{page}/{token}", _other(connection, asked, one.kind))


def _write_sign_in(workspace: "Workspace", connection: Connection, one: Letter) -> Message | None:
    """Return the letter with a link to sign in, or None when that was used already or is too old."""
    asked = sign_ins.of_letter(connection, one.id, workspace.now())
    if asked is None:
        return None
    token = workspace.signer.token(Purpose.SIGN_IN, asked.id, date.fromisoformat(asked.created_at[:10]))
    identity = workspace.signer.token(Purpose.MESSAGE, one.id, date.fromisoformat(asked.created_at[:10]))
    return _compose(workspace, one, identity, f"desk/sign-in/{token}", "")


def _compose(workspace: "Workspace", one: Letter, identity: str, page: str, other: str) -> Message:
    """Return a letter as a message whose link opens `page`; `identity` makes its Message-ID."""
    shared = workspace.settings.envelope("")
    return compose(
        _pages(workspace).page(one.kind, one.language),
        shared,
        workspace.dkim,
        number=one.id,
        to=one.email,
        message_id=f"<{one.kind}.{identity}@{shared.domain}>",
        now=workspace.now(),
        values={
            EMAIL: one.email,
            LINK: f"{shared.base_url}/{page}?lang={one.language}",
            OTHER: other,
        },
    )


def _write_note(workspace: "Workspace", connection: Connection, one: Letter) -> Message | None:
    """Return a note to an editor as a message, with the same Message-ID at every try."""
    words = letters.note_words(connection, one.id)
    if words is None:
        return None
    subject, text = words
    html = f"<pre>{escape(text)}</pre>"
    digest = fingerprint(f"{one.id} {one.email}", subject, text)
    page = Rendered(edition=one.kind, subject=subject, html=html, text=text, sha256=digest)
    shared = workspace.settings.envelope("")
    return compose(
        page,
        shared,
        workspace.dkim,
        number=one.id,
        to=one.email,
        message_id=f"<{one.kind}.{digest[:24]}@{shared.domain}>",
        now=workspace.now(),
        values={},
    )


def _other(connection: Connection, asked: Request, kind: str) -> str:
    """Return the address that a letter mentions; a successor sees the holder's only masked."""
    if kind == handover.CONFIRMS:
        holder = people.get(connection, asked.subscriber or 0)
        return masked(holder.email) if holder else ""
    return asked.email


@lru_cache(maxsize=1)
def _pages(workspace: "Workspace") -> Letters:
    return Letters(workspace.settings, theme_folders(workspace.root), workspace.logo)
