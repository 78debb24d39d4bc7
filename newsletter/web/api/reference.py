"""The OpenAPI document, and a page that shows it to people."""

import json
from typing import Any

from flask import Blueprint, Response, render_template, url_for

from newsletter.render.values import plain
from newsletter.web.api.access import open_to_all, workspace
from newsletter.web.api.document import whole
from newsletter.web.api.problems import KINDS
from newsletter.web.api.reading import operations, schemas

pages = Blueprint("reference", __name__)


@pages.get("/openapi.json")
@open_to_all
def openapi() -> Response:
    """Return the document."""
    words = json.dumps(_document(), ensure_ascii=False)
    return Response(words, content_type="application/json", headers={"Cache-Control": "no-cache"})


@pages.get("/reference")
@open_to_all
def show() -> str:
    """Show the document as a page."""
    found = _document()
    return render_template(
        "reference.html",
        title=found["info"]["title"],
        version=found["info"]["version"],
        policy=found["info"]["description"],
        base=f"{found['servers'][0]['url']}{url_for('reference.show').rpartition('/')[0]}",
        groups=plain(operations(found)),
        schemas=plain(schemas(found)),
        kinds=[
            plain({"name": name, "status": kind.status.value, "title": kind.title, "cure": kind.cure})
            for name, kind in KINDS.items()
        ],
        settings=plain({"publisher": workspace().settings.publisher}),
    )


def _document() -> dict[str, Any]:
    return whole(workspace().settings.base_url)
