"""Find the SMTP command at which a server refused a message, from the text of the bounce mail."""

import re

_MARKS = {  # of Postfix and Exim, Sendmail, and m-FILTER
    stage: re.compile("|".join(marks), re.IGNORECASE | re.MULTILINE)
    for stage, marks in {
        "EHLO": (r"(in\s+reply\s+to|after)\s+(EHLO|HELO)\b", r"^>>> (EHLO|HELO)\b.*\n<<< 5"),
        "MAIL FROM": (r"(in\s+reply\s+to|after)\s+MAIL\s+FROM\b", r"^>>> MAIL\b.*\n<<< 5"),
        "end of DATA": (
            r"(in\s+reply\s+to|after)\s+end\s+of\s+data\b",
            # A pipelining client gets the reply to RCPT after DATA, and 503 or 554 to DATA itself.
            r"^>>> (DATA|\.)\s*\n<<< 55[0-3].*$(?!\n(<<<|5\d\d 5\.1\.))",
            r"SMTP command\s+DATA\b",
        ),
    }.items()
}


def refused_at(words: str) -> str:
    """Return the refused SMTP command as Postfix names it; "" for RCPT, and where it is unknown."""
    return next((stage for stage, marks in _MARKS.items() if marks.search(words)), "")
