"""What meets foreign input: each target reads bytes as the program does; only refusals come out."""

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import dns.message
import dns.resolver
import dns.rrset

from newsletter.audience import sheetreader
from newsletter.audience.columns import Columns
from newsletter.audience.entries import EntryReader, Refusal, clean
from newsletter.audience.forms import LONGEST, read, read_address
from newsletter.audience.listfile import open_list
from newsletter.audience.optin import read_signup
from newsletter.checks.editorial import editorial
from newsletter.collect import feeds, mails, pages
from newsletter.compose import sources
from newsletter.compose.digest import parse_digest
from newsletter.compose.item import format_item, parse_item
from newsletter.config import Settings, parse_settings, read_settings
from newsletter.doctor import authentication
from newsletter.doctor.lookup import Dns, Silent
from newsletter.errors import NewsletterError
from newsletter.feedback import ProviderEvents
from newsletter.feedback import parse as bounces
from newsletter.feedback.mailgun import MailgunEvents
from newsletter.feedback.postmark import PostmarkEvents
from newsletter.feedback.recorded import recorded
from newsletter.feedback.sendgrid import SendGridEvents
from newsletter.feedback.ses import SesEvents
from newsletter.fetched import FetchError
from newsletter.fetching import Fetcher
from newsletter.names import read_name
from newsletter.registry import PROVIDERS
from newsletter.render import markdown, plaintext
from newsletter.yamlfile import load
from tests import press
from tests.feedback import signing
from tests.feedback.mails import SIGNER

ROOT = Path(__file__).parents[2]
NOW = datetime(2025, 2, 14, 18, tzinfo=UTC)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  only where files are faster
LIVE = re.compile(r"<(script|style|iframe|svg|math)|<[a-z][^<>]*(\son[a-z]+\s*=|=\s*.?java)", re.IGNORECASE)
"""What must not stand in HTML that we made of foreign text: tags and attributes; words are only words."""

Target = Callable[[bytes], object]


@cache
def settings() -> Settings:
    """Return the sample's settings."""
    return read_settings(ROOT)


@cache
def folder() -> Path:
    """Return a folder for the input that a target reads as a file."""
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=MEMORY))


def _file(data: bytes, ending: str) -> Path:
    path = folder() / f"odd{ending}"
    path.write_bytes(data)
    return path


def source(ending: str) -> Target:
    """Return a target that imports a digest: its lines, its entries, each entry's text in both parts."""

    def target(data: bytes) -> object:
        path = _file(data, ending)
        (found,) = sources._answer(str(path), path.name)  # noqa: SLF001  what runs in the limited child
        if "lines" not in found:
            return None
        lines = [sources._line(*line) for line in found["lines"]]  # noqa: SLF001  what the parent makes of it
        digest = parse_digest(lines, path.name, settings(), closing=date(2025, 2, 14))
        for entry in digest.entries[:50]:
            body(entry.text.encode("utf-8", "surrogatepass"))
        return digest

    return target


def front_matter(data: bytes) -> object:
    """Read an item file as the editor's folder may hold it."""
    text = data.decode("utf-8", "replace")
    sections = [section.slug for section in settings().sections]
    item, problems = parse_item(
        text, "items/odd.md", sections=sections, fields=settings().fields, timezone="Europe/Kyiv"
    )
    assert item or problems
    if item:
        body(item.text.encode())
        format_item(item)
    return item


def yaml(data: bytes) -> object:
    """Read YAML of no known kind."""
    return load(data.decode("utf-8", "replace"), "odd.yaml").data


def newsletter_yaml(data: bytes) -> object:
    """Read a newsletter.yaml."""
    found, problems = parse_settings(data.decode("utf-8", "replace"))
    assert found or problems
    return found


def body(data: bytes) -> object:
    """Render an item's text in both parts; nothing in it may be live."""
    text = data.decode("utf-8", "replace")
    html = markdown.html(text)
    assert not LIVE.search(html), html
    plaintext.plain(text)
    return html


def checked(data: bytes) -> object:
    """Look for what is doubtful in an item's title and text, and in the lines around it."""
    text = data.decode("utf-8", "replace")
    line = " ".join(text[:80].split()) or "x"
    item = press.item(line, text, section="top", name="odd", link=line)
    return list(editorial(press.issue(press.CLOSING, [item], intro=text), settings()))


def people(ending: str) -> Target:
    """Return a target that reads a list of people, each line as a reader."""

    def target(data: bytes) -> object:
        path = _file(data, ending)
        columns, reader = Columns(settings().fields), EntryReader(settings())
        number = 0
        with open_list(path, path.name, columns) as found:
            for line, cells in found.rows:
                if not isinstance(cells, Refusal):
                    reader.read(line, {column: clean(cell) for column, cell in cells.items()})
                number += 1
        return number

    return target


def workbook(data: bytes) -> object:
    """Read a workbook as its limited child does; what breaks the child is "damaged" to its parent."""
    with suppress(Exception):
        return sum(1 for _ in sheetreader.main(str(_file(data, ".xlsx"))))
    return None


