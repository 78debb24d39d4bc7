"""Full-text search over the items of the archive: SQLite's FTS5, or PostgreSQL's text search."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnClause,
    Connection,
    Function,
    Select,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects import postgresql  # noqa: F401  only then can func.to_tsquery become SQL

from newsletter.store.archive import PUBLISHED, PublicItem, public_items
from newsletter.store.schema import issue, item
from newsletter.store.search_terms import Word

MOST = 1000
"""The most items that are ranked; where more match, only the newest."""


def _best(found: CTE) -> Select[Any]:
    """Return the statement for one page of the matches `found`, the best first, each row with the total."""
    return (
        select(found.c.id, func.count().over().label("total"))
        .join(item, item.c.id == found.c.id)
        .join(issue, issue.c.name == item.c.issue)
        .where(PUBLISHED)
        .order_by(found.c.rank, item.c.issue.desc(), item.c.number)
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )


# Each of the two queries returns item numbers and ranks; a lower rank is better.
_ON_SQLITE = _best(
    select(column("rowid").label("id"), literal_column("bm25(item_search, 8.0, 1.0)").label("rank"))
    .select_from(table("item_search"))
    .where(text("item_search MATCH :words"))
    .order_by(column("rowid").desc())
    .limit(MOST)
    .cte("found")
    .prefix_with("MATERIALIZED")  # FTS5 can rank only inside its own SELECT
)
_SIMPLE: ColumnClause[Any] = literal_column("'simple'::regconfig")
_ASKED: Function[Any] = func.to_tsquery(_SIMPLE, bindparam("words"))
_WEIGHED: ColumnClause[Any] = literal_column(
    "setweight(to_tsvector('simple', title), 'A') || to_tsvector('simple', text)"
)
_ON_POSTGRES = _best(
    select(item.c.id, (-func.ts_rank(_WEIGHED, _ASKED)).label("rank"))
    .where(
        literal_column("to_tsvector('simple', title || ' ' || text)").bool_op("@@")(  # same as the index
            # Also the unchanged query: PostgreSQL splits words like 24.02 and COVID-19 in its own way.
            _ASKED.op("||")(func.plainto_tsquery(_SIMPLE, bindparam("query")))
        )
    )
    .order_by(item.c.id.desc())
    .limit(MOST)
    .cte("found")
)
_ITEMS = select(item).where(item.c.id.in_(bindparam("places", expanding=True)))


def search(
    connection: Connection, words: Sequence[Word], query: str, *, limit: int, offset: int = 0
) -> tuple[list[PublicItem], int]:
    """Return a page of the items that contain all `words` of `query`, the best first, and the total.

    The total is at most MOST. Among equally good items the newer comes first. No words, no results.
    """
    if not words:
        return [], 0
    given: dict[str, Any] = {"limit": limit, "offset": offset}
    if connection.dialect.name == "sqlite":
        listed = connection.execute(_ON_SQLITE, given | {"words": " AND ".join(map(_fts5, words))}).all()
    else:
        asked = {"words": " & ".join(map(_tsquery, words)), "query": query}
        listed = connection.execute(_ON_POSTGRES, given | asked).all()
    places: dict[Any, int] = {row.id: place for place, row in enumerate(listed)}
    rows = connection.execute(_ITEMS, {"places": list(places)}).mappings()
    shown = public_items(connection, sorted(rows, key=lambda row: places[row["id"]]))
    return shown, listed[0].total if listed else 0


def _fts5(word: Word) -> str:
    """Return `word` in FTS5's query language, quoted; words contain no quotes (SQLite: FTS5 §3.1)."""
    star = "*" if word.prefix else ""
    spelled = [f'"{" ".join(parts)}"{star}' for parts in word.spellings]
    return f"({' OR '.join(spelled)})"


def _tsquery(word: Word) -> str:
    """Return `word` in PostgreSQL's query language, each part quoted (PostgreSQL: 8.11.2)."""
    star = ":*" if word.prefix else ""
    spelled = [" <-> ".join(f"'{part}'" for part in parts) + star for parts in word.spellings]
    return f"({' | '.join(spelled)})"
