"""Pictures of every page, in the states that the tests of accessibility know: on a sheet each."""

import argparse
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page

from newsletter.services import open_workspace
from newsletter.web.api.app import create_api
from newsletter.web.readers.limits import Counts
from tests import looks
from tests.gallery import ROOT
from tests.web import test_accessibility as site
from tests.web.desk import test_accessibility as desk

WIDTHS = (375, 768, 1200, 1600)
SCHEMES = ("light", "dark")
LANGUAGES = ("uk", "en")
OUT = ROOT / "var/screens"


@dataclass(frozen=True, slots=True)
class Where:
    """A page: its name, its address, and whether somebody has to have signed in to see it."""

    name: str
    address: str
    inside: bool = False


@contextmanager
def serving() -> Iterator[tuple[list[Where], str, Flask]]:
    """Serve all applications; give their pages, and the desk with its address."""
    with ExitStack() as stack:
        roots = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        public, preview, tokens = stack.enter_context(site.whole_site(roots[0]))
        editors = stack.enter_context(desk.whole_desk(roots[1]))
        public.before_request(lambda: public.extensions.update(counts=Counts()))
        apps = {
            "site": public,
            "preview": preview,
            "api": create_api(open_workspace(roots[1])),
            "desk": editors,
        }
        bases = {name: stack.enter_context(site.serving(app)) for name, app in apps.items()}
        paths = [f"site:{path}" for some in site.PUBLIC.values() for path in some]
        paths += [f"preview:{path}" for some in site.PREVIEW.values() for path in some]
        paths += ["api:/api/v1/reference"]
        found = [
            Where(path, bases[kind] + rest.format(**tokens))
            for path in paths
            for kind, _, rest in [path.partition(":")]
        ]
        for path in (path for some in desk.PAGES.values() for path in some):
            who, _, rest = re.sub(r"[?&]lang=en", "", path).rpartition(":")
            found.append(Where(f"desk:{rest}", bases["desk"] + rest, inside=not who))
        yield list({where.name: where for where in found}.values()), bases["desk"], editors


def window(browser: Browser, language: str) -> Page:
    """Open a window of a browser that speaks a language."""
    return browser.new_context(locale=language, device_scale_factor=1).new_page()


def shoot(page: Page, width: int, scheme: str) -> Image.Image:
    """Return a picture of a whole page."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # its own names
    return Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")


def main() -> None:
    """Make the pictures that the command line asks for."""
    given = _options().parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[tuple[str, Sequence[tuple[str, Image.Image]]]]] = {}
    with serving() as (found, address, app), looks.chromium() as browser:
        for language in given.lang or LANGUAGES:
            inside, outside = window(browser, language), window(browser, language)
            desk.come_in(inside, address, app)
            inside.click("main button")
            for where in found:
                if given.only not in where.name:
                    continue
                page = inside if where.inside else outside
                page.goto(where.address)
                name = re.sub(r"[^\w.-]+", "-", where.name).strip("-")
                for scheme in given.scheme or SCHEMES:
                    shots = [(width, shoot(page, width, scheme)) for width in given.width or WIDTHS]
                    for width, shot in shots:
                        shot.save(given.out / f"{name}-{width}-{scheme}-{language}.png")
                    labelled = [(str(width), shot) for width, shot in shots]
                    rows.setdefault(name, []).append((f"{where.name} {scheme} {language}", labelled))
    (given.out / "sheets").mkdir(exist_ok=True)
    for name, some in rows.items():
        looks.sheet(some).save(given.out / f"sheets/{name}.png")
    print(given.out)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="scripts/screens", description=__doc__)
    options.add_argument("only", nargs="?", default="", help="a part of a page's address: /items/, site:/")
    options.add_argument("--width", action="append", type=int, help=f"by default {WIDTHS}")
    options.add_argument("--scheme", action="append", choices=SCHEMES, help="by default both")
    options.add_argument("--lang", action="append", choices=LANGUAGES, help="by default both")
    options.add_argument("--out", type=Path, default=OUT, help="the folder, by default var/screens")
    return options


if __name__ == "__main__":
    main()