def feed(data: bytes) -> object:
    """Read a feed and finish its entries."""
    with suppress(feeds.NotAFeedError):
        return [
            feeds.finished(entry, "https://x.example/")
            for entry in feeds.parse(data, "https://x.example/feed")
        ]
    return None


def page(data: bytes) -> object:
    """Read a page of the web."""
    with suppress(pages.NotAPageError):
        return pages.parse(data, "https://x.example/page", "text/html; charset=utf-8")
    return None


def letter(data: bytes) -> object:
    """Read a mail as a bounce, and as news that a colleague forwards."""
    mails.parse(data)
    report = bounces.read(data, SIGNER)
    assert len(report.detail) < 5000
    return report


async def unreachable(_url: str) -> tuple[str, bytes]:
    """Fetch nothing."""
    raise FetchError("nothing is fetched here")


READERS: Mapping[str, ProviderEvents] = {
    "sendgrid": SendGridEvents(signing.PUBLIC, NOW),
    "mailgun": MailgunEvents("key", NOW),
    "postmark": PostmarkEvents("postmark:0123456789abcdef", NOW),
    "ses": SesEvents("arn:aws:sns:eu-central-1:123456789012:digest", NOW, unreachable),
}
"""What reads the events of each provider."""


def events(provider: str) -> Target:
    """Return a target that reads events of a provider, as its webhook posts them and from a file."""
    reader = READERS[provider]

    def target(data: bytes) -> object:
        text = data.decode("utf-8", "replace")
        assert not reader.verify({}, data)
        with suppress(ValueError):
            reader.parse(json.dumps({"Type": "Notification", "Message": text}).encode())
        with suppress(NewsletterError):
            recorded(text, "odd.json")
        with suppress(ValueError):
            return reader.parse(data)
        return None

    return target


def form(data: bytes) -> object:
    """Read a form as the public site does."""
    with suppress(ValueError):  # Werkzeug answers 413
        fields = parse_qs(
            data.decode("latin-1"), keep_blank_values=True, max_num_fields=1000, errors="replace"
        )
        answers = read_signup(fields, settings(), "1")
        read(fields, settings())
        read_address(fields, "email")
        assert all(
            name in answers.faults or len(value) <= LONGEST for name, value in [("name", answers.name)]
        )
        for name in fields:
            with suppress(ValueError):
                read_name(name)
        return answers
    return None


class _Odd(dns.resolver.Resolver):
    """Answers every question with records of this text."""

    unanswered: list[str]

    def __init__(self, data: bytes) -> None:
        super().__init__(configure=False)
        self.unanswered = []
        self._lines = [line[:255] for line in data.split(b"\n")[:5]]

    def resolve(
        self, qname: Any, rdtype: Any = "A", *_arguments: Any, **_options: Any
    ) -> dns.resolver.Answer:
        query = dns.message.make_query(qname, rdtype)
        answer: Any = dns.message.make_response(query)
        name = query.question[0].name
        if str(rdtype) != "TXT":
            raise dns.resolver.NoAnswer(response=answer)  # type: ignore[no-untyped-call]  # the library does not say
        strings = ["".join(f"\\{byte:03d}" for byte in line) for line in self._lines]
        found = dns.rrset.from_text(name, 60, "IN", "TXT", *(f'"{one}"' for one in strings))
        answer.answer.append(found)
        return dns.resolver.Answer(name, query.question[0].rdtype, query.question[0].rdclass, answer)


def records(data: bytes) -> object:
    """Judge what the DNS says of a sender."""
    dns_ = Dns("127.0.0.1:53")
    resolver: Any = _Odd(data)
    dns_.resolver = resolver
    with suppress(Silent):
        return (
            authentication.spf(dns_, "example.org", []),
            authentication.dkim(dns_, "s1", "example.org", b"key"),
            authentication.dmarc(dns_, "example.org", "example.org"),
        )
    return None


def address(data: bytes) -> object:
    """Take apart the address of a page."""
    with suppress(FetchError):
        return Fetcher("newsletter")._target(data.decode("utf-8", "replace"))  # noqa: SLF001  what it asks for
    return None


TARGETS: Mapping[str, tuple[str, Target]] = {
    "digest": ("digest", source(".txt")),
    "markdown": ("markdown", source(".md")),
    "html": ("html", source(".html")),
    "docx": ("docx", source(".docx")),
    "front-matter": ("front-matter", front_matter),
    "yaml": ("yaml", yaml),
    "settings": ("settings", newsletter_yaml),
    "body": ("body", body),
    "checks": ("body", checked),
    "csv": ("csv", people(".csv")),
    "people": ("people", people(".yaml")),
    "xlsx": ("xlsx", workbook),
    "feed": ("feed", feed),
    "page": ("page", page),
    "bounce": ("bounce", letter),
    **{f"{name}-events": (name, events(name)) for name in PROVIDERS},
    "form": ("form", form),
    "dns": ("dns", records),
    "address": ("form", address),
}
"""By name: the kind of odd input that suits a target, and the target."""


def meet(name: str, data: bytes) -> object:
    """Let a target read an input; what it refuses as it should is no fault."""
    try:
        return TARGETS[name][1](data)
    except NewsletterError:
        return None
