"""The header of an issue's pages: its period, its state, its steps, and the weeks beside it."""

from datetime import date
from pathlib import Path

from flask import g, url_for

from newsletter.compose.issuefile import closings
from newsletter.model import IssueState
from newsletter.render.values import Data, plain
from newsletter.services.approval import EMPTY, MISSING, VOID, Standing, standing
from newsletter.services.schedule import leaves_at
from newsletter.web.desk.access import may, workspace

_BEGUN = (IssueState.SENDING, IssueState.SENT, IssueState.PAUSED, IssueState.CANCELLED)
_TONES = {
    IssueState.APPROVED: "success",
    IssueState.SENDING: "success",
    IssueState.SENT: "success",
    IssueState.PAUSED: "warning",
    IssueState.CANCELLED: "error",
    VOID: "warning",
}


def issue_header(closing: date) -> Data:
    """Return what `issue_header.html` shows; a page of an issue passes it to its template as `header`.

    `state` is an IssueState, or EMPTY, MISSING, VOID of newsletter/services/approval.py.
    """
    press = workspace()
    stands = how_it_stands(closing)
    days = closings(press.root)
    return Data(
        closing=closing,
        period=plain(press.settings.period(closing)),
        previous=_board(max((day for day in days if day < closing), default=None)),
        next=_board(min((day for day in days if day > closing), default=None)),
        state=stands.state,
        tone=_TONES.get(stands.state, ""),
        approved_by=stands.by,
        leaves_at=leaves_at(press, closing),
        steps=_steps(press.root, closing, stands.state),
    )


def how_it_stands(closing: date) -> Standing:
    """Return the state of an issue's approval, asked for once in a request."""
    kept: dict[date, Standing] = g.setdefault("standing", {})
    if closing not in kept:
        kept[closing] = standing(workspace(), closing)
    return kept[closing]


def _steps(root: Path, closing: date, state: str) -> tuple[Data, ...]:
    """Return the four steps of a week, each done, current or to come, with the page where it is done."""
    items = sum(1 for _ in (root / "issues" / closing.isoformat()).glob("items/*.md"))
    approved = state not in (EMPTY, MISSING, VOID)
    done = (items > 0, approved, approved, state in _BEGUN and state != IssueState.SENDING)
    current = done.index(False) if False in done else -1
    pages = ("board.show", "check.show", "send.show", "send.show")
    return tuple(
        Data(
            name=name,
            items=items,
            done=done[place],
            current=place == current,
            address=url_for(page, closing=closing) if may(page) else "",
        )
        for place, (name, page) in enumerate(zip(("collect", "check", "approve", "send"), pages, strict=True))
    )


def _board(closing: date | None) -> str:
    """Return the address of an issue's first page, empty when there is none."""
    return url_for("board.show", closing=closing) if closing and may("board.show") else ""
