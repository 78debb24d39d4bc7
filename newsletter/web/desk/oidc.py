"""Sign in with the organisation's account: OpenID Connect, by the provider that newsletter.yaml names."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, abort, current_app, render_template
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from newsletter.config.parts import Oidc
from newsletter.config.secrets import secret
from newsletter.errors import log_text
from newsletter.services import sign_in as service
from newsletter.web.desk import sign_in
from newsletter.web.desk.access import open_to_all, workspace
from newsletter.web.readers.site import network

pages = Blueprint("oidc", __name__)

_log = logging.getLogger(__name__)
_PATIENCE = 10  # seconds for each answer of the provider
_REFUSED, _NO_ANSWER = 403, 502


@pages.get("/sign-in/provider")
@open_to_all
def start() -> ResponseReturnValue:
    """Lead to the provider."""
    press = workspace()
    try:
        found: ResponseReturnValue = _provider().authorize_redirect(
            f"{press.settings.base_url}/desk/sign-in/provider/answer"
        )
    except (OAuthError, RequestException) as error:
        return _failed(error, _NO_ANSWER)
    return found


@pages.get("/sign-in/provider/answer")
@open_to_all
def finish() -> ResponseReturnValue:
    """Sign in whoever the provider names, if the address is verified there and stands in newsletter.yaml."""
    try:
        claims = _claims()
    except RequestException as error:
        return _failed(error, _NO_ANSWER)
    except (OAuthError, JoseError, KeyError) as error:
        return _failed(error, _REFUSED)
    address = claims.get("email") if claims.get("email_verified") is True else None
    person = workspace().settings.editor(address) if isinstance(address, str) else None
    if person is None:
        return render_template("sign_in_refused.html", unknown=True), _REFUSED
    return sign_in.welcome(person, service.begin(workspace(), person, sign_in.system(), network()), "account")


def _claims() -> Mapping[str, Any]:
    """Return what the provider says of whoever signed in there, in its token or, as many do, beside it."""
    client = _provider()
    token = client.authorize_access_token()
    claims: Mapping[str, Any] = token["userinfo"]
    if "email" in claims:
        return claims
    beside: Mapping[str, Any] = client.userinfo(token=token)
    if beside.get("sub") != claims["sub"]:
        raise OAuthError("sub", "the provider speaks of somebody else (OpenID Connect Core §5.3.2)")
    return beside


def _provider() -> Any:
    """Return the client of the provider that is set now; 404 when there is none. Raises OAuthError."""
    oidc = workspace().settings.oidc
    if oidc is None:
        abort(404)
    client = _client(current_app._get_current_object(), oidc, secret("NEWSLETTER_OIDC_SECRET"))  # type: ignore[attr-defined]  # noqa: SLF001  as Flask documents it
    if client.load_server_metadata().get("issuer", "").rstrip("/") != oidc.issuer:
        raise OAuthError("issuer", "the provider's document names another issuer (OpenID Discovery §4.3)")
    return client


@lru_cache(maxsize=1)
def _client(app: Flask, oidc: Oidc, key: str | None) -> Any:
    """Return a client with its copy of the provider's document, kept until the settings change."""
    return OAuth(app).register(
        "provider",
        overwrite=True,
        client_id=oidc.client,
        client_secret=key,
        server_metadata_url=f"{oidc.issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email",
            "code_challenge_method": "S256",
            "default_timeout": _PATIENCE,
        },
    )


def _failed(error: Exception, code: int) -> ResponseReturnValue:
    _log.warning("sign-in with an account: %s", log_text(error))
    return render_template("sign_in_refused.html", unknown=False), code
