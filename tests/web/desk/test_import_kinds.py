"""The kinds of lists that the wizard takes: a workbook of several sheets, and a YAML list."""

import re
from io import BytesIO
from pathlib import Path

from flask.testing import FlaskClient

from newsletter.services import Workspace, jobs
from newsletter.services.jobs.handlers import import_list
from newsletter.services.jobs.kinds import Request
from newsletter.services.readers import Search, search
from tests.audience.workbooks import Sheet, write_book
from tests.web.desk.visit import send

FORM = "/desk/readers/import"


def upload(client: FlaskClient, name: str, content: bytes) -> str:
    """Upload a list; return the address of its columns, in English."""
    answer = send(client, FORM, {"list": (BytesIO(content), name)})
    assert answer.status_code == 303
    return f"{answer.location}?lang=en"


def do(context: Workspace) -> None:
    """Do the import that was asked for."""
    (job,) = jobs.jobs(context, kind="import-list")
    import_list(
        Request(workspace=context, arguments=job.arguments, by=job.requested_by, tell=lambda *_: None)
    )


def book(folder: Path) -> bytes:
    write_book(
        folder / "list.xlsx",
        [
            Sheet("Голови", [("Email", "ПІБ"), ("head@city.example.org", "Олена")]),
            Sheet("Преса", [("Email", "ПІБ"), ("press@city.example.org", "Ігор"), ("nobody@", "Ніхто")]),
            Sheet("Таємне", [("Email",), ("secret@city.example.org",)], hidden=True),
        ],
    )
    return (folder / "list.xlsx").read_bytes()


def test_of_a_workbook_each_sheet_is_shown_with_samples_and_the_chosen_one_is_imported(
    client: FlaskClient, context: Workspace, tmp_path: Path
) -> None:
    address = upload(client, "list.xlsx", book(tmp_path))
    page = client.get(address).text
    assert all(
        words in page for words in ("Голови", "Преса", "head@city.example.org", "press@city.example.org")
    )
    assert "Таємне" not in page
    assert 'name="sheet" value="Голови"' in page
    other = re.search(r'href="([^"]*sheet=%D0%9F[^"]*)"', page)
    assert other
    page = client.get(other[1]).text
    assert 'name="sheet" value="Преса"' in page
    path = address.partition("?")[0]
    form = {
        "sheet": "Преса",
        "heading-0": "Email",
        "column-0": "email",
        "heading-1": "ПІБ",
        "column-1": "name",
    }
    account = send(client, path, form | {"what": "try"}).text
    assert "3: &#39;nobody@&#39; is not a mail address" in account
    assert "exchange" not in account
    assert send(client, path, form | {"what": "import", "consent": "Форум"}).status_code == 303
    do(context)
    assert [one.email for one in search(context, Search()).people] == ["press@city.example.org"]


def test_a_yaml_list_needs_no_matching(client: FlaskClient, context: Workspace) -> None:
    address = upload(client, "list.yaml", "- {email: a@city.example.org, name: Олена}\n".encode())
    page = client.get(address).text
    assert "there is nothing to match" in page
    path = address.partition("?")[0]
    assert "new: 1" in send(client, f"{path}?lang=en", {"what": "try"}).text
    assert send(client, path, {"what": "import", "consent": "Форум"}).status_code == 303
    do(context)
    assert search(context, Search()).number == 1
