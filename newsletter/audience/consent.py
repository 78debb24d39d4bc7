"""Where new people's consent comes from: a line of text that is stored with each of them."""

import unicodedata

from newsletter.errors import ConfigError, Message

LONGEST = 200  # characters; it is one line of a person's record


def check_consent(text: str) -> tuple[str, str]:
    """Return the text as one clean line, and what is wrong with it, if anything."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if not line or len(line) > LONGEST or not line.isprintable():
        return line, Message(
            "must be a line of readable text, of 1 to %(longest)s characters", longest=LONGEST
        )
    return line, ""


def consent_missing() -> ConfigError:
    """Return the error for new people of whose consent nothing is said."""
    return ConfigError(
        "the source of these people's consent is missing",
        'Name it, for example: --consent "Paper forms of the forum, 12 March 2025"',
    )
