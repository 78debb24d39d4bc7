"""Imports point down: every import, local and TYPE_CHECKING ones too, goes to a lower band."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "newsletter"

BANDS = (
    ("__main__",),
    ("cli",),
    ("web",),
    ("services",),
    ("sending", "audience", "checks", "collect", "feedback", "doctor"),
    ("render", "compose", "store", "transport", "engine"),
    ("ports", "config", "recipes", "links", "conditions", "i18n", "pictures"),
    ("model", "names", "slots", "yamlfile", "private", "registry", "scopes", "brand", "locales"),
    ("errors", "limited", "fetching", "files", "durations", "greeting", "oklch", "redaction"),
)
RANK = {name: rank for rank, band in enumerate(BANDS) for name in band}
MODULES = sorted(PACKAGE.rglob("*.py"))
PACKAGES = [path for path in MODULES if path.name == "__init__.py"]
COMMANDS = [path for path in (PACKAGE / "cli").glob("*.py") if path.stem != "database"]  # it moves tables


def part(dotted: str) -> str | None:
    """Return which part of the house `newsletter.x.y` belongs to; the package itself belongs to none."""
    pieces = dotted.split(".")
    return pieces[1] if len(pieces) > 1 else None


def imports(module: Path) -> set[tuple[int, str]]:
    """Return (line, dotted name) of each import of our own package."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "newsletter"
                else [node.module]
            )
            found |= {(node.lineno, name) for name in names}
        elif isinstance(node, ast.Import):
            found |= {(node.lineno, alias.name) for alias in node.names}
    return {(line, name) for line, name in found if name.split(".")[0] == "newsletter"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(module: Path) -> None:
    own = module.relative_to(PACKAGE).with_suffix("").parts[0]
    if own == "__init__":
        return
    wrong = []
    for line, name in imports(module):
        other = part(name)
        if other is None or other == own or other not in RANK:
            continue
        if RANK[other] <= RANK[own]:
            wrong.append(f"{module.name}:{line} imports {name}")
    assert not wrong


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_services_and_what_lies_below_know_no_terminal_and_no_web_server(module: Path) -> None:
    own = module.relative_to(PACKAGE).with_suffix("").parts[0]
    if RANK.get(own, 0) < RANK["services"]:
        return
    tree = ast.parse(module.read_text(encoding="utf-8"))
    named = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not named & {"click", "flask"}
    assert "print" not in called


@pytest.mark.parametrize("module", COMMANDS, ids=lambda path: path.name)
def test_a_command_asks_services_and_touches_no_table(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in named if re.match(r"sqlalchemy|newsletter\.(store|sending)\b", name)}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_whole_files_are_written_by_one_function(module: Path) -> None:
    if module == PACKAGE / "files.py":
        return
    source = module.read_text(encoding="utf-8")
    assert not re.search(
        r"\.write_(text|bytes)\(|mkstemp|NamedTemporaryFile|open\([^)]*[\"'][wxa]b?[\"']", source
    )


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.parent.relative_to(PACKAGE)))
def test_a_package_says_what_lives_there_and_what_does_not(package: Path) -> None:
    text = ast.get_docstring(ast.parse(package.read_text(encoding="utf-8"))) or ""
    first, _, elsewhere = text.partition("Not here: ")
    assert first.strip()
    assert elsewhere.endswith(".")
    for name in re.findall(r"(?:newsletter|templates)/[\w./]*\w", elsewhere):
        assert (PACKAGE.parent / name).exists(), name


def test_every_part_of_the_package_has_its_band() -> None:
    parts = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in MODULES} - {"__init__"}
    assert parts <= set(RANK)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_opens_with_a_sentence_and_has_at_most_400_lines(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source))
    assert len(source.splitlines()) <= 400


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_function_has_at_most_50_lines_beside_its_docstring(module: Path) -> None:
    if "migrations" in module.parts:  # what a table was is told in one piece
        return
    long = {
        function.name: lines
        for function in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := length(function)) > 50
    }
    assert not long


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has from its `def` on, without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function):
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines
