"""A text of CommonMark's and GFM's constructs is rendered, or a finding names the line of what is not."""

import re

import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st
from lxml.html import document_fromstring

from newsletter.checks.unrendered import unrendered
from newsletter.render import markdown, plaintext

CONSTRUCTS = {
    # A construct, its mark as a reader would see it unrendered; QQ stands for a word that occurs once.
    "emphasis": ("*QQ*", "*QQ*"),
    "emphasis by underscores": ("_QQ_", "_QQ_"),
    "strong": ("**QQ**", "**QQ**"),
    "strong by underscores": ("__QQ__", "__QQ__"),
    "both": ("***QQ***", "*QQ*"),
    "misplaced strong": ("** QQ **", "** QQ"),
    "link": ("[QQ](https://auc.org.ua/a)", "[QQ]("),
    "link with a title": ('[QQ](https://auc.org.ua/a "Назва")', "[QQ]("),
    "link in brackets": ("[QQ](<https://auc.org.ua/a>)", "[QQ]("),
    "parted link": ("[QQ] (https://auc.org.ua/a)", "[QQ] ("),
    "autolink": ("<https://auc.org.ua/QQ>", "<https://auc.org.ua/QQ"),
    "mail autolink": ("<QQ@auc.org.ua>", "<QQ@"),
    "bare address": ("https://auc.org.ua/QQ", None),
    "bare www": ("www.auc.org.ua/QQ", None),
    "bare mail address": ("QQ@auc.org.ua", None),
    "reference": ("[QQ][QQ]\n\n[QQ]: https://auc.org.ua/a", "[QQ]"),
    "collapsed reference": ("[QQ][]\n\n[QQ]: https://auc.org.ua/a", "[QQ]"),
    "shortcut reference": ("[QQ]\n\n[QQ]: https://auc.org.ua/a", "[QQ]"),
    "image": ("![QQ](https://auc.org.ua/a.png)", "!QQ"),
    "image of a file": ("![QQ](a.png)", "![QQ]"),
    "image by reference": ("![QQ][a]", "![QQ]"),
    "image in a link": ("[![QQ](https://auc.org.ua/a.png)](https://auc.org.ua)", "!"),
    "code": ("`QQ`", "`QQ`"),
    "code by two": ("``QQ ` b``", "``QQ"),
    "code over lines": ("`QQ\nдалі`", "`QQ"),
    "fence": ("```\nQQ\n```", "```"),
    "fence with a language": ("```python\nQQ\n```", "```"),
    "fence by tildes": ("~~~\nQQ\n~~~", "~~~"),
    "open fence": ("```\nQQ", "```"),
    "indented code": ("    QQ", "    QQ"),
    "strikethrough": ("~~QQ~~", "~~QQ"),
    "strikethrough by one": ("~QQ~", "~QQ~"),
    "footnote": ("Слово[^QQ]", "[^QQ]"),
    "note": ("[^QQ]: Примітка", "[^QQ]"),
    "open task": ("- [ ] QQ", "[ ] QQ"),
    "done task": ("1. [x] QQ", "[x] QQ"),
    "tag": ("<b>QQ</b>", "<b>"),
    "void tag": ('<img alt="QQ">', "<img"),
    "block of HTML": ('<div class="QQ">\nтекст\n</div>', "<div"),
    "comment": ("<!-- QQ -->", "<!--"),
    "instruction": ("<?php QQ ?>", "<?php"),
    "declaration": ("<!DOCTYPE QQ>", "<!DOCTYPE"),
    "section of data": ("<![CDATA[QQ]]>", "<![CDATA["),
    "thematic break": ("QQ\n\n---", "---"),
    "thematic break by stars": ("QQ\n\n***", "***"),
    "spaced thematic break": ("QQ\n\n- - -", None),
    "heading": ("## QQ", "## QQ"),
    "closed heading": ("### QQ ###", "#"),
    "heading without a space": ("##QQ", "##QQ"),
    "heading by a line": ("QQ\n===", "==="),
    "lower heading by a line": ("QQ\n---", "---"),
    "quote": ("> QQ", "> QQ"),
    "list": ("- QQ\n- ще", "- QQ"),
    "list by stars": ("* QQ", "* QQ"),
    "numbered list": ("7. QQ", None),
    "table": ("| QQ | б |\n| --- | --- |\n| в | г |", "---"),
    "table without its line": ("| QQ | б |", "| QQ |"),
    "hard break": ("QQ  \nдалі", None),
    "hard break by a backslash": ("QQ\\\nдалі", "\\"),
    "entity": ("QQ &copy;", "&copy;"),
    "escape": (r"\*QQ\*", "\\"),
}
BLOCKS = {
    name
    for name in CONSTRUCTS
    if re.search("fence|task|thematic|heading|quote|list|table|note$|indented", name)
}
PREFIXES = ("", "> ", "- ", "1. ", "> - ", "Слова ")


