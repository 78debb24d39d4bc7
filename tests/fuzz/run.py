"""Let targets meet odd inputs for a while, within bounds of memory and time."""

import argparse
import gc
import random
import resource
import signal
import sys
import time
import traceback
from hashlib import sha256
from pathlib import Path
from types import FrameType, FunctionType

from tests.fuzz import odd
from tests.fuzz.targets import TARGETS, meet

_MEMORY = 2 << 30
_SLOW = 20  # seconds of CPU for one input
_MOST = 3600
_FOUND = Path("var/fuzz")
_FOLLOWED = ("newsletter.", "markdown_it.", "fastfeedparser.")
"""Modules whose branches atheris follows."""


def _slow(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"one input took {_SLOW} seconds")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def keep(name: str, data: bytes) -> Path:
    """Keep an input that was a fault, so that it can be looked at."""
    _FOUND.mkdir(parents=True, exist_ok=True)
    path = _FOUND / f"{name}-{sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def generated(name: str, seconds: float, seed: int) -> tuple[int, int]:
    """Meet odd inputs made by a seed; return how many, and how many kinds of faults."""
    kind, until, number = TARGETS[name][0], time.process_time() + seconds, 0
    faults: set[str] = set()
    while time.process_time() < until:
        data = odd.make(random.Random(f"{seed} {name} {number}"), kind)  # noqa: S311  no secret
        number += 1
        signal.setitimer(signal.ITIMER_VIRTUAL, _SLOW)
        try:
            meet(name, data)
        except (Exception, MemoryError) as error:  # noqa: BLE001  this is what is looked for
            last = traceback.extract_tb(error.__traceback__)[-1]
            fault = f"{type(error).__name__} at {last.filename}:{last.lineno}"
            if fault not in faults:
                faults.add(fault)
                _say(f"{name}: {fault}: {str(error)[:200]!r}; kept as {keep(name, data)}")
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return number, len(faults)


def by_coverage(name: str, seconds: int) -> None:
    """Let atheris look for inputs that reach new code; it ends the process."""
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415  scripts/fuzz --atheris installs it

    kind = TARGETS[name][0]
    corpus = _FOUND / f"corpus-{name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for place in range(50):
        data = odd.make(random.Random(place), kind)  # noqa: S311  no secret
        (corpus / f"odd-{place}").write_bytes(data)

    def one(data: bytes) -> None:
        meet(name, data)

    bounds = [f"-max_total_time={seconds}", "-max_len=20000", f"-artifact_prefix={_FOUND}/{name}-"]
    for found in gc.get_objects():  # to follow all that is loaded would take minutes to prepare
        if isinstance(found, FunctionType) and (found.__module__ or "").startswith(_FOLLOWED):
            atheris.instrument_func(found)
    atheris.Setup([sys.argv[0], *bounds, str(corpus)], one)
    atheris.Fuzz()


def main() -> int:
    """Run the targets that are named, or all."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    known = ", ".join(TARGETS)
    parser.add_argument("target", nargs="*", metavar="TARGET", help=f"all by default; there are {known}")
    parser.add_argument("--seconds", type=int, default=60, help="of CPU for each target, at most 3600")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--atheris", action="store_true", help="by coverage, one target at a time")
    given = parser.parse_args()
    for name in given.target:
        if name not in TARGETS:
            parser.error(f"there is no target {name}: {known}")
    seconds = min(given.seconds, _MOST)
    names = given.target or list(TARGETS)
    if given.atheris:
        by_coverage(names[0], seconds)
        return 0
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGVTALRM, _slow)
    total = 0
    for name in names:
        number, faults = generated(name, seconds, given.seed)
        total += faults
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        _say(f"{name}: {number} inputs, {faults} faults, seed {given.seed}, at most {peak} MB")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
