"""A fault in any template of a workspace is told at its file and line, with exit code 1, by every command."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from newsletter.cli import run
from newsletter.services import open_workspace
from newsletter.web.preview.app import create_preview
from newsletter.web.preview.proofs import Proofs
from newsletter.web.preview.reload import Watch

ROOT = Path(__file__).parents[2]
SLIPS = {
    "{% if %}": "Expected an expression",
    "{{ nosuch }}": "'nosuch' is undefined",
    "{{ title|nosuch }}": "No filter named 'nosuch'",
    "{{ theme.parse_raw('', proto='pickle', allow_pickle=True) }}": "no 'parse_raw'",
    "{{ 'a' * 10**9 }}": "too large",
}
LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
COMMANDS = (["check"], ["render", "--out", "out"], ["approve", "2025-02-14", "--by", "Олена"])
TEMPLATES = (
    *("digest/subject.txt", "digest/issue.txt", "digest/issue.mjml", "digest/style.css"),
    *("digest/blocks/news.mjml", "digest/blocks/news.txt"),
)
LETTERS = ("mail/confirm.txt", "mail/letter.mjml", "mail/letter.txt", "mail/subject.txt")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace with the sample's settings and a small issue."""
    root = tmp_path / "workspace"
    items = root / "issues/2025-02-14/items"
    items.mkdir(parents=True)
    shutil.copy(ROOT / "newsletter.yaml", root)
    shutil.copy(ROOT / "logo.png", root)
    (items / "01.md").write_text("---\ntitle: Форум\nsection: top\n---\n\nГромади.\n", encoding="utf-8")
    issue = 'subject: Робота громад\npreheader: Форум громад\norder:\n  top: ["01"]\n'
    (root / "issues/2025-02-14/issue.yaml").write_text(issue, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return root


Spoil = Callable[[str, str], str]


@pytest.fixture
def spoil(workspace: Path) -> Spoil:
    """Put a slip into the second line of a template of the workspace's own, and return the line's place."""

    def spoil(name: str, slip: str) -> str:
        own = workspace / "templates" / name
        own.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / "templates" / name).read_text(encoding="utf-8")
        own.write_text(f"{{# #}}\n{slip}{text}", encoding="utf-8")
        return f"templates/{name}:2: "

    return spoil


def tell(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert run(["-C", "workspace", *command]) == 1
    said = "".join(capsys.readouterr())
    assert "Traceback" not in said
    assert "should not have happened" not in said
    return said


@pytest.mark.parametrize("name", [*TEMPLATES, *LETTERS])
def test_a_slip_in_a_template_is_told_at_its_line(
    spoil: Spoil, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    commands = COMMANDS[: 3 if name in TEMPLATES else 2]
    for number, (slip, words) in enumerate(SLIPS.items()):
        place = spoil(name, slip)
        said = tell(capsys, *commands[number % len(commands)])
        found = re.search(re.escape(place) + r"(error: )?the template fails: .*\n  \S", said)
        assert found
        assert words in found[0]


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_tells_it(
    spoil: Spoil, capsys: pytest.CaptureFixture[str], command: list[str], name: str
) -> None:
    assert spoil(name, "{{ nosuch }}") in tell(capsys, *command)


@pytest.mark.parametrize("slip", ["{{ 'a' * 10**9 }}", LOOPS])
def test_what_computes_without_end_is_told_in_ten_seconds(
    spoil: Spoil, capsys: pytest.CaptureFixture[str], slip: str
) -> None:
    place, began = spoil("digest/issue.mjml", slip), process_time()
    assert place in tell(capsys, "render", "--out", "out")
    assert process_time() - began < 10


@pytest.mark.parametrize("name", [*TEMPLATES, "mail/confirm.txt"])
def test_the_preview_shows_it(workspace: Path, spoil: Spoil, name: str) -> None:
    place = spoil(name, "{{ nosuch }}")
    context = open_workspace(workspace)
    proofs = Proofs(context)
    with Watch(proofs.folders) as watch:
        page = create_preview(proofs, watch).test_client().get("/2025-02-14")
    context.database.dispose()
    assert page.status_code == 200
    assert place.removesuffix(": ") in page.text


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("issue.mjml", "<mj-body ", "<mj-boddy "),
        ("blocks/head.mjml", "<mj-title>", "<mj-tittle>"),
        ("blocks/masthead.mjml", "<h1>{{ heading }}</h1>", "<h1>{{ heading }}"),
        ("blocks/news.mjml", "<h3>{%", "<h3 class=big>{%"),
        ("blocks/footer.mjml", "<p>{{ postal_address }}</p>", "<p>{{ postal_address }}"),
        ("blocks/section.mjml", "<h2 ", "<h2 / "),
    ],
)
def test_mjml_that_cannot_be_compiled_is_told_near_its_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str
) -> None:
    text = (ROOT / "templates/digest" / file).read_text(encoding="utf-8")
    number = next(number for number, each in enumerate(text.split("\n"), 1) if old in each)
    own = workspace / "templates/digest" / file
    own.parent.mkdir(parents=True)
    own.write_text(text.replace(old, new, 1), encoding="utf-8")
    said = tell(capsys, "check")
    found = re.search(rf"templates/digest/{file}:(\d+): ", said)
    assert found, said
    assert abs(int(found[1]) - number) <= 1  # a tag that is not closed is missed on the next line


@pytest.mark.parametrize(
    ("css", "words"),
    [
        ("p { margin: 0 }\n@import url('file:///etc/passwd');", "@import has no place here"),
        ("p { margin: 0 }\np ~ p ~ p { margin: 0 }", "too intricate"),
        ("p { margin: 0 }\na b c d e { margin: 0 }", "too intricate"),
    ],
)
def test_css_that_reaches_out_or_takes_long_is_told_at_its_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], css: str, words: str
) -> None:
    (workspace / "templates/digest").mkdir(parents=True)
    (workspace / "templates/digest/style.css").write_text(css, encoding="utf-8")
    said = tell(capsys, "check")
    assert "templates/digest/style.css:2: " in said
    assert words in said
