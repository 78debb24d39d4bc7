"""Pictures of mail as readers' programs show it: each theme and brand, in every width and mode, on sheets."""

import argparse
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, sync_playwright

from tests import gallery

NARROW, WIDE = 375, 600
WIDTHS = (320, NARROW, WIDE, 1200)
OUT = gallery.ROOT / "var/looks"
COLUMN, FIRST_SCREEN, GAP, LABEL = 260, 1000, 14, 26

_CONDITION = re.compile(r"<!--\[if ([^\]]*)\]>(?:<!-->)?(.*?)(?:<!--)?<!\[endif\]-->", re.DOTALL)
_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
_OWN_DARK = re.compile(
    r'<meta name="(?:supported-)?color-schemes?"[^>]*>|(?:supported-)?color-schemes?:[^;}]*;?'
)
_WORD = """<style>
* { max-width: none !important; border-radius: 0 !important; background-image: none !important; }
*:not(td):not(th) { padding: 0 !important; border-width: 0 !important; }
li { margin-left: 24px; }
</style>"""
_LARGE = """() => {
  const sizes = [...document.body.querySelectorAll("*")].map((element) => {
    const { fontSize, lineHeight } = getComputedStyle(element);
    return [element, parseFloat(fontSize), parseFloat(lineHeight)];
  });
  for (const [element, size, line] of sizes) {
    element.style.setProperty("font-size", `${2 * size}px`, "important");
    if (line) element.style.setProperty("line-height", `${2 * line}px`, "important");
  }
}"""


def bare(page: str) -> str:
    """Return HTML as mail programs show it that drop style blocks."""
    return _STYLE.sub("", page)


def light_only(page: str) -> str:
    """Return HTML without its own dark scheme, for programs that do not know it and invert colours."""
    return _OWN_DARK.sub("", page).replace("prefers-color-scheme: dark", "prefers-color-scheme: none")


def without_pictures(page: str) -> str:
    """Return HTML whose pictures are not loaded."""
    return re.sub(r'(<img[^>]*?\bsrc=")[^"]*', r"\1data:,", page)


def in_word(page: str) -> str:
    """Return HTML roughly as Outlook for Windows shows it: its conditions hold, lines are on cells only."""

    def shown(found: re.Match[str]) -> str:
        condition = found[1].replace(" ", "")
        return found[2] if "mso" in condition and "!mso" not in condition and "lt" not in condition else ""

    page = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", _CONDITION.sub(shown, page)).replace(
        "mso-padding-alt", "padding"
    )
    return page.replace("</head>", f"{_WORD}</head>")


@dataclass(frozen=True, slots=True)
class Mode:
    """How a program shows a mail."""

    change: Callable[[str], str] = str
    scheme: str = "light"
    inverted: bool = False
    large: bool = False


MODES: Mapping[str, Mode] = {
    "light": Mode(),
    "dark": Mode(scheme="dark"),
    "inverted": Mode(light_only, inverted=True),
    "no-style": Mode(bare),
    "no-pictures": Mode(without_pictures),
    "word": Mode(in_word),
    "large": Mode(large=True),
}


Shot = tuple[int, str, Image.Image]
"""A width, a mode, and the picture."""


