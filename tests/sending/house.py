"""A small issue and its readers in a real database, for tests of sending."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from sqlalchemy import Connection, Engine, insert, select, text

from newsletter.errors import Place
from newsletter.links import Signer
from newsletter.model import (
    Block,
    Edition,
    Envelope,
    Issue,
    Item,
    Outcome,
    Period,
    Rendered,
    Section,
)
from newsletter.ports import Transport
from newsletter.recipes import Separate
from newsletter.render.edition import Editions
from newsletter.sending.deliver import Run
from newsletter.sending.freeze import Approval, freeze
from newsletter.sending.ways import Ways
from newsletter.sending.work import Plan
from newsletter.sending.writers import Writers
from newsletter.slots import EMAIL, PREFERENCES, UNSUBSCRIBE, VIEW, slot
from newsletter.store import deliveries, issues
from newsletter.store import editions as frozen_editions
from newsletter.store.db import reading, writing
from newsletter.store.issues import Frozen
from newsletter.store.people import readers
from newsletter.store.schema import delivery, subscriber, subscription

NAME = "2025-02-14"
NOW = datetime(2025, 2, 14, 14, 0, tzinfo=UTC)
SIGNER = Signer(b"0123456789abcdef")
SOURCES = {"newsletter.yaml": "0" * 64}
SHARED = Envelope(
    issue=NAME,
    from_name="Асоціація міст України",
    from_address="digest@news.example.org",
    reply_to="office@news.example.org",
    list_id="digest.news.example.org",
    base_url="https://news.example.org",
)


def issue(*, always: bool = True) -> Issue:
    """Return an issue of two items: one for everyone (or only `top`), one in `social`."""
    blocks = [
        Block(
            section=Section(slug=slug, title=slug.title(), always=always and slug == "top"),
            items=(Item(id=slug, title=f"Новина {slug}", sections=(slug,), at=Place(f"items/{slug}.md", 1)),),
        )
        for slug in ("top", "social")
    ]
    period = Period(start=date(2025, 2, 8), end=date(2025, 2, 14))
    return Issue(period=period, subject="Дайджест", blocks=tuple(blocks), at=Place("issue.yaml", 1))


def page(edition: Edition) -> Rendered:
    """Return something like a rendered edition, with every slot."""
    slots = " ".join(slot(name) for name in (EMAIL, PREFERENCES, UNSUBSCRIBE, VIEW))
    words = " ".join(item.title for item in edition.items)
    html, text = f"<p>{words}</p><p>{slots}</p>", f"{words}\n{slots}\n"
    pictures = tuple(i.picture.image for i in edition.items if i.picture and i.picture.image)
    html += "".join(f'<img src="cid:{image.cid}">' for image in pictures)
    return Rendered(
        edition=edition.key,
        subject="Дайджест",
        html=html,
        text=text,
        pictures=pictures,
        sha256=sha256((html + text).encode()).hexdigest(),
    )


def people(engine: Engine, number: int, *, sections: Iterable[str] = ("*",), first: int = 1) -> None:
    """Subscribe reader1@… to readerN@… to `sections`."""
    numbers = range(first, first + number)
    common = {"status": "active", "source": "test", "created_at": "", "changed_at": ""}
    chosen = {"state": "active", "origin": "list", "changed_at": ""}
    with writing(engine) as connection:
        connection.execute(
            insert(subscriber),
            [
                {"id": n, "email": address(n), "email_key": address(n), "name": f"Читач {n}", **common}
                for n in numbers
            ],
        )
        connection.execute(
            insert(subscription),
            [{"subscriber": n, "section": section, **chosen} for n in numbers for section in sections],
        )
        if engine.dialect.name == "postgresql":  # so that people who come later get other numbers
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence('subscriber', 'id'), max(id)) FROM subscriber")
            )


def address(number: int) -> str:
    """Return the address of a reader."""
    return f"reader{number}@city.example.org"


def frozen_pages(connection: Connection, name: str = NAME) -> dict[str, Rendered]:
    """Return the editions of a frozen issue as whole texts, by key."""
    stock, keys = frozen_editions.stock(connection, name), frozen_editions.keys(connection, name)
    recipes = frozen_editions.recipes(connection, name, keys)
    return {key: stock.assembled(key, recipe).page for key, recipe in sorted(recipes.items())}


def approve(engine: Engine, one: Issue | None = None, *, errors: int = 0) -> Frozen:
    """Render and freeze the issue for the readers that are there."""
    editions = Editions(one or issue())
    with reading(engine) as connection:
        tally, _ = editions.tally(readers(connection))
    shown = [edition for edition, _ in tally]
    pages = Separate([page(edition) for edition in shown], shown)
    approval = Approval(by="Олена", at=NOW, sources=SOURCES, errors=errors)
    return freeze(engine, editions, pages, SHARED, approval)


def run(  # noqa: PLR0913  what a run may be made of
    engine: Engine,
    transport: Transport,
    *,
    worker: str = "test",
    later: timedelta = timedelta(),
    rates: Mapping[str, float] = MappingProxyType({}),
    ways: Ways | None = None,
) -> Run:
    """Begin the sending of the frozen issue and return a worker's run of it, whose clock is `later`."""
    begun = datetime.now(UTC)
    with writing(engine) as connection:
        frozen = issues.begin(connection, NAME, transport.name, begun)
    return Run(
        Plan(
            engine=engine,
            name=NAME,
            writers=Writers(engine, frozen.envelope, SIGNER),
            ways=ways or Ways.only(transport),
            worker=worker,
            clock=lambda: datetime.now(UTC) + later,
            begun_at=begun,
            progress=lambda _done: None,
            rates=rates,
        )
    )


def send(engine: Engine, transport: Transport, *, later: timedelta = timedelta()) -> None:
    """Deliver until there is nothing left to do now."""
    asyncio.run(run(engine, transport, later=later).deliver())


def outcomes(engine: Engine) -> dict[str, int]:
    """Return how many deliveries have each outcome, none left out that is not zero."""
    with reading(engine) as connection:
        return {outcome.value: n for outcome, n in deliveries.counts(connection, NAME).items() if n}


def outcome(engine: Engine, number: int) -> Outcome | None:
    """Return what became of a reader's delivery."""
    with reading(engine) as connection:
        found = connection.execute(
            select(delivery.c.state).where(delivery.c.subscriber == number)
        ).scalar_one_or_none()
    return Outcome(found) if found else None


def state(engine: Engine) -> str:
    """Return the state of the issue."""
    with reading(engine) as connection:
        return issues.get(connection, NAME).state.value
