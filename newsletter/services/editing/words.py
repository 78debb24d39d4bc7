"""Save the words of an issue as a whole: subject, preheader, introduction and closing call in issue.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from newsletter.compose.edit import GONE, edit_yaml
from newsletter.compose.issuefile import Folder, path_of, read_folder
from newsletter.compose.rewrite import HEADER
from newsletter.services.editing.files import Desk, Saved, put
from newsletter.services.editing.items import editing, issue_text

if TYPE_CHECKING:
    from newsletter.services import Workspace

WORDS = ("subject", "preheader", "intro", "call", "hashtag")


@dataclass(frozen=True, slots=True)
class WordsConflict:
    """Nothing was saved: somebody has changed these words meanwhile; the values are theirs."""

    theirs: Mapping[str, str]


def read_words(workspace: "Workspace", closing: date) -> dict[str, str]:
    """Return the words of an issue by name; the call is that of newsletter.yaml unless the issue has its own.

    Raises ContentError when issue.yaml is not readable.
    """
    return words_in(read_folder(workspace.root, closing, workspace.settings), workspace)


def words_in(folder: Folder, workspace: "Workspace") -> dict[str, str]:
    """Return the words of an issue whose files were read already."""
    file = folder.file
    call = file.closing if "closing" in file.model_fields_set else workspace.settings.closing
    return {
        "subject": file.subject,
        "preheader": file.preheader,
        "intro": file.intro,
        "call": call.text if call else "",
        "hashtag": call.hashtag if call else "",
    }


def save_words(
    desk: Desk, closing: date, before: Mapping[str, str], fresh: Mapping[str, str]
) -> Saved | WordsConflict:
    """Save the words that differ in `fresh` from what they were `before` the editor began.

    Another's change of the same word is not overwritten. Raises ContentError when the file cannot be written.
    """
    workspace = desk.workspace
    with editing(workspace, closing):
        now = read_words(workspace, closing)
        wanted = {
            name: _lines(fresh[name])
            for name in WORDS
            if name in fresh and _lines(fresh[name]) != _lines(before.get(name, ""))
        }
        theirs = {
            name: now[name]
            for name, words in wanted.items()
            if _lines(now[name]) not in (_lines(before.get(name, "")), words)
        }
        if theirs:
            return WordsConflict(theirs)
        changes: dict[str, Any] = {
            name: words for name, words in wanted.items() if name in ("subject", "preheader", "intro")
        }
        if {"call", "hashtag"} & wanted.keys():
            call = {name: wanted.get(name, now[name]) for name in ("call", "hashtag")}
            own = {"text": call["call"], **({"hashtag": call["hashtag"]} if call["hashtag"] else {})}
            usual = workspace.settings.closing
            same = usual is not None and (usual.text, usual.hashtag) == (call["call"], call["hashtag"])
            changes["closing"] = GONE if same else own if call["call"] else None
        path = path_of(closing)
        text = issue_text(workspace, closing) or HEADER.format(closing=closing)
        texts = {path: edit_yaml(text, path, changes)}
        return put(desk, texts, f"{closing}: {', '.join(wanted) or 'words'} edited")[path]


def _lines(words: str) -> str:
    """Return what was typed with plain line ends, without blanks at its end."""
    return "\n".join(words.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
