"""Mails that came back, as servers write them, for tests of reading them."""

import csv
from datetime import date
from pathlib import Path

from newsletter.links import Purpose, Signer

FOLDER = Path(__file__).parent.parent / "data/bounces"
SIGNER = Signer(b"0123456789abcdef")
CLOSING = date(2025, 2, 14)
EXPECTED = list(
    csv.DictReader((FOLDER / "expected.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t")
)
"""Of each mail its kind, whose it is (0: nobody's), the status that it gives, and whether it is believed."""


def mail(name: str) -> bytes:
    """Return the mail `name` of the folder."""
    return (FOLDER / f"{name}.eml").read_bytes()


def bounce(  # noqa: PLR0913  what a report is made of
    reader: int,
    said: str = "550 5.1.1 <olena@rada.example> no such user",
    *,
    action: str = "failed",
    identity: str = "one",
    day: int = 14,
    signer: Signer = SIGNER,
) -> bytes:
    """Return a delivery status for `reader`, as Postfix writes it."""
    to = f"b+{signer.token(Purpose.BOUNCE, reader, CLOSING)}@news.example.org"
    return f"""\
From: MAILER-DAEMON@relay.example.org (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: {date(2025, 2, day):%a, %d %b %Y} 16:00:09 +0200
Message-ID: <{reader}.{identity}@relay.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.org

Final-Recipient: rfc822; olena@rada.example
Action: {action}
Status: {said.split()[1]}
Diagnostic-Code: smtp; {said}

--x--
""".encode()


def notice(reader: int, body: str, *, subject: str = "failure notice", kind: str = "text/plain") -> bytes:
    """Return what a mail server writes to the return path of `reader` in its own words."""
    to = f"b+{SIGNER.token(Purpose.BOUNCE, reader, CLOSING)}@news.example.org"
    head = f"From: MAILER-DAEMON@relay.example.org\nTo: {to}\nSubject: {subject}\nContent-Type: {kind}\n"
    return f"{head}\n{body}".encode()


def complaint(reader: int, *, signer: Signer = SIGNER) -> bytes:
    """Return a feedback report of `reader` with every address taken out."""
    identity, mark = signer.tokens((Purpose.MESSAGE, Purpose.REPORT), reader, CLOSING)
    return f"""\
From: fbl@mail.example
To: abuse@news.example.org
Message-ID: <{reader}@mail.example>
Date: Fri, 14 Feb 2025 18:00:00 +0000
Content-Type: multipart/report; report-type=feedback-report; boundary="x"

--x
Content-Type: message/feedback-report

Feedback-Type: abuse

--x
Content-Type: message/rfc822

Message-ID: <{CLOSING}.{identity}@news.example.org>
CFBL-Feedback-ID: {mark}

--x--
""".encode()


def wish_to_leave(reader: int, *, signer: Signer = SIGNER) -> bytes:
    """Return the mail by which `reader` asks to leave."""
    to = f"u+{signer.token(Purpose.UNSUBSCRIBE, reader, CLOSING)}@news.example.org"
    return f"From: olena@rada.example\nTo: <{to}>\nMessage-ID: <leave.{reader}@a.example>\n\n".encode()
