"""What requested jobs do: each calls a service with the arguments of the job, and reports its progress.

Arguments, progress and results name files of `services/exchange`, headings and counts, never people.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from newsletter.audience.lines import BlankSections
from newsletter.model import Standing
from newsletter.services import exchange, subscribers
from newsletter.services.jobs.kinds import Request
from newsletter.services.lists import ListImport, Reading, report_data

_EVERY = 500  # lines of an export between two reports
_KEPT = 1000  # problems in an import's report, of each severity


def import_list(request: Request) -> Mapping[str, Any]:
    """Import an uploaded list, or continue its import, then delete it; the report becomes a file.

    Arguments: `file`, `dry_run`, and as in newsletter/services/lists: `columns`, `values`, `sheet`, `hidden`,
    `consent`, `everybody`, `blank`; all but `file` may be absent.
    """
    workspace, given = request.workspace, request.arguments
    dry_run = given.get("dry_run", False)
    how = Reading(
        columns=given.get("columns", {}),
        values={word: Standing(standing) for word, standing in given.get("values", {}).items()},
        sheet=given.get("sheet"),
        hidden=given.get("hidden", False),
        dry_run=dry_run,
        keep=_KEPT,
    )
    path = exchange.path_of(workspace, given["file"])
    source = ListImport(workspace, path, how)
    report = source.run(
        given.get("consent", ""),
        everybody=Standing(given.get("everybody", Standing.ACTIVE)),
        blank=BlankSections(given.get("blank", BlankSections.ALL)),
        progress=lambda done, of: request.report(done, max(done, of)),
    )
    source.remember(source.learned(report))
    if not dry_run:
        exchange.drop(workspace, given["file"])
    data = json.dumps(report_data(report, dry_run=dry_run), ensure_ascii=False, indent=1)
    place = exchange.keep(workspace, f"{path.stem}.json", data.encode())
    return {"report": place, "dry_run": dry_run, **report.counts}


def export_list(request: Request) -> Mapping[str, Any]:
    """Write the readers of a `segment`, or all, to a file in the `format` csv or yaml."""
    workspace, given = request.workspace, request.arguments
    kind = given.get("format", "csv")
    lines = subscribers.export(workspace, kind, given.get("segment"))

    def reported() -> Iterator[bytes]:
        for number, line in enumerate(lines):
            if number % _EVERY == 0:
                request.report(number, 0, "")
            yield line.encode()

    return {"file": exchange.keep(workspace, f"{given.get('segment') or 'readers'}.{kind}", reported())}


def scale_pictures(request: Request) -> Mapping[str, Any]:
    """Scale the pictures of `issue`, so that whoever looks at it next does not wait for them."""
    from newsletter.compose.issuefile import folder_of
    from newsletter.compose.pictures import FOLDER
    from newsletter.pictures.prepare import Prepared, prepare

    workspace = request.workspace
    folder = workspace.root / folder_of(date.fromisoformat(request.arguments["issue"])) / FOLDER
    files = sorted(file for file in folder.glob("[!.]*") if file.is_file())
    usable = 0
    for number, file in enumerate(files):
        request.report(number, len(files), "")
        usable += isinstance(prepare([file], workspace.var / "pictures")[file], Prepared)
    return {"pictures": len(files), "usable": usable}
