"""Marks, spaces, letters and abbreviations as Ukrainian spells them; what is mechanical is mended, too.

Sources: Український правопис (approved by the Cabinet of Ministers on 22 May 2019), its chapters on the
apostrophe, abbreviations, hyphen, dash, and quotation marks, of which inner ones differ from outer ones;
ДСТУ 3582:2013 «Скорочення слів і словосполучень»: млн, млрд, грн without a full stop; The International
System of Units (BIPM, 2019) § 5.4.3: a space between number and unit. Where the orthography names several
forms of a mark, the one here is custom of Ukrainian printing, as is ’ (U+2019) for the apostrophe.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from newsletter.checks.remark import Remark, around
from newsletter.errors import Message

LETTER = "а-яіїєґА-ЯІЇЄҐ"
_SMALL, _CAPITAL = "а-яіїєґ", "А-ЯІЇЄҐ"
_BLANKS = " \u00a0"
_SPACE = f"[{_BLANKS}]"
_MONTH = "(?:січ|лют|берез|квіт|трав|черв|лип|серп|верес|жовт|листопад|груд)"
_ALIKE = dict(zip("АВЕІКМНОРСТУХаеіорсухї", "ABEIKMHOPCTYXaeiopcyxï", strict=True))
_CYRILLIC_ALIKE, _LATIN_ALIKE = str.maketrans(_ALIKE), str.maketrans({v: k for k, v in _ALIKE.items()})
_ALIKE_LETTERS = "".join(_ALIKE)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is wrong where `pattern` matches, and what is right there; None where an editor has to decide.

    A text without a match of `needs`, which is quick to look for, has no slip of this kind.
    """

    code: str
    needs: re.Pattern[str]
    pattern: re.Pattern[str]
    text: str
    mend: Callable[[re.Match[str]], str | None]

    def remarks(self, text: str) -> Iterator[Remark]:
        """Yield a remark on the first place in `text` that this rule finds."""
        for found in self.pattern.finditer(text) if self.needs.search(text) else ():
            if (right := self.mend(found)) == found[0]:
                continue
            words = around(text, found)
            hint = Message("Write %(words)s.", words=words.replace(found[0], right, 1)) if right else _BY_HAND
            yield Remark(code=self.code, words=words, text=Message(self.text, words=words), hint=hint)
            return

    def mended(self, text: str) -> str:
        """Return `text` as it is right."""
        return self.pattern.sub(
            lambda found: found[0] if (right := self.mend(found)) is None else right, text
        )


_BY_HAND = "Type the word anew, in one alphabet."


def _range(found: re.Match[str]) -> str:
    """Return a range of numbers with a dash; two neighbours may as well be an estimate: 2-3 дні."""
    first, second, month = found[1], found[2], found[3]
    padded = "0" in (first[0], second[0]) and not len(first) == len(second) == _TWO_DIGITS
    if padded or len(second) > len(first) + 1 or int(first) >= int(second):
        return found[0]
    if int(second) == int(first) + 1 and len(first) <= _TWO_DIGITS and not month:
        return found[0]
    return f"{first}–{second}"


_TWO_DIGITS = 2


def _one_alphabet(found: re.Match[str]) -> str | None:
    """Return a word in the alphabet of most of its letters, if the others look like letters of it."""
    word = found[0]
    cyrillic = sum(letter.isalpha() and letter >= "Ѐ" for letter in word)
    latin = sum(letter.isalpha() and letter < "Ѐ" for letter in word)
    if cyrillic == latin:
        return None
    right = word.translate(_LATIN_ALIKE if cyrillic > latin else _CYRILLIC_ALIKE)
    return None if _MIXED.search(right) else right


_MIXED = re.compile(f"(?<=[{LETTER}])[A-Za-z]|(?<=[A-Za-z])[{LETTER}]")
_UNITS = "млн|млрд|трлн|тис|грн|євро|дол|км|см|мм|кг|га|кВт|МВт|кв|рр|осіб|років|хв|год|мл"

