"""Every finding has a code with a bad and a good example, and each example does what it is there for."""

import ast
import re
import runpy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest

from newsletter.checks.assembled import checked
from newsletter.checks.codes import CODES, Code, Part
from newsletter.checks.editorial import editorial
from newsletter.checks.findings import silenced
from newsletter.checks.kinds import several_leads
from newsletter.checks.lines import lines_under
from newsletter.checks.link_answers import Looked, link_problems, links_of
from newsletter.checks.markup import faults, heaviest, size, weight
from newsletter.checks.mjml_lint import lint
from newsletter.compose.issuefile import load_issue
from newsletter.config import Settings
from newsletter.errors import ContentError, Place, Problem
from newsletter.fetched import Cause
from newsletter.model import Edition, Rendered
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer
from newsletter.services import Workspace
from newsletter.services.proof import repeats
from newsletter.services.spelling import dictionary_of, spelt
from newsletter.slots import PREFERENCES, UNSUBSCRIBE, VIEW, slot
from tests import drawn
from tests.checks.conftest import REPOSITORY
from tests.sending import house

PACKAGE = REPOSITORY / "newsletter"
SPEAKING = [
    *(PACKAGE / "checks").rglob("*.py"),
    *(PACKAGE / "compose" / f"{name}.py" for name in ("item", "issuefile", "event", "pictures")),
    *(PACKAGE / f"{name}.py" for name in ("yamlfile", "conditions")),
]
"""The modules that make findings."""
BASE = "https://news.example.org"
LINKS = {name.lower(): f"{BASE}/{name.lower()}/{slot(name)}" for name in (UNSUBSCRIBE, PREFERENCES, VIEW)}
COLUMN = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"
FOLDER = "issues/2025-02-14"
HEAD = {"title": "Форум громад", "section": "top", "link": "https://auc.org.ua/forum"}
TEXT = "Громади зустрілися в Києві."
ISSUE = {
    "subject": "Форум громад і субсидії",
    "preheader": "Форум громад, субсидії для переселенців, нові вебінари",
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> "Bench":
    return Bench(tmp_path_factory.mktemp("workspace"), settings)


class Bench:
    """A workspace in which an example is tried."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root, self.settings = root, settings
        pictures = root / FOLDER / "pictures"
        pictures.mkdir(parents=True)
        (pictures / "forum.png").write_bytes(drawn.encoded(drawn.halves(), "PNG"))
        frames = [drawn.halves(), drawn.halves().rotate(180)]
        (pictures / "moving.gif").write_bytes(
            drawn.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        )
        (pictures / "broken.png").write_bytes(b"no picture")

    def codes(self, code: Code, example: str | Mapping[str, str]) -> set[str]:
        """Return the codes of all findings on an example."""
        return {problem.code for problem in self.problems(code.part, example)}

    def problems(self, part: Part, example: str | Mapping[str, str]) -> list[Problem]:  # noqa: C901, PLR0911, PLR0912  by part
        """Return all findings on an example."""
        if not isinstance(example, str):
            return self.of_parts(**example) if part is Part.PARTS else self.of_files(example)
        match part:
            case Part.SIZE:
                what, number, unit = example.replace(":", "").split()
                count = int(number) * {"KB": 1024, "kB": 1000}[unit]
                if what == "item":
                    return list(heaviest(*self.of_weight(count)))
                found = size(count) if what == "html" else weight([drawn.image(b"x" * count)])
                return list(found)
            case Part.HTML:
                return self.of_html(example)
            case Part.COLUMN:
                return list(lint(lambda name: (COLUMN.format(example), Place(name)), ["a.mjml"], "a.mjml"))
            case Part.THEME:
                return self.of_theme(example)
            case Part.SPELLING:
                if dictionary_of("uk") is None:
                    pytest.skip("no hunspell-uk")
                return self.of_files({"items/01-forum.md": item("", example)}, spelling=True)
            case Part.ANSWER:
                return self.of_answer(example)
            case Part.ISSUE:
                return self.of_files({"issue.yaml": example})
            case Part.ITEM:
                return self.of_files({"items/01-forum.md": example})
            case Part.HEAD:
                return self.of_files({"items/01-forum.md": item(example)})
            case Part.TITLE:
                return self.of_files({"items/01-forum.md": item(f"title: '{example}'")})
        return self.of_files({"items/01-forum.md": item("", example)})

    def of_weight(self, count: int) -> tuple[str, Edition]:
        """Return an HTML of 85 KB and its edition, with one item of so many bytes and many small ones."""
        block = house.issue().blocks[0]
        items = [replace(block.items[0], id=f"{number}", title=f"Новина {number}!") for number in range(20)]
        rest = (85 * 1024 - count) // 19
        sizes = [count, *([rest] * 19)]
        html = "".join(f"{item.title}{'x' * size}" for item, size in zip(items, sizes, strict=True))
        return html, Edition(key="0" * 16, blocks=(replace(block, items=tuple(items)),))

    def of_files(self, files: Mapping[str, str], *, spelling: bool = False) -> list[Problem]:
        """Return the findings on an issue of these files, beside a good issue.yaml and a good item."""
        folder = self.root / FOLDER
        items = {name: text for name, text in files.items() if name.startswith("items/")}
        earlier = {name: text for name, text in files.items() if name.startswith("../")}
        items = items or {"items/01-forum.md": item("")}
        order = [name.removeprefix("items/").removesuffix(".md") for name in items]
        issue = keys(ISSUE | {"order": f"{{top: [{', '.join(order)}]}}"}, files.get("issue.yaml", ""))
        for old in folder.parent.glob("*/items/*"):
            old.unlink()
        for name, text in {"issue.yaml": issue, **items, **earlier}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="surrogateescape")
        try:
            made, problems = load_issue(self.root, house.issue().period.end, self.settings)
        except ContentError as error:
            return list(error.problems)
        whole = Editions(made).whole()
        leads = several_leads(whole) if whole else ()
        workspace = Workspace(self.root, self.settings)
        again = repeats(workspace, made) if earlier else []
        again += spelt(workspace, made, lines_under(self.root)) if spelling else []
        found = [*problems, *editorial(made, self.settings, lines_under(self.root)), *leads, *again]
        return silenced(made, found, problems)[0]

    def of_answer(self, example: str) -> list[Problem]:
        """Return the findings on an issue whose link gave this answer."""
        self.of_files({})
        made, _ = load_issue(self.root, house.issue().period.end, self.settings)
        first = next(href for href, _ in links_of(made))
        status, _, more = example.partition(", ")
        what, _, value = more.rpartition(" ")
        causes = {"no answer": Cause.SLOW, "untrusted": Cause.UNTRUSTED}
        looked = Looked(
            at=datetime(2025, 2, 14, tzinfo=UTC),
            status=0 if status in causes else int(status),
            url=value if what in {"seen at", "moved to"} else first,
            moved=value if what == "moved to" else "",
            certificate_ends=datetime.fromisoformat(f"{value}T00:00Z")
            if what == "certificate until"
            else None,
            cause=causes.get(status),
        )
        return list(link_problems(made, {first: looked}))

    def of_html(self, example: str) -> list[Problem]:
        """Return the findings on an edition whose HTML has this in it, or instead of the same tag."""
        links = " ".join(f'<a href="{link}">Посилання</a>' for link in LINKS.values())
        html = f'<html lang="uk"><head><title>Громади</title></head><body><p>{links}</p></body></html>'
        if example.startswith("<html"):
            html = re.sub("<html[^>]*>", example, html)
        elif example.startswith("<title"):
            html = re.sub("<title>.*</title>", example, html)
        else:
            html = html.replace("</body>", f"{example}</body>") if example else ""
        words = re.sub("<(style|title).*?</\\1>|<[^>]*>", "\n", html, flags=re.DOTALL)
        return faults(page(html, "\n".join([words, *LINKS.values()])), EDITION)

    def of_parts(self, html: str, text: str) -> list[Problem]:
        """Return the findings on an edition with these parts."""
        for name, link in LINKS.items():
            html = html.replace(f"{{{{ {name} }}}}", f'<a href="{link}">Посилання</a>')
            text = text.replace(f"{{{{ {name} }}}}", f"\nПосилання:\n{link}\n")
        head = '<html lang="uk"><head><title>Громади</title></head><body>'
        return faults(page(f"{head}{html}</body></html>", text), EDITION)

    def of_theme(self, example: str) -> list[Problem]:
        """Return the findings on many editions in a theme with this in a block."""
        block = self.root / "templates/digest/blocks/section.mjml"
        block.parent.mkdir(parents=True, exist_ok=True)
        own = (REPOSITORY / "templates/digest/blocks/section.mjml").read_text(encoding="utf-8")
        block.write_text(own + example, encoding="utf-8")
        if words := re.fullmatch("<mj-text>(.*)</mj-text>", example):  # both parts say it
            own = (REPOSITORY / "templates/digest/blocks/section.txt").read_text(encoding="utf-8")
            block.with_suffix(".txt").write_text(f"{own}\n{words[1]}\n", encoding="utf-8")
        folders = [self.root / "templates", REPOSITORY / "templates"]
        made, _ = load_issue(REPOSITORY, house.issue().period.end, self.settings)
        editions = Editions(made)
        choices = combinations(("staff", "social", "education", "services", "economy"), 2)
        shown = [one for choice in choices if (one := editions.of(frozenset(choice), {}))]
        renderer = Renderer(self.settings, folders, drawn.image(width=200, height=100))
        _, found = checked(editions, [], shown, renderer, self.settings)
        return [
            one for one in found if one.code not in {each.code for each in editorial(made, self.settings)}
        ]


EDITION = Edition(key="0" * 16, blocks=())


def page(html: str, text: str) -> Rendered:
    """Return a rendered edition of these two parts."""
    return Rendered(edition="0" * 16, subject="Громади", html=html, text=text, sha256="")


def item(head: str, text: str = TEXT) -> str:
    """Return an item's file, with other keys where `head` has them."""
    return f"---\n{keys(HEAD, head)}---\n\n{text}\n"


def keys(good: Mapping[str, str], other: str) -> str:
    """Return the lines of YAML, with those of `other` instead of the good ones of the same keys."""
    kept = [
        f"{key}: {value}\n" for key, value in good.items() if not re.search(f"^{key}:", other, re.MULTILINE)
    ]
    return "".join(kept) + (f"{other}\n" if other else "")


@pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))
def test_the_bad_example_gives_exactly_its_finding_and_the_good_one_none(bench: Bench, code: Code) -> None:
    assert bench.codes(code, code.bad) == {code.code}
    assert bench.codes(code, code.good) == set()
    assert {one.severity for one in bench.problems(code.part, code.bad)} == {code.severity}


