"""A workspace whose first item has a picture, and a theme of its own that shows it."""

from pathlib import Path
from shutil import copyfile

from tests.drawn import PICTURES

_SHIPPED = Path(__file__).parents[1] / "templates/digest/issue.mjml"
_SHOWS = (
    "<mj-raw>{% for block in blocks %}{% for item in block.items if item.picture %}"
    '<img src="{{ item.picture.src }}" width="{{ item.picture.width }}" height="{{ item.picture.height }}"'
    ' alt="{{ item.picture.alt }}" title="{{ item.picture.caption }}, {{ item.picture.credit }}" />'
    "{% endfor %}{% endfor %}{% if brand.logo %}"
    '<img src="{{ brand.logo.src }}" width="{{ brand.logo.width }}" height="{{ brand.logo.height }}"'
    ' alt="{{ brand.alt }}" />{% endif %}</mj-raw>'
)


def showing_theme(templates: Path) -> None:
    """Write a theme into a workspace's folder of templates that shows the logo and each item's picture."""
    own = templates / "digest"
    own.mkdir(parents=True)
    text = _SHIPPED.read_text(encoding="utf-8").replace("</mj-body>", f"{_SHOWS}</mj-body>")
    (own / "issue.mjml").write_text(text, encoding="utf-8")


def show_picture(workspace: Path, item: str, way: str = "attached", picture: str = "chart.png") -> None:
    """Give an item of the issue of 14 February a picture, which goes `attached` or `hosted`."""
    folder = workspace / "issues/2025-02-14"
    (folder / "pictures").mkdir(exist_ok=True)
    copyfile(PICTURES / picture, folder / "pictures" / picture)
    file = folder / "items" / f"{item}.md"
    data = f"---\npicture: {{file: {picture}, alt: Що на світлині, caption: Підпис, credit: Фото}}\n"
    file.write_text(file.read_text(encoding="utf-8").replace("---\n", data, 1), encoding="utf-8")
    settings = workspace / "newsletter.yaml"
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\npictures: {way}\n", encoding="utf-8")
    showing_theme(workspace / "templates")
