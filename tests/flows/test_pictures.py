"""A picture's whole way: out of the source, into the issue, frozen by approval, in the message."""

import shutil
from base64 import b64encode
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from newsletter.cli import run
from tests.drawn import PICTURES

ROOT = Path(__file__).parents[2]
D = "2025-02-14"
PARK = f"issues/{D}/pictures/01-park-vidkryto.jpg"
SOURCE = """<h1>Робота громад</h1><p>8 – 14 лютого 2025 року</p><h2>ТОП</h2><h3>Парк відкрито</h3>
<p><img src="data:image/jpeg;base64,{}" alt="Діти в парку"></p><p>Текст новини.</p>
<p><a href="https://auc.org.ua/park">Більше на сайті АМУ</a></p>"""


@pytest.fixture
def press(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace whose issue was imported and composed, with a reader."""
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    root = tmp_path / "press"
    root.mkdir()
    shutil.copytree(ROOT / "subscribers", root / "subscribers")
    for name in ("newsletter.yaml", "logo.png"):
        shutil.copy(ROOT / name, root)
    picture = b64encode((PICTURES / "town.jpg").read_bytes()).decode()
    (tmp_path / "digest.html").write_text(SOURCE.format(picture), encoding="utf-8")
    (tmp_path / "readers.csv").write_text("email\nolena@rada.example.org\n", encoding="utf-8")
    say(root, "import", str(tmp_path / "digest.html"))
    say(root, "compose", D)
    say(root, "subscribers", "import", str(tmp_path / "readers.csv"), "--consent", "Форма на форумі")
    return root


def say(press: Path, *words: str) -> None:
    assert run(["-C", str(press), *words]) in (0, 1)


def sent(press: Path, pattern: str = "*.eml") -> list[Message]:
    """Return the parts of the one message in the outbox."""
    (file,) = (press / "var/outbox").rglob(pattern)
    return list(message_from_bytes(file.read_bytes()).walk())


def photographs(parts: list[Message]) -> list[Message]:
    return [part for part in parts if part.get_content_type() == "image/jpeg"]


def test_an_imported_picture_is_in_the_message_though_its_file_is_gone_after_the_approval(
    press: Path,
) -> None:
    assert (press / PARK).read_bytes() == (PICTURES / "town.jpg").read_bytes()
    say(press, "approve", D, "--by", "Олена")
    say(press, "send", D)
    before = photographs(sent(press))
    assert len(before) == 1
    shutil.rmtree(press / "issues")
    shutil.rmtree(press / "var/outbox")
    shutil.rmtree(press / "var/pictures")
    say(press, "archive", "--out", str(press / "public"))
    (file,) = (press / "public/pictures").glob("*.jpg")
    assert file.read_bytes() == before[0].get_payload(decode=True)


def test_a_changed_picture_voids_the_approval(press: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say(press, "approve", D, "--by", "Олена")
    (press / PARK).with_name(".DS_Store").write_bytes(b"a file manager's")
    shutil.copy(PICTURES / "chart.png", press / PARK)
    assert run(["-C", str(press), "send", D]) == 1
    told = capsys.readouterr().err
    assert PARK in told
    assert ".DS_Store" not in told


def test_a_test_message_carries_pictures_that_the_site_does_not_have_yet(press: Path) -> None:
    with (press / "newsletter.yaml").open("a", encoding="utf-8") as file:
        file.write("\npictures: hosted\n")
    say(press, "send", D, "--test", "me@example.org")
    assert len(photographs(sent(press))) == 1
    shutil.rmtree(press / "var/outbox")
    say(press, "approve", D, "--by", "Олена")
    say(press, "send", D)
    assert not photographs(sent(press))
