"""Word documents from a few lines of their XML, for what no library writes."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from zipfile import ZIP_DEFLATED, ZipFile

Links = tuple[str, ...]
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
STYLES = """
<w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="2"><w:name w:val="heading 2"/><w:rPr><w:b/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="3"><w:name w:val="heading 3"/><w:basedOn w:val="2"/></w:style>
<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Заголовок новини"/><w:basedOn w:val="3"/></w:style>
<w:style w:type="character" w:styleId="Gone"><w:name w:val="Gone"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="Strong"><w:name w:val="Strong"/><w:rPr><w:b/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="List"><w:name w:val="List Bullet"/>
  <w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
"""
NUMBERING = """
<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="\uf0b7"/></w:lvl>
  <w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>
  <w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2."/></w:lvl>
  </w:abstractNum>
<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:numFmt w:val="russianLower"/><w:lvlText w:val="%1)"/></w:lvl>
  </w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>
<w:num w:numId="4"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>
"""


def paragraph(*runs: str, style: str = "", properties: str = "") -> str:
    """Return a paragraph; a run that is no XML is plain text."""
    head = f'<w:pStyle w:val="{style}"/>' if style else ""
    inner = "".join(one if one.startswith("<") else run(one) for one in runs)
    return f"<w:p><w:pPr>{head}{properties}</w:pPr>{inner}</w:p>"


def run(text: str, properties: str = "") -> str:
    """Return a run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def entry(text: str, number: int, level: int = 0) -> str:
    """Return a paragraph of the list `number`."""
    return paragraph(
        text, properties=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    )


def mark(kind: str) -> str:
    """Return a mark of a field."""
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def code(text: str) -> str:
    """Return a field's code."""
    return f'<w:r><w:instrText xml:space="preserve">{text.replace(chr(34), "&quot;")}</w:instrText></w:r>'


def _links(links: Links) -> list[str]:
    return [
        f'<Relationship Id="r{number}" Type="{R}/hyperlink" Target="{link}" TargetMode="External"/>'
        for number, link in enumerate(links, 1)
    ]


def write_document(
    path: Path,
    *body: str,
    links: Links = (),
    links_of: Mapping[str, Links] = MappingProxyType({}),
    **parts: str,
) -> Path:
    """Write a document; `links` are the addresses of r1, r2, …, `parts` others by kind, with `links_of` them."""
    relations = _links(links)
    kinds = {"styles": STYLES, "numbering": NUMBERING, **parts}
    roots = {"header": "hdr", "footer": "ftr"}
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for kind, content in kinds.items():
            root = roots.get(kind, kind)
            archive.writestr(f"word/{kind}.xml", f"<w:{root} {_NAMES}>{content}</w:{root}>")
            if kind in links_of:
                archive.writestr(
                    f"word/_rels/{kind}.xml.rels", _RELATIONS.format("".join(_links(links_of[kind])))
                )
            relations.append(f'<Relationship Id="{kind}" Type="{R}/{kind}" Target="{kind}.xml"/>')
        main = f'<Relationship Id="d" Type="{R}/officeDocument" Target="word/document.xml"/>'
        archive.writestr("_rels/.rels", _RELATIONS.format(main))
        archive.writestr("word/_rels/document.xml.rels", _RELATIONS.format("".join(relations)))
        archive.writestr(
            "word/document.xml", f"<w:document {_NAMES}><w:body>{''.join(body)}</w:body></w:document>"
        )
    return path
