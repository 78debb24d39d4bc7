"""Spelling by the system's Hunspell dictionaries, with the workspace's own list of words.

What a dictionary says of a word is kept in `var`, as a large one takes over a second to load: it is loaded
only for words that nobody has asked for before.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsletter.checks.codes import finding
from newsletter.checks.spelling import remarks, suggestions, words_of
from newsletter.errors import Problem
from newsletter.files import atomic_write
from newsletter.render.plaintext import words as spoken

if TYPE_CHECKING:
    from newsletter.checks.lines import Locate
    from newsletter.model import Issue
    from newsletter.services import Workspace

WORDS = "words.txt"
"""The workspace's own words, one a line; `word*` stands for all its forms, # begins a comment."""
_FOLDERS = ("/usr/share/hunspell", "/usr/share/myspell/dicts", "/usr/local/share/hunspell")
"""Where systems keep dictionaries; DICPATH comes before, as for Hunspell itself."""
_USUAL = {"uk": "uk_UA", "en": "en_US"}
_MOST = 20_000
"""Words of which the verdict is kept; beyond, it begins anew."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A dictionary of the system, by the path of its .dic file."""

    file: Path

    @property
    def name(self) -> str:
        """Its name, like `uk_UA`."""
        return self.file.stem

    @property
    def stamp(self) -> str:
        """What changes when the dictionary does."""
        stat = self.file.stat()
        return f"{self.file} {stat.st_size} {stat.st_mtime_ns}"


def dictionary_of(language: str) -> Dictionary | None:
    """Return the system's dictionary for a language; None where it has none."""
    name = language.replace("-", "_")
    folders = [Path(one) for one in (*os.environ.get("DICPATH", "").split(":"), *_FOLDERS) if one]
    for wanted in (name, _USUAL.get(name.partition("_")[0], "")):
        for folder in folders if wanted else ():
            file = folder / f"{wanted}.dic"
            if file.is_file() and file.with_suffix(".aff").is_file():
                return Dictionary(file)
    return None


def spelt(workspace: "Workspace", issue: "Issue", locate: "Locate") -> Iterator[Problem]:
    """Yield the findings on the spelling of an issue's items; none where the system has no dictionary."""
    found, language = dictionary_of(issue.language), issue.language.partition("-")[0]
    items = [item for block in issue.blocks for item in block.items]
    texts = [f"{item.title}\n{spoken(item.text)}" for item in items]
    wanted = {word for text in texts for word in words_of(text, language)} if found else set()
    if not found or not wanted:
        return
    own = _OwnWords(workspace)
    unknown = {
        word: said for word, said in _unknown(workspace, found, language, wanted).items() if not own.has(word)
    }
    for item, text in zip(items, texts, strict=True) if unknown else ():
        for remark in remarks(text, language, unknown):
            yield finding(remark.code, remark.text, locate(item.at, remark.words), remark.hint)


def _unknown(
    workspace: "Workspace", found: Dictionary, language: str, wanted: set[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the words that the dictionary lacks with suggestions, as kept or as it says now."""
    path = workspace.var / "spelling" / f"{found.name}.json"
    kept = _read(path, found.stamp)
    if fresh := wanted - kept.known - kept.unknown.keys():
        known = _load(found.file, found.stamp)
        right = {word for word in fresh if known(word)}
        wrong = {word: suggestions(word, language, known) for word in fresh - right}
        if len(kept.known) > _MOST:
            kept = _Verdicts()
        kept = _Verdicts(kept.known | right, {**kept.unknown, **wrong})
        data = {"stamp": found.stamp, "known": sorted(kept.known), "unknown": kept.unknown}
        with suppress(OSError):  # as where nobody may write: then it is asked again
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(path, json.dumps(data, ensure_ascii=False).encode())
    return {word: kept.unknown[word] for word in wanted & kept.unknown.keys()}


@dataclass(frozen=True, slots=True)
class _Verdicts:
    known: set[str] = field(default_factory=set)
    unknown: dict[str, tuple[str, ...]] = field(default_factory=dict)


def _read(path: Path, stamp: str) -> _Verdicts:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["stamp"] == stamp:
            return _Verdicts(
                set(data["known"]), {word: tuple(said) for word, said in data["unknown"].items()}
            )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # missing, or of another program
        pass
    return _Verdicts()


@lru_cache(maxsize=1)
def _load(file: Path, _stamp: str) -> Any:
    """Return a function that tells whether a dictionary has a word."""
    from hunspell import Hunspell

    return Hunspell(file.stem, hunspell_data_dir=str(file.parent)).spell


class _OwnWords:
    """The words that a workspace knows: its list, its names, and the communities of the register."""

    def __init__(self, workspace: "Workspace") -> None:
        settings = workspace.settings
        names = (settings.title, settings.publisher, *(one.title for one in settings.model_sections))
        lines = [_plain(line.partition("#")[0]) for line in _lines(workspace.root / WORDS)]
        self._settings = settings
        self._words = {*re.findall(r"[^\W\d_][\w’]*", _plain(" ".join(names))), *lines}
        self._stems = tuple(line[:-1] for line in lines if len(line) > 1 and line.endswith("*"))

    def has(self, word: str) -> bool:
        """Return whether the workspace knows `word`, which has no capitals."""
        return word in self._words or word.startswith((*self._stems, *self._communities))

    @cached_property
    def _communities(self) -> tuple[str, ...]:
        """The names of communities without their endings: «бородянськ» of Бородянська."""
        from newsletter.audience.ukraine.communities import register_for

        register = register_for(self._settings)
        return tuple({_plain(one.name)[:-_ENDING] for found in register.values() for one in found})


_ENDING = 2


def _lines(path: Path) -> list[str]:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8-sig").splitlines()
    return []


def _plain(text: str) -> str:
    """Return words in small letters, with ’ for every apostrophe."""
    return re.sub("['ʼ`]", "’", text.strip().lower())