MARKS = (
    Rule(
        "apostrophe-straight",
        re.compile("['\"`´‘]"),
        re.compile(f"(?<=[{LETTER}])['`´‘](?=[{LETTER}])|(?<=[бвгґджзйклмнпрстфхцчшщ])\"(?=[яюєїЯЮЄЇ])"),
        "a straight apostrophe: %(words)s",
        lambda _: "’",
    ),
    Rule(
        "range-hyphen",
        re.compile(r"\d-\d"),
        re.compile(
            rf"(?<![\w№#/.,:–—+\-])(?<!№{_SPACE})(?<!тел\.{_SPACE})(\d{{1,4}})-(\d{{1,4}})"
            rf"(?![\w–—/:\-]|[.,]\d)(?={_SPACE}({_MONTH})|)"
        ),
        "a hyphen stands in a range: %(words)s",
        _range,
    ),
    Rule(
        "dash-spacing",
        re.compile("[–—]"),
        re.compile(
            rf"(?<=[\w»)])[–—]{_SPACE}(?=[\w«])(?!{_SPACE}?(?:та|і|й|або|чи)\b)(?<!\d.{_SPACE})"
            rf"|(?<=[^\s–—]){_SPACE}[–—](?=[{LETTER}«])|(?<=\d)[–—]{_SPACE}(?=\d)|(?<=\d){_SPACE}[–—](?=\d)"
        ),
        "a dash has a space on one side only: %(words)s",
        lambda found: f" {found[0].strip(_BLANKS)} ",
    ),
    Rule(
        "unit-stuck",
        re.compile(r"\d[а-яєі]"),
        re.compile(rf"(?<![\w.,\-])(\d+(?:[.,]\d+)?)({_UNITS})(?!\w)|(?<![\w.,\-])(\d{{4}})(р\.)"),
        "a number and its unit need a space between: %(words)s",
        lambda found: f"{found[1] or found[3]} {found[2] or found[4]}",
    ),
    Rule(
        "abbreviation-dot",
        re.compile(r"(?:млн|млрд|трлн|грн|км|кг|га)\.|тис"),
        re.compile(
            rf"(?<!\w)(млн|млрд|трлн|грн|км|кг|га)\.(?={_SPACE}+[{_SMALL}–—(]|[,;:!?])"
            rf"|(?<=\d)(?P<space>{_SPACE}?)(?P<short>тис)(?![\w.])"
        ),
        "an abbreviation with a full stop too many or too few: %(words)s",
        lambda found: found[1] or f"{found['space']}{found['short']}.",
    ),
    Rule(
        "abbreviation-stuck",
        re.compile(r"\.\S"),
        re.compile(
            rf"(?<![\w.])(?:м|с|смт|вул|просп|пров|пл|ім|ст|п|буд|гр)\.(?=[{_CAPITAL}«]|\d)"
            rf"|(?<![\w.])кв\.(?=м)|(?<![\w.])т\.(?=(?:д|п|ч|зв|ін)\.)"
            rf"|(?<![\w.])(?:[{_CAPITAL}]\.){{1,2}}(?=[{_CAPITAL}][{_SMALL}’'])"
        ),
        "an abbreviation needs a space after it: %(words)s",
        lambda found: found[0].replace(".", ". "),
    ),
    Rule(
        "letters-mixed",
        re.compile("[A-Za-z]"),
        re.compile(
            rf"(?<!\w)\w*(?:[{LETTER}][A-Za-z]|[A-Za-z][{LETTER}])\w*"
            rf"|(?<![\w\-])[{_ALIKE_LETTERS}]-[A-Za-z]{{2,}}"
        ),
        "Latin and Cyrillic letters in one word: %(words)s",
        _one_alphabet,
    ),
    Rule(
        "letters-mixed",
        re.compile("[A-Za-z]"),
        re.compile(rf"(?<=[{LETTER},;»)]{_SPACE})[aioy](?={_SPACE}[{LETTER}«])"),
        "Latin and Cyrillic letters in one word: %(words)s",
        lambda found: found[0].translate(_LATIN_ALIKE),
    ),
)
"""Applied in this order; each is tried on a line of words without addresses."""


def marks(text: str) -> Iterator[Remark]:
    """Yield a remark for each kind of slip in a text without markup and addresses."""
    said = set()
    for rule in MARKS:
        if rule.code not in said:
            for remark in rule.remarks(text):
                said.add(rule.code)
                yield remark
    for paragraph in text.split("\n"):
        for remark in _quotes(paragraph):
            if remark.code not in said:
                said.add(remark.code)
                yield remark


def mended_marks(text: str) -> str:
    """Return `text` as the rules want it, quotation marks within others too."""
    for rule in MARKS:
        text = rule.mended(text)
    return "\n".join(map(_inner_quotes, text.split("\n")))


def _quotes(text: str) -> Iterator[Remark]:
    """Yield a remark where quotation marks do not pair, or stand in others of the same form."""
    open_at: list[int] = []
    nested = ""
    for found in re.finditer("[«»]", text):
        if found[0] == "«":
            open_at.append(found.start())
        elif not open_at:
            yield _unpaired(text, found.start(), "a quotation mark closes that nobody opened: %(words)s")
            return
        else:
            start = open_at.pop()
            nested = nested or (text[start : found.end()] if open_at else "")
    if open_at:
        yield _unpaired(text, open_at[0], "a quotation mark is not closed: %(words)s")
    elif nested:
        right = f"„{nested[1:-1]}“"
        yield Remark(
            code="quotes-nested",
            words=nested,
            text=Message("quotation marks stand in others of the same form: %(words)s", words=nested),
            hint=Message("Write %(words)s.", words=right),
        )


def _unpaired(text: str, at: int, what: str) -> Remark:
    words = (text[at : at + 30] if text[at] == "«" else text[max(0, at - 30) : at + 1]).strip()
    return Remark(
        code="quotes-unbalanced",
        words=words,
        text=Message(what, words=words),
        hint="Every « needs its »; marks within others are „ and “.",
    )


def _inner_quotes(text: str) -> str:
    """Return a line with „ and “ for the « and » that stand in others; an unbalanced one stays."""
    depth, out = 0, []
    for letter in text:
        if letter == "«":
            depth += 1
            out.append("„" if depth > 1 else letter)
        elif letter == "»":
            out.append("“" if depth > 1 else letter)
            depth -= 1
            if depth < 0:
                return text
        else:
            out.append(letter)
    return text if depth else "".join(out)
