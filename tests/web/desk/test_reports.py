"""Reports at the desk: figures of the ledger, tables as CSV, and a proof of delivery."""

import io
from datetime import date

import pytest
from flask.testing import FlaskClient

from newsletter.services import Workspace
from newsletter.store.schema import audience
from tests.web.desk import house
from tests.web.desk.visit import send

GOING = "2025-02-07"


@pytest.fixture
def context(context: Workspace) -> Workspace:
    """Begin to send an issue to twelve readers, with one in each state."""
    house.begin(context, date.fromisoformat(GOING), like="2025-02-14")
    return context


def test_the_reports_show_the_figures_of_the_ledger_and_give_them_as_csv(client: FlaskClient) -> None:
    page = client.get("/desk/reports?lang=en").text
    assert 'class="chart"' in page
    assert " style=" not in page
    assert f'href="/desk/reports/{GOING}"' in page
    lines = client.get("/desk/reports/issues.csv").get_data(as_text=True).splitlines()
    assert lines[1] == f"{GOING},12,1,1,1,1,1,1,1,5"
    report = client.get(f"/desk/reports/{GOING}?lang=en").text
    assert "5.1.1 no such user" in report
    for table in ("sections", "regions", "domains"):
        first, *rows = client.get(f"/desk/reports/{GOING}/{table}.csv").get_data(as_text=True).splitlines()
        assert first.startswith("\ufeffname,readers,accepted")
        assert rows
    assert client.get("/desk/reports/nothing.csv").status_code == 404
    assert client.get(f"/desk/reports/{GOING}/nothing.csv").status_code == 404
    assert client.get("/desk/reports/2025-03-07").status_code == 422


def test_an_issue_is_proved_by_the_relay_s_log(client: FlaskClient, context: Workspace) -> None:
    sheet = f"/desk/reports/{GOING}/proof"
    assert "SHA-256 of what was approved" in client.get(f"{sheet}?lang=en").text
    with context.database.connect() as connection:
        number = connection.execute(audience.select().order_by(audience.c.subscriber)).first()
    assert number is not None
    message = context.message_id(number.subscriber, date.fromisoformat(GOING))
    log = (
        f"Feb  7 16:00:01 m postfix/cleanup[7]: 4Yx001: message-id={message}\n"
        "Feb  7 16:00:01 m postfix/qmgr[8]: 4Yx001: from=<b@x>, size=9, nrcpt=1 (queue active)\n"
    )
    answer = send(client, sheet, {"log": (io.BytesIO(log.encode()), "mail.log")}).text
    assert "mail.log" in answer
    broken = send(client, sheet, {"log": (io.BytesIO(b"no gzip"), "mail.log.gz")})
    assert broken.status_code == 422
    assert send(client, sheet).status_code == 422
