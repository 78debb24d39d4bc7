"""The source of consent is one clean line of text."""

import pytest

from newsletter.audience.consent import LONGEST, check_consent


def test_consent_is_kept_as_one_line() -> None:
    assert check_consent(" Her  letter\nof March ") == ("Her letter of March", "")


@pytest.mark.parametrize("text", ["", " ", "x" * (LONGEST + 1), "a\x07b"])
def test_what_is_no_line_of_text_is_refused(text: str) -> None:
    assert "a line of readable text" in check_consent(text)[1]
