"""Two thousand odd inputs meet every parser: none breaks one, runs in a browser, or takes much memory."""

import random
import resource
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from newsletter.model import Issue
from newsletter.render import markdown
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer
from newsletter.services import Workspace, theme_folders
from newsletter.web.readers.app import create_site
from tests import press
from tests.fuzz import odd
from tests.fuzz.targets import ROOT, TARGETS, meet
from tests.fuzz.targets import settings as sample
from tests.web.readers.conftest import context

__all__ = ["context"]

_MOST = 300 << 10  # kilobytes that all of them may take at most beside what the process had


def test_two_thousand_odd_inputs_break_no_parser_in_bounded_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    met: Counter[str] = Counter()
    kinds = {kind: [name for name, (of, _) in TARGETS.items() if of == kind] for kind, _ in TARGETS.values()}
    for kind, data in odd.corpus(list(kinds)):
        for name in kinds[kind]:
            meet(name, data)
            met[name] += 1
    assert set(met) == set(TARGETS)
    assert sum(met.values()) >= odd.NUMBER
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _MOST


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(chance=st.randoms(use_true_random=False), name=st.sampled_from(sorted(TARGETS)))
def test_what_hypothesis_makes_odd_breaks_no_parser(chance: random.Random, name: str) -> None:
    meet(name, odd.make(chance, TARGETS[name][0]))


def texts() -> list[str]:
    """Return the odd inputs as text, as it gets into items."""
    found = odd.corpus(("body", "front-matter", "html", "form"))
    return [data.decode("utf-8", "replace")[:1500] for _, data in found]


def odd_issue(some: list[str]) -> Issue:
    """Return an issue whose titles, texts, links and lines are odd."""
    items = [
        replace(
            press.item(f"x{place}", text, link=f"https://x.example/{text[:40]}" if place % 2 else None),
            title=" ".join(text[:80].split()) or "x",
        )
        for place, text in enumerate(some)
    ]
    words = " ".join(odd.SCRIPTS)
    return replace(press.issue(press.CLOSING, items, intro=words), preheader=words, subject=words)


def mail_of(renderer: Renderer, issue: Issue) -> str:
    """Return the HTML of an issue's mail."""
    edition = Editions(issue).whole()
    assert edition
    return renderer.render(issue, edition).html


@pytest.mark.browser
def test_nothing_odd_runs_in_mails_pages_or_the_html_of_items(browser: Browser, context: Workspace) -> None:
    every = texts()
    some, renderer = every[:: len(every) // 96], Renderer(sample(), theme_folders(ROOT))
    mails = [mail_of(renderer, odd_issue(some[first : first + 24])) for first in range(0, len(some), 24)]
    issue = odd_issue(some)
    press.publish(context.database, issue)
    archived = create_site(context).test_client().get(f"/issues/{issue.name}").text
    bodies = "<!doctype html><body>" + "".join(map(markdown.html, every))
    live = f"<body>{odd.SCRIPTS[0]}{odd.SCRIPTS[1]}"
    page = browser.new_page()
    page.route("**/*", lambda route: route.abort())
    for html in (*mails, archived, bodies, live):
        page.set_content(html, wait_until="load")
        page.evaluate("document.querySelectorAll('a, button, input').forEach(one => one.focus())")
        assert page.evaluate(f"window.{odd.FLAG} === 1") == (html == live)
    page.close()
