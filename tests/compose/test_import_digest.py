"""From a digest to item files."""

from datetime import date
from pathlib import Path

import pytest

from newsletter.compose.account import Digest
from newsletter.compose.digest import parse_digest
from newsletter.compose.import_digest import import_digest
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
    item, problems = parse_item(text, done.written[0], sections=["top"], fields=(), timezone="Europe/Kyiv")
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
        item, problems = parse_item(text, name, sections=slugs, fields=(), timezone="Europe/Kyiv")
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


CORRECTED = NEWS.replace("Перша новина", "Перша важлива новина").replace(
    "Текст.\n\n[Б", "Виправлений текст.\n\n[Б"
)


def contents(workspace: Path) -> dict[str, str]:
    folder = workspace / "issues/2025-02-14/items"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def test_a_corrected_source_corrects_its_items_and_keeps_their_names(
    workspace: Path, digest: Digest, settings: Settings
) -> None:
    import_digest(workspace, digest, settings)
    again = import_digest(workspace, parse(HEAD + CORRECTED, settings), settings)
    assert again.written == ("issues/2025-02-14/items/01-persha-novyna.md",)
    assert not again.left_alone
    assert not again.problems
    found = contents(workspace)
    assert list(found) == ["01-persha-novyna", "02-druha-novyna"]
    assert "Перша важлива новина" in found["01-persha-novyna"]
    assert "Виправлений текст." in found["01-persha-novyna"]


def test_an_item_that_is_put_in_before_others_renames_none(
    workspace: Path, digest: Digest, settings: Settings
) -> None:
    import_digest(workspace, digest, settings)
    longer = NEWS.replace("ТОП\n\n", "ТОП\n\nНова новина\n\nЗовсім інше.\n\n[Більше на сайті АМУ](#)\n\n")
    again = import_digest(workspace, parse(HEAD + longer, settings), settings)
    assert again.written == ("issues/2025-02-14/items/01-nova-novyna.md",)
    assert list(contents(workspace)) == ["01-nova-novyna", "01-persha-novyna", "02-druha-novyna"]


def test_an_editor_s_change_is_kept_and_shown_against_the_corrected_text(
    workspace: Path, digest: Digest, settings: Settings
) -> None:
    first = import_digest(workspace, digest, settings)
    file = workspace / first.written[0]
    edited = file.read_text(encoding="utf-8").replace("Текст.", "Текст редактора.")
    file.write_text(edited, encoding="utf-8")
    assert import_digest(workspace, digest, settings).changes == {}
    again = import_digest(workspace, parse(HEAD + CORRECTED, settings), settings)
    assert again.left_alone == first.written[:1]
    assert file.read_text(encoding="utf-8") == edited
    shown = again.changes[first.written[0]].splitlines()
    assert "-Текст редактора." in shown
    assert "+Виправлений текст." in shown
    forced = import_digest(workspace, parse(HEAD + CORRECTED, settings), settings, force=True)
    assert forced.written == first.written[:1]
    assert "Виправлений" in file.read_text(encoding="utf-8")


def test_line_ends_that_git_or_an_editor_changes_are_no_edit(
    workspace: Path, digest: Digest, settings: Settings
) -> None:
    first = import_digest(workspace, digest, settings)
    for path in (workspace / "issues/2025-02-14").rglob("*.*"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert import_digest(workspace, digest, settings).unchanged == first.written
    again = import_digest(workspace, parse(HEAD + CORRECTED, settings), settings)
    assert again.written == first.written[:1]
    assert not again.left_alone


def test_an_item_that_left_its_source_is_named_and_kept(
    workspace: Path, digest: Digest, settings: Settings
) -> None:
    import_digest(workspace, digest, settings)
    shorter = NEWS[: NEWS.index("Друга новина")]
    again = import_digest(workspace, parse(HEAD + shorter, settings), settings)
    (problem,) = again.problems
    assert problem.text == "no longer in digest.txt"
    assert problem.at
    assert problem.at.path.endswith("02-druha-novyna.md")
    assert len(contents(workspace)) == 2


def test_items_of_two_sources_live_side_by_side(workspace: Path, digest: Digest, settings: Settings) -> None:
    import_digest(workspace, digest, settings)
    other = parse_digest(text_lines(HEAD + "ОСВІТА\n\nТретя новина\n\nПро школи.\n"), "other.docx", settings)
    done = import_digest(workspace, other, settings)
    assert done.written == ("issues/2025-02-14/items/01-tretia-novyna.md",)
    assert not done.problems
    assert import_digest(workspace, digest, settings).problems == ()


def test_without_a_record_every_other_text_counts_as_edited(
    workspace: Path, digest: Digest, settings: Settings
) -> None:
    import_digest(workspace, digest, settings)
    (workspace / "issues/2025-02-14/imported.yaml").unlink()
    corrected = NEWS.replace("Текст.\n\n[Б", "Виправлений текст.\n\n[Б")
    again = import_digest(workspace, parse(HEAD + corrected, settings), settings)
    assert again.left_alone == ("issues/2025-02-14/items/01-persha-novyna.md",)
    assert again.changes
