"""A Word document is read as Word shows it, and what cannot be kept is named by its paragraph."""

from pathlib import Path

import pytest

from newsletter.compose.digest import parse_digest
from newsletter.compose.sources import read_unlimited
from newsletter.compose.word.fields import address
from newsletter.compose.word.numbers import written
from newsletter.compose.word.source import docx_lines
from newsletter.compose.word.symbols import sign
from newsletter.config import Settings
from tests.compose.documents import code, entry, mark, paragraph, run, write_document

URL = "https://auc.org.ua/1"


def lines(path: Path) -> list[str]:
    found, problems = docx_lines(path.read_bytes(), "d.docx")
    assert not problems
    return [line.text for line in found if line.text]


def told(path: Path) -> tuple[list[str], list[tuple[int, str]]]:
    found, problems = docx_lines(path.read_bytes(), "d.docx")
    return (
        [line.text for line in found if line.text],
        [
            (problem.at.line if problem.at else -1, problem.text.removeprefix("left out "))
            for problem in problems
        ],
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "d.docx"


def field(instruction: str, result: str) -> str:
    return mark("begin") + code(instruction) + mark("separate") + result + mark("end")


LINKS = {
    "plain": field(f'HYPERLINK "{URL}"', run("Більше")),
    "with switches": field(f'HYPERLINK "{URL}" \\t "_blank" \\o "Сайт АМУ"', run("Більше")),
    "switches first": field(f'HYPERLINK \\o "tip" "{URL}" \\h', run("Більше")),
    "without quotes": field(f"HYPERLINK {URL}", run("Більше")),
    "code in pieces": mark("begin") + code("HYPER") + code(f'LINK "{URL}"') + mark("separate") + run("Більше") + mark("end"),
    "within a field": field(f'HYPERLINK "{URL}"', field("PAGEREF x", run("Більше"))),
    "simple": f'<w:fldSimple w:instr="HYPERLINK &quot;{URL}&quot; \\t &quot;_blank&quot;">{run("Більше")}</w:fldSimple>',
    "element": f'<w:hyperlink r:id="r1" w:tooltip="x">{run("Біль")}{run("ше", "<w:u/>")}</w:hyperlink>',
    "inserted": f'<w:ins w:id="1" w:author="O">{field(f"HYPERLINK {URL}", run("Більше"))}</w:ins>',
    "smart tag": f'<w:smartTag><w:hyperlink r:id="r1">{run("Більше")}</w:hyperlink></w:smartTag>',
    "control": f'<w:sdt><w:sdtContent><w:hyperlink r:id="r1">{run("Більше")}</w:hyperlink></w:sdtContent></w:sdt>',
}  # fmt: skip


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_link_is_kept_in_whatever_way_word_writes_it(file: Path, link: str) -> None:
    write_document(file, paragraph("до ", link, " після"), paragraph("Далі"), links=(URL,))
    assert lines(file) == [f"до [Більше]({URL}) після", "Далі"]


@pytest.mark.parametrize("end", [f"<w:del w:id='1'>{mark('end')}</w:del>", ""], ids=["deleted", "missing"])
def test_a_field_whose_end_is_not_in_the_text_ends_with_its_paragraph(file: Path, end: str) -> None:
    field = mark("begin") + code(f'HYPERLINK "{URL}"') + mark("separate") + run("Більше")
    write_document(file, paragraph(field + end), paragraph("Друга новина"), paragraph("Текст."))
    assert lines(file) == [f"[Більше]({URL})", "Друга новина", "Текст."]


def test_a_place_within_a_page_is_part_of_its_address() -> None:
    assert address(f'HYPERLINK "{URL}" \\l "part"') == f"{URL}#part"
    assert address('HYPERLINK \\l "_Toc1"') == "#_Toc1"
    assert address("PAGEREF _Toc1 \\h") is None


def picture(link: str = "", words: str = "") -> str:
    click = f'<a:hlinkClick r:id="{link}"/>' if link else ""
    return (
        f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="p" descr="{words}">{click}</wp:docPr>'
        '<a:graphic><a:graphicData><pic:pic><pic:blipFill><a:blip r:embed="x"/></pic:blipFill></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def test_a_picture_s_link_is_kept_by_its_words_or_alone(file: Path) -> None:
    write_document(
        file,
        paragraph(picture("r1", "Більше на сайті АМУ")),
        paragraph(picture("r1")),
        paragraph(f'<w:hyperlink r:id="r1">{picture()}</w:hyperlink>'),
        links=(URL,),
    )
    assert told(file) == ([f"[Більше на сайті АМУ]({URL})", URL, URL], [(1, "3 pictures")])


def test_changes_are_accepted(file: Path) -> None:
    deleted = "<w:del w:id='1'><w:r><w:delText>сто </w:delText></w:r></w:del>"
    moved = f"<w:moveFrom w:id='2'>{run('звідси ')}</w:moveFrom><w:moveTo w:id='3'>{run('сюди ')}</w:moveTo>"
    joined = "<w:rPr><w:del w:id='5'/></w:rPr>"
    write_document(
        file,
        paragraph("Було ", deleted, f"<w:ins w:id='4'>{run('двісті ')}</w:ins>", moved, "гривень"),
        paragraph("Одна ", properties=joined),
        paragraph("ціла"),
        "<w:tbl><w:tr><w:trPr><w:del w:id='6'/></w:trPr><w:tc>"
        + paragraph("рядок")
        + "</w:tc></w:tr></w:tbl>",
    )
    assert lines(file) == ["Було двісті сюди гривень", "Одна ціла"]


@pytest.mark.parametrize(
    "properties",
    [
        "<w:strike/>", "<w:dstrike/>", '<w:strike w:val="1"/>', "<w:vanish/>", '<w:vanish w:val="true"/>',
        '<w:rStyle w:val="Gone"/>',
    ],
)  # fmt: skip
def test_struck_and_hidden_words_are_left_out_and_named(file: Path, properties: str) -> None:
    write_document(file, paragraph("Перший"), paragraph("Ціна ", run("100 ", properties), "200 грн"))
    found, problems = told(file)
    assert found == ["Перший", "Ціна 200 грн"]
    kind = "struck" if "strike" in properties else "hidden"
    assert problems == [(2, f"{kind} words: “100”")]


@pytest.mark.parametrize(
    "properties", ['<w:strike w:val="0"/>', '<w:rStyle w:val="Gone"/><w:vanish w:val="false"/>']
)
def test_a_property_that_is_off_hides_nothing(file: Path, properties: str) -> None:
    write_document(file, paragraph(run("100", properties)))
    assert lines(file) == ["100"]


def test_notes_follow_the_paragraph_that_refers_to_them(file: Path) -> None:
    note = '<w:footnote w:id="{}">{}</w:footnote>'
    write_document(
        file,
        paragraph("Закон", '<w:r><w:footnoteReference w:id="2"/></w:r>', " і наказ",
                  '<w:r><w:endnoteReference w:id="3"/></w:r>', "."),
        paragraph("Далі."),
        footnotes=note.format(0, paragraph("---")) + note.format(2, paragraph(" Від 5 лютого.", "<w:r><w:footnoteRef/></w:r>")),
        endnotes='<w:endnote w:id="3">' + paragraph("Див. ", f'<w:hyperlink r:id="r1">{run("тут")}</w:hyperlink>') + "</w:endnote>",
        links_of={"endnotes": (URL,)},
    )  # fmt: skip
    assert lines(file) == ["Закон¹ і наказ².", "¹ Від 5 лютого.", f"² Див. [тут]({URL})", "Далі."]


def test_comments_headers_and_charts_are_left_out_and_named(file: Path) -> None:
    write_document(
        file,
        paragraph("Текст", '<w:r><w:commentReference w:id="1"/></w:r>'),
        paragraph(
            "Графік",
            "<w:r><w:drawing><wp:inline><a:graphic><a:chart/></a:graphic></wp:inline></w:drawing></w:r>",
        ),
        comments='<w:comment w:id="1">' + paragraph("Перевірити!") + "</w:comment>",
        header=paragraph("Асоціація міст України"),
    )
    found, problems = told(file)
    assert found == ["Текст", "Графік"]
    assert problems == [
        (0, "the header of the pages: “Асоціація міст України”"),
        (1, "a comment: “Перевірити!”"),
        (2, "<object>: “a chart”"),
    ]


def box(*paragraphs: str) -> str:
    content = f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"
    return (
        f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>{content}</wps:txbx></w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{content}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def test_the_words_of_a_text_box_stand_once_below_its_paragraph(file: Path) -> None:
    write_document(file, paragraph("Текст ", box(paragraph("Цитата мера")), "далі."), paragraph("Ще."))
    assert lines(file) == ["Текст далі.", "> Цитата мера", "Ще."]


def cells(*texts: str) -> str:
    return "<w:tr>" + "".join(f"<w:tc><w:tcPr/>{paragraph(text)}</w:tc>" for text in texts) + "</w:tr>"


def test_a_table_of_figures_stays_a_table(file: Path) -> None:
    wide = '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>' + paragraph("Разом: 5") + "</w:tc></w:tr>"
    write_document(file, "<w:tbl>", cells("Область", "Громад"), cells("Сумська", "51"), wide, "</w:tbl>")
    assert lines(file) == ["| Область | Громад |", "| --- | --- |", "| Сумська | 51 |", "| Разом: 5 |   |"]


def test_a_table_that_lays_out_the_page_is_read_cell_by_cell(file: Path) -> None:
    inner = f"<w:tbl>{cells('Область', 'Громад')}{cells('Сумська', '51')}</w:tbl>{paragraph('')}"
    first = f"<w:tr><w:tc>{paragraph('Назва', style='2')}{paragraph('Текст.')}{inner}</w:tc></w:tr>"
    write_document(file, f"<w:tbl>{first}</w:tbl>")
    assert lines(file) == ["## Назва", "Текст.", "| Область | Громад |", "| --- | --- |", "| Сумська | 51 |"]


def test_lists_have_the_numbers_that_word_shows(file: Path) -> None:
    write_document(
        file,
        entry("авто", 1), entry("зимове", 1, 1), paragraph("через стиль", style="List"), paragraph("Абзац."),
        entry("один", 2), entry("вкладений", 2, 1), entry("два", 2), paragraph("Абзац."), entry("три", 2),
        entry("літера", 3), entry("друга", 3), entry("п'ять", 4), paragraph("без", style="List",
        properties='<w:numPr><w:numId w:val="0"/></w:numPr>'),
    )  # fmt: skip
    assert lines(file) == [
        "- авто", "    - зимове", "- через стиль", "Абзац.", "1. один", "    1.1. вкладений", "2. два", "Абзац.", "3. три",
        "а) літера", "б) друга", "5. п'ять", "без",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [(4, "lowerRoman", "iv"), (14, "upperRoman", "XIV"), (28, "lowerLetter", "bb"), (7, "decimalZero", "07"),
     (2, "russianUpper", "Б"), (0, "upperRoman", "0"), (3, "ordinal", "3")],
)  # fmt: skip
def test_numbers_are_written_in_word_s_forms(number: int, form: str, text: str) -> None:
    assert written(number, form) == text


def test_signs_hyphens_and_breaks_are_what_word_shows(file: Path) -> None:
    write_document(
        file,
        paragraph('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/><w:t> 5</w:t><w:noBreakHyphen/><w:t>й</w:t></w:r>',
                  "<w:r><w:t>гро</w:t><w:softHyphen/><w:t>мада</w:t><w:br/><w:t>рядок</w:t><w:tab/><w:t>далі</w:t></w:r>"),
        paragraph(run("ü", '<w:rFonts w:ascii="Wingdings"/>'), " м", run("2", '<w:vertAlign w:val="superscript"/>')),
        paragraph(run("освіта", "<w:caps/>"), mark("begin") + code("SYMBOL 183 \\f Symbol") + mark("end")),
        paragraph("<m:oMath><m:r><m:t>a=b</m:t></m:r></m:oMath>"),
    )  # fmt: skip
    assert lines(file) == ["✓ 5\u2011йгромада", "рядок далі", "✓ м²", "ОСВІТА•", "a=b"]


def test_a_sign_of_an_unknown_font_is_named(file: Path) -> None:
    write_document(file, paragraph('<w:r><w:sym w:font="Webdings" w:char="F021"/><w:t>так</w:t></w:r>'))
    assert told(file) == (["так"], [(1, "<object>: “a sign of the font Webdings”")])
    assert sign("Symbol", 0xF061) == "α"


def test_headings_are_known_by_their_style_whatever_it_is_called(file: Path) -> None:
    write_document(
        file,
        paragraph("Освіта", style="2"),
        paragraph("Назва", style="Own"),
        paragraph("Рівень", properties='<w:outlineLvl w:val="1"/>'),
        paragraph(run("Жирне", '<w:rStyle w:val="Strong"/>'), " слово"),
    )
    assert lines(file) == ["## Освіта", "### Назва", "## Рівень", "**Жирне** слово"]


def test_a_line_s_number_is_that_of_its_paragraph(file: Path) -> None:
    write_document(
        file, paragraph(""), paragraph("два"), "<w:tbl>", cells("три"), "</w:tbl>", paragraph("чотири")
    )
    found, _ = docx_lines(file.read_bytes(), "d.docx")
    assert [(line.number, line.text) for line in found if line.text] == [
        (2, "два"),
        (3, "три"),
        (4, "чотири"),
    ]


def test_items_of_a_document_stay_apart_whatever_stands_in_them(file: Path, settings: Settings) -> None:
    table = f"<w:tbl>{cells('Область', 'Громад')}{cells('Сумська', '51')}</w:tbl>"
    cut = mark("begin") + code(f'HYPERLINK "{URL}"') + mark("separate") + run("Більше на сайті АМУ")
    write_document(
        file,
        paragraph("ТОП"),
        paragraph("Перша новина"), paragraph("Текст."), table, paragraph(f"{cut}<w:del w:id='1'>{mark('end')}</w:del>"),
        paragraph("Друга новина"), paragraph("Текст."), entry("авто", 2), entry("генератор великий", 2),
        paragraph(LINKS["with switches"]),
        paragraph("Третя новина"), paragraph("Ціна ", run("100 ", "<w:strike/>"), "200."), paragraph(LINKS["simple"]),
    )  # fmt: skip
    lines, problems = read_unlimited(file, "d.docx")
    digest = parse_digest(lines, "d.docx", settings)
    assert [(one.title, one.link) for one in digest.entries] == [
        ("Перша новина", URL), ("Друга новина", URL), ("Третя новина", URL),
    ]  # fmt: skip
    assert digest.entries[0].text == "Текст.\n\n| Область | Громад |\n| --- | --- |\n| Сумська | 51 |"
    assert digest.entries[1].text == "Текст.\n\n1. авто\n2. генератор великий"
    assert digest.entries[2].text == "Ціна 200."
    assert [str(problem.at) for problem in problems] == ["d.docx:15"]
    assert [placed.line for placed in digest.account] == [line for line in lines if line.text]
