"""Which item of a digest a picture belongs to, by where it stands among the rows of text."""

from collections.abc import Sequence
from typing import Protocol

from newsletter.compose.account import Placed, Role
from newsletter.compose.lines import Found, Line
from newsletter.errors import Message, Place, Problem


class Draft(Protocol):
    """An entry that is being parsed."""

    section: str
    closed: bool
    picture: Found | None


class PicturePlaces:
    """The pictures of a digest, and what becomes of each.

    A picture belongs to the item whose title or text is above it. It belongs to the next item where that
    one's title follows and the item above has ended or has a picture, or where the first picture of the
    digest stands above a title. An item has one picture.
    """

    def __init__(self, lines: Sequence[Line], name: str) -> None:
        self._name = name
        self._above = _above(lines)
        self._placed: list[list[Placed]] = [[] for _ in self._above]
        self._are_above_titles = False
        self.problems: list[Problem] = []

    def place(self, index: int, before: Draft | None, drafts: Sequence[Draft], role: Role) -> None:
        """Give away the pictures above row `index`, which has got `role`; `before` is the draft above it."""
        for line in self._above[index]:
            following = drafts[-1] if role is Role.TITLE and drafts else None
            if following and (before is None or before.section != following.section):
                self._are_above_titles = True
            belongs_below = following and (
                before is None or before.closed or before.picture or self._are_above_titles
            )
            draft = following if belongs_below else before
            self._placed[index].append(self._give(line, draft, drafts))

    def among(self, account: Sequence[Placed]) -> tuple[Placed, ...]:
        """Return the account of the rows with the pictures in their places."""
        rows = [(placed,) for placed in account] + [()]
        return tuple(
            one for pictures, row in zip(self._placed, rows, strict=True) for one in (*pictures, *row)
        )

    def _give(self, line: Line, draft: Draft | None, drafts: Sequence[Draft]) -> Placed:
        if draft is not None and draft.picture is None:
            draft.picture = line.picture
            return Placed(line=line, role=Role.PICTURE, entry=[one is draft for one in drafts].index(True))
        why = "no item stands with it" if draft is None else "its item has one"
        self.problems.append(
            Problem.warning(
                Message("left out a picture, as %(why)s: “%(text)s”", why=why, text=line.text),
                Place(self._name, line.number),
                "Put its file into the issue's folder pictures/ and name it in an item: picture: {file, alt}",
            )
        )
        return Placed(line=line, role=Role.LEFT)


def _above(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the pictures directly above each row of text, and those below the last one."""
    above: list[list[Line]] = [[]]
    for line in lines:
        if line.picture:
            above[-1].append(line)
        elif line.text:
            above.append([])
    return above
