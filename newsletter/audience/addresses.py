"""Validate mail addresses and normalise them to the form in which they are stored."""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from newsletter.errors import Message

_PLAIN = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@([^@]+)")
_LOCAL, _WHOLE = 64, 254  # length limits in octets, RFC 5321 §4.5.3.1


def check_address(text: str) -> tuple[str, str]:
    """Return (address with its domain in ASCII, ""), or ("", what is wrong with it).

    Non-ASCII characters before the @ are refused: every server on the way would need SMTPUTF8 (RFC 6531).
    """
    plain = _PLAIN.fullmatch(text)
    if plain and len(plain[1]) <= _LOCAL and len(plain[2]) < _WHOLE:
        domain, fault = _domain(plain[2])
        address = f"{plain[1]}@{domain}"
        if fault or len(address) <= _WHOLE:
            return ("", fault) if fault else (address, "")
    foreign = next((letter for letter in text.rpartition("@")[0] if ord(letter) > 127), None)  # noqa: PLR2004  ASCII ends there
    if foreign is not None:
        return "", (
            Message(
                "the letter %(foreign)r (U+%(ord)s) before the @ is not a Latin letter; such an"
                " address needs SMTPUTF8, which few servers support",
                foreign=foreign,
                ord=f"{ord(foreign):04X}",
            )
        )
    return _validate(text)


@lru_cache(maxsize=65536)
def _domain(domain: str) -> tuple[str, str]:
    address, fault = _validate(f"a@{domain}")
    return address.removeprefix("a@"), fault


def _validate(text: str) -> tuple[str, str]:
    try:
        found = validate_email(
            text, check_deliverability=False, test_environment=True, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError as error:
        return "", str(error).rstrip(".")
    return found.ascii_email or "", ""
