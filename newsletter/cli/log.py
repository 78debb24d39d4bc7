"""What long-running commands write to standard error, a line at a time, without anyone's address or link."""

import logging
import re

from newsletter.model import masked

_ADDRESS = re.compile(r"(?<![^\s<>\"'(),:;@])[^\s<>\"'(),:;@]++@[^\s<>\"'(),:;@.]++\.[^\s<>\"'(),:;@]+")
_TOKEN = re.compile(r"(?<![\w-])[\w-]{31}(?![\w-])")  # as newsletter.links writes them


class Discreet(logging.Formatter):
    """Masks mail addresses and readers' links, whoever logs them: tracebacks and libraries too."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = _ADDRESS.sub(lambda found: masked(found[0]), super().format(record))
        return _TOKEN.sub("…", line)


def keep_log() -> None:
    """Log from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet("%(asctime)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("alembic", "waitress"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It tells of every request that waits for a thread; the histogram of /metrics tells that better.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
