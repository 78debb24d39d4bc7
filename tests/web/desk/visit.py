"""Forms of the desk, sent as a browser sends them: with the token of the page they stand on."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def send(client: FlaskClient, path: str, data: Any = None, *, page: str = "/desk/issues") -> TestResponse:
    """Post `data` to `path` with the token that `page` gives."""
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get(page).text)
    assert token
    return client.post(path, data={"csrf_token": token[1], **(data or {})})
