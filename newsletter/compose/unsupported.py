"""Report source content that items do not support, by line: hidden and struck words, comments, pictures."""

from newsletter.errors import Message, Place, Problem

_LONGEST = 200
_HINTS = {
    "hidden words": "The source hides them from readers; if they belong to the item, show them there.",
    "struck words": "They are struck out in the source; if they are valid, remove the line through them.",
    "a comment": "Comments are for the authors; write what readers should know into the text.",
    "the link": "An item's links begin with https://; give the page's own address.",
}
_HINT = "Items are text, links, lists and tables; put it on the page that the link leads to."


class Leavings:
    """Collects what an import leaves out; things of one kind on one line become one problem."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], list[str]] = {}
        self._pictures: list[int] = []

    def add(self, what: str, words: str, line: int) -> None:
        """Record that `words` of the kind `what` were left out at `line`."""
        said = " ".join(words.split())
        if said or what.startswith("<"):
            self._found.setdefault((line, what), []).append(said)

    def picture(self, line: int) -> None:
        """Record a picture."""
        self._pictures.append(line)

    def problems(self, name: str) -> list[Problem]:
        """Return a warning for each line of the file `name`, and one with the number of pictures."""
        found = [
            Problem.warning(
                Message(
                    "left out %(what)s: “%(words)s”" if any(said) else "left out %(what)s",
                    what=Message(what),
                    words=_short(" ".join(filter(None, said))),
                ),
                Place(name, line),
                _HINTS.get(what, _HINT),
            )
            for (line, what), said in self._found.items()
        ]
        if count := len(self._pictures):
            found.append(
                Problem.warning(
                    Message("left out %(count)s pictures", count=count)
                    if count > 1
                    else "left out a picture",
                    Place(name, self._pictures[0]),
                    "Save it into the issue's folder pictures/ and name it in an item: picture: {file, alt}.",
                )
            )
        return sorted(found, key=lambda problem: problem.at or Place(name))


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
