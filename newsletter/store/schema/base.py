"""What all tables share: their metadata, and the type of numbers that a database gives."""

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData()

Id = BigInteger().with_variant(Integer, "sqlite")  # on SQLite only INTEGER becomes the rowid
