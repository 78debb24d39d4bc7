"""The jobs' page: what runs, what became of it, its files, and how it is stopped."""

from flask.testing import FlaskClient

from newsletter.errors import Message, TransportUnavailable
from newsletter.services import Workspace, exchange, jobs
from newsletter.services import journal as service
from newsletter.services.jobs.runner import error_words
from newsletter.store import jobs as stored
from newsletter.store.db import writing
from newsletter.store.jobs import Progress, State
from newsletter.store.journal import Wanted
from tests.web.desk.visit import send


def test_a_job_is_shown_stopped_and_its_file_downloaded(context: Workspace, client: FlaskClient) -> None:
    assert "Поки що нічого не запускали" in client.get("/desk/jobs").text
    waiting = jobs.start(context, "archive", {}, "Олена")
    made = jobs.start(context, "export-list", {}, "Олена")
    place = exchange.keep(context, "readers.csv", b"email\nanna@example.org\n")
    with writing(context.database) as connection:
        taken = stored.take(connection, ["export-list"], "here:1", context.now(), made.place)
        assert taken
        far = Progress(done=500, words="рядків")
        stored.end(connection, taken, State.DONE, context.now(), progress=far, result={"file": place})
        stored.put(connection, "letters", "", {}, "", context.now())
        gone = error_words(TransportUnavailable(Message("the answer is %(status)s", status=503)))
        stored.note_turn(connection, "letters", 3, gone, context.now())
    page = client.get("/desk/jobs").text
    for words in ("пакування архіву", "чекає", "вивантаження читачів", "500 рядків", "відповідь – 503"):
        assert words in page
    with client.get(f"/desk/jobs/{made.id}/file") as file:
        assert (file.data, file.headers["Cache-Control"]) == (b"email\nanna@example.org\n", "no-store")
    assert [one.did for one in service.entries(context, Wanted(), limit=9)] == ["readers exported"]
    assert client.get(f"/desk/jobs/{waiting.id}/file").status_code == 404
    assert send(client, f"/desk/jobs/{waiting.id}/cancel").location == "/desk/jobs"
    assert jobs.job(context, waiting.id).state == State.CANCELLED
    assert "скасовано" in client.get("/desk/jobs").text


def test_news_is_looked_for_where_there_are_sources(context: Workspace, client: FlaskClient) -> None:
    assert "Пошукати новини" not in client.get("/desk/inbox").text
    file = context.root / "newsletter.yaml"
    file.write_text(f"{file.read_text('utf-8')}\ncollect:\n  - {{folder: news}}\n", "utf-8")
    assert "Пошукати новини" in client.get("/desk/inbox").text
    assert send(client, "/desk/inbox/collect").location == "/desk/inbox"
    assert [(one.kind, one.state) for one in jobs.jobs(context)] == [("collect", State.WAITING)]
