"""Let axe look at a page in the Chromium of this machine, where both are installed; nothing is loaded.

axe-core is not ours to ship with the program: it comes with `axe-playwright-python`, or from npm.
"""

import html
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from newsletter import files
from newsletter.services.screenshot import browser

SCHEMES = {"dark": 0, "light": 1}
"""Chromium's numbers of the colour schemes that a page can ask for."""
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
_PATIENCE = 120  # seconds
_TIME = 30_000  # milliseconds of the page's own clock
_WIDTH, _HEIGHT = 375, 8_000
_CRITERION = re.compile(r"wcag(\d)(\d)(\d+)")
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
    " style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
)
_RUN = """
axe.run(document, {runOnly: {type: "tag", values: %s}}).then(function (found) {
  function brief(rules) {
    return rules.map(function (rule) {
      var nodes = rule.nodes.map(function (node) { return node.html.slice(0, 160); });
      return {id: rule.id, tags: rule.tags, help: rule.help, nodes: nodes};
    });
  }
  var told = {version: found.testEngine.version};
  told.passes = found.passes.map(function (rule) { return rule.tags; });
  told.violations = brief(found.violations);
  told.incomplete = brief(found.incomplete);
  document.body.textContent = "";
  document.title = JSON.stringify(told);
});
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of axe that a page fails, or that a person has to judge: its criteria and where."""

    id: str
    help: str
    criteria: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What axe says of a page; `looked_at` are the criteria it has rules for that applied."""

    version: str
    violations: tuple[Rule, ...]
    to_judge: tuple[Rule, ...]
    looked_at: frozenset[str]


def script(root: Path) -> Path | None:
    """Return the file of axe-core: of a Python package, or of npm in the folder `root`."""
    package = find_spec("axe_playwright_python")
    places = [Path(one) for one in (package.submodule_search_locations or ())] if package else []
    places.append(root / "node_modules/axe-core")
    return next((file for place in places if (file := place / "axe.min.js").is_file()), None)


@cache
def browser_version(program: str) -> str:
    """Return what a browser calls itself."""
    return " ".join((_told([program, "--version"]) or "").split()[:2])


def look(page: str, axe: Path, scheme: str = "light") -> Seen | None:
    """Return what axe says of a page on a phone; None when the browser fails."""
    program = browser()
    if program is None:
        return None
    code = axe.read_text(encoding="utf-8").replace("</script", "<\\/script")
    scripts = f"<script>{code}</script><script>{_RUN % json.dumps(_TAGS)}</script>"
    before, end, after = page.replace("<head>", f"<head>{_POLICY}", 1).rpartition("</body>")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.html")
        files.atomic_write(file, f"{before}{scripts}{end}{after}".encode())
        options = [
            *("--headless", "--disable-gpu", "--dump-dom", f"--virtual-time-budget={_TIME}"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}/profile"),
            *(
                f"--window-size={_WIDTH},{_HEIGHT}",
                f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
            ),
            *(["--no-sandbox"] if os.getuid() == 0 else []),
        ]
        return _read(_told([program, *options, file.as_uri()]) or "")


def _told(command: Sequence[str]) -> str | None:
    """Return what a program says; None when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_PATIENCE)  # noqa: S603  our own words
    except (subprocess.SubprocessError, OSError):
        return None
    return done.stdout.decode("utf-8", "replace")


def _read(dom: str) -> Seen | None:
    title = _TITLE.search(dom)
    try:
        told = json.loads(html.unescape(title[1])) if title else None
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    applied = [*told["passes"], *(one["tags"] for one in (*told["violations"], *told["incomplete"]))]
    return Seen(
        version=told["version"],
        violations=tuple(map(_rule, told["violations"])),
        to_judge=tuple(map(_rule, told["incomplete"])),
        looked_at=frozenset(one for tags in applied for one in _criteria(tags)),
    )


def _rule(told: dict[str, Any]) -> Rule:
    return Rule(
        id=told["id"], help=told["help"], criteria=_criteria(told["tags"]), places=tuple(told["nodes"])
    )


def _criteria(tags: Sequence[str]) -> tuple[str, ...]:
    found = (_CRITERION.fullmatch(tag) for tag in tags)
    return tuple(".".join(one.groups()) for one in found if one)
