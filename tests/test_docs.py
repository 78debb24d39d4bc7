"""The documents keep up with the program: commands, options, settings, variables, tests, files."""

import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import get_args

import click
import pytest
from pydantic import BaseModel

import newsletter.cli
from newsletter.cli import FINDINGS, INTERRUPTED, NOT_ACCEPTED, USAGE
from newsletter.cli import cli as program
from newsletter.config import settings_model

ROOT = Path(__file__).parent.parent
COMMANDS = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
INVARIANTS = (ROOT / "docs/invariants.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("subscribers/*.md")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield `command` and all below it under their full names."""
    yield name, command
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from commands(f"{name} {inner.name}", inner)


EVERY_COMMAND = [
    found
    for module in iter_modules(newsletter.cli.__path__)
    for name, command in getattr(import_module(f"newsletter.cli.{module.name}"), "COMMANDS", {}).items()
    for found in commands(f"newsletter {name}", command)
]


def described(name: str) -> str:
    """Return what docs/commands.md says under the heading of the command `name`."""
    found = re.search(rf"^#+ `{re.escape(name)}[^`\n]*`\n(.*?)(?=^#|\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
    assert found, f"docs/commands.md has no heading for `{name}`"
    return found[0]


@pytest.mark.parametrize(("name", "command"), EVERY_COMMAND, ids=[name for name, _ in EVERY_COMMAND])
def test_every_command_and_option_is_described_with_an_example(name: str, command: click.Command) -> None:
    text = described(name)
    if not isinstance(command, click.Group):
        assert re.search(rf"^    .*{re.escape(name)}", text, re.MULTILINE), "no example"
    for parameter in command.params:
        names = (parameter.opts + parameter.secondary_opts) if isinstance(parameter, click.Option) else []
        for option in names:
            assert f"`{option}" in text, f"{option} is not described"


@pytest.mark.parametrize(("name", "command"), EVERY_COMMAND, ids=[name for name, _ in EVERY_COMMAND])
def test_every_command_s_help_has_a_sentence_and_an_example(name: str, command: click.Command) -> None:
    assert command.help
    if not isinstance(command, click.Group):
        assert name in command.help


def test_no_heading_names_a_command_that_is_gone() -> None:
    named = re.findall(r"^#+ `(newsletter(?: [a-z-]+)*)", COMMANDS, re.MULTILINE)
    assert set(named) == {"newsletter"} | {name for name, _ in EVERY_COMMAND}


def test_the_program_s_own_options_are_described() -> None:
    options = [option for parameter in program.params for option in parameter.opts]
    assert options
    assert [option for option in options if f"`{option}" not in described("newsletter")] == []


def test_every_exit_code_is_described() -> None:
    told = re.findall(r"^\| (\d+) \|", COMMANDS, re.MULTILINE)
    assert list(map(int, told)) == [0, FINDINGS, USAGE, NOT_ACCEPTED, INTERRUPTED]


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the key of every setting, `[]` for the entries of a list and `*` for names one chooses."""
    for name, field in model.model_fields.items():
        kinds = [field.annotation, *get_args(field.annotation)]
        inner = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        mark = {"tuple": "[]", "dict": ".*"}.get(getattr(field.annotation, "__name__", ""), "")
        if inner:
            yield from keys(inner, f"{prefix}{name}{mark}.")
        else:
            yield f"{prefix}{name}"


def test_every_setting_is_described_and_none_that_is_gone() -> None:
    described_keys = re.findall(r"^\| `([a-z_.*\[\]]+)` \|", CONFIGURATION, re.MULTILINE)
    assert sorted(described_keys) == sorted(keys(settings_model()))


def test_every_variable_of_the_environment_is_described() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "newsletter").rglob("*.py"))
    read = set(re.findall(r"\bsecret\(\s*\"([A-Z_]+)\"", source))
    assert "NEWSLETTER_DATABASE" in read
    assert read == set(re.findall(r"^\| `([A-Z_]+)` \|", CONFIGURATION, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    text = re.sub(
        r"^ {4}[^\n]*$|^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_architecture_fits_on_two_screens_and_names_what_exists() -> None:
    assert len(ARCHITECTURE.splitlines()) <= 120
    named = set(re.findall(r"`((?:newsletter|tests|scripts|docs|templates)/[\w./-]+)`", ARCHITECTURE))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_tree_has_every_folder_and_module_and_none_that_is_gone() -> None:
    block = re.search(r"^```\nnewsletter/\n(.*?)^templates/", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert block
    shown: dict[str, set[str]] = {}
    path: list[str] = []
    for entry in re.split(r"\n(?= {2,8}\S)", block[1].rstrip()):
        words = " ".join(entry.split())
        folder = re.match(r"(\w+)/ ", words)
        if folder:
            depth = (len(entry) - len(entry.lstrip())) // 2 - 1
            path = [*path[:depth], folder[1]]
        names = words.rpartition(": ")[2] if folder else words
        shown["/".join(path) if folder else ""] = set(re.findall(r"\w+", names)) if ", " in names else {names}
    there: dict[str, set[str]] = {}
    for module in (ROOT / "newsletter").rglob("*.py"):
        folder_of = module.parent.relative_to(ROOT / "newsletter").as_posix().removeprefix(".")
        if not module.stem.startswith("__") and "migrations" not in folder_of:
            there.setdefault(folder_of, set()).add(module.stem)
    assert shown == there


def test_the_tests_that_guard_the_invariants_exist() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", INVARIANTS))
    assert named
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []


def test_decisions_are_numbered_in_a_row_and_their_headings_agree() -> None:
    decisions = sorted(ROOT.glob("docs/decisions/[0-9]*.md"))
    numbers = [int(page.name[:4]) for page in decisions]
    assert numbers == list(range(1, len(decisions) + 1))
    for number, page in zip(numbers, decisions, strict=True):
        heading = page.read_text(encoding="utf-8").partition("\n")[0]
        assert heading.startswith(f"# {number}. "), page.name


def test_every_dependency_is_explained_and_pinned() -> None:
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = sorted(re.split(r"[^\w.-]", name)[0] for name in wanted)
    explained = (ROOT / "docs/decisions/dependencies.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| ([a-z][\w.-]+) \| (?!why)", explained, re.MULTILINE)) == names
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    assert [name for name in names if f"\n{name}==" not in pinned] == []


def test_the_versions_name_no_place_to_fetch_them_from() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


@pytest.mark.parametrize(
    "script",
    sorted([*filter(Path.is_file, ROOT.glob("scripts/*")), ROOT / ".ci/run"]),
    ids=lambda path: path.name,
)
def test_a_script_can_be_run_and_says_what_it_does(script: Path) -> None:
    first, second, *_ = script.read_text(encoding="utf-8").splitlines()
    assert script.stat().st_mode & 0o111
    assert first.startswith("#!")
    assert second.startswith(("# ", '"""'))
