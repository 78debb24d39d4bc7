"""Names of issues: what is written is read back, and nothing else is a name."""

from datetime import date

import pytest

from newsletter.names import CorrectionName, closing_of, read_name


@pytest.mark.parametrize("text", ["2025-02-14", "2025-02-14+1", "2025-02-14+255"])
def test_a_name_is_written_as_it_was_read_and_knows_its_closing_date(text: str) -> None:
    name = read_name(text)
    assert name.isoformat() == str(name) == text
    assert closing_of(name) == date(2025, 2, 14)


def test_a_letter_with_a_correction_is_not_the_issue_it_corrects() -> None:
    assert read_name("2025-02-14+2") == CorrectionName(date(2025, 2, 14), 2)


@pytest.mark.parametrize(
    "text", ["2025-02-14+0", "2025-02-14+256", "2025-02-14+01", "2025-02-14 1", "14.02.2025", ""]
)
def test_anything_else_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_name(text)
