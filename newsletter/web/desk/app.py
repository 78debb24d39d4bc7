"""The Flask application of the desk: its blueprints, and what all of its pages share."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, get_flashed_messages, request, session, url_for
from flask_wtf.csrf import CSRFProtect, csrf_meta_tag, generate_csrf
from markupsafe import Markup
from werkzeug.middleware.proxy_fix import ProxyFix

from newsletter.config.parts import Editor
from newsletter.config.types import Role
from newsletter.errors import Problem
from newsletter.render.values import Data, Function
from newsletter.services import Workspace, theme_folders
from newsletter.services.live import LiveWorkspace
from newsletter.web.app import in_language, insist_on_https, make_app
from newsletter.web.brand import show_brand
from newsletter.web.desk import (
    accessibility,
    approved,
    board,
    check,
    correct,
    doctor,
    editions,
    home,
    imports,
    inbox,
    item,
    jobs,
    journal,
    offered,
    oidc,
    readers,
    recipients,
    reports,
    send,
    sessions,
    settings,
    sign_in,
    view,
    webhooks,
)
from newsletter.web.desk.access import admit, may
from newsletter.web.desk.error_pages import explain_errors
from newsletter.web.desk.shown import day, moment
from newsletter.web.preview.shown import shown_problem
from newsletter.web.static import version_static
from newsletter.web.templates import shown_settings
from newsletter.web.waiting import Bell

PREFIX = "/desk"
_BLUEPRINTS = (
    home.pages,
    inbox.pages,
    board.pages,
    item.pages,
    offered.pages,
    view.pages,
    editions.pages,
    jobs.pages,
    journal.pages,
    settings.pages,
    check.pages,
    accessibility.pages,
    send.pages,
    approved.pages,
    recipients.pages,
    readers.pages,
    imports.pages,
    reports.pages,
    correct.pages,
    webhooks.pages,
    doctor.pages,
)
"""Their routes are relative to PREFIX, and each view has `requires(role)` below its route."""
_OF_SEVERAL = (sign_in.pages, oidc.pages, sessions.pages)
"""The same, where people sign in."""
_NAVIGATION = (
    "desk.home",
    "inbox.show",
    "readers.show",
    "reports.show",
    "jobs.show",
    "journal.show",
    "settings.show",
)
"""The endpoints of the navigation, in order; those that exist and that one's role opens are shown."""
_WITHIN = {"doctor": "settings"}
"""Parts of the desk that are a page of another one."""
_POLICY = "connect-src 'self'; frame-src 'self'; frame-ancestors 'none'"
_FORM = 32 << 20  # maximum size of a request body in bytes: a picture, or a document with pictures


def create_desk(workspace: Workspace, *, single: Editor | None) -> Flask:
    """Return the desk's application for a workspace, its pages under PREFIX.

    With `single` that person is at the desk without signing in, which is for this machine only.
    """
    live = LiveWorkspace(workspace)
    base = urlsplit(workspace.settings.base_url)
    app = make_app(
        theme_folders(workspace.root)[-1] / "web/desk",
        lambda: _now(live).settings.language,
        lambda: _now(live).settings.languages,
        policy=_POLICY,
        hosts=[] if single else [base.netloc],
        prefix=PREFIX,
    )
    _keep_sessions(app, workspace, secure=single is None and base.scheme == "https")
    app.config["MAX_CONTENT_LENGTH"] = _FORM
    app.extensions |= {"live": live, "bell": Bell()}
    proxies = workspace.settings.serve.proxies
    if proxies and not single:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]  # as Flask documents it
    app.before_request(partial(_begin, live))
    app.after_request(_same_site)
    app.after_request(_tell_who_waits)
    if base.scheme == "https" and not single:
        app.after_request(insist_on_https)
    show_brand(app, partial(_now, live), PREFIX)
    version_static(app)
    admit(app, (lambda: single) if single else sign_in.whoever_is_signed_in)
    CSRFProtect(app)
    explain_errors(app)
    for pages in _BLUEPRINTS if single else (*_BLUEPRINTS, *_OF_SEVERAL):
        app.register_blueprint(pages, url_prefix=PREFIX + (pages.url_prefix or ""))
    app.context_processor(partial(_shared, live, single=single is not None))
    app.jinja_env.globals |= {"csrf": Function(_csrf), "may": Function(may)}
    app.jinja_env.filters |= {"moment": moment, "day": day}
    return app


def _keep_sessions(app: Flask, workspace: Workspace, *, secure: bool) -> None:
    """Set the signed cookie that holds notices, the token of forms, and who is signed in.

    A name with `__Host-` lets no other host of the domain set it (RFC 6265bis §4.1.3), and needs https.
    """
    app.secret_key = workspace.signer.digest("desk")
    app.config |= {
        "SESSION_COOKIE_NAME": "__Host-desk" if secure else "desk",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "WTF_CSRF_TIME_LIMIT": None,  # a form may be open all day: its token ends with the session
        "WTF_CSRF_SSL_STRICT": False,  # the token is enough where a browser sends no Referer
    }


def _now(live: LiveWorkspace) -> Workspace:
    """Return the workspace of this request, looked at once."""
    if "workspace" not in g:
        g.workspace = live.current()
    found: Workspace = g.workspace
    return found


def _begin(live: LiveWorkspace) -> None:
    """Take the language that one chose."""
    if request.endpoint == "static":
        return
    offered = _now(live).settings.languages
    if request.args.get("lang") in offered:
        session["language"] = g.language
    elif session.get("language") in offered:
        g.language = session["language"]


def _same_site(response: Response) -> Response:
    """Let forms say where they come from, to this site only."""
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def _tell_who_waits(response: Response) -> Response:
    """Ring after a form that changed something, which leads to another page."""
    if request.method == "POST" and response.location:
        current_app.extensions["bell"].ring()
    return response


def _shared(live: LiveWorkspace, *, single: bool) -> dict[str, Any]:
    """Return the template variables that the layout of every page needs."""
    person = g.get("editor")
    return {
        "settings": shown_settings(_now(live).settings),
        "language": g.language,
        "here": Function(in_language),
        "csrf_token": Function(generate_csrf),  # these two as Functions, which the sandbox can call
        "csrf_meta_tag": Function(csrf_meta_tag),
        "editor": Data(name=person.shown, address=person.address, role=person.role.value) if person else None,
        "single": single,
        "navigation": tuple(_navigation()) if person else (),
        "notices": Function(lambda: get_flashed_messages(with_categories=True)),
        "settings_faults": tuple(_said(live.problems)) if person else (),
        "settings_waiting": live.waiting if person and person.role.covers(Role.OPERATOR) else (),
    }


def _said(problems: Sequence[Problem]) -> Iterator[Data]:
    return (shown_problem(one, [one.at] if one.at else []) for one in problems)


def _navigation() -> Iterator[Data]:
    """Yield the pages of the navigation, with the one whose part of the desk is open."""
    parts = {endpoint.partition(".")[0]: url_for(endpoint) for endpoint in filter(may, _NAVIGATION)}
    below = (name for name, address in parts.items() if name != "desk" and request.path.startswith(address))
    of_issues = "closing" in (request.view_args or {}) or request.blueprint == "desk"
    here = next(below, "desk" if of_issues else _WITHIN.get(request.blueprint or "", ""))
    for name, address in parts.items():
        yield Data(name=name, address=address, current=name == here)


def _csrf() -> Markup:
    """Return the hidden field that every form with method=post needs."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
