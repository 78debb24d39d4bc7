"""A small issue of three items, and the people who read it."""

from datetime import date

from sqlalchemy import Engine

from newsletter.store.db import writing
from newsletter.store.schema import subscriber, subscription

D = date(2025, 2, 14)
ISSUE = """subject: "Робота громад: 8 – 14 лютого 2025 року"
preheader: Форум громад, субсидії для переселенців, нові вебінари
order:
  top: [01-forum]
  social: [02-flats]
  education: [03-schools]
"""
ITEMS = {
    "01-forum": ("Форум громад", "top"),
    "02-flats": ("Житло для переселенців", "social"),
    "03-schools": ("Нові майстерні", "education"),
}
READERS = {
    "olena@konotop.example.org": "*",
    "andrii@izium.example.org": "social",
    "sofiia@nizhyn.example.org": "social",
    "ivan@berehove.example.org": "international",
}


def subscribe(engine: Engine, number: int, email: str, section: str) -> None:
    """Add one reader."""
    now = "2025-02-14T00:00:00Z"
    person = {"id": number, "email": email, "email_key": email, "status": "active", "source": "test"}
    choice = {"subscriber": number, "section": section, "state": "active", "origin": "list"}
    with writing(engine) as connection:
        connection.execute(subscriber.insert().values(**person, created_at=now, changed_at=now))
        connection.execute(subscription.insert().values(**choice, changed_at=now))
