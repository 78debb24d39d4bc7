"""What tests of transports share: SendGrid on loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from newsletter.transport import web_api
from tests.sendgrid_fake import FakeSendGrid, running


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[FakeSendGrid], FakeSendGrid]]:
    """Start servers that stop with the test, for a transport that asks again at once."""
    monkeypatch.setattr(web_api, "PATIENCE", (0, 0))
    monkeypatch.setattr(web_api, "JITTER", 0)
    with ExitStack() as stack:
        yield lambda fake: stack.enter_context(running(fake))