def visible(text: str) -> str:
    """Return what a reader of the HTML sees, a break as a line."""
    found = document_fromstring(re.sub("<br/?>", "", f"<main>{markdown.html(text)}</main>"))
    return "".join(map(str, found.itertext()))


def written(name: str, word: str, prefix: str) -> str:
    """Return a construct with `word` in it, in a quote, a list or after other words."""
    prefix = "" if prefix == "Слова " and name in BLOCKS else prefix
    first, *rest = CONSTRUCTS[name][0].replace("QQ", word).split("\n")
    within = re.sub(r"\w+\. |- ", lambda mark: " " * len(mark[0]), prefix) if prefix != "Слова " else ""
    return "\n".join([prefix + first, *(within + line for line in rest)])


def is_named(word: str, text: str) -> bool:
    """Tell whether a finding has the line of a construct, of whose lines one has the `word`."""
    lines = text.split("\n")
    at = next(number for number, line in enumerate(lines) if word in line)
    own = {line.strip() for line in lines[max(at - 1, 0) : at + 3]}
    return any(remark.line in own for remark in unrendered(text))


def to_open_fence(chosen: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the constructs up to an open fence: all that follows is inside it, and named with it."""
    names = [name for name, _ in chosen]
    return chosen[: names.index("open fence") + 1] if "open fence" in names else chosen


blocks = st.lists(
    st.tuples(st.sampled_from(sorted(CONSTRUCTS)), st.sampled_from(PREFIXES)), min_size=1, max_size=6
).map(to_open_fence)


@run(max_examples=400, deadline=None)
@given(blocks, st.sampled_from(["\n\n", "\n\nПроміжний абзац.\n\n"]))
def test_any_text_of_constructs_is_rendered_or_a_finding_names_its_line(
    chosen: list[tuple[str, str]], between: str
) -> None:
    words = [
        f"слово{number}х" if "mail" not in name else f"word{number}x"
        for number, (name, _) in enumerate(chosen)
    ]
    text = between.join(
        written(name, word, prefix) for (name, prefix), word in zip(chosen, words, strict=True)
    )
    whole = [visible(text), plaintext.plain(text, 1000)]
    for (name, prefix), word in zip(chosen, words, strict=True):
        mark = CONSTRUCTS[name][1]
        if mark is None:
            continue
        own = mark.replace("QQ", word)  # a mark without a word of its own may be another's
        shown = whole if word in own else [visible(written(name, word, prefix))]
        if name in ("list", "quote", "indented code"):  # as typed, or indented, in the text part
            shown = shown[:1]
        assert not any(own in part for part in shown) or is_named(word, text), (name, text)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_each_construct_alone_is_rendered_or_found(name: str) -> None:
    text = f"Перший абзац.\n\n{written(name, 'qx', '')}\n\nОстанній."
    mark = CONSTRUCTS[name][1]
    if mark is not None and mark.replace("QQ", "qx") in visible(text):
        assert is_named("qx", text)


@pytest.mark.parametrize(
    "text",
    [
        "П`ять об`єктів і п`ята громада.",
        "Ціна ~100 грн, місто ~200 осіб.",
        "~ 5 хв і ~ 6 хв",
        "#ЄднаємоГромади #AMU",
        "- раз\n- два\n  продовження",
        "Пишіть: info@auc.org.ua, www.auc.org.ua або https://auc.org.ua/x_y.",
        "Див. [1] і [2], п. 3.1 (a) [лист].",
        "5 > 3, а 2 < 3; А&Б; x_y_z; 2*3*4",
    ],
)
def test_usual_words_are_not_taken_for_marks(text: str) -> None:
    assert [remark.text for remark in unrendered(text)] == []


def test_each_line_is_named_even_where_a_line_like_it_is_right() -> None:
    text = "**Добре** слово\n\nПогане ** слово **\n\n![а](https://auc.org.ua/a.png)\n\n![б](https://auc.org.ua/b.png)"
    assert [remark.line for remark in unrendered(text)] == text.split("\n\n")[1:]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Пишіть на info@auc.org.ua, будь ласка.", "mailto:info@auc.org.ua"),
        ("Сайт www.auc.org.ua/ua/x.", "https://www.auc.org.ua/ua/x"),
        ("Сайт (https://auc.org.ua/x).", "https://auc.org.ua/x"),
        ("# Прес-служба: press@auc.org.ua", "mailto:press@auc.org.ua"),
        ("| Пошта | Сайт |\n| --- | --- |\n| a@auc.org.ua | б |", "mailto:a@auc.org.ua"),
    ],
)
def test_addresses_in_the_text_are_links(text: str, address: str) -> None:
    assert f'href="{address}"' in markdown.html(text)
    shown = address.removeprefix("mailto:")
    assert shown in plaintext.plain(text)


@pytest.mark.parametrize(
    "text", ["слово.Далі", "auc.org.ua", "a@b", "@auc", "www.auc", "www.", "ftp://a.org/x"]
)
def test_other_words_with_dots_stay_words(text: str) -> None:
    assert markdown.html(text) == f"<p>{text}</p>"
