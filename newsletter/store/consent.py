"""Consent records: the text a reader agreed to, where and when, and when they confirmed it by mail."""

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
    """The text of a consent; `version` distinguishes it from earlier texts."""

    version: str
    language: str
    text: str


def keep(connection: Connection, wording: Wording, now: datetime) -> None:
    """Store the text that a form shows, so that it can be proved later what was agreed to."""
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
    """Record the consent of subscriber `number`, from their confirmed request.

    It also removes the address's erasure mark and opt-outs: lists may name it again.
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
