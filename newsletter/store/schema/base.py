"""What all tables share: their metadata, and the type of numbers that a database gives."""

from typing import Any

from sqlalchemy import BigInteger, Integer, MetaData, Text, TypeDecorator

from newsletter.errors import Message
from newsletter.packed import packed, unpacked

metadata = MetaData()

Id = BigInteger().with_variant(Integer, "sqlite")  # on SQLite only INTEGER becomes the rowid


class Words(TypeDecorator[Message]):
    """Text that the program says to people: a message, which can be said in any language when it is read."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Return a message as it is stored."""
        del dialect
        return None if value is None else packed(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Message | None:
        """Return a stored message."""
        del dialect
        return None if value is None else unpacked(value)
