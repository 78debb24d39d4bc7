"""Every block of every shipped theme: what Outlook can draw, what both parts say, how each kind is shown."""

import re
from itertools import product

import pytest
from lxml.etree import _Element
from lxml.html import HtmlElement, document_fromstring

from newsletter.brand import SEEN, contrast
from newsletter.model import Rendered
from newsletter.render.shown import standfirst
from tests import gallery
from tests.unbound import unbound

TEMPLATES = gallery.TEMPLATES
LETTERS = ("confirm", "handover")
_OTHERS = re.compile(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", re.DOTALL)
_CONDITION = re.compile(r"<!--\[if [^\]]*\]>|<!\[endif\]-->")
_EMPTY = {"0", "0px", "none", "0 auto", "0px auto"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rendered]:
    issues = {
        theme: gallery.issue_mail(tmp_path_factory.mktemp(theme), theme, "sample").page
        for theme in gallery.THEMES
    }
    settings = gallery.sample_settings()
    return issues | {kind: gallery.letter_mail(settings, kind).page for kind in LETTERS}


@pytest.fixture(params=[*gallery.THEMES, *LETTERS])
def page(request: pytest.FixtureRequest, pages: dict[str, Rendered]) -> Rendered:
    return pages[request.param]


@pytest.fixture
def whole(pages: dict[str, Rendered]) -> Rendered:
    return pages["digest"]


def body(page: Rendered) -> HtmlElement:
    """Return what classic Outlook sees, its conditional comments opened."""
    found = document_fromstring(_CONDITION.sub("", _OTHERS.sub("", page.html))).find("body")
    assert found is not None
    return found


def style(element: _Element) -> dict[str, str]:
    rules = (rule.partition(":") for rule in str(element.get("style") or "").split(";"))
    return {name.strip(): value.strip().replace("!important", "") for name, _, value in rules if value}


def pixels(value: str | None) -> int | None:
    found = re.fullmatch(r"(\d+)(?:px)?", value or "")
    return int(found[1]) if found else None


def test_padding_and_borders_are_on_cells_only_for_outlook_ignores_others(page: Rendered) -> None:
    for element in body(page).iter("*"):
        rules = style(element)
        parent = element.getparent()
        if element.tag in ("td", "th") or (parent is not None and "mso-padding-alt" in style(parent)):
            continue  # of a button Outlook takes the padding of its cell
        drawn = {
            name: value
            for name, value in rules.items()
            if re.match(r"padding|border(?!-(radius|collapse|spacing))", name) and value not in _EMPTY
        }
        assert not drawn, element.tag


def sides(rules: dict[str, str]) -> int:
    """Return the padding to the left and to the right, together."""
    given = [pixels(one) or 0 for one in rules.get("padding", "0").split()]
    right, left = given[1 % len(given)], given[3 if len(given) > 3 else 1 % len(given)]
    return (pixels(rules.get("padding-left")) or left) + (pixels(rules.get("padding-right")) or right)


def test_nothing_is_wider_than_what_it_stands_in(page: Rendered) -> None:
    def measure(element: _Element, room: int) -> None:
        rules = style(element)
        padding = sides(rules)
        own = (pixels(str(element.get("width"))), pixels(rules.get("width")))
        widths = [width for width in own if width]
        assert all(width + padding <= room for width in widths), (element.tag, element.get("style"))
        for child in element:
            measure(child, min(widths, default=room - padding))

    measure(body(page), 600)


def test_a_style_block_is_small_enough_for_gmail_to_keep_it(page: Rendered) -> None:
    assert sum(map(len, re.findall(r"<style.*?</style>", page.html, re.DOTALL))) <= 8 * 1024


def test_words_are_shown_as_they_were_typed(page: Rendered) -> None:
    assert set(re.findall(r"text-transform:\s*([\w-]+)", page.html)) <= {"none"}
    assert not re.search(r"font-variant|small-caps", page.html)


def test_a_line_of_text_is_an_address_or_is_wrapped(page: Rendered) -> None:
    for line in page.text.splitlines():
        assert line == line.rstrip()
        assert re.fullmatch(r"\s*(https://\S+|QZ7LINKQZ)", line) or len(line) <= 72
    assert "\n\n\n\n" not in page.text


def test_every_block_that_has_words_has_its_text_beside_it() -> None:
    shipped = {file.name for file in (TEMPLATES / "digest/blocks").iterdir()}
    for theme in gallery.THEMES:
        names = {file.stem for file in (TEMPLATES / theme).glob("blocks/*")} - {"head"}
        own = {file.name for file in (TEMPLATES / theme).glob("blocks/*")}
        assert {f"{name}{end}" for name, end in product(names, (".mjml", ".txt"))} <= own | shipped


def test_a_lead_comes_first_with_the_letter_s_only_button(whole: Rendered) -> None:
    titles = [unbound(str(h.text_content())) for h in body(whole).iter("h3")]
    assert titles[0] == "Українсько-американський форум партнерства відбувся у Вашингтоні"
    assert titles.count(titles[0]) == 1
    buttons = [link for link in body(whole).iter("a") if "background" in style(link)]
    assert [(unbound(str(link.text)), link.get("href")) for link in buttons] == [
        ("Більше на сайті АМУ", "https://auc.org.ua/forum")
    ]


def test_a_section_s_name_stands_once_as_a_heading_also_above_the_lead(whole: Rendered) -> None:
    assert [h.text_content() for h in body(whole).iter("h2")] == [
        *("ТОП", "Соціальний захист", "Освіта", "Сталий економічний розвиток")
    ]
    assert whole.text.split("\n").count("=" * 72) == 3


def test_a_section_has_its_own_colour_on_a_cell(whole: Rendered) -> None:
    rules = [style(cell)["border-top"] for cell in body(whole).iter("td") if "border-top" in style(cell)]
    assert rules[:2] == ["3px solid #8a1c4a", "3px solid #0b4f9c"]


def test_a_section_s_colour_is_seen_on_dark_paper_too(whole: Rendered) -> None:
    (dark,) = set(re.findall(r"\.rule-social \{ border-color: (#[0-9a-f]{6}) !important", whole.html))
    assert contrast(dark, gallery.sample_settings().brand.palette.dark.paper) >= SEEN


def test_briefs_are_one_list_of_linked_lines(whole: Rendered) -> None:
    briefs = next(found for found in body(whole).iter("ul") if "Рада" in str(found.text_content()))
    lines = [" ".join(unbound(str(entry.text_content())).split()) for entry in briefs]
    title = "Рада Європи виділила 150 млн євро на житло"
    assert lines == [f"{title} – Програму закриють у 2027 році.", "Відкрито реєстр пошкодженого майна"]
    assert [unbound(str(link.text)) for link in briefs.iter("a")] == [title]
    assert f"- {title}\n  Програму закриють у 2027 році.\n  https://auc.org.ua/million\n" in whole.text


def test_an_event_says_its_day_its_hours_and_its_place(whole: Rendered) -> None:
    shown = " ".join(unbound(str(body(whole).text_content())).split())
    assert "20лютого" in shown
    assert "четвер, 11:00–12:30 · Zoom" in shown
    assert "3 – 5 березня 2025 року · Київ" in shown
    assert "20 лютого · четвер, 11:00–12:30 · Zoom\n" in whole.text


def test_somebody_else_s_words_are_labelled_in_both_parts(whole: Rendered) -> None:
    assert "Партнерський матеріал" in whole.html
    assert "[Партнерський матеріал]\nКаталог «Українська техніка для громад»\n" in whole.text


def test_a_picture_says_what_it_shows_where_it_is_not_seen(whole: Rendered) -> None:
    lead = list(body(whole).iter("img"))[1]  # after the logo
    assert (lead.get("alt"), lead.get("width")) == ("Площа міста з ратушею", "600")
    assert "[Зображення: Площа міста з ратушею]\nУчасники форуму перед ратушею · Фото: АМУ\n" in whole.text


def test_the_week_s_subject_stands_under_the_title(whole: Rendered) -> None:
    assert "=\n\nСубсидія на оренду житла і пріоритети відновлення\n" in whole.text


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Робота громад: 8 – 14 лютого 2025 року", ""),
        ("Робота громад", ""),
        ("РОБОТА ГРОМАД – 8 – 14 лютого 2025", ""),
        ("Субсидія на оренду житла", "Субсидія на оренду житла"),
        ("Робота громад: субсидія на житло", "Субсидія на житло"),
        ("Що нового? Робота громад", "Що нового?"),
    ],
)
def test_of_the_subject_the_title_and_the_period_are_left_out(subject: str, shown: str) -> None:
    assert standfirst(subject, "Робота громад", "8 – 14 лютого 2025 року") == shown
