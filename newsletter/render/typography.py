"""No-break spaces in rendered HTML, by language: what belongs together stays on one line.

Only spaces change, each into U+00A0, so a text keeps its length; quotation marks and dashes stay as written.
In a rule `~` is such a space, as in TeX. Sources of the rules:

- everywhere: The International System of Units (BIPM, 2019) §5.4.3: a number, its groups of digits, its unit
- uk: Український правопис (2019), «Правила технічного переносу»: initials and titles with the name, units and
  «р.» with the number, «і т. д.» whole; that no one-letter word ends a line is custom of Ukrainian printing
- pl: A. Wolański, Edycja tekstów (PWN, 2008): „sierotki”, that is one-letter words, titles, dates, units
- de: DIN 5008:2020 and Duden, „Textverarbeitung“: z. B., Dr. Schmidt, § 5, 10 km, 14. Februar
- en: New Hart's Rules (2014) §2.4, and The Chicago Manual of Style (2017) §6.121
"""

import re
from functools import cache

from newsletter.render.memo import remembered
from newsletter.render.parts import MARK

NO_BREAK = "\N{NO-BREAK SPACE}"
_LONGEST = 28
"""Longer pieces are not bound together: they might not fit into a line on a phone."""

_TAG = re.compile(rf"""({MARK}|<!--.*?-->|<(?>[^<>"']+|"[^"]*"|'[^']*')*>)""", re.DOTALL)
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "cite", "em", "font", "i", "mark", "q", "s", "small", "span", "strong",
    "sub", "sup", "time", "u",
})  # fmt: skip
_UNTOUCHED = frozenset({"code", "kbd", "pre", "script", "select", "style", "textarea", "title"})
_LONG = re.compile(rf"[^ \t\r\n\f\v]{{{_LONGEST + 1},}}")


def _words(*listed: str) -> str:
    """Return a pattern of the words in `listed`, their first letter small or a capital."""
    words = sorted(" ".join(listed).split(), key=len, reverse=True)
    return f"(?:{'|'.join(f'(?:{word[0]}|{word[0].upper()}){re.escape(word[1:])}' for word in words)})"


_UPPER = "[A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻА-ЯІЇЄҐ]"
_ALONE, _END = r"(?<![\w&#.'’ʼ-])", r"(?!\w)"
_NAMED = rf"~(?=[«„“\"]?{_UPPER})"
_NUMBERED = r"\.?~(?=[№\d(+]|[IVX]+\b)"
_DAY = r"(?<![\w&#.,])\d{1,2}"

_MONTHS = {
    "uk": _words("січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня"),
    "pl": _words("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada",
                 "grudnia"),
    "de": _words("Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember"),
    "en": _words("January February March April May June July August September October November December"),
}  # fmt: skip

