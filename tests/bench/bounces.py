"""How our reading of bounces agrees with Sisimai's, over the collection of mails that its tests read.

The folder is a clone of github.com/sisimai/go-sisimai, rb-sisimai or p5-sisimai; of another one every file
is read, for what cannot be. Hard is to Sisimai an unknown user, an unknown host, who has moved, and a host
that takes no mail. "Filtered" it calls, as soft, what was refused after DATA, but also an unknown user where
the mail does not show that RCPT was refused; so there are figures without these too. Not counted as bounces:
feedback, vacations, what was delivered, mails that only tell of a delay, and reports about several recipients
of whom some are hard and some soft, since a message of ours has one.
"""

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from newsletter.feedback.parse import UNREAD, BounceReport, read
from newsletter.links import Purpose, Signer
from newsletter.store.events import Kind

MAILS = "set-of-emails/maildir/bsd"
TESTS = ("fact/*-*_test.go", "test/public/*.rb", "t/*-*.t")
SIGNER, READER, CLOSING = Signer(b"0123456789abcdef"), 7, date(2025, 2, 14)
TOKENS = {purpose: SIGNER.token(purpose, READER, CLOSING) for purpose in Purpose}
OURS = f"Delivered-To: b+{TOKENS[Purpose.BOUNCE]}@news.example.org\n"
MARKS = (
    f"Return-Path: <b+{TOKENS[Purpose.BOUNCE]}@news.example.org>\n",
    f"Message-ID: <{CLOSING}.{TOKENS[Purpose.MESSAGE]}@news.example.org>\n",
    f"CFBL-Feedback-ID: {TOKENS[Purpose.REPORT]}\n",
    f"List-Unsubscribe: <https://news.example.org/unsubscribe/{TOKENS[Purpose.UNSUBSCRIBE]}>\n",
)
"""What a letter of ours has in its headers; a report may leave any of them out."""
_NAME = re.compile(r"(?:[lr]host-[a-z0-9]+|rfc\d+|arf)(?=\.|_)")
_ROW = re.compile(
    r"""(?:["'](\d\d)["']\s*(?:,\s*\d+,|=>\s*\[)\s*)?\[?"""  # a mail's number, before its first recipient
    r"""["'][\d.]*["'],\s*["']\d*["'],\s*["'](\w+)["'],\s*(true|false|[01])\b"""
)
_ACTION = re.compile(rb"^Action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_WARNING = re.compile(rb"warning message only|has not yet been delivered|message is delayed", re.IGNORECASE)
_RETURNED = re.compile(
    rb"^Content-Type: (message/rfc822|text/rfc822-header)(.*\n)+?\n", re.IGNORECASE | re.MULTILINE
)
_OTHER = {"feedback": Kind.COMPLAINT, "vacation": Kind.AUTO_REPLY, "delivered": Kind.DELIVERED}
BOUNCES = (Kind.HARD, Kind.SOFT)


class Expected(NamedTuple):
    """What Sisimai says of a mail."""

    kind: Kind
    why: str


def expectations(folder: Path) -> dict[Path, Expected]:
    """Return what Sisimai's tests say of each of its mails."""
    rows: defaultdict[Path, list[tuple[str, str]]] = defaultdict(list)
    for test in (path for pattern in TESTS for path in folder.glob(pattern)):
        number = ""
        for name in _NAME.findall(test.name):
            for found in _ROW.finditer(test.read_text(encoding="utf-8")):
                number = found[1] or number
                rows[folder / MAILS / f"{name}-{number}.eml"].append((found[2], found[3]))
    expected = {}
    for path, told in rows.items():
        kinds = {_OTHER.get(why) or Kind(("soft", "hard")[hard in "true1"]) for why, hard in told}
        if path.exists() and len(kinds) == 1:
            expected[path] = Expected(_corrected(kinds.pop(), path.read_bytes()), told[0][0])
    return expected


def _corrected(kind: Kind, content: bytes) -> Kind:
    """Return `kind`, but a warning is a delay, and a report on DKIM or SPF no complaint."""
    actions = {one.lower() for one in _ACTION.findall(content)}
    if kind in BOUNCES and (actions == {b"delayed"} or (not actions and _WARNING.search(content))):
        return Kind.DELAYED
    return Kind.AUTO_REPLY if b"Feedback-Type: auth-failure" in content else kind


def returned(content: bytes) -> BounceReport:
    """Return what a mail says, as if it had come back to the return path of a letter of ours."""
    if content.startswith(b"From "):
        content = content.partition(b"\n")[2]
    return read(OURS.encode() + content, SIGNER)


def stops(content: bytes, at: int, mark: str) -> bool:
    """Tell whether a complaint stops our reader when the letter that it returns from `at` on has `mark`."""
    told = read(content[:at] + mark.encode() + content[at:], SIGNER)
    return told.proven and told.kind in {Kind.COMPLAINT, Kind.UNSUBSCRIBE} and told.subscriber == READER


def damaged(mails: list[bytes], number: int) -> Iterator[bytes]:
    """Yield mails cut off somewhere, or with some bytes changed, or both; the same ones at every run."""
    chance = random.Random(number)  # noqa: S311  no secret
    for _ in range(number):
        content = bytearray(chance.choice(mails))
        if chance.randrange(2):
            del content[chance.randrange(len(content) + 1) :]
        for _ in range(chance.randrange(50) if content else 0):
            content[chance.randrange(len(content))] = chance.randrange(256)
        yield bytes(content)


def unread(contents: Iterable[bytes]) -> int:
    """Return how many mails made the reader fail."""
    return sum(returned(content).detail == UNREAD for content in contents)


def agreement(pairs: list[tuple[Kind, Kind]]) -> str:
    """Return a line of figures about bounces, each as (Sisimai's kind, ours)."""
    table = Counter(pairs)
    agree, total = sum(table[kind, kind] for kind in BOUNCES), len(pairs)
    soft, wrong = sum(theirs is Kind.SOFT for theirs, _ in pairs), table[Kind.SOFT, Kind.HARD]
    share = f"{agree} of {total} agree, {agree / total:.1%}"
    return f"{share}; soft read as hard {wrong} of {soft}, {wrong / soft:.1%}"


def report(expected: Mapping[Path, Expected], found: Mapping[Path, BounceReport]) -> None:
    """Print how Sisimai's verdicts and ours agree."""
    for kind in dict.fromkeys(one.kind for one in expected.values()):
        told = Counter(found[path].kind for path, one in expected.items() if one.kind is kind)
        print(f"{told.total()} {kind}, read as: {', '.join(f'{n} {ours}' for ours, n in told.most_common())}")
    for name, without in (("bounces", ""), ('without "filtered"', "filtered")):
        counted = {
            path: one.kind for path, one in expected.items() if one.kind in BOUNCES and one.why != without
        }
        print(f"{name}: {agreement([(kind, found[path].kind) for path, kind in counted.items()])}")
    complaints = [path.read_bytes() for path, one in expected.items() if one.kind is Kind.COMPLAINT]
    letters = [(one, part.end()) for one in complaints if (part := _RETURNED.search(one))]
    for mark in MARKS:
        number = sum(stops(content, at, mark) for content, at in letters)
        print(f"complaints with our {mark.partition(':')[0]}: {number} of {len(letters)} stop the reader")


def main() -> None:
    """Read everything and print the figures; with -v, a line for each mail that is read otherwise."""
    parser = argparse.ArgumentParser(prog="scripts/bench bounces", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--damaged", type=int, default=0, metavar="N", help="read N damaged mails too")
    given = parser.parse_args()
    mails = [path.read_bytes() for path in sorted(given.folder.rglob("*")) if path.is_file()]
    print(f"{len(mails):,} files, {unread(mails)} could not be read")
    if given.damaged:
        print(f"{given.damaged:,} damaged, {unread(damaged(mails, given.damaged))} could not be read")
    expected = expectations(given.folder)
    found = {path: returned(path.read_bytes()) for path in expected}
    if expected:
        report(expected, found)
    for path, (kind, why) in sorted(expected.items() if given.verbose else ()):
        if found[path].kind is not kind:
            print(f"{path.name}: {kind} ({why}), read as {found[path].kind}: {found[path].detail}")


if __name__ == "__main__":
    main()
