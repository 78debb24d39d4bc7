"""The mails that are judged, what they were compiled and inlined from, and judges that run in Node."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from newsletter.render import templates
from newsletter.render.inline import Inliner
from tests import gallery
from tests.gallery import Mail

INSTALLED = gallery.ROOT / ".venv/judges"
LETTERS = [f"letter-{kind}" for kind in gallery.LETTERS]
ISSUES = [f"{theme}-{brand}" for theme in gallery.THEMES for brand in gallery.BRANDS]
EVERY = [*ISSUES, *LETTERS]
EVERY_THEME = [f"{theme}-sample" for theme in gallery.THEMES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A mail, the MJML it was compiled from, what came of that, and the CSS that was moved into it."""

    mail: Mail
    source: str
    compiled: str
    css: str


class Judges:
    """npm's MJML and html-validate in one process of Node."""

    def __init__(self, node: "subprocess.Popen[str]") -> None:
        self._node = node

    def ask(self, judge: str, text: str) -> dict[str, Any]:
        """Return the verdict of one judge; `faults` is a list of its words."""
        assert self._node.stdin
        assert self._node.stdout
        self._node.stdin.write(json.dumps({"judge": judge, "text": text}) + "\n")
        self._node.stdin.flush()
        verdict: dict[str, Any] = json.loads(self._node.stdout.readline())
        return verdict


@pytest.fixture(scope="session")
def judges() -> Iterator[Judges]:
    """Start Node once."""
    if not (INSTALLED / "stamp").exists():
        pytest.skip("npm's judges are not installed (scripts/judges, which needs npm)")
    program = Path(__file__).with_name("judges.cjs")
    command = ["node", str(program), str(INSTALLED)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        yield Judges(node)


@pytest.fixture(scope="session")
def mail() -> Iterator[Callable[[str], Made]]:
    """Return mails by name, each made once, by the program that is run to send them."""
    seen: dict[str, str] = {}
    compile_mjml = templates.compile_mjml  # type: ignore[attr-defined]  # the name that is replaced below

    def compiling(source: str, *more: Any) -> str:
        seen["source"], seen["compiled"] = source, compile_mjml(source, *more)
        return seen["compiled"]

    class Watched(Inliner):
        def __init__(self, css: str, *more: Any) -> None:
            seen["css"] = css
            super().__init__(css, *more)

    @cache
    def made(name: str) -> Made:
        kind, _, rest = name.partition("-")
        if kind == "letter":
            found = gallery.letter_mail(gallery.sample_settings(), rest)
        else:
            with TemporaryDirectory() as folder:
                found = gallery.issue_mail(Path(folder), kind, rest)
        return Made(mail=found, **seen)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates, "compile_mjml", compiling)
        patch.setattr(templates, "Inliner", Watched)
        yield made