def test_the_page_of_all_findings_is_as_the_list_has_them() -> None:
    made = runpy.run_path(str(REPOSITORY / "scripts/checks"))
    assert (REPOSITORY / "docs/checks.md").read_text(encoding="utf-8") == made["page"](), "run scripts/checks"


def emitted(module: Path) -> Iterator[tuple[int, str | None]]:
    """Yield line and code of each finding that a module makes; None where a problem has no code."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        codes = [one.value for one in node.keywords if one.arg == "code"]
        if name in {"finding", "_remark"} and node.args:
            codes.append(node.args[0])
        elif name in {"error", "warning"} and not codes:
            yield node.lineno, None
        for one in codes:
            if isinstance(one, ast.Constant):
                yield one.lineno, str(one.value)


@pytest.mark.parametrize("module", SPEAKING, ids=lambda path: path.stem)
def test_whatever_finds_something_names_it_by_a_code_of_the_list(module: Path) -> None:
    assert [found for found in emitted(module) if found[1] not in CODES] == []


def test_codes_are_short_and_readable() -> None:
    assert [code for code in CODES if not re.fullmatch(r"[a-z]+(-[a-z]+){0,3}", code) or len(code) > 24] == []
    assert [code.code for code in CODES.values() if not re.fullmatch(r"[A-Z].*\.", code.says)] == []