def shoot(page: Page, html: str, width: int, mode: Mode) -> Image.Image:
    """Return a picture of the whole mail."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setAutoDarkModeOverride", {"enabled": mode.inverted})
    page.set_viewport_size({"width": width, "height": 700})
    page.emulate_media(color_scheme=mode.scheme)  # type: ignore[arg-type]  # its own names
    page.set_content(mode.change(html))
    if mode.large:
        page.evaluate(_LARGE)
    return Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")


def sheet(rows: Sequence[tuple[str, Sequence[tuple[str, Image.Image]]]]) -> Image.Image:
    """Return pictures with their names, row by row, each as wide as a column."""
    font = ImageFont.load_default(size=15)
    columns = max(len(pictures) for _, pictures in rows)
    bands = [(name, [(label, _fitted(picture)) for label, picture in pictures]) for name, pictures in rows]
    heights = [LABEL + max(picture.height for _, picture in pictures) + GAP for _, pictures in bands]
    whole = Image.new("RGB", (GAP + columns * (COLUMN + GAP), GAP + sum(heights)), "#8a8f98")
    draw, top = ImageDraw.Draw(whole), GAP
    for (name, pictures), height in zip(bands, heights, strict=True):
        for number, (label, picture) in enumerate(pictures):
            left = GAP + number * (COLUMN + GAP)
            draw.text((left, top), f"{name} {label}", fill="#ffffff", font=font)
            whole.paste(picture, (left, top + LABEL))
        top += height
    return whole


def _cut(picture: Image.Image, height: float) -> Image.Image:
    return picture.crop((0, 0, picture.width, min(picture.height, round(height))))


def _fitted(picture: Image.Image) -> Image.Image:
    return picture.resize((COLUMN, round(picture.height * COLUMN / picture.width)), Image.Resampling.LANCZOS)


def mails(themes: Sequence[str], brands: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the name and the HTML of the issue in each theme for each brand, and of a letter."""
    for theme in themes:
        for brand in brands:
            with tempfile.TemporaryDirectory() as folder:
                yield f"{theme}-{brand}", gallery.issue_mail(Path(folder), theme, brand).shown
    yield "letter", gallery.letter_mail(gallery.sample_settings(), "confirm").shown


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        yield browser
        browser.close()


def main() -> None:
    """Make the sheets that the command line asks for."""
    given = _options().parse_args()
    modes, widths = given.mode or list(MODES), given.width or WIDTHS
    pages: Iterable[tuple[str, str]] = (
        [(file.stem, file.read_text(encoding="utf-8")) for file in given.files]
        if given.files
        else mails(given.theme or gallery.THEMES, given.brand or list(gallery.BRANDS))
    )
    overview = []
    with chromium() as browser:
        page = browser.new_page()
        for name, html in pages:
            shots = [
                (width, mode, shoot(page, html, width, MODES[mode])) for width in widths for mode in modes
            ]
            save(given.out, name, shots)
            overview += [(name, screens)] if (screens := first_screens(shots)) else []
    if overview:
        sheet(overview).save(given.out / "overview.png")
        print(given.out / "overview.png")


def save(out: Path, name: str, shots: Sequence[Shot]) -> None:
    """Write each picture to a folder of its own name, and all to a sheet with a row for each width."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[tuple[str, Image.Image]]] = {}
    for width, mode, shot in shots:
        shot.save(folder / f"{width}-{mode}.png")
        row = rows.setdefault(str(width), [])
        row.append((mode, _cut(shot, 1.5 * row[0][1].height if row else shot.height)))
    sheet(list(rows.items())).save(out / f"{name}.png")
    print(out / f"{name}.png")


def first_screens(shots: Sequence[Shot]) -> list[tuple[str, Image.Image]]:
    """Return what is seen first of those pictures that tell most."""
    return [
        (f"{width} {mode}", _cut(shot, FIRST_SCREEN * shot.width / NARROW))
        for width, mode, shot in shots
        if mode in ("light", "dark", "inverted") and width in (NARROW, WIDE)
    ]


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="scripts/looks", description=__doc__)
    options.add_argument("files", nargs="*", type=Path, help="HTML files to show instead of the themes")
    options.add_argument("--theme", action="append", choices=gallery.THEMES, help="by default all")
    options.add_argument("--brand", action="append", choices=gallery.BRANDS, help="by default all")
    options.add_argument("--width", action="append", type=int, help=f"by default {WIDTHS}")
    options.add_argument("--mode", action="append", choices=MODES, help="by default all")
    options.add_argument("--out", type=Path, default=OUT, help="the folder, by default var/looks")
    return options


if __name__ == "__main__":
    main()
