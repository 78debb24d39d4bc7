"""Commit saved files to git under their editor's name, where the workspace is a repository.

A save never fails because of git: no hook and no signature is asked for, and git gets a few seconds.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_SECONDS = 5
_QUIET = ("core.hooksPath=/dev/null", "commit.gpgSign=false", "gc.auto=0", "maintenance.auto=false")


class Author(NamedTuple):
    """Who saves; without a name, git's own settings say who that is."""

    name: str = ""
    email: str = ""


def commit(root: Path, names: Sequence[str], author: Author, message: str) -> str:
    """Commit the files `names` of the workspace `root`, and only those; return why that failed, or nothing.

    A workspace that is not itself a repository needs none, and nor does a file that git is told to ignore.
    """
    if not (root / ".git").exists():
        return ""
    listed = list(dict.fromkeys(names))
    tracked = set(_run(root, "ls-files", "-z", "--", *listed).output.split("\0"))
    ignored = set(_run(root, "check-ignore", "-z", "--", *listed).output.split("\0"))
    kept = [name for name in listed if name in tracked or ((root / name).exists() and name not in ignored)]
    if not kept:
        return ""
    added = _run(root, "add", "--all", "--", *kept)
    if added.complaint or not _run(root, "diff", "--cached", "--quiet", "--", *kept).complaint:
        return added.complaint
    who = _plain(author.name)
    identity = (f"user.name={who}", f"user.email={_plain(author.email) or 'desk'}") if who else ()
    words = ("commit", "--quiet", "--no-verify", "-m", message, "--only", "--", *kept)
    return _run(root, *_set(identity), *words).complaint


class _Done(NamedTuple):
    """What git printed, and its complaint, which is empty when it succeeded."""

    output: str = ""
    complaint: str = ""


def _set(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("-c", setting)]


def _run(root: Path, *words: str) -> _Done:
    environment = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "true",
        "GIT_LITERAL_PATHSPECS": "1",
    }
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        environment.pop(name, None)
    try:
        done = subprocess.run(  # noqa: S603  words of our own, and file names after --
            ["git", *_set(_QUIET), *words],  # noqa: S607  whichever git is installed
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _Done(complaint=f"git: {type(error).__name__}")
    output, said = (part.decode(errors="surrogateescape") for part in (done.stdout, done.stderr))
    if done.returncode == 0:
        return _Done(output)
    return _Done(output, said.strip().partition("\n")[0] or f"git ended with {done.returncode}")


def _plain(words: str) -> str:
    """Return a name as git takes it: without what would end it."""
    return " ".join(words.translate(str.maketrans("", "", "<>\0")).split())
