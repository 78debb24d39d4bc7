"""Map Word's symbol fonts to Unicode, from the fonts' own tables (Adobe's for Symbol, Microsoft's)."""

_GREEK = dict(
    zip(
        "abgdezhqiklmnxoprstufcywABGDEZHQIKLMNXOPRSTUFCYW",
        "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ",
        strict=True,
    )
)
_SYMBOL = {
    0xA3: "≤",
    0xA5: "∞",
    0xAB: "↔",
    0xAC: "←",
    0xAD: "↑",
    0xAE: "→",
    0xAF: "↓",
    0xB0: "°",
    0xB1: "±",
    0xB3: "≥",
    0xB4: "×",
    0xB7: "•",
    0xB8: "÷",
    0xB9: "≠",
    0xBB: "≈",
    0xBC: "…",
    0xD7: "⋅",
    0xDE: "⇒",
    0xE5: "∑",
    0xD6: "√",
}
_WINGDINGS = {
    0x28: "☎",
    0x29: "✆",
    0x2A: "✉",
    0x36: "⌛",
    0x46: "☞",
    0x4A: "☺",
    0x6C: "●",
    0x6E: "■",
    0x6F: "□",
    0x71: "❑",
    0x72: "❒",
    0x75: "◆",
    0x76: "❖",
    0x77: "◆",
    0x9F: "•",
    0xA7: "▪",
    0xA8: "◻",
    0xAB: "★",
    0xD8: "➢",
    0xDF: "←",
    0xE0: "→",
    0xE1: "↑",
    0xE2: "↓",
    0xE8: "➔",
    0xF0: "⇨",
    0xFB: "✗",
    0xFC: "✓",
    0xFD: "☒",
    0xFE: "☑",
}
_WINGDINGS_2 = {0x50: "✓", 0x4F: "✗", 0x52: "☑", 0x54: "☒", 0x97: "•", 0xA3: "□"}


def sign(font: str, code: int) -> str | None:
    """Return the Unicode character for a code of a symbol font, None if it is unknown."""
    name = font.casefold()
    low = code - 0xF000 if 0xF000 <= code <= 0xF0FF else code  # noqa: PLR2004  the private area of these fonts
    if name == "symbol":
        return _SYMBOL.get(low) or (_GREEK.get(chr(low)) or chr(low) if 0x20 <= low < 0x7F else None)  # noqa: PLR2004  ASCII
    if name.startswith("wingdings 2"):
        return _WINGDINGS_2.get(low)
    if name.startswith(("wingdings", "webdings", "zapfdingbats")):
        return _WINGDINGS.get(low) if name == "wingdings" else None
    return chr(code) if code < 0xD800 else None  # noqa: PLR2004  neither a surrogate nor a font's own


def is_of_signs(font: str) -> bool:
    """Return whether a font has symbols in place of letters."""
    return font.casefold().startswith(("symbol", "wingdings"))