_EVERYWHERE = (
    r"(?<![\w&#.,])\d{1,3}(?:~\d{3})+(?!\d)",
    rf"\d~(?=[%‰€$£₴]|°[CF]|{_words('EUR USD UAH PLN GBP CHF')}{_END})",
    rf"\d~(?=(?:[kcdm]?m[²³]?|km/h|[km]?g|t|ha|[mch]?l|[kMG]?Wh?|[kMGT]B|[kMG]?Hz|kV){_END})",
    r"[№§]~(?=\d)",
    r"(?<=[^\s–—])~(?=[–—] )",  # browsers break after a dash whatever follows; a no-break space would indent
    rf"(?<!\w){_UPPER}\.~(?={_UPPER}(?:\.|\w))",
    r"(?<![\w&#])(?:\+\d{1,3}|\(\d{2,5}\)|0\d{1,4})(?:(?:~\(|\)~|~|-)\d{1,4}){2,5}(?!\d)",
)
_RULES = {
    "uk": (
        rf"{_ALONE}[авзійоуяАВЗІЙОУЯ]~(?=[^\s–—])",
        rf"(?<=\w)~(?=(?:би?|же?){_END})",
        rf"{_ALONE}{_words('м с сел вул просп пров бул бульв пл ім св гр акад проф доц ген полк')}\.{_NAMED}",
        rf"{_ALONE}{_words('смт пр-т д-р')}{_NAMED}",
        rf"{_ALONE}{_words('ст п пп ч с стор т розд гл рис табл абз буд кв оф каб корп тел')}{_NUMBERED}",
        r"(?<=\w)~(?=обл\.)",
        rf"(?<!\w)(?:кв|куб)\.~(?=[кдс]?м{_END})",
        rf"\d~(?={_words('грн коп тис млн млрд трлн км м см мм дм кг г т ц л мл га кВт МВт ГБ МБ')}{_END})",
        rf"\d~(?={_words('год хв сек євро дол шт м² м³ км² м2 м3 км2 кв куб')}{_END})",
        rf"{_ALONE}{_words('тис млн млрд трлн')}\.?~(?={_words('грн дол євро кв куб га т')}{_END})",
        rf"{_DAY}~(?={_MONTHS['uk']}{_END})",
        rf"\d{{4}}~(?=(?:рр?\.|{_words('року рік році роком роки років роках роками рокам')}{_END}))",
        r"\b[IVXL]+~(?=ст\.)",
        r"(?<!\w)[а-яіїєґ]\.~(?=[а-яіїєґ]{1,2}\.)",
        r"(?<!\w)[вВ]\.[ \u00a0]?о\.~(?=\w)",
        r"(?<!\w)(?:та|й)~(?=ін\.)",
        rf"(?<=[а-яіїєґ])~(?={_UPPER}\.[ \u00a0]?{_UPPER}\.(?![ \u00a0]?{_UPPER}))",
    ),
    "pl": (
        rf"{_ALONE}[aiouwzAIOUWZ]~(?=[^\s–—])",
        rf"{_ALONE}{_words('dr mgr inż prof hab ks św gen płk mjr ul al pl os gm pow woj im p')}\.?{_NAMED}",
        rf"{_ALONE}{_words('dr mgr inż prof hab')}\.?~(?={_words('dr inż hab')}{_END})",
        rf"{_ALONE}{_words('nr art ust pkt poz str s t rozdz godz lit rys tab tel ok')}{_NUMBERED}",
        rf"\d~(?={_words('zł gr tys mln mld bln szt godz min proc euro dol')}{_END})",
        rf"{_ALONE}{_words('tys mln mld bln')}\.?~(?={_words('zł euro dol ton ha')}{_END})",
        rf"{_DAY}~(?={_MONTHS['pl']}{_END})",
        rf"\d{{4}}~(?=r\.|{_words('rok roku rokiem')}{_END})",
        r"\b[IVXL]+~(?=w\.)",
        r"(?<!\w)[a-z]\.~(?=[a-z]{1,2}\.)",
    ),
    "de": (
        r"(?<!\w)[A-Za-zÄÖÜäöü]\.~(?=[A-Za-zÄÖÜäöü]{1,2}\.)",
        r"(?<!\w)[vn]\.~(?=Chr\.)",
        rf"{_ALONE}{_words('Dr Prof Hr Fr Dipl Ing St Frau Herr Herrn')}\.?{_NAMED}",
        rf"{_ALONE}{_words('Nr Abs Art S Bd Kap Abb Tab Ziff Tel Artikel Absatz Seite Kapitel')}{_NUMBERED}",
        rf"\d~(?={_words('Mio Mrd Tsd Millionen Milliarden Euro Cent Prozent Uhr Std')}{_END})",
        rf"{_ALONE}{_words('Mio Mrd Tsd Millionen Milliarden')}\.?~(?=€|{_words('Euro EUR')}{_END})",
        rf"{_DAY}\.~(?={_MONTHS['de']}{_END})",
        rf"{_DAY}\.~\d{{1,2}}\.~(?=\d{{4}}{_END})",
    ),
    "en": (
        rf"{_ALONE}(?:Dr|Mr|Mrs|Ms|Mx|Prof|St|Rev|Sen|Gov|Gen|Col|Cllr|Hon)\.?{_NAMED}",
        rf"{_ALONE}{_words('no nos p pp art fig vol ch para sec')}\.~(?=[\d(])",
        rf"{_ALONE}{_words('article section chapter page table figure room part issue')}~(?=\d)",
        rf"\d~(?=(?:thousand|million|billion|trillion|per cent|percent|am|pm|a\.m\.|p\.m\.|BC|AD){_END})",
        rf"(?<=\d[ \u00a0])per~(?=cent{_END})",
        rf"{_DAY}~(?={_MONTHS['en']}{_END})",
        rf"{_ALONE}{_MONTHS['en']}~(?=\d{{1,2}}{_END})",
    ),
}  # fmt: skip


@cache
def _rules(language: str) -> tuple[re.Pattern[str], ...]:
    own = _RULES.get(language.partition("-")[0], ())
    return tuple(re.compile(rule.replace("~", "[ \u00a0]")) for rule in (*_EVERYWHERE, *own))


def _bound(found: re.Match[str]) -> str:
    return found[0].replace(" ", NO_BREAK)


@remembered
def bind(text: str, language: str) -> str:
    """Return `text` with no-break spaces in place of those that the rules of `language` name."""
    bound = text
    for rule in _rules(language):
        bound = rule.sub(_bound, bound)
    return _LONG.sub(lambda found: text[found.start() : found.end()], bound)


def bind_html(html: str, language: str) -> str:
    """Return `html` with its running text bound; tags, comments, code and form values stay as they are.

    Nothing is bound across the mark of a part, as an edition may lack what is behind it.
    """
    pieces = _TAG.split(html)  # text, tag, text, …
    run: list[int] = []
    within = ""
    for index in range(1, len(pieces), 2):
        if not within and pieces[index - 1]:
            run.append(index - 1)
        name = _NAME.match(pieces[index])
        tag = name[1].lower() if name else ""
        if tag in _INLINE:
            continue
        _bind_run(pieces, run, language)
        if tag in _UNTOUCHED:
            within = "" if within == tag and pieces[index][1] == "/" else within or tag
    if not within:
        _bind_run(pieces, [*run, len(pieces) - 1], language)
    return "".join(pieces)


def _bind_run(pieces: list[str], run: list[int], language: str) -> None:
    """Bind the texts of `pieces` that follow one another in a line as one text, and empty `run`."""
    text = "".join([pieces[index] for index in run])
    if " " in text and (bound := bind(text, language)) != text:
        start = 0
        for index in run:
            end = start + len(pieces[index])
            pieces[index] = bound[start:end]
            start = end
    run.clear()
