"""What requested jobs do: an import, an export, pictures, the archive; files are handed over for a day."""

import io
import json
import os
import threading
import time
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import ContentError
from newsletter.services import Workspace, exchange, jobs
from newsletter.services.jobs import Job, State
from newsletter.services.jobs.runner import Runner
from newsletter.services.subscribers import readers
from tests.sample import ROOT

LIST = "Пошта,Телефон\n" + "".join(f"reader{n}@example.org,{n}\n" for n in range(40)) + "nobody\n"


def done(workspace: Workspace, kind: str, arguments: Mapping[str, Any]) -> Job:
    """Let a worker do one job; return it."""
    job, stopped = jobs.start(workspace, kind, arguments, "Олена"), threading.Event()
    worker = threading.Thread(target=Runner(workspace, "here:1").work, args=(stopped,))
    worker.start()
    deadline = time.monotonic() + 30
    while jobs.job(workspace, job.id).open and time.monotonic() < deadline:
        time.sleep(0.02)
    stopped.set()
    worker.join()
    return jobs.job(workspace, job.id)


def test_a_list_is_tried_imported_and_exported_and_no_row_of_a_job_names_anybody(press: Workspace) -> None:
    file = exchange.keep(press, "C:\\списки\\гості.csv", LIST.encode())
    assert exchange.path_of(press, file).stat().st_mode & 0o077 == 0
    refused = done(press, "import-list", {"file": file, "consent": "a forum"})
    assert (refused.state, "Телефон" in refused.error) == (State.FAILED, True)
    given = {"file": file, "columns": {"Телефон": "-"}, "consent": "a forum"}
    tried = done(press, "import-list", {**given, "dry_run": True})
    assert (tried.result["new"], list(readers(press))) == (40, [])
    imported = done(press, "import-list", given)
    assert (imported.state, imported.result["new"], imported.result["refused"]) == (State.DONE, 40, 1)
    assert imported.progress.done >= 40
    report = json.loads(exchange.path_of(press, imported.result["report"]).read_text("utf-8"))
    assert "nobody" in report["problems"][0]["text"]
    assert report["file"].endswith("гості.csv")
    with pytest.raises(ContentError, match="no longer there"):
        exchange.path_of(press, file)
    exported = done(press, "export-list", {"format": "csv"})
    assert exchange.path_of(press, exported.result["file"]).read_text("utf-8").count("@example.org") == 40
    assert not any("@example" in repr(job) for job in jobs.jobs(press))


def test_pictures_are_scaled_and_the_archive_is_packed(press: Workspace) -> None:
    pictures = press.root / "issues/2025-02-14/pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / "logo.png").write_bytes((ROOT / "logo.png").read_bytes())
    (pictures / "notes.txt").write_text("not a picture")
    scaled = done(press, "pictures", {"issue": "2025-02-14"})
    assert scaled.result["pictures"] == scaled.result["usable"] + 1
    packed = exchange.path_of(press, done(press, "archive", {}).result["file"]).read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert "index.html" in archive.namelist()


def test_files_are_handed_over_for_a_day_and_only_by_their_place(press: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    place = exchange.keep(press, "../../.ssh/list.csv", b"email")
    assert place.endswith("/list.csv")
    token = place.partition("/")[0]
    for wrong in ("secret", f"{token}/../secret", f"{token}/", f"{token}/..", "../secret", f"{token}/other"):
        with pytest.raises(ContentError):
            exchange.path_of(press, wrong)
    assert exchange.forget_old(press, press.now()) == 0
    old = (press.now() - timedelta(days=2)).timestamp()
    os.utime(exchange.path_of(press, place).parent, (old, old))
    assert exchange.forget_old(press, press.now()) == 1
    exchange.drop(press, place)
