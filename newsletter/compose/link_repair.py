"""Repair mistyped links into Markdown: `[words] (address)`, no closing bracket, no scheme.

What is only punctuation is put right in silence; where something had to be guessed (a blank within the
address, a missing https://), the line is named. What has the marks of a link and cannot be read stays as it
is: the parser of the digest leaves it out and names it.
"""

import re
from collections.abc import Iterable, Iterator

from newsletter.compose.lines import Line, is_read_more, link
from newsletter.errors import Message, Place, Problem

_LONGEST = 1000
"""Characters of a line that is nothing but a link."""
_FILES = r"(?:docx?|xlsx?|pptx?|pdf|rtf|odt|txt|html?|zip|jpe?g|png|gif|svg|webp|mp[34])\b"
_NAME = rf"(?<![\w@.-])[\w-]+(?:\.[\w-]+)*\.(?!{_FILES})(?:[a-z]{{2,24}}|укр|xn--[\w-]+)(?![\w@-])"
_HOST = rf"{_NAME}(?::\d+)?(?:[/?#]\S*)?"
_SLIP = r"(?:https?|htps|htpps|httpps|hhtps?|ttps?)\s?[:;]?\s?/{1,3}\s?(?=\w)"
_START = re.compile(rf"(?<!\w)(?:{_SLIP}\S+|mailto:\S+|{_HOST})", re.IGNORECASE)
_FULL = re.compile(r"https?://[^\s/?#]|mailto:.", re.IGNORECASE)
_WORDS = r"\[(?P<words>[^\[\]]{1,300})\]\s{0,3}[:–—-]?\s{0,3}"
_REST = r"(?:[^\s()\[\]<>]|\([^\s()]{0,200}\)){0,2000}"
_ADDRESS = rf"(?P<address>(?:{_SLIP}|mailto:|{_NAME}){_REST}"
_INLINE = (
    re.compile(rf"{_WORDS}[(\[<]\s*{_ADDRESS}(?: [^()\[\]<>\n]{{1,100}})?)\s*[)\]>]", re.IGNORECASE),
    re.compile(rf"{_WORDS}[(\[<]\s*{_ADDRESS})(?=\s|$)", re.IGNORECASE),
    re.compile(
        r"<a\b[^<>]{0,200}?\shref\s?=\s?[\"']?(?P<address>[^\s\"'<>]{1,2000})[^<>]{0,200}>(?P<words>[^<>]{1,300})</a>",
        re.IGNORECASE,
    ),
)
_TITLED = re.compile(r"\s+[\"'“«][^\"'”»]*[\"'”»]\s*$")
_GOOD = re.compile(
    r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]\((?:<[^<>]*>|(?:[^\s()<>]|\([^\s()]*\))*)(?:\s+[\"'][^\"']*[\"'])?\)"
)
_MARKS = re.compile(r"\]\s*[(\[]|\]\s?:|\[[^\]]*\(")

Guess = tuple[str, str]
"""An address as it was typed, and as it was taken."""


def mend_links(lines: Iterable[Line], name: str) -> tuple[list[Line], list[Problem]]:
    """Repair the links in `lines`; return a warning for each address that had to be guessed."""
    mended: list[Line] = []
    problems: list[Problem] = []
    for line in _joined(lines):
        text, guesses = mend(line.text)
        mended.append(Line(line.number, text) if text != line.text else line)
        problems += (_guessed(typed, taken, Place(name, line.number)) for typed, taken in guesses)
    return mended, problems


def mend(text: str) -> tuple[str, list[Guess]]:
    """Repair the links in `text`; return it with each guessed address."""
    if not _START.search(text):
        return text, []
    if len(text) <= _LONGEST and (alone := _alone(text.strip(" \xa0*_→»›."))):
        return alone
    return _within(text)


def is_broken_link(text: str) -> bool:
    """Return whether a line has the brackets of a link but no URL that can be parsed."""
    return text.startswith("[") and link(text) is None and bool(_MARKS.search(_GOOD.sub("", text)))


def _alone(text: str) -> tuple[str, list[Guess]] | None:
    """Return the link for a line made only of words and one URL, or None."""
    known = link(text)
    if known is not None:
        whole = _FULL.match(known.address) and " " not in known.address
        wanting = known.words and not whole and _START.match(known.address)
        return _written(known.words, known.address) if wanting else None
    starts = list(_START.finditer(text))
    if len(starts) != 1:
        return None
    at = starts[0].start()
    before, after = text[:at], text[at:]
    if words := before.strip(" \xa0()[]<>:–—-→»›*_"):
        address = after
    else:
        address, _, after = after.partition(" ")
        words = after.strip(" \xa0()[]<>:–—-←«*_")
    bracketed = text.startswith("[") or "]" in before
    if not words or not (bracketed or is_read_more(words)) or len(_GOOD.findall(text)) > 1:
        return None
    if "[" in words or "]" in words or (bracketed and before.count("]") + before.count("(") == 0):
        return None
    return _written(words, _trimmed(address))


def _trimmed(address: str) -> str:
    """Return a URL without trailing brackets, punctuation or a link title."""
    address = _TITLED.sub("", address).strip()
    while address and (
        address[-1] in ".,;:!]>" or (address[-1] == ")" and address.count(")") > address.count("("))
    ):
        address = address[:-1].rstrip()
    return address


def _within(text: str) -> tuple[str, list[Guess]]:
    """Repair the links inside a paragraph; valid Markdown links stay as they are."""
    guesses: list[Guess] = []

    def written(found: re.Match[str]) -> str:
        link_, guessed = _written(found["words"], _trimmed(found["address"]))
        guesses.extend(guessed)
        return link_

    pieces: list[str] = []
    for piece, is_good in _pieces(text):
        mended = piece
        if not is_good:
            for pattern in _INLINE:
                mended = pattern.sub(written, mended)
        pieces.append(mended)
    return "".join(pieces), guesses


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    position = 0
    for good in _GOOD.finditer(text):
        is_good = (
            not (found := link(good[0]))
            or not _START.match(found.address)
            or bool(_FULL.match(found.address))
        )
        if is_good:
            yield text[position : good.start()], False
            yield good[0], True
            position = good.end()
    yield text[position:], False


def _written(words: str, typed: str) -> tuple[str, list[Guess]]:
    """Return a Markdown link with a full URL, and the guess if one was needed."""
    address = (
        re.sub(rf"^{_SLIP}", "https://", typed, flags=re.IGNORECASE) if not _FULL.match(typed) else typed
    )
    if not _FULL.match(address):
        address = f"https://{address}"
    address = re.sub(r"\s+", "%20", address)
    guesses = [(typed, address)] if address != typed else []
    for sign in "()":
        if address.count("(") != address.count(")"):
            address = address.replace(sign, f"%{ord(sign):02X}")
    return f"[{words.strip(' *_')}]({address})", guesses


def _joined(lines: Iterable[Line]) -> Iterator[Line]:
    """Join a link whose text and URL are on two successive lines."""
    held: Line | None = None
    for line in lines:
        if held and line.text and (line.text.startswith("(") or "](" in line.text):
            whole, _ = mend(f"{held.text} {line.text}")
            if link(whole):
                yield Line(held.number, whole)
                held = None
                continue
        if held:
            yield held
        held = line if line.text.startswith("[") and link(line.text) is None else None
        if not held:
            yield line
    if held:
        yield held


def _guessed(typed: str, taken: str, at: Place) -> Problem:
    return Problem.warning(
        Message("the address “%(typed)s” was taken as %(taken)s", typed=typed, taken=taken),
        at,
        "See that it opens the page that is meant; correct it in the source, or in the item.",
    )
