"""All data stored about one subscriber: choices, consents, requests, letters, deliveries and events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from newsletter.store import members
from newsletter.store.people import Record, find, key
from newsletter.store.schema import (
    consent,
    consent_text,
    delivery,
    event,
    issue,
    letter,
    notice,
    request,
    subscription,
)

Facts = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberData:
    """A subscriber, the date of each choice, and all their records in order of time.

    `external_id` is their number in the association's register. Consents include the text agreed to;
    deliveries and events name their issue; letters are opt-in and service mails; notices are what webhooks
    were told.
    """

    person: Record
    external_id: str
    since: Mapping[str, str]
    consents: Facts
    requests: Facts
    letters: Facts
    deliveries: Facts
    events: Facts
    notices: Facts

    def data(self) -> dict[str, Any]:
        """Return all of it as a dictionary of plain JSON values."""
        person = self.person
        return {
            "email": person.email,
            "name": person.name,
            "language": person.language,
            "attributes": person.attributes,
            "status": person.status,
            "reason": person.reason,
            "source": person.source,
            "created_at": person.created_at,
            "external_id": self.external_id,
            "choices": [
                {"section": section, **person.choices[section]._asdict(), "since": since}
                for section, since in self.since.items()
            ],
            "consents": self.consents,
            "requests": self.requests,
            "letters": self.letters,
            "deliveries": self.deliveries,
            "events": self.events,
            "webhooks": self.notices,
        }


def subscriber_data(connection: Connection, email: str) -> SubscriberData | None:
    """Return all data of the subscriber with this address, or None."""
    person = find(connection, email)
    if person is None:
        return None
    since = connection.execute(
        select(subscription.c.section, subscription.c.changed_at)
        .where(subscription.c.subscriber == person.id)
        .order_by(subscription.c.section)
    )
    given = (consent.c.at, consent.c.confirmed_at, consent.c.source, consent.c.version)
    sent = [delivery.c[column] for column in ("issue", "state", "attempt", "code", "detail", "way")]
    return SubscriberData(
        person=person,
        external_id=members.of(connection, [person.id]).get(person.id, ""),
        since=dict(since.all()),
        consents=_facts(
            connection,
            select(*given, consent_text.c.language, consent_text.c.text)
            .join(consent_text)
            .where(consent.c.subscriber == person.id)
            .order_by(consent.c.at),
        ),
        requests=asked(connection, email, person.id),
        letters=_facts(
            connection,
            select(letter.c.kind, letter.c.created_at, letter.c.sent_at, letter.c.tries, letter.c.detail)
            .where(letter.c.email_key == key(email))
            .order_by(letter.c.created_at),
        ),
        deliveries=_facts(
            connection,
            select(*sent, delivery.c.at)
            .where(delivery.c.issue.in_(select(issue.c.name)), delivery.c.subscriber == person.id)
            .order_by(delivery.c.issue),
        ),
        events=_facts(
            connection,
            select(event.c.issue, event.c.kind, event.c.source, event.c.code, event.c.detail, event.c.at)
            .where(event.c.subscriber == person.id)
            .order_by(event.c.at),
        ),
        notices=_facts(
            connection,
            select(notice.c.webhook, notice.c.event, notice.c.data, notice.c.at, notice.c.state)
            .where(notice.c.reader == person.id)
            .order_by(notice.c.id),
        ),
    )


def asked(connection: Connection, email: str, number: int = 0) -> Facts:
    """Return all stored requests, confirmed or not, of this address or subscriber `number`."""
    return _facts(
        connection,
        select(
            request.c.kind,
            request.c.email,
            request.c.details,
            request.c.source,
            request.c.requested_at,
            request.c.agreed_at,
            request.c.confirmed_at,
        )
        .where((request.c.email_key == key(email)) | (request.c.subscriber == number))
        .order_by(request.c.requested_at),
    )


def _facts(connection: Connection, query: Select[Any]) -> Facts:
    return [dict(row) for row in connection.execute(query).mappings()]
