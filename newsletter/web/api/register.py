"""The member register of the association: its members as readers, by its own numbers."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Literal

from flask import Blueprint
from pydantic import Field, StrictBool

from newsletter.scopes import Scope
from newsletter.services import members
from newsletter.services.journal import Act
from newsletter.services.members import Member
from newsletter.web.api.access import journal, token, workspace
from newsletter.web.api.document import route
from newsletter.web.api.readers import Chosen, sections
from newsletter.web.api.values import Address, Given, Line, Shown

pages = Blueprint("members", __name__, url_prefix="/members")


class GivenMember(Given):
    """A member as the register has them; what is not named stays as it is here."""

    external_id: Line = Field(min_length=1, max_length=100, description="The register's own number")
    email: Address
    name: Line = ""
    language: Line = ""
    sections: Chosen = Field(default=(), max_length=100, description="Slugs, or *")
    fields: Mapping[str, Line] = Field(default_factory=dict, max_length=50)
    status: Literal["member", "left"] = Field(
        default="member", description="`left`: they want no more mail, by the register"
    )


class Sync(Given):
    """Members to add and change; those who are not named are left alone."""

    consent: Line = Field(min_length=1, description="Where new readers agreed, like: membership form 2025")
    dry_run: StrictBool = False
    members: Sequence[GivenMember] = Field(min_length=1, max_length=500)


class MemberResult(Shown):
    """What became of a member, or would in a dry run; a refused one has a reason."""

    external_id: str
    fate: str
    reader: int | None
    reason: str
    hint: str


class Synced(Shown):
    """What became of the members, in their order, and how many have each fate."""

    dry_run: bool
    counts: Mapping[str, int]
    data: Sequence[MemberResult]


@route(pages, "POST", "/sync", Scope.READERS_SYNC, gives=Synced)
def sync(json: Sync) -> tuple[Synced, int, dict[str, str]]:
    """Bring readers in step with the member register, by its numbers.

    A new number adds a reader, or takes the one with the address; a known one changes its reader, and moves
    them to another address if that is nobody's. Nobody is brought back who left, opted out, was suppressed or
    erased: they are refused, each with the reason. All is one transaction; a dry run changes nothing.
    """
    given = [
        Member(external_id=one.external_id, cells=_cells(one), left=one.status == "left")
        for one in json.members
    ]
    found = members.sync(workspace(), given, json.consent, f"API: {token().name}", dry_run=json.dry_run)
    counts = members.counts(found)
    if not json.dry_run:
        journal(Act.READERS_IMPORTED, issue="", subject="", **counts)
    return (
        Synced(dry_run=json.dry_run, counts=counts, data=list(map(MemberResult.model_validate, found))),
        HTTPStatus.OK,
        {},
    )


def _cells(one: GivenMember) -> dict[str, str]:
    """Return a member as the line of a list."""
    sent = one.model_fields_set
    cells: dict[str, str] = {"email": one.email}
    cells |= {name: getattr(one, name) for name in ("name", "language") if name in sent}
    if "sections" in sent:
        cells["sections"] = sections(one.sections)
    return {**one.fields, **cells}
