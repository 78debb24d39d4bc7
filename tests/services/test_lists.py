"""Importing a list as a service: consent where it is needed, and headings remembered."""

from pathlib import Path

import pytest

from newsletter.errors import ConfigError, ContentError
from newsletter.model import Standing
from newsletter.services import Workspace
from newsletter.services.lists import FILE, ListImport, Reading
from newsletter.services.subscribers import readers

UNSUBSCRIBED = Path(__file__).parents[1] / "audience/exports/unsubscribed_mailchimp.csv"


def the_list(workspace: Workspace, text: str, **how: object) -> ListImport:
    path = workspace.root / "list.csv"
    path.write_text(text, encoding="utf-8")
    return ListImport(workspace, path, Reading(**{"columns": {}, "values": {}, **how}))  # type: ignore[arg-type]


def test_new_people_need_consent_and_a_dry_run_needs_none(press: Workspace) -> None:
    people = "email\na@example.org\nno address\n"
    source = the_list(press, people)
    assert source.needs_consent()
    with pytest.raises(ConfigError, match="consent is missing"):
        source.run()
    rehearsal = the_list(press, people, dry_run=True)
    assert not rehearsal.needs_consent()
    assert rehearsal.run().counts["new"] == 1
    assert list(readers(press)) == []
    report = source.run("a forum")
    assert (report.counts["new"], report.counts["refused"], report.name) == (1, 1, "list.csv")
    assert report.refused


def test_a_list_of_people_who_left_needs_no_consent(press: Workspace) -> None:
    source = ListImport(press, UNSUBSCRIBED, Reading(columns={}, values={}))
    assert not source.needs_consent()
    assert source.run().counts["new"] == 0
    left = the_list(press, "email\na@example.org\n").run(everybody=Standing.LEFT)
    assert left.counts["left"] == 1


def test_what_is_no_list_is_refused(press: Workspace) -> None:
    with pytest.raises(ContentError):
        ListImport(press, press.root / "newsletter.yaml", Reading(columns={}, values={})).run("a forum")


def test_headings_that_are_explained_once_are_remembered(press: Workspace) -> None:
    text = "Пошта,Телефон\na@example.org,1\n"
    with pytest.raises(ContentError, match="unknown column 'Телефон'"):
        the_list(press, text).run("a forum")
    source = the_list(press, text, columns={"Телефон": "-", "Факс": "-"})
    learned = source.learned(source.run("a forum"))
    assert (learned.absent, learned.once, learned.lasting) == (("Факс",), (), {"Телефон": "-"})
    assert source.remember(learned)
    assert "Телефон" in (press.root / FILE).read_text(encoding="utf-8")
    assert the_list(press, text).run("a forum").counts["unchanged"] == 1


def test_that_a_column_of_who_left_is_ignored_is_not_remembered(press: Workspace) -> None:
    source = the_list(press, "email,Status\na@example.org,gold\n", columns={"Status": "-"})
    learned = source.learned(source.run("a forum"))
    assert (learned.once, learned.lasting) == (("Status",), {})
    assert not source.remember(learned)
    assert not (press.root / FILE).exists()


def test_words_of_a_status_are_remembered_and_a_dry_run_remembers_nothing(press: Workspace) -> None:
    text, values = (
        "email,Стан\na@example.org,так собі\nb@example.org,геть\n",
        {"так собі": Standing.ACTIVE, "геть": Standing.LEFT},
    )
    rehearsal = the_list(press, text, values=values, dry_run=True)
    assert not rehearsal.remember(rehearsal.learned(rehearsal.run()))
    source = the_list(press, text, values=values)
    report = source.run("a forum")
    assert (report.counts["new"], report.counts["left"]) == (1, 1)
    assert source.remember(source.learned(report))
    assert the_list(press, text).run("a forum").counts["unchanged"] == 2
