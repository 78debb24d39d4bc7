"""The words that differ between two texts."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.difference import Fate, Piece, difference, excerpt


def joined(pieces: tuple[Piece, ...], *fates: Fate) -> str:
    return "".join(piece.text for piece in pieces if piece.fate in fates)


def test_only_the_words_that_differ_are_marked() -> None:
    assert difference("до 05 лютого включно", "до 5 лютого включно") == (
        Piece(Fate.KEPT, "до "),
        Piece(Fate.REMOVED, "05"),
        Piece(Fate.ADDED, "5"),
        Piece(Fate.KEPT, " лютого включно"),
    )
    assert difference("так само", "так само") == ()


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_hold_all_of_both_texts(before: str, after: str) -> None:
    pieces = difference(before, after)
    if before != after:
        assert joined(pieces, Fate.KEPT, Fate.REMOVED) == before
        assert joined(pieces, Fate.KEPT, Fate.ADDED) == after


def test_an_excerpt_shortens_what_was_kept_and_nothing_else() -> None:
    same = "слово " * 100
    short = excerpt(difference(f"{same}одне {same}", f"{same}інше {same}"))
    assert joined(short, Fate.REMOVED, Fate.ADDED) == "однеінше"
    kept = joined(short, Fate.KEPT)
    assert kept.startswith("… слово")
    assert kept.endswith("слово …")
    assert len(kept) < 100


def test_a_text_of_very_many_words_is_compared_by_lines() -> None:
    lines = [f"рядок {number}\n" for number in range(4_000)]
    changed = [*lines[:2_000], "новий рядок\n", *lines[2_001:]]
    assert difference("".join(lines), "".join(changed))[1:3] == (
        Piece(Fate.REMOVED, "рядок 2000\n"),
        Piece(Fate.ADDED, "новий рядок\n"),
    )
