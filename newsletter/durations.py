"""Durations as people write them in newsletter.yaml and options: `90s`, `10m`, `6h`, `2d`."""

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta | None:
    """Parse a number below 100000 with one of the units s, m, h, d; return None if `text` is not that."""
    found = re.fullmatch(r"(\d{1,5})([smhd])", text, re.ASCII)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
