"""The report on accessibility at the desk: what was found, and the page to be published."""

from datetime import date

from babel.numbers import format_decimal
from flask import Blueprint, Response, g, render_template, request

from newsletter.config.types import Role
from newsletter.i18n import said
from newsletter.render.values import Data
from newsletter.services import approval
from newsletter.services.accessibility import report_of_issue
from newsletter.web import accessibility
from newsletter.web.app import download
from newsletter.web.desk.access import requires, workspace
from newsletter.web.desk.header import issue_header

pages = Blueprint("accessibility", __name__)


@pages.get("/<closing:closing>/accessibility")
@requires(Role.EDITOR)
def show(closing: date) -> str:
    """Show the barriers that our own rules find, at once; a browser is asked only for the report."""
    header = issue_header(closing)
    if header.state == approval.EMPTY:
        return render_template("send_nothing.html", header=header)
    report = report_of_issue(workspace(), closing, in_browser=False)
    reading = report.reading
    return render_template(
        "accessibility.html",
        header=header,
        found=[
            Data(
                criterion=one.criterion,
                text=said(one.text, g.language),
                certain=one.certain,
                places=one.places,
            )
            for one in report.found
        ],
        barriers=report.barriers,
        tested=len(report.criteria),
        lix=reading.lix if reading else 0,
        average=format_decimal(reading.per_sentence, format="0.0", locale=g.language) if reading else "",
        longest=reading.longest if reading else (),
    )


@pages.get("/<closing:closing>/accessibility.html")
@requires(Role.EDITOR)
def file(closing: date) -> Response:
    """Return the report as a page to be published, tested in a browser too where this machine can."""
    press = workspace()
    languages = press.settings.languages
    wanted = request.args.get("lang", "")
    language = wanted if wanted in languages else press.settings.language
    html = accessibility.page(report_of_issue(press, closing), press.settings, language)
    return download(html.encode(), "text/html", f"{closing}-accessibility-{language}.html")
