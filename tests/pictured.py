"""A workspace whose first item has a picture, and a theme of its own that shows it."""

from pathlib import Path

from tests.drawn import PICTURES

CHART = (PICTURES / "chart.png").read_bytes()
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
    own.mkdir(parents=True, exist_ok=True)
    text = _SHIPPED.read_text(encoding="utf-8").replace("</mj-body>", f"{_SHOWS}</mj-body>")
    (own / "issue.mjml").write_text(text, encoding="utf-8")


def show_picture(workspace: Path, item: str, content: bytes = CHART, name: str = "chart.png") -> None:
    """Give an item of the issue of 14 February a picture."""
    folder = workspace / "issues/2025-02-14"
    (folder / "pictures").mkdir(exist_ok=True)
    (folder / "pictures" / name).write_bytes(content)
    file = folder / "items" / f"{item}.md"
    data = f"---\npicture: {{file: {name}, alt: Що на світлині, caption: Підпис, credit: Фото}}\n"
    file.write_text(file.read_text(encoding="utf-8").replace("---\n", data, 1), encoding="utf-8")
    showing_theme(workspace / "templates")
