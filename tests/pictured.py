"""An item of a workspace given a picture."""

from pathlib import Path

from tests.drawn import PICTURES

CHART = (PICTURES / "chart.png").read_bytes()


def show_picture(workspace: Path, item: str, content: bytes = CHART, name: str = "chart.png") -> None:
    """Give an item of the issue of 14 February a picture."""
    folder = workspace / "issues/2025-02-14"
    (folder / "pictures").mkdir(exist_ok=True)
    (folder / "pictures" / name).write_bytes(content)
    file = folder / "items" / f"{item}.md"
    data = f"---\npicture: {{file: {name}, alt: Що на світлині, caption: Підпис, credit: Фото}}\n"
    file.write_text(file.read_text(encoding="utf-8").replace("---\n", data, 1), encoding="utf-8")
