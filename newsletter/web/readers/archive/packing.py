"""The archive as one file to download: its pages and feeds in a zip, made by a job."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from newsletter.services import exchange
from newsletter.services.archive import number_of_issues
from newsletter.services.jobs.kinds import Request
from newsletter.web.readers.archive.export import files


def pack(request: Request) -> Mapping[str, Any]:
    """Write the archive to a zip file."""
    workspace = request.workspace
    issues = number_of_issues(workspace)
    made = files(workspace, lambda done: request.report(done, issues))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(made.items()):
            archive.writestr(name, content)
    return {"file": exchange.keep(workspace, "archive.zip", packed.getvalue()), "issues": issues}
