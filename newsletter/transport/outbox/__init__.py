"""The transport `outbox`: files instead of mail.

Not here: retries and rates (newsletter/sending).
"""

from newsletter.ports import Transport
from newsletter.transport import Description, Files


def _make(_settings: None, files: Files) -> Transport:
    from newsletter.transport.outbox.files import Outbox

    return Outbox(files.folder, files.prefix)


TRANSPORT: Description[None] = Description(settings=None, at_risk=lambda _: 0, make=_make)
