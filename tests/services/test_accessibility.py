"""The report on accessibility: by our own rules where there is no browser, by axe where there is one."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from newsletter.cli import run
from newsletter.services import Workspace, axe
from newsletter.services.accessibility import Report, report
from newsletter.web.accessibility import page

FAULTY = (
    '<html lang="uk"><head><title>Громади</title><style>@media (prefers-color-scheme: dark) '
    "{ p { color: #333333 !important } }</style></head>"
    '<body style="background-color:#222222"><h1 style="color:#ffffff">Громади</h1>'
    '<p style="color:#eeeeee">Житло</p><img src="cid:map"></body></html>'
)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine have no axe."""
    monkeypatch.setattr(axe, "script", lambda _root: None)


Make = Callable[..., Report]


@pytest.mark.usefixtures("alone")
def test_without_a_browser_the_report_says_so_and_names_what_our_rules_find(press: Workspace) -> None:
    made = report(press, "Громади", {"Усе": FAULTY, "ТОП": FAULTY})
    assert (made.axe, made.browser, made.barriers) == ("", "", 1)
    [found] = made.found
    assert (found.criterion, found.pages, found.places, found.by) == (
        "1.1.1",
        ("Усе", "ТОП"),
        ("cid:map",),
        "",
    )
    told = {one.number: (one.clause, one.barriers) for one in made.criteria}
    assert told["1.1.1"] == ("9.1.1.1", 1)
    assert told["1.4.3"] == ("9.1.4.3", 0)
    for language, words in (("uk", "немає axe-core або Chromium"), ("en", "has no axe-core or no Chromium")):
        shown = page(made, press.settings, language)
        assert words in shown
        assert f'<html lang="{language}"' in shown
        assert press.settings.sender.address.partition("@")[2] in shown


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium")
def test_axe_looks_in_both_schemes_and_is_named_with_its_version(press: Workspace) -> None:
    made = report(press, "Громади", {"Усе": FAULTY})
    assert re.fullmatch(r"4\.\d+\.\d+", made.axe)
    assert made.browser.startswith("Chromium")
    assert {(one.criterion, one.by) for one in made.found} == {
        ("1.1.1", ""),
        ("1.1.1", "image-alt"),
        ("1.4.3", "color-contrast"),  # in the dark alone
    }
    assert "2.4.2" in {one.number for one in made.criteria}
    shown = page(made, press.settings, "uk")
    assert f"axe-core {made.axe}" in shown
    assert "&lt;img src=" in shown


@pytest.mark.browser
@pytest.mark.usefixtures("alone")
def test_the_page_itself_is_usable_by_everybody(press: Workspace, browser: Browser) -> None:
    made = report(press, "Громади", {"Усе": FAULTY.replace("#eeeeee", "#444444"), "ТОП": FAULTY})
    tab = browser.new_page(viewport={"width": 320, "height": 640})
    try:
        for language in ("uk", "en"):
            tab.set_content(page(made, press.settings, language))
            assert tab.evaluate("document.documentElement.scrollWidth") == 320
            for scheme in ("light", "dark"):
                tab.emulate_media(color_scheme=scheme)
                found = Axe().run(tab)
                assert found.violations_count == 0, found.generate_report()
    finally:
        tab.close()


@pytest.mark.usefixtures("alone")
def test_the_command_reports_on_an_issue_and_writes_the_page(
    empty: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.html"
    assert run(["-C", str(empty.root), "accessibility", "--output", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["issue"], said["barriers"], said["of"]) == ("2025-02-14", 0, 1)
    assert {one["clause"] for one in said["criteria"]} >= {"10.1.1.1", "10.3.1.2"}
    assert said["reading"]["lix"] > 40
    shown = file.read_text("utf-8")
    assert "Автоматичні перевірки бар’єрів не знайшли." in shown
    assert "розділ 10" in shown
    assert run(["-C", str(empty.root), "accessibility", "--archive"]) != 0
    assert "no issue yet" in capsys.readouterr().err


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium")
def test_the_archive_of_an_issue_that_was_sent_is_free_of_barriers(
    empty: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people, file = tmp_path / "people.csv", tmp_path / "archive.html"
    people.write_text("email\nolena@example.org\n", "utf-8")
    for command in (
        f"subscribers import {people} --consent forum",
        "approve 2025-02-14 --by Olena",
        "send 2025-02-14 --transport outbox --yes",
    ):
        subprocess.run(
            [sys.executable, "-m", "newsletter", "-C", empty.root, *command.split()],
            check=True,
            capture_output=True,
        )
    assert run(["-C", str(empty.root), "accessibility", "--archive", "--output", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["barriers"], len(said["pages"])) == (0, 3), said["found"]
    assert {one["clause"] for one in said["criteria"]} >= {"9.1.1.1", "9.3.1.2"}
    assert said["pages"][0] == "Випуски"
    shown = file.read_text("utf-8")
    assert "<h1>Доступність архіву: " in shown
    assert "Перевірено сторінок: 3 із " in shown
    assert "Автоматичні перевірки бар’єрів не знайшли." in shown
