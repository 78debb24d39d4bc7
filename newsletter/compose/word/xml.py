"""Elements of Word's XML by their names without namespaces, which differ between its two dialects."""

from collections.abc import Iterator

from lxml.etree import _Element

THROUGH = ("ins", "moveTo", "smartTag", "customXml", "sdtContent", "dir", "bdo", "Choice", "rubyBase")
"""Elements that only hold what Word shows in their place."""


def local(node: _Element) -> str:
    """Return the name of an element without its namespace: transitional and strict documents differ in it."""
    return str(node.tag).rpartition("}")[2]


def attribute(node: _Element | None, name: str) -> str | None:
    """Return an attribute by its name without namespace."""
    if node is None:
        return None
    return next((str(value) for key, value in node.items() if str(key).rpartition("}")[2] == name), None)


def child(node: _Element | None, *names: str) -> _Element | None:
    """Return the first element at the path `names` below `node`."""
    for name in names:
        node = next((one for one in node if local(one) == name), None) if node is not None else None
    return node


def below(node: _Element, name: str) -> Iterator[_Element]:
    """Return all elements of a name within `node`."""
    return (one for one in node.iter() if local(one) == name)


def words_of(node: _Element) -> str:
    """Return all text within `node`, whatever its format."""
    return "".join(str(text.text or "") for text in below(node, "t"))


def rows(table: _Element) -> Iterator[_Element]:
    """Return the rows of a table, those within content controls too."""
    for node in table:
        if local(node) == "tr":
            yield node
        elif local(node) in {"sdt", *THROUGH}:
            yield from rows(node)


def cells(row: _Element) -> Iterator[_Element]:
    """Return the cells of a row, likewise."""
    for node in row:
        if local(node) == "tc":
            yield node
        elif local(node) in {"sdt", *THROUGH}:
            yield from cells(node)


def chosen(node: _Element) -> _Element:
    """Return the alternative that Word shows of an AlternateContent, else the node itself."""
    if local(node) != "AlternateContent":
        return node
    choice = child(node, "Choice")
    return choice if choice is not None else node


def is_within(node: _Element, name: str, top: _Element) -> bool:
    """Tell whether `node` is within an element `name` that is within `top`."""
    above = node.getparent()
    while above is not None and above is not top:
        if local(above) == name:
            return True
        above = above.getparent()
    return False
