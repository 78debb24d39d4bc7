"""The language that the commands speak: NEWSLETTER_LANG, else the locale's, else the workspace's."""

import os
import re
from collections.abc import Mapping
from copy import copy
from inspect import cleandoc
from pathlib import Path

import click

from newsletter.errors import ConfigError, Message, counted
from newsletter.i18n import said

LANGUAGES = ("uk", "en")

_OURS = "NEWSLETTER_LANG"
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts, as POSIX has it
_NONE = ("C", "POSIX")  # locales that say nothing of a language, such as cron's
_SETTING = re.compile(r"""^language:\s*["']?(\w+)""", re.MULTILINE)
_UNSET = "uk"  # what newsletter.yaml means without `language`

_spoken = "en"


def choose(folder: Path = Path()) -> None:
    """Choose the language of this process. Raises ConfigError when NEWSLETTER_LANG names none."""
    global _spoken  # noqa: PLW0603  one command line, one language
    _spoken = "en"
    _spoken = _by_environment(os.environ) or _by_workspace(folder.absolute())


def _by_environment(environment: Mapping[str, str]) -> str:
    """Return the language that the environment asks for; empty when it says nothing."""
    if ours := environment.get(_OURS):
        if _base(ours) not in LANGUAGES:
            raise ConfigError(
                Message("NEWSLETTER_LANG: the commands do not speak %(name)r", name=ours),
                Message("Known here: %(known)s.", known=", ".join(LANGUAGES)),
            )
        return _base(ours)
    locale = next(filter(None, map(environment.get, _LOCALE)), "")
    if locale.partition(".")[0] in {"", *_NONE}:
        return ""
    return _base(locale) if _base(locale) in LANGUAGES else "en"


def _base(tag: str) -> str:
    """Return the language of a locale's name: of uk_UA.UTF-8, uk-UA and uk it is uk."""
    return re.split("[-_.@]", tag.strip().lower())[0]


def _by_workspace(folder: Path) -> str:
    """Return the language of the workspace that `folder` is in; English outside of one.

    The settings are not parsed for it: help and errors need no more of them, and must not wait for them.
    """
    for place in (folder, *folder.parents):
        try:
            text = (place / "newsletter.yaml").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found = _SETTING.search(text)
        language = found[1].lower() if found else _UNSET
        return language if language in LANGUAGES else "en"
    return "en"


def words(what: object) -> str:
    """Return a message, a problem or an error in the language of the commands."""
    return said(what, _spoken)


def _number_words(one: str, many: str, number: int) -> str:
    """Translate click's own words that depend on a number."""
    message = counted(one, many, number)
    return words(message)


def teach_click() -> None:
    """Let click say its own words by our catalog: each of its modules binds gettext's functions by name."""
    modules = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")
    for module in (getattr(click, name) for name in modules):
        module._ = words
        if hasattr(module, "ngettext"):
            module.ngettext = _number_words


def translated(command: click.Command) -> click.Command:
    """Return a command whose help is in the language of the commands; the command itself is left as it is."""
    made = copy(command)
    made.help = _paragraphs(command.help or "")
    made.params = [_translated_option(one) if isinstance(one, click.Option) else one for one in made.params]
    if isinstance(made, click.Group):
        made.commands = {name: translated(one) for name, one in made.commands.items()}
    return made


def _translated_option(option: click.Option) -> click.Option:
    made = copy(option)
    made.help = words(option.help or "") or None
    return made


def _paragraphs(text: str) -> str:
    """Translate help: a paragraph is one phrase, and after click's mark for examples each line is one."""
    return "\n\n".join(
        "\n".join(map(_line, one.split("\n"))) if one.startswith("\b") else words(" ".join(one.split()))
        for one in cleandoc(text).split("\n\n")
    )


def _line(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + words(line.strip())
