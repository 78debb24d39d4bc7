"""Find elements of Word's XML by local name, since its two dialects have different namespaces."""

from collections.abc import Iterator

from lxml.etree import _Element

THROUGH = ("ins", "moveTo", "smartTag", "customXml", "sdtContent", "dir", "bdo", "Choice", "rubyBase")
"""Elements that are replaced by their content."""


def local(node: _Element) -> str:
    """Return the local name of an element, without the namespace of its dialect."""
    return str(node.tag).rpartition("}")[2]


def attribute(node: _Element | None, name: str) -> str | None:
    """Return an attribute by its local name."""
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
    """Return all text in `node`, without formatting."""
    return "".join(str(text.text or "") for text in below(node, "t"))


def rows(table: _Element) -> Iterator[_Element]:
    """Return the rows of a table, including those in content controls."""
    for node in table:
        if local(node) == "tr":
            yield node
        elif local(node) in {"sdt", *THROUGH}:
            yield from rows(node)


def cells(row: _Element) -> Iterator[_Element]:
    """Return the cells of a row, including those in content controls."""
    for node in row:
        if local(node) == "tc":
            yield node
        elif local(node) in {"sdt", *THROUGH}:
            yield from cells(node)


def chosen(node: _Element) -> _Element:
    """Return the alternative of an AlternateContent that Word shows; any other node is returned as it is."""
    if local(node) != "AlternateContent":
        return node
    choice = child(node, "Choice")
    return choice if choice is not None else node


def is_within(node: _Element, name: str, top: _Element) -> bool:
    """Return whether `node` is inside an element `name` that is inside `top`."""
    above = node.getparent()
    while above is not None and above is not top:
        if local(above) == name:
            return True
        above = above.getparent()
    return False
