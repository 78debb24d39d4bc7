"""Make slugs for files and sections: transliterate Ukrainian or any other titles to Latin letters."""

import re
import unicodedata

# Cabinet of Ministers of Ukraine, resolution 55 of 27 January 2010, on transliteration into Latin letters:
# soft sign and apostrophe are not written, five letters differ at the start of a word, and зг is not ж.
_UKRAINIAN = "абвгґдеєжзиіїйклмнопрстуфхцчшщюя"
_LATIN = "a b v h g d e ie zh z y i i i k l m n o p r s t u f kh ts ch sh shch iu ia"
_LETTERS = str.maketrans(dict(zip(_UKRAINIAN, _LATIN.split(), strict=True)))
_AT_WORD_START = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}


def transliterate(text: str) -> str:
    """Transliterate `text` to lower-case Latin letters; characters without an equivalent are dropped."""
    text = re.sub("[ь'’ʼ`]", "", unicodedata.normalize("NFC", text).casefold())
    text = re.sub(r"\b[єїйюя]", lambda match: _AT_WORD_START[match[0]], text.replace("зг", "zgh"))
    return unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()


def slug(text: str, longest: int) -> str:
    """Make a slug of lower-case letters, digits and hyphens, cut between words to `longest` characters.

    Empty when `text` has no letter or digit.
    """
    words = re.findall("[a-z0-9]+", transliterate(text))
    name = words[0][:longest] if words else ""
    for word in words[1:]:
        if len(name) + 1 + len(word) > longest:
            break
        name += f"-{word}"
    return name
