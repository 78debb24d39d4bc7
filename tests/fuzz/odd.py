"""Odd inputs, made by a seed: what people and programs send, bent until it hardly is that any more."""

# ruff: noqa: E501  samples stand as they are sent

import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.audience.workbooks import write_workbook
from tests.feedback.mails import EXPECTED, mail

ROOT = Path(__file__).parents[2]
NUMBER = 2000
"""How many odd inputs the suite makes."""
FLAG = "oddity"
"""The global variable that every script among them would set."""

SCRIPTS = (
    f"<script>window.{FLAG}=1</script>",
    f"<img src=x onerror=window.{FLAG}=1>",
    f"<svg/onload=window.{FLAG}=1>",
    f'"><svg><script>window.{FLAG}=1</script></svg>',
    f'<a href="javascript:window.{FLAG}=1">x</a>',
    f"[x](javascript:window.{FLAG}=1)",
    f"![x](x onerror=window.{FLAG}=1)",
    f"<iframe srcdoc='<script>top.{FLAG}=1</script>'></iframe>",
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.{FLAG}=1&gt;">',
    f"<style>@import 'javascript:window.{FLAG}=1';</style>",
    f"' onmouseover='window.{FLAG}=1' autofocus onfocus='window.{FLAG}=1",
    f"</title><script>window.{FLAG}=1</script>",
    f"<![endif]--><script>window.{FLAG}=1</script>",
    f"<mj-raw><script>window.{FLAG}=1</script></mj-raw>",
    f"{{{{ cycler.__init__.__globals__ }}}}{{% raw %}}<script>window.{FLAG}=1</script>",
    f"data:text/html,<script>window.{FLAG}=1</script>",
    f"<details open ontoggle=window.{FLAG}=1>",
    f"java\tscript:window.{FLAG}=1",
)
"""What would run in a browser if it got there as it is."""

NASTY = (
    *SCRIPTS,
    "", " ", "\0", "\x1b[2J", "\x7f", "\u2028", "\u2029", "\ufeff", "\u202e", "\u200b" * 9, "\ud7ff", "\U0010ffff",
    "\ufffe", "a\u0301" * 50, "І" * 300, "𝕏", "👩‍👩‍👧‍👦", "﷽" * 20, "\r", "\r\n.\r\n", "\n\n\n", "\t" * 40,
    "-1", "0", "99999999999999999999", "1e999", "NaN", "2025-02-30", "31.02.2025", "0000-00-00", "9999-12-31T25:61",
    "[" * 300, "(" * 300, "{" * 300, "<div>" * 200, "> " * 200, "- " * 200, "*" * 500, "`" * 300, "_" * 300, "|" * 200,
    "&lt;" * 50, "&#x0;", "&#99999999;", "&" * 100, "%00", "%ff%fe", "=?utf-8?q?=00?=", "=?x?b?////?=", "%(x)s%(y", "{0}",
    "../../etc/passwd", "file:///etc/passwd", "http://[::1", "http://a..b/", "xn--", "a@b@c", "@", "mailto:", "//evil",
    "&a [*a]", "!!python/object/apply:os.system [x]", "<<: *x", "? ? ?", "---\n---\n", "%YAML 9.9", ": :", "- - - -",
    "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", '"', '""""', "'", ";;;;", ",,,,", "\\", "\\u0000", "\\", "«" * 40, "’",
)  # fmt: skip
"""Pieces that programs stumble over."""

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251", "koi8-u", "cp866", "latin-1", "utf-7")

