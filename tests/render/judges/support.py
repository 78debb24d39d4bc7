"""How many mail programs know what a mail uses of HTML and CSS, counted as Mailpit does.

The share of programs that do not know a feature weighs as much as the share of the elements that have it, and
the worst feature is the score's.
"""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from newsletter.checks.clients import Feature, Knows, tables, used


@dataclass(frozen=True, slots=True)
class Support:
    """The shares of programs, of 1, that know a feature in part and not at all."""

    partly: float
    never: float


class Judge:
    """Scores mails; `unused` are notes on what we do not write, by feature: only lacking that is no lack."""

    def __init__(self, unused: Mapping[str, AbstractSet[str]]) -> None:
        self._unused = unused

    def support(self, name: str) -> Support:
        """Return how many mail programs know the feature `name`."""
        feature = tables().features[name]
        told = Counter(self._verdict(feature, program) for program in feature.known)
        known = told[Knows.ALL] + told[Knows.PART] + told[Knows.NOTHING] or 1
        return Support(partly=told[Knows.PART] / known, never=told[Knows.NOTHING] / known)

    def _verdict(self, feature: Feature, program: str) -> Knows:
        fine = feature.notes[program] <= self._unused.get(feature.slug, set())
        return Knows.ALL if feature.known[program] is Knows.PART and fine else feature.known[program]

    def score(self, html: str) -> tuple[float, str]:
        """Return the percentage of a mail that every program shows as meant, and the two worst features."""
        counts, elements = used(html)
        shares = {name: min(count / elements, 1) for name, count in counts.items()}
        partly = max((self.support(name).partly * share, name) for name, share in shares.items())
        never = max((self.support(name).never * share, name) for name, share in shares.items())
        return 100 * (1 - partly[0] - never[0]), f"{partly[1]}, {never[1]}"
