"""The log of long-running commands: lines on standard error, with addresses and signed links masked."""

import logging
import re

from newsletter.redaction import masked

_ADDRESS = re.compile(r"(?<![^\s<>\"'(),:;@])[^\s<>\"'(),:;@]++@[^\s<>\"'(),:;@.]++\.[^\s<>\"'(),:;@]+")
_TOKEN = re.compile(r"(?<![\w-])[\w-]{31}(?![\w-])")  # as newsletter.links writes them


class Discreet(logging.Formatter):
    """Masks mail addresses and readers' signed links in every line, also of libraries and in tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the masked line."""
        line = _ADDRESS.sub(lambda found: masked(found[0]), super().format(record))
        return _TOKEN.sub("…", line)


def keep_log() -> None:
    """Set up logging to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet("%(asctime)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("alembic", "waitress"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It logs every request that waits for a thread; the histogram of /metrics shows that better.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
