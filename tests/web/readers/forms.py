"""Pages as a browser reads them: what their form would send, what their lists offer, what they say."""

from typing import Any

from lxml import html

Fields = dict[str, list[str]]


def parse(page: str) -> Any:
    """Return the document of a page."""
    return html.fromstring(page)


def fields(page: str) -> Fields:
    """Return what the form of a page that is posted would send: values by the name of the input."""
    form = next(one for one in parse(page).forms if one.method == "POST")
    found: Fields = {}
    for name, value in form.form_values():
        found.setdefault(name, []).append(value)
    return found


def choices(page: str, name: str) -> list[str]:
    """Return the values that the list `name` of a page offers."""
    options = parse(page).xpath(f"//select[@name='{name}']/option")
    return [option.get("value", option.text_content()) for option in options]


def texts(page: str, path: str) -> list[str]:
    """Return the words of each element at `path`, an XPath."""
    return [" ".join(one.text_content().split()) for one in parse(page).xpath(path)]
