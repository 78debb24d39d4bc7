"""The brand's logo: what is taken, and that a file which cannot be one is named at its line."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from newsletter.errors import ConfigError
from newsletter.services import Workspace, open_workspace
from newsletter.web.readers.app import create_site

ROOT = Path(__file__).parents[2]
SAMPLE = (ROOT / "newsletter.yaml").read_text(encoding="utf-8").splitlines()
LINE = next(number for number, line in enumerate(SAMPLE, 1) if line.startswith("brand:"))


def branded(folder: Path, name: str = "mark.png", content: bytes | None = None) -> Workspace:
    """Open a workspace whose logo is `name`, which holds `content` if it is there at all."""
    lines = [f"brand: {{logo: {name}}}" if line.startswith("brand:") else line for line in SAMPLE]
    (folder / "newsletter.yaml").write_text("\n".join(lines), encoding="utf-8")
    if content is not None:
        (folder / name).write_bytes(content)
    return open_workspace(folder)


def drawn(kind: str, size: tuple[int, int]) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#14532d").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_that_programs_make_is_taken(tmp_path: Path, kind: str) -> None:
    logo = branded(tmp_path, content=drawn(kind, (300, 100))).logo
    assert logo
    assert logo.width == 3 * logo.height
    assert logo.media_type in ("image/png", "image/jpeg")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing"),
        (b"%PDF-1.7", "is a PDF"),
        (b"hello", "is not a picture of a known type"),
        (drawn("PNG", (300, 100))[:60], "is damaged"),
    ],
)
def test_a_file_that_cannot_be_a_logo_is_named_at_its_line(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    workspace = branded(tmp_path, content=content)
    with pytest.raises(ConfigError, match=words) as caught:
        workspace.logo  # noqa: B018  it is read when it is first wanted
    (problem,) = caught.value.problems
    assert str(problem.at) == f"newsletter.yaml:{LINE}"
    assert problem.text.startswith("brand.logo: mark.png")
    assert problem.hint


def test_the_site_does_not_start_without_its_logo(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"newsletter.yaml:{LINE}: brand.logo: mark.png cannot be read"):
        create_site(branded(tmp_path))


def test_a_workspace_without_a_logo_has_none(tmp_path: Path) -> None:
    (tmp_path / "newsletter.yaml").write_text(
        "\n".join(line for line in SAMPLE if not line.startswith("brand:")), encoding="utf-8"
    )
    assert open_workspace(tmp_path).logo is None


def test_the_sample_s_logo_is_light_enough_for_every_mail() -> None:
    assert (ROOT / "logo.png").stat().st_size < 10_000
    assert open_workspace(ROOT).logo
