"""Ask the SpamAssassin of this machine for its verdict on a message; it looks nothing up."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from newsletter.errors import ConfigError, Message

_PATIENCE = 60  # seconds
_STATUS = re.compile(r"(?m)^X-Spam-Status: \w+, score=(-?[\d.]+) required=([\d.]+)")
_RULE = re.compile(r"(?m)^\*? *(-?\d+(?:\.\d)?) ([A-Z]\w+) +(.*)$")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that a message meets: its points, its name, and what it says."""

    points: float
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The points of a message, from how many on it is marked, and the rules that gave them."""

    points: float
    limit: float
    rules: tuple[Rule, ...]


def spam_verdict(message: bytes) -> Verdict:
    """Return SpamAssassin's verdict. Raises ConfigError when it is not installed, or fails."""
    program = shutil.which("spamassassin")
    if program is None:
        raise ConfigError(
            "SpamAssassin is not installed on this machine", "On Debian: apt install spamassassin"
        )
    with tempfile.TemporaryDirectory() as home:
        command = [program, "--local", "--test-mode", "--nocreate-prefs"]
        environment = {**os.environ, "HOME": home, "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(  # noqa: S603  our own words
                command, input=message, capture_output=True, check=True, timeout=_PATIENCE, env=environment
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise ConfigError(
                Message("SpamAssassin gave no verdict: %(error)s", error=error),
                "See whether it runs by itself.",
            ) from None
    said = done.stdout.decode("utf-8", "replace")
    status = _STATUS.search(said)
    if status is None:
        raise ConfigError("SpamAssassin gave no verdict", "See whether it runs by itself.")
    report = said.rpartition("Content analysis details:")[2]
    rules = (Rule(float(points), name, text.strip()) for points, name, text in _RULE.findall(report))
    return Verdict(float(status[1]), float(status[2]), tuple(sorted(rules, key=lambda one: -abs(one.points))))
