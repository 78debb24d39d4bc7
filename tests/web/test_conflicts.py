"""A request whose transaction met a deadlock is answered anew; the visitor does not notice."""

from pathlib import Path

import pytest
from flask import request

from newsletter.errors import StoreConflict
from newsletter.web.app import make_app


@pytest.mark.parametrize(("conflicts", "code"), [(0, 200), (1, 200), (5, 200), (6, 503)])
def test_a_request_is_answered_anew_after_a_deadlock_but_not_for_ever(
    tmp_path: Path, conflicts: int, code: int
) -> None:
    app = make_app(tmp_path, lambda: "en", lambda: ["en"], policy="")
    app.register_error_handler(StoreConflict, lambda _error: ("", 503))
    tries: list[str] = []

    @app.post("/wish")
    def wish() -> str:
        tries.append(request.form["wish"])
        if len(tries) <= conflicts:
            raise StoreConflict("deadlock detected")
        return "recorded"

    answer = app.test_client().post("/wish", data={"wish": "leave"})
    assert answer.status_code == code
    assert tries == ["leave"] * min(conflicts + 1, 6)
