"""Build the SendGrid request for one edition and many readers; SendGrid fills the slots.

SendGrid inserts substitutions into the HTML unescaped, so the HTML's slots have separate keys with escaped
values. By default it gives all messages of a request the same Message-ID (anymail/django-anymail#15), which
Gmail treats as one message sent too often (4.7.28). So each message has its own, which its list of reserved
headers allows.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from newsletter.model import Message
from newsletter.slots import UNSUBSCRIBE, slot, split

_OFF = {"enable": False}
_UNFIT = re.compile(r"[;,\s\x00-\x1f\x7f-\x9f]+")  # SendGrid accepts no `;` or `,` in names


def request(messages: Sequence[Message]) -> dict[str, Any]:
    """Return the JSON body of POST /v3/mail/send for `messages`, which must all have the same page."""
    page, shared = messages[0].page, messages[0].shared
    text, html = split(page.text), split(page.html)
    plain, escaped = set(text[1::2]), set(html[1::2])
    html[1::2] = [slot(f"HTML{name}") for name in html[1::2]]
    return {
        "personalizations": [_person(message, plain, escaped) for message in messages],
        "from": {"email": shared.from_address, "name": shared.from_name},
        "reply_to": {"email": shared.reply_to},
        "subject": page.subject,
        "content": [
            {"type": "text/plain", "value": page.text},
            {"type": "text/html", "value": "".join(html)},
        ],
        # Account-wide settings would change the message after its approval, and subscription tracking would
        # add its own List-Unsubscribe.
        "mail_settings": {"footer": _OFF},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": _OFF,
            "subscription_tracking": _OFF,
            "ganalytics": _OFF,
        },
    }


def _person(message: Message, plain: set[str], escaped: set[str]) -> dict[str, Any]:
    person = {"email": message.rcpt_to}
    if name := _UNFIT.sub(" ", message.name).strip():
        person["name"] = name
    shared, values = message.shared, message.values
    headers = {"Message-ID": message.message_id}
    if token := values[UNSUBSCRIBE]:
        headers |= {
            "List-Id": f"<{shared.list_id}>",
            "List-Unsubscribe": shared.list_unsubscribe(token),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    else:  # an opt-in or service letter (RFC 3834)
        headers["Auto-Submitted"] = "auto-generated"
    return {
        "to": [person],
        "headers": headers,
        "substitutions": {slot(mark): values[mark] for mark in sorted(plain)}
        | {slot(f"HTML{mark}"): escape(values[mark]) for mark in sorted(escaped)},
        "custom_args": {"delivery_id": f"{shared.issue}:{message.subscriber}"},
    }
