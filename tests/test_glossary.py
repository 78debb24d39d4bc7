"""Code, templates and documents keep to the words that the glossary settles."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs/glossary.md"
ROWS = re.findall(r"^\| (.+?) \| (.*?) \| (.*) \|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)[2:]
USE_INSTEAD = {"rubric": "section", "chore": "periodic job", "wiring": "services"}
AVOIDED = re.compile(rf"\b(?:{'|'.join(USE_INSTEAD)})s?\b", re.IGNORECASE)
IDENTIFIER = re.compile(r"`[^`\n]+`")
ALLOWED: dict[str, str] = {}
"""Where a word may stand: a file's path from the root, and the reason."""

MODULES = sorted(ROOT.glob("newsletter/**/*.py"))
PAGES = sorted(
    {ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "subscribers/README.md", *ROOT.glob("docs/**/*.md")}
)
TEMPLATES = sorted(path for path in ROOT.glob("templates/**/*") if path.suffix in {".html", ".mjml", ".txt"})


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the docstrings and comments of a module with their lines."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.lineno, str(node.value.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def shown(path: Path) -> str:
    """Return the words of a template: without tags, expressions and statements, lines kept."""
    text = path.read_text(encoding="utf-8")
    return re.sub(
        r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", lambda code: "\n" * code[0].count("\n"), text, flags=re.DOTALL
    )


def avoided(path: Path, passages: Iterator[tuple[int, str]]) -> list[str]:
    """Return a line for each avoided word in `passages`, which begin at the line given with each."""
    name = str(path.relative_to(ROOT))
    return [
        f"{name}:{first + text.count(chr(10), 0, word.start())}: {word[0]}"
        for first, text in passages
        for word in AVOIDED.finditer(IDENTIFIER.sub(lambda name: " " * len(name[0]), text))
        if name not in ALLOWED
    ]


def test_docstrings_and_comments_use_the_settled_words() -> None:
    assert [word for path in MODULES for word in avoided(path, prose(path))] == []


def test_documents_and_templates_use_the_settled_words() -> None:
    texts = [(path, path.read_text(encoding="utf-8")) for path in PAGES]
    texts += [(path, shown(path)) for path in TEMPLATES]
    assert [word for path, text in texts for word in avoided(path, iter([(1, text)]))] == []


def test_an_allowed_file_exists_and_has_a_reason() -> None:
    assert [name for name, reason in ALLOWED.items() if not reason or not (ROOT / name).is_file()] == []


def test_the_words_to_use_instead_are_in_the_glossary_or_name_a_folder() -> None:
    known = {name.strip() for word, _, _ in ROWS for name in word.split(",")}
    wanted = set(USE_INSTEAD.values())
    assert [word for word in wanted - known if not (ROOT / "newsletter" / word).is_dir()] == []


def test_every_word_of_the_glossary_has_a_meaning_and_a_ukrainian_word() -> None:
    assert len(ROWS) > 20
    for word, ukrainian, meaning in ROWS:
        assert re.search(r"[а-яіїєґ]{3}", ukrainian, re.IGNORECASE), f"{word}: no Ukrainian word"
        assert len(meaning.split()) > 3, f"{word}: no meaning"


def test_no_word_of_the_glossary_has_two_meanings() -> None:
    names = [name.strip() for word, _, _ in ROWS for name in word.split(",")]
    assert sorted(names) == sorted(set(names))
