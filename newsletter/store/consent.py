"""Consent: which words a reader agreed to, where, when, and when they confirmed it by mail."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from newsletter.links import Signer
from newsletter.store.db import timestamp, upsert
from newsletter.store.erasure import readmit
from newsletter.store.requests import Request
from newsletter.store.schema import consent, consent_text


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a consent; `version` tells them from earlier ones."""

    version: str
    language: str
    text: str


def keep(connection: Connection, wording: Wording, now: datetime) -> None:
    """Keep the words that a form shows, so that it can be proved later what was agreed to."""
    connection.execute(
        upsert(connection, consent_text).on_conflict_do_nothing(),
        {
            "version": wording.version,
            "language": wording.language,
            "text": wording.text,
            "since": timestamp(now),
        },
    )


def record(connection: Connection, number: int, asked: Request, signer: Signer) -> None:
    """Record that subscriber `number` consented as they `asked` and confirmed.

    That ends what an erasure of the address left: lists may name it again.
    """
    readmit(connection, asked.email, signer)
    connection.execute(
        insert(consent).values(
            subscriber=number,
            at=asked.requested_at,
            confirmed_at=asked.confirmed_at,
            source=asked.source,
            version=asked.consent,
            ip=asked.ip,
        )
    )
