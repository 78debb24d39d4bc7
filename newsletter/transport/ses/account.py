"""Ask Amazon SES whether its account may send to everybody, and from a domain."""

import asyncio
from http import HTTPStatus

from newsletter.errors import Message, Problem
from newsletter.transport.ses.api import unavailable
from newsletter.transport.ses.client import Api, usable
from newsletter.transport.ses.signature import Keys
from newsletter.transport.web_answer import Answer

_SETTINGS = "In SES, under Identities, create the domain with Easy DKIM, and publish the three CNAME records."


def lacks(keys: Keys, host: str, region: str, domain: str) -> list[Problem]:
    """Return what the account lacks for sending from `domain`. Raises TransportUnavailable."""
    return asyncio.run(_lacks(keys, host, region, domain))


async def _lacks(keys: Keys, host: str, region: str, domain: str) -> list[Problem]:
    found: list[Problem] = []
    async with Api(keys, host, region) as api:
        account = usable(await api.get("/v2/email/account"), host)
        identity = await _identity(api, domain, host)
    if not account.get("ProductionAccessEnabled"):
        found.append(
            Problem.error(
                "the account at Amazon SES is in the sandbox: it sends to verified addresses only",
                hint="In SES, under Account dashboard, request production access.",
            )
        )
    if identity is None:
        text = Message("Amazon SES has no identity for %(domain)s in this region", domain=domain)
        return [*found, Problem.error(text, hint=_SETTINGS)]
    said = identity.document or {}
    if not said.get("VerifiedForSendingStatus"):
        text = Message("Amazon SES has not verified %(domain)s", domain=domain)
        return [*found, Problem.error(text, hint=_SETTINGS)]
    dkim = said.get("DkimAttributes")
    if not isinstance(dkim, dict) or dkim.get("Status") != "SUCCESS" or not dkim.get("SigningEnabled"):
        text = Message("Amazon SES does not sign for %(domain)s, so DMARC does not pass", domain=domain)
        found.append(Problem.error(text, hint=_SETTINGS))
    return found


async def _identity(api: Api, domain: str, host: str) -> Answer | None:
    """Return what SES says of `domain`, or of the nearest domain above it, which covers it too."""
    while "." in domain:
        answer = await api.get(f"/v2/email/identities/{domain}")
        if answer.status == HTTPStatus.OK:
            return answer
        if answer.status != HTTPStatus.NOT_FOUND:
            raise unavailable(answer, host)
        domain = domain.partition(".")[2]
    return None