_ITEM = """---
title: Форум
section: social
date: 2025-02-12
kind: event
starts: 2025-02-20 10:00
where: Київ
link: https://auc.org.ua/forum
only_for: {any: [{region: [Сумська]}, {not: {section: top}}]}
picture: {file: a.png, alt: x}
silence: {latin-in-word: так треба}
---

Текст **жирно** [посилання](https://auc.org.ua/), список:

- раз
- два

> цитата

| а | б |
| - | - |
| 1 | 2 |
"""
_FEED = """<?xml version="1.0"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>T</title>
<item><title>Новина</title><link>/a</link><description>&lt;p&gt;Текст &lt;img src="/p.png" alt="x"&gt;&lt;/p&gt;</description>
<pubDate>Wed, 12 Feb 2025 10:00:00 +0200</pubDate><enclosure url="/b.jpg" type="image/jpeg"/><guid>1</guid></item>
<item><title>Друга</title><link>https://x.example/b</link><media:content url="/c.png" medium="image"/></item></channel></rss>
"""
_ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="html">A</title><link href="/a"/>
<updated>2025-02-12T10:00:00Z</updated><summary>S</summary><content type="xhtml"><div>x</div></content></entry></feed>"""
_JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [
            {
                "id": "1",
                "url": "/a",
                "title": "A",
                "content_html": "<p>x",
                "date_published": "2025-02-12T10:00:00Z",
            }
        ],
    }
)
_PAGE = """<!doctype html><html lang="uk"><head><meta charset="utf-8"><title>Сторінка</title>
<meta property="og:title" content="Назва"><meta property="og:image" content="/p.png"><link rel="canonical" href="/c">
<meta property="article:published_time" content="2025-02-12T10:00:00+02:00">
<link rel="alternate" type="application/rss+xml" href="/feed"></head><body><nav>меню</nav><article><h1>Назва</h1>
<p>Перший абзац сторінки, досить довгий, щоб його взяли за головний текст.</p><p>Другий абзац.</p></article></body></html>"""
_LIST = "email;name;sections;region;status\nanna@example.org;Анна;social,education;Сумська;active\nb@x.org;;*;;left\n"
_PEOPLE = (
    "- email: anna@example.org\n  name: Анна\n  sections: [social]\n- {email: b@x.org, region: Сумська}\n"
)
_SENDGRID = json.dumps(
    [
        {
            "event": kind,
            "sg_event_id": f"e{kind}",
            "timestamp": 1739541600,
            "delivery_id": "2025-02-14:12",
            "reason": "550 5.1.1 no such user",
            "status": "5.1.1",
            "type": "bounce",
        }
        for kind in ("bounce", "dropped", "deferred", "delivered", "spamreport", "unsubscribe")
    ]
)
_MAILGUN = [
    json.dumps(
        {
            "signature": {"timestamp": "1739541600", "token": "a" * 50, "signature": "0" * 64},
            "event-data": {
                "event": kind,
                "timestamp": 1739541600.25,
                "severity": "permanent",
                "reason": "bounce",
                "user-variables": {"delivery_id": "2025-02-14:12"},
                "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "no such user"},
            },
        }
    )
    for kind in ("failed", "rejected", "complained")
]
_POSTMARK = [
    json.dumps(
        {
            "RecordType": record,
            "ID": 42,
            "Type": "HardBounce",
            "Inactive": True,
            "SuppressSending": True,
            "SuppressionReason": "HardBounce",
            "Details": "smtp;550 5.1.1 no such user",
            "BouncedAt": "2025-02-14T11:00:00.2735393-05:00",
            "Metadata": {"delivery_id": "2025-02-14:12"},
        }
    )
    for record in ("Bounce", "SpamComplaint", "SubscriptionChange")
]
_SES = [
    json.dumps(
        {
            "eventType": kind,
            "mail": {
                "timestamp": "2025-02-14T15:00:00.000Z",
                "messageId": "0107-12",
                "tags": {"digest-issue": ["2025-02-14"], "digest-reader": ["12"]},
            },
            kind[:1].lower() + kind[1:]: {
                "timestamp": "2025-02-14T16:00:00.000Z",
                "feedbackId": "0107-f",
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [{"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user"}],
            },
        }
    )
    for kind in ("Bounce", "Complaint", "DeliveryDelay")
]
_SNS = json.dumps(
    {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:digest",
        "Message": _SES[0],
        "Timestamp": "2025-02-14T17:59:00.000Z",
        "SignatureVersion": "2",
        "Signature": "AAAA",
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription",
        "Token": "2336412f37",
    }
)
_FORM = (
    "email=olena%40rada.example&name=%D0%9E&take=some&section=social&section=top&field-region=%D0%A1&"
    "field-community=x&other-community=y&consent=1&stamp=a&homepage="
)
_DNS = "v=spf1 include:_spf.example.org ip4:192.0.2.0/24 a mx ~all\nv=DMARC1; p=none; rua=mailto:a@example.org\nv=DKIM1; k=rsa; p=AAAA"


@cache
def _zipped(kind: str) -> Mapping[str, bytes]:
    """Return the parts of a document or a workbook."""
    packed: Any = io.BytesIO()
    if kind == "docx":
        from docx import Document  # noqa: PLC0415  0.2 s

        document = Document()
        document.add_heading("Дайджест за 8–14 лютого 2025", 1)
        document.add_paragraph("Соціальний захист", style="Heading 2")
        document.add_paragraph("Новина про житло: текст.", style="List Bullet")
        document.add_table(2, 2).cell(0, 0).text = "a"
        document.save(packed)
    else:
        write_workbook(
            packed, [["email", "name", "sections"], ["anna@example.org", "Анна", 1], [True, 2.5, ""]]
        )
    with zipfile.ZipFile(packed) as file:
        return {name: file.read(name) for name in file.namelist()}


@cache
def bases(kind: str) -> Sequence[bytes]:
    """Return ordinary inputs of a kind."""
    sample = ROOT / "issues/2025-02-14"
    texts: dict[str, Callable[[], Sequence[str | bytes]]] = {
        "digest": lambda: [_digest(), "Новини\n\n1. Раз\nhttps://x.example/\n\n2. Два"],
        "markdown": lambda: [_ITEM, _digest()],
        "html": lambda: [_PAGE, f"<ul><li>{_digest()}</ul><table><tr><td>a<td>b</table><del>x</del>"],
        "front-matter": lambda: [
            _ITEM,
            *(one.read_text("utf-8") for one in sorted(sample.glob("items/*.md"))[:3]),
        ],
        "yaml": lambda: [(sample / "issue.yaml").read_text("utf-8"), _PEOPLE],
        "settings": lambda: [(ROOT / "newsletter.yaml").read_text("utf-8")],
        "body": lambda: [_ITEM.rpartition("---\n")[2]],
        "csv": lambda: [_LIST, _LIST.replace(";", ","), _LIST.replace(";", "\t")],
        "people": lambda: [_PEOPLE],
        "feed": lambda: [_FEED, _ATOM, _JSON_FEED],
        "page": lambda: [_PAGE],
        "bounce": lambda: [mail(one["mail"]) for one in EXPECTED[:40]],
        "sendgrid": lambda: [_SENDGRID],
        "mailgun": lambda: _MAILGUN,
        "postmark": lambda: _POSTMARK,
        "ses": lambda: [*_SES, _SNS, _SNS.replace("Notification", "SubscriptionConfirmation")],
        "form": lambda: [_FORM],
        "dns": lambda: [_DNS],
    }
    return [one if isinstance(one, bytes) else one.encode() for one in texts[kind]()]


@cache
def _digest() -> str:
    items = sorted((ROOT / "issues/2025-02-14/items").glob("*.md"))
    texts = [one.read_text("utf-8").rpartition("---\n")[2] for one in items[:4]]
    return "Дайджест 8–14 лютого 2025\n\nСоціальний захист\n\n" + "\n\n".join(texts)


ZIPPED = ("docx", "xlsx")


def make(chance: random.Random, kind: str) -> bytes:
    """Return an odd input of a kind."""
    if kind in ZIPPED:
        return _bent_archive(chance, kind)
    return bend(chance, chance.choice(bases(kind)))


def bend(chance: random.Random, data: bytes) -> bytes:
    """Bend an input in one to six places."""
    for _ in range(chance.randint(1, 6)):
        data = chance.choice(_WAYS)(chance, data)
    return data[:200_000]


def _bent_archive(chance: random.Random, kind: str) -> bytes:
    parts = dict(_zipped(kind))
    for name in chance.sample(sorted(parts), k=chance.randint(1, 3)):
        if name.endswith((".xml", ".rels")):
            parts[name] = bend(chance, parts[name])
        if chance.random() < 0.05:
            del parts[name]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    found = packed.getvalue()
    return bend(chance, found) if chance.random() < 0.2 else found


def _place(chance: random.Random, data: bytes) -> tuple[int, int]:
    first, last = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return first, min(last, first + 400)


def _insert(chance: random.Random, data: bytes) -> bytes:
    first, _ = _place(chance, data)
    return data[:first] + chance.choice(NASTY).encode("utf-8", "surrogatepass") + data[first:]


def _replace(chance: random.Random, data: bytes) -> bytes:
    first, last = _place(chance, data)
    return data[:first] + chance.choice(NASTY).encode("utf-8", "surrogatepass") + data[last:]


def _cut(chance: random.Random, data: bytes) -> bytes:
    first, last = _place(chance, data)
    return data[:first] + data[last:]


def _truncate(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randint(0, len(data))]


def _repeat(chance: random.Random, data: bytes) -> bytes:
    first, last = _place(chance, data)
    return data[:last] + data[first:last] * chance.choice((1, 3, 50)) + data[last:]


def _flip(chance: random.Random, data: bytes) -> bytes:
    bent = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if bent:
            bent[chance.randrange(len(bent))] = chance.randrange(256)
    return bytes(bent)


def _recode(chance: random.Random, data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode(chance.choice(ENCODINGS), "replace")


def _value(chance: random.Random, data: bytes) -> bytes:
    """Replace what stands between two marks, as values of all these forms do."""
    text = data.decode("utf-8", "replace")
    marks = [place for place, letter in enumerate(text) if letter in ':="><;,&\n']
    if not marks:
        return data
    first = chance.choice(marks) + 1
    last = next((place for place in marks if place > first), len(text))
    return (text[:first] + chance.choice(NASTY) + text[last:]).encode("utf-8", "surrogatepass")


_WAYS = (_insert, _insert, _replace, _value, _value, _value, _cut, _truncate, _repeat, _flip, _recode)


def corpus(kinds: Sequence[str], seed: int = 14, number: int = NUMBER) -> Iterator[tuple[str, bytes]]:
    """Yield odd inputs of the kinds in turn, the same for a seed."""
    for place in range(number):
        kind = kinds[place % len(kinds)]
        yield kind, make(random.Random(f"{seed} {kind} {place}"), kind)  # noqa: S311  no secret
