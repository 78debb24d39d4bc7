"""Files are written completely or not at all, and nothing is left beside them."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter import files


def test_a_file_is_replaced_whole_with_the_permissions_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("older")
    files.atomic_write(path, (piece for piece in (b"who", b"le")), mode=files.OWNER)
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_fault_half_way_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("older")

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        files.atomic_write(path, broken())
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_names_the_file_and_not_the_one_written_first(tmp_path: Path) -> None:
    for path in (tmp_path / "nosuch/x", tmp_path):
        with pytest.raises(OSError, match=r".") as raised:
            files.atomic_write(path, b"")
        assert (raised.value.filename, raised.value.filename2) == (str(path), None)
    assert list(tmp_path.iterdir()) == []


def test_of_two_who_create_a_file_the_first_wins(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert files.create(path, b"first", mode=files.OWNER)
    assert not files.create(path, b"second", mode=files.OWNER)
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_crash_left_unfinished_is_known_by_its_name(tmp_path: Path) -> None:
    seen: list[str] = []

    def looking() -> Iterator[bytes]:
        seen.extend(path.name for path in tmp_path.iterdir())
        yield b""

    files.atomic_write(tmp_path / "1-anna@example.org.eml", looking())
    assert [files.unfinished(name) for name in seen] == ["1-anna@example.org.eml"]
    for name in ("1-anna@example.org.eml", ".hidden", ".gitignore.example", "."):
        assert files.unfinished(name) is None
