"""From a digest to item files."""

from datetime import date
from pathlib import Path

import pytest

from newsletter.compose.account import Digest
from newsletter.compose.digest import parse_digest
from newsletter.compose.intake import import_digest
from newsletter.compose.issuefile import load_issue
from newsletter.compose.item import parse_item
from newsletter.compose.sources import read_source, text_lines
from newsletter.config import Settings
from newsletter.errors import ContentError

HEAD = "8 – 14 лютого 2025 року\n\n"
NEWS = "ТОП\n\nПерша новина\n\nТекст.\n\n[Більше на сайті АМУ](#)\n\nДруга новина\n\nТекст.\n"


@pytest.fixture
def digest(settings: Settings) -> Digest:
    return parse(HEAD + NEWS, settings)


def parse(text: str, settings: Settings) -> Digest:
    return parse_digest(text_lines(text), "digest.txt", settings)


def held(workspace: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in workspace.rglob("*") if file.is_file()}


def test_each_item_becomes_a_file_named_by_order_and_title(
    workspace: Path, digest: Digest, settings: Settings
) -> None:
    done = import_digest(workspace, digest, settings)
    assert done.closing == date(2025, 2, 14)
    assert done.written == (
        "issues/2025-02-14/items/01-persha-novyna.md",
        "issues/2025-02-14/items/02-druha-novyna.md",
    )
    text = (workspace / done.written[0]).read_text(encoding="utf-8")
    item, problems = parse_item(text, done.written[0], sections=["top"], fields=())
    assert item
    assert not problems
    assert (item.title, item.text, item.link) == ("Перша новина", "Текст.", None)


def test_the_real_digest_is_read_back_without_a_problem(
    workspace: Path, digest_file: Path, settings: Settings
) -> None:
    lines, _ = read_source(digest_file)
    done = import_digest(workspace, parse_digest(lines, "digest.txt", settings), settings)
    assert len(done.written) == 13
    assert not done.problems
    for name in done.written:
        assert len(Path(name).stem) <= 43
        text = (workspace / name).read_text(encoding="utf-8")
        slugs = [section.slug for section in settings.sections]
        item, problems = parse_item(text, name, sections=slugs, fields=())
        assert item
        assert not problems


def test_importing_twice_changes_nothing(workspace: Path, digest: Digest, settings: Settings) -> None:
    first = import_digest(workspace, digest, settings)
    before = held(workspace)
    again = import_digest(workspace, digest, settings)
    assert again.unchanged == first.written
    assert not again.written
    assert held(workspace) == before


def test_an_edited_item_is_never_overwritten(workspace: Path, digest: Digest, settings: Settings) -> None:
    first = import_digest(workspace, digest, settings)
    file = workspace / first.written[0]
    file.write_text("виправлено", encoding="utf-8")
    again = import_digest(workspace, digest, settings)
    assert again.left_alone == first.written[:1]
    assert file.read_text(encoding="utf-8") == "виправлено"


def test_force_overwrites_an_edited_item(workspace: Path, digest: Digest, settings: Settings) -> None:
    first = import_digest(workspace, digest, settings)
    before = held(workspace)
    (workspace / first.written[0]).write_text("виправлено", encoding="utf-8")
    again = import_digest(workspace, digest, settings, force=True)
    assert again.written == first.written[:1]
    assert held(workspace) == before


def test_the_given_date_names_the_issue(workspace: Path, digest: Digest, settings: Settings) -> None:
    done = import_digest(workspace, digest, settings, closing=date(2025, 2, 21))
    assert done.written[0].startswith("issues/2025-02-21/")
    (problem,) = done.problems
    assert "2025-02-14" in problem.text


def test_without_a_period_the_date_must_be_given(workspace: Path, settings: Settings) -> None:
    digest = parse(NEWS, settings)
    with pytest.raises(ContentError, match="no period") as refused:
        import_digest(workspace, digest, settings)
    assert "--issue" in refused.value.problems[0].hint
    assert import_digest(workspace, digest, settings, closing=date(2025, 2, 14)).written


def test_a_digest_without_sections_is_refused(workspace: Path, settings: Settings) -> None:
    with pytest.raises(ContentError, match="no section heading"):
        import_digest(workspace, parse("Просто лист.\n\nІ все.\n", settings), settings)
    assert not (workspace / "issues").exists()


@pytest.mark.parametrize(
    ("typed", "word"), [("9 – 14 лютого 2025", "6 days"), ("9 – 15 лютого 2025", "Saturday")]
)
def test_an_unusual_period_is_a_warning_at_its_line(
    typed: str, word: str, workspace: Path, settings: Settings
) -> None:
    done = import_digest(workspace, parse(f"ДАЙДЖЕСТ\n\n{typed}\n\n{NEWS}", settings), settings)
    (problem,) = done.problems
    assert problem.at
    assert problem.at.line == 3
    assert word in problem.text


def test_a_shorter_period_is_kept_for_the_issue(workspace: Path, settings: Settings) -> None:
    import_digest(workspace, parse(f"12 – 14 лютого 2025\n\n{NEWS}", settings), settings)
    issue, _ = load_issue(workspace, date(2025, 2, 14), settings)
    assert issue.period.start == date(2025, 2, 12)


def test_nothing_is_written_out_of_the_workspace(
    workspace: Path, digest: Digest, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (workspace / "issues").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(ContentError, match="out of the workspace"):
        import_digest(workspace, digest, settings)
    assert not list(elsewhere.iterdir())


def test_no_half_written_file_is_left(workspace: Path, digest: Digest, settings: Settings) -> None:
    done = import_digest(workspace, digest, settings)
    folder = workspace / "issues/2025-02-14/items"
    assert sorted(path.name for path in folder.iterdir()) == [Path(name).name for name in done.written]
