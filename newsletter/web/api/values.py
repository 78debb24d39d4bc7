"""Types that models of the API share: words without control characters, pages, problems."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from newsletter.web.api.problems import invalid

_T = TypeVar("_T")

LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
_WORDS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"

Line = Annotated[str, Field(pattern=LINE, max_length=200)]
"""One line of words."""
Address = Annotated[str, Field(pattern=LINE, min_length=3, max_length=254)]
"""A mail address, which is checked where it is used."""
Words = Annotated[str, Field(pattern=_WORDS, max_length=20_000)]
"""Words of several lines; NUL and its like stand in no database."""
_MOST = 200  # things on one page
_FIRST = 50


class Given(BaseModel):
    """What a program sends: a name that is not known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """What a program gets."""

    model_config = ConfigDict(from_attributes=True)


class PageQuery(Given):
    """Which page of a list."""

    limit: int = Field(default=_FIRST, ge=1, le=_MOST, description="How many things to return at most")
    cursor: Line = Field(default="", description="`next` of the page before; without it, the first page")

    def after(self) -> str:
        """Return after what the page begins, or nothing. Raises Refused for a cursor that is not ours."""
        try:
            return base64.b64decode(self.cursor.encode("ascii"), b"-_", validate=True).decode()
        except (binascii.Error, UnicodeError, ValueError):
            raise invalid("cursor", "this is no cursor of a page", "Begin with the first page.") from None

    def after_number(self) -> int:
        """Return after which number the page begins, 0 for the first. Raises Refused."""
        text = self.after() or "0"
        if not (text.isascii() and text.isdecimal() and len(text) < len(str(2**63))):
            raise invalid("cursor", "this is no cursor of a page", "Begin with the first page.")
        return int(text)


class Page(Shown, Generic[_T]):
    """A page of a list; `next` is the cursor of the one after it, null on the last."""

    data: Sequence[_T]
    next: str | None


def cursor(after: object) -> str | None:
    """Return the cursor of the page that begins after something, or None where there is none."""
    return base64.urlsafe_b64encode(str(after).encode()).decode() if after else None


class Change(BaseModel):
    """The header of a change: which version is changed."""

    if_match: Annotated[str, Field(max_length=200)] = Field(
        alias="If-Match", description="The ETag of the version that is changed"
    )

    def names(self, etag: str) -> bool:
        """Tell whether it names the version with this ETag, or any that there is (RFC 9110 §13.1.1)."""
        named = {one.strip().strip('"') for one in self.if_match.split(",")}
        return bool(named & {etag, "*"})


class Fault(Shown):
    """One thing that is wrong."""

    severity: str
    text: str
    hint: str
    field: str | None = Field(description="Of the request, with dots between the names")
    path: str | None = Field(description="Of the workspace, where a file is at fault")
    line: int | None


class ProblemDetails(Shown):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="The address of its explanation; its fragment is the kind of problem")
    title: str
    status: int
    detail: str
    hint: str = Field(description="What to do about it")
    problems: Sequence[Fault]
