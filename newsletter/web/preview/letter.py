"""Build an issue's message for an example reader, and prepare its HTML for a frame."""

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from functools import cached_property
from hashlib import sha256
from typing import cast

from lxml.html import document_fromstring

from newsletter.links import Signer
from newsletter.model import Envelope, Image, Rendered
from newsletter.render.pictures import hosted, on_page
from newsletter.sending.personal import Writer
from newsletter.slots import fill_html, fill_text
from newsletter.store.ledger import Due
from newsletter.transport.dkim import DomainSigner

EXAMPLE = "reader@example.org"
_NOBODY = 0  # no subscriber has this number, so the links in a previewed letter change nothing
_PREFERS = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)")
_BOTH = re.compile(r'(color-scheme:\s*|content=")light dark\b')
_SOURCE = re.compile(r'(<img\b[^>]*?) src="[^"]*"')
_WEB_LINK = re.compile(r'<a (?=[^>]*\bhref="https?:)')
_PICTURE = re.compile(r"((?:^[A-Za-z0-9+/]{76}\r\n){3})(?:^[A-Za-z0-9+/]{76}\r\n){400,}", re.MULTILINE)
"""More than 30 kB of base64, as only pictures have."""
_INVISIBLE = re.compile("[\u00ad\u034f\u200b-\u200d\ufeff]")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One edition addressed to one reader: both parts, and the whole message as bytes."""

    html: str
    text: str
    mail_from: str
    pictures: tuple[Image, ...]
    content: bytes

    def page(self, base_url: str, address: Callable[[str], str]) -> str:
        """Return the HTML as a page, where `address` leads to the picture of a name, also to a hosted one."""
        html = on_page(self.html, (image.name for image in self.pictures), address)
        for image in self.pictures:
            html = html.replace(hosted(base_url, image.name), address(image.name))
        return html

    @property
    def alone(self) -> str:
        """The HTML as one file, its pictures within it, to be handed to a colleague."""
        found = {
            image.name: f"data:{image.media_type};base64,{b64encode(image.content).decode()}"
            for image in self.pictures
        }
        return self.page("", found.__getitem__)

    @cached_property
    def sha256(self) -> str:
        """The hash of the whole message, 64 digits."""
        return sha256(self.content).hexdigest()

    @property
    def signed(self) -> bool:
        """True when the message has a DKIM signature."""
        return self.content.startswith(b"DKIM-Signature:")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers, decoded and unfolded."""
        message = message_from_bytes(self.content.partition(b"\r\n\r\n")[0], policy=policy.default)
        return [(name, str(value)) for name, value in message.items()]

    @property
    def source(self) -> str:
        """The raw message as text, without most lines of its pictures."""
        return _PICTURE.sub(r"\1…\n", self.content.decode("ascii"))

    @cached_property
    def opening(self) -> str:
        """The snippet an inbox shows after the subject: the first words of the HTML, also hidden ones."""
        texts = document_fromstring(self.html).xpath("//body//text()[not(parent::style)]")
        return " ".join(_INVISIBLE.sub("", " ".join(cast("list[str]", texts))).split())


def without_pictures(html: str) -> str:
    """Return `html` as a mail program shows it that loads no pictures: their alt text is left."""
    return _SOURCE.sub(r"\1", html)


def write_letter(  # noqa: PLR0913  what a letter is made of
    page: Rendered,
    shared: Envelope,
    signer: Signer,
    now: datetime,
    *,
    dkim: DomainSigner | None = None,
    email: str = EXAMPLE,
    name: str = "",
) -> Letter:
    """Build the message of edition `page` for an address; its links are of no reader and change nothing."""
    message = Writer(page, shared, signer, dkim).write(Due(_NOBODY, email, name, page.edition, 1), now)
    return Letter(
        html=fill_html(page.html, message.values),
        text=fill_text(page.text, message.values),
        mail_from=message.mail_from,
        pictures=page.pictures,
        content=message.content,
    )


def shown(html: str, scheme: str) -> str:
    """Return `html` for a frame, forced to `scheme` (light or dark) whatever the browser prefers.

    Web links open in a new window.
    """
    head, end, body = html.partition("</head>")
    head = _PREFERS.sub(lambda match: f"({'min' if match[1] == scheme else 'max'}-width: 0)", head)
    return _BOTH.sub(rf"\g<1>{scheme}", head) + end + _WEB_LINK.sub('<a target="_blank" ', body)
