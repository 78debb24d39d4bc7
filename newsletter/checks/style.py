"""Advice on style in Ukrainian: long sentences, officialese and calques; never more than advice.

The words and what is better are those on which dictionaries of usage agree: Б. Антоненко-Давидович, «Як ми
говоримо» (1991); О. Сербенська, «Антисуржик» (2019); «Словник-довідник з культури української мови» (2004).
"""

import re
from collections.abc import Iterator

from newsletter.checks.remark import Remark
from newsletter.errors import Message

LONG = 45
"""Words of a sentence that readers lose on the way; the plain-language guides ask for 20."""
_SENTENCE = re.compile(r"[^.!?…\n]+(?:[.!?…](?!\s+[А-ЯІЇЄҐA-Z«]|\s*$)[^.!?…\n]*)*")

_BETTER = {
    r"прий(?:ма|ня)\w+ участь": "брати участь",
    r"на протязі (?:\d+|усього|всього|одного|двох|трьох|року|місяця|тижня|дня)": "протягом",
    r"в якості(?! і)": "як",
    r"по питанн(?:ю|ях)": "з питання, щодо",
    r"має місце|мають місце|мало місце": "є, відбувається, сталося",
    r"прийня(?:то|ти|ли) міри": "вжито заходів",
    r"у відповідності (?:з|до)": "відповідно до",
    r"не дивлячись на": "попри, незважаючи на",
    r"слідуюч\w+": "такий, наступний",
    r"багаточисельн\w+": "численний",
    r"діюч(?:ий|а|е|ого|ої|ому) (?:закон|законодавств|порядок|порядк)\w*": "чинний",
    r"у зв[’'ʼ]язку з тим,? що": "бо, оскільки",
    r"з метою (?:за|по|роз|під|ви|с|о|у|в|на|до|пере|від|об|при)?\w+(?:ння|ття)": "щоб, для",
    r"здійсн(?:ювати|ити|ено|или|ює) (?:контроль|перевірку|оплату|ремонт|виплату)": "перевірити, оплатити…",
    r"проведення робіт (?:по|з) \w+": "назвіть саму роботу",
    r"дан(?:ий|а|е|і|ого|ої|ому|их) (?:проєкт|закон|питанн|документ|рішенн|програм)\w*": "цей",
    r"являється|являються": "є",
    r"відноситься до числа|відносяться до числа": "належить до",
}
_FIRST = "".join(sorted({pattern[0] for pattern in _BETTER}))
_OFFICIAL = re.compile(rf"(?<!\w)(?=[{_FIRST}])(?:{'|'.join(f'({pattern})' for pattern in _BETTER)})(?!\w)")
_INSTEAD = tuple(_BETTER.values())


def style(text: str) -> Iterator[Remark]:
    """Yield advice on a text without markup."""
    longest = max(_SENTENCE.findall(text), key=_length, default="")
    if (count := _length(longest)) > LONG:
        words = longest.strip()
        yield Remark(
            code="sentence-long",
            words=words[:60],
            text=Message("a sentence of %(count)s words: %(words)s…", count=count, words=words[:40]),
            hint="Make two of it: readers on a phone lose the beginning.",
        )
    for found in _OFFICIAL.finditer(text.lower()):
        words = text[slice(*found.span())]
        yield Remark(
            code="officialese",
            words=words,
            text=Message("said as offices say it: %(words)s", words=words),
            hint=Message("Better: %(words)s.", words=_INSTEAD[(found.lastindex or 1) - 1]),
        )


def _length(sentence: str) -> int:
    return len(sentence.split())
