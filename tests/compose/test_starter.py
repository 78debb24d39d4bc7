"""A new workspace."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.checks.unrendered import unrendered
from newsletter.compose.issuefile import load_issue, newest_issue
from newsletter.compose.starter import make_workspace
from newsletter.config import read_settings
from newsletter.errors import ConfigError
from newsletter.locales import CATALOGS
from newsletter.registry import TRANSPORTS

NOW = datetime(2025, 2, 12, 9, tzinfo=UTC)


@pytest.mark.parametrize("language", [*CATALOGS, "de-AT", "he"])
def test_a_new_workspace_has_an_issue_of_this_week_without_a_problem(language: str, tmp_path: Path) -> None:
    closing = make_workspace(tmp_path / "new", language, NOW)
    settings = read_settings(tmp_path / "new")
    assert closing
    issue, problems = load_issue(tmp_path / "new", closing, settings)
    assert closing == newest_issue(tmp_path / "new") == date(2025, 2, 14)
    assert settings.language == language
    assert not problems
    assert [len(block.items) for block in issue.blocks] == [1, 1, 1]
    items = [item for block in issue.blocks for item in block.items]
    assert {item.date for item in items} == {date(2025, 2, 12)}
    assert not [remark for item in items for remark in unrendered(item.text)]


@pytest.mark.parametrize("language", CATALOGS)
def test_a_new_workspace_names_every_way_in_which_mail_leaves(language: str, tmp_path: Path) -> None:
    make_workspace(tmp_path / "new", language, NOW)
    lines = (tmp_path / "new/newsletter.yaml").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith("transport:"))
    assert set(re.findall(r"[a-z]+", line)) >= set(TRANSPORTS)


def test_all_languages_have_the_same_files(tmp_path: Path) -> None:
    def kinds(language: str) -> set[str]:
        root = tmp_path / language
        make_workspace(root, language, NOW)
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.parent.name != "items"}

    english, *others = map(kinds, ("en", "uk", "pl", "de", "he"))
    assert others == [english] * 4
    assert english > {".gitignore", "subscribers/README.md", "subscribers/segments.yaml"}


def test_the_day_is_that_of_the_workspaces_time_zone(tmp_path: Path) -> None:
    friday_in_utc_saturday_in_kyiv = datetime(2025, 2, 14, 23, tzinfo=UTC)
    assert make_workspace(tmp_path / "new", "uk", friday_in_utc_saturday_in_kyiv) == date(2025, 2, 21)


def test_real_lists_are_kept_out_of_git(tmp_path: Path) -> None:
    make_workspace(tmp_path / "new", "uk", NOW)
    assert "subscribers/*" in (tmp_path / "new/.gitignore").read_text(encoding="utf-8").splitlines()


def test_a_folder_that_holds_something_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("мої", encoding="utf-8")
    with pytest.raises(ConfigError, match="not empty"):
        make_workspace(tmp_path, "uk", NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("мої", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be made"):
        make_workspace(tmp_path / "notes.txt", "uk", NOW)
