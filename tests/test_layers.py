"""Imports point down: every import, local and TYPE_CHECKING ones too, goes to a lower band."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "newsletter"

BANDS = (
    ("__main__",),
    ("cli",),
    ("web",),
    ("services",),
    ("sending", "audience", "checks", "collect", "feedback", "doctor"),
    ("render", "compose", "store", "transport"),
    ("ports", "config", "recipes", "links", "conditions", "i18n", "pictures"),
    ("model", "names", "slots", "yamlfile", "private", "registry", "scopes", "brand", "locales", "fetching",
     "packed"),
    ("errors", "limited", "fetched", "files", "durations", "greeting", "oklch", "redaction", "stamp"),
)  # fmt: skip
RANK = {name: rank for rank, band in enumerate(BANDS) for name in band}
MODULES = sorted(PACKAGE.rglob("*.py"))


@dataclass(frozen=True)
class Module:
    """A module of ours, read once for all rules; `part` is what of the house it belongs to."""

    path: Path
    source: str
    tree: ast.Module

    @property
    def place(self) -> str:
        return str(self.path.relative_to(PACKAGE))

    @property
    def part(self) -> str:
        return self.path.relative_to(PACKAGE).with_suffix("").parts[0]


@cache
def modules() -> tuple[Module, ...]:
    sources = [(path, path.read_text(encoding="utf-8")) for path in MODULES]
    return tuple(Module(path, source, ast.parse(source)) for path, source in sources)


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Return (line, dotted name) of each import; what `from newsletter import …` names is a module too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "newsletter":
            yield from ((node.lineno, f"newsletter.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


def test_imports_point_down() -> None:
    wrong = [
        f"{module.place}:{line} imports {name}"
        for module in modules()
        for line, name in imported(module.tree)
        if (match := re.match(r"newsletter\.(\w+)", name))
        and (other := match[1]) in RANK
        and module.part not in ("__init__", other)
        and RANK[other] <= RANK[module.part]
    ]
    assert wrong == []


def test_services_and_what_lies_below_know_no_terminal_and_no_web_server() -> None:
    below = [module for module in modules() if RANK.get(module.part, 0) >= RANK["services"]]
    assert [
        f"{module.place}:{line} imports {name}"
        for module in below
        for line, name in imported(module.tree)
        if name.partition(".")[0] in ("click", "flask")
    ] == []
    assert [
        f"{module.place}:{node.lineno} prints"
        for module in below
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ] == []


def test_a_command_asks_services_and_touches_no_table() -> None:
    commands = [module for module in modules() if module.path.parent == PACKAGE / "cli"]
    wrong = []
    for module in commands:
        if module.path.stem == "database":  # it moves tables
            continue
        tree = ast.parse(module.source)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.If)
                and isinstance(node.test, ast.Name)
                and node.test.id == "TYPE_CHECKING"
            ):
                node.body = []
        for line, name in imported(tree):
            if re.match(r"sqlalchemy|newsletter\.(store|sending)\b", name):
                wrong.append(f"{module.place}:{line} imports {name}")
    assert wrong == []


def test_whole_files_are_written_by_one_function() -> None:
    written = re.compile(r"\.write_(text|bytes)\(|mkstemp|NamedTemporaryFile|open\([^)]*[\"'][wxa]b?[\"']")
    found = [module.place for module in modules() if written.search(module.source)]
    assert found == ["files.py"]


def test_a_package_says_what_lives_there_and_what_does_not() -> None:
    for module in modules():
        if module.path.name != "__init__.py":
            continue
        text = ast.get_docstring(module.tree) or ""
        first, _, elsewhere = text.partition("Not here: ")
        assert first.strip(), module.place
        assert elsewhere.endswith("."), module.place
        for name in re.findall(r"(?:newsletter|templates)/[\w./]*\w", elsewhere):
            assert (PACKAGE.parent / name).exists(), (module.place, name)


def test_every_part_of_the_package_has_its_band() -> None:
    assert {module.part for module in modules()} - {"__init__"} == set(RANK)


def test_a_module_opens_with_a_sentence_and_has_at_most_400_lines() -> None:
    assert [one.place for one in modules() if not ast.get_docstring(one.tree)] == []
    assert [one.place for one in modules() if len(one.source.splitlines()) > 400] == []


def test_a_function_has_at_most_50_lines_beside_its_docstring() -> None:
    long = [
        f"{module.place}:{function.lineno} {function.name}"
        for module in modules()
        if "migrations" not in module.path.parts  # what a table was is told in one piece
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and length(function) > 50
    ]
    assert long == []


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has from its `def` on, without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function):
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines
