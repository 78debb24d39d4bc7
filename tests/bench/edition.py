"""Milliseconds of processor to render one edition of the sample, warm, beside MJML's compiler alone.

Warm: the theme is read, and the texts of items are converted, as for every edition of an issue but the first.
"""

import argparse
import time
from collections.abc import Callable
from datetime import date
from statistics import median

from mjml import mjml2html

from tests.sample import sample


def main() -> None:
    """Render in turns with the compiler; print the medians and their ratio."""
    parser = argparse.ArgumentParser(prog="scripts/bench edition", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with sample() as workspace:
        proof = workspace.proof(date(2025, 2, 14))
        edition, renderer = proof.tally[0][0] if proof.tally else proof.editions.whole(), workspace.renderer
        if edition is None:
            raise SystemExit("the sample has no edition")
        page = renderer.render(proof.issue, edition)
        values = renderer.values(proof.issue, edition) | {"subject": page.subject}
        marked, _ = renderer._templates.html("issue.mjml", values)  # noqa: SLF001  what the compiler gets
        ours, floor = [], []
        for _ in range(rounds):
            ours.append(_spent(lambda: renderer.render(proof.issue, edition)))
            floor.append(_spent(lambda: mjml2html(marked.source, fonts={})))
    print(
        f"{len(page.html) / 1000:.1f} kB of HTML: {median(ours):.2f} ms (least {min(ours):.2f}),"
        f" MJML's compiler alone {median(floor):.2f} ms: {median(ours) / median(floor):.1f} times as long"
    )


def _spent(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    main()
