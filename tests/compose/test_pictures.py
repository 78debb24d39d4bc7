"""An item's picture: its words in the front matter, its file in the issue's folder."""

from pathlib import Path
from shutil import copyfile

import pytest

from newsletter.compose.item import format_item, parse_item
from newsletter.compose.pictures import with_images
from newsletter.errors import Problem, Severity
from newsletter.model import Item
from tests.drawn import PICTURES, encoded, halves

FOLDER = "issues/2025-02-14"
ITEM = f"{FOLDER}/items/park.md"


def parse(picture: str) -> tuple[Item | None, list[Problem]]:
    text = f"---\ntitle: Парк відкрито\nsection: top\npicture: {picture}\n---\n\nТекст.\n"
    return parse_item(text, ITEM, sections=["top"], fields=[], timezone="Europe/Kyiv")


def item(picture: str = "{file: park.jpg, alt: Діти в парку}") -> Item:
    parsed, problems = parse(picture)
    assert not problems
    assert parsed
    return parsed


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / FOLDER / "pictures"
    folder.mkdir(parents=True)
    return folder


def images(root: Path, one: Item) -> tuple[Item | None, list[Problem]]:
    shown, problems = with_images(root, FOLDER, {one.id: one})
    return shown[one.id], problems


def test_a_picture_is_read_with_its_words_and_written_back() -> None:
    one = item('{file: "парк 1.jpg", alt: Діти в парку, caption: Відкриття, credit: Фото громади}')
    assert one.picture
    assert (one.picture.file, one.picture.alt) == ("парк 1.jpg", "Діти в парку")
    assert (one.picture.caption, one.picture.credit) == ("Відкриття", "Фото громади")
    assert parse_item(format_item(one), ITEM, sections=["top"], fields=[], timezone="Europe/Kyiv")[0] == one


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        ("park.jpg", "must be keys with values"),
        ("{file: park.jpg}", "'picture.alt' is missing"),
        ('{file: park.jpg, alt: " "}', "is empty; say in a few words"),
        ("{alt: Парк}", "'picture.file' is missing"),
        ("{file: ../../secret.jpg, alt: Парк}", "must be the name of a file"),
        ("{file: /etc/passwd, alt: Парк}", "must be the name of a file"),
        ('{file: "a\\\\b.jpg", alt: Парк}', "must be the name of a file"),
        ("{file: .hidden.jpg, alt: Парк}", "must be the name of a file"),
        ("{file: park.jpg, alt: Парк, title: x}", "unknown key 'picture.title'"),
    ],
)
def test_a_faulty_picture_is_told_at_its_line_and_the_item_stays(picture: str, words: str) -> None:
    parsed, (problem,) = parse(picture)
    assert words in problem.text
    assert str(problem.at) == f"{ITEM}:4"
    assert parsed
    assert parsed.picture is None


def test_the_file_of_a_picture_is_made_an_image(tmp_path: Path, pictures: Path) -> None:
    copyfile(PICTURES / "town.jpg", pictures / "park.jpg")
    shown, problems = images(tmp_path, item())
    assert not problems
    assert shown
    assert shown.picture
    assert shown.picture.image
    assert shown.picture.image.width == 1200
    assert list((tmp_path / "var" / "pictures").iterdir())


def test_a_picture_that_is_not_there_is_told_with_the_nearest_name(tmp_path: Path, pictures: Path) -> None:
    copyfile(PICTURES / "town.jpg", pictures / "Park.jpeg")
    shown, (problem,) = images(tmp_path, item())
    assert problem.severity is Severity.ERROR
    assert str(problem.at) == f"{ITEM}:4"
    assert "pictures/park.jpg is not there" in problem.text
    assert "Park.jpeg" in problem.hint
    assert shown
    assert shown.picture is None


def test_a_link_out_of_the_issue_s_folder_is_not_followed(tmp_path: Path, pictures: Path) -> None:
    copyfile(PICTURES / "town.jpg", tmp_path / "outside.jpg")
    (pictures / "park.jpg").symlink_to(tmp_path / "outside.jpg")
    shown, (problem,) = images(tmp_path, item())
    assert "a link to a file elsewhere" in problem.text
    assert shown
    assert shown.picture is None


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing"), (b"?", "is not a picture")],
)
def test_a_file_that_mail_cannot_show_is_told_at_the_item(
    tmp_path: Path, pictures: Path, content: bytes, words: str
) -> None:
    (pictures / "park.jpg").write_bytes(content)
    _, (problem,) = images(tmp_path, item())
    assert words in problem.text
    assert problem.hint
    assert str(problem.at) == f"{ITEM}:4"


def test_an_animation_is_a_warning_and_its_first_frame_is_shown(tmp_path: Path, pictures: Path) -> None:
    (pictures / "park.jpg").write_bytes(encoded(halves(), "GIF", save_all=True, append_images=[halves(100)]))
    shown, (problem,) = images(tmp_path, item())
    assert problem.severity is Severity.WARNING
    assert "only its first frame" in problem.text
    assert shown
    assert shown.picture
    assert shown.picture.image


def test_issues_without_pictures_load_no_pillow_and_make_no_cache(tmp_path: Path) -> None:
    plain, _ = parse("")
    assert plain
    assert images(tmp_path, plain) == (plain, [])
    assert not (tmp_path / "var").exists()
