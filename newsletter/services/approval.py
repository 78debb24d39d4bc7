"""Approving an issue, and the state of its approval: valid, void because files have changed, or missing."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from newsletter.errors import ContentError, Message, Problem, Severity, StateError
from newsletter.model import IssueState
from newsletter.names import IssueName
from newsletter.registry import OUTBOX

if TYPE_CHECKING:
    from newsletter.model import Envelope, Rendered
    from newsletter.services import Workspace
    from newsletter.services.proof import Proof
    from newsletter.store.issues import Frozen

VOID, MISSING, EMPTY = "void", "missing", "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of an issue: `state` is an IssueState, VOID, MISSING or EMPTY; `changed` names files."""

    state: str
    by: str = ""
    at: str = ""
    changed: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The state in words, as commands print it."""
        if self.state == VOID:
            return Message(
                "the approval by %(by)s is void: these files have changed: %(changed)s",
                by=self.by,
                changed=", ".join(self.changed),
            )
        if self.state == IssueState.APPROVED:
            return Message("approved by %(by)s", by=self.by)
        return Message({MISSING: "not approved", EMPTY: "no items yet"}.get(self.state, self.state))


def standing(workspace: "Workspace", issue: IssueName) -> Standing:
    """Return the state of the approval of `issue`. Raises StoreError."""
    frozen = _frozen(workspace, issue.isoformat()) if workspace.has_database else None
    if frozen is None:
        return Standing(state=MISSING if workspace.has_items(issue) else EMPTY)
    approved = frozen.state is IssueState.APPROVED
    changed = frozen.changed_since(workspace.sources(issue)) if approved else ()
    return Standing(
        state=VOID if changed else frozen.state.value,
        by=frozen.approved_by,
        at=frozen.approved_at,
        changed=tuple(changed),
    )


def _frozen(workspace: "Workspace", name: str) -> "Frozen | None":
    from newsletter.store import issues
    from newsletter.store.db import reading

    with reading(workspace.readable) as connection:
        return issues.find(connection, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """An approved issue: whether it was approved `anew` now, and the errors that the outbox lets pass."""

    frozen: "Frozen"
    anew: bool
    ignored: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionReaders:
    """An approved edition, how many readers get it, and the size of its HTML in bytes."""

    edition: str
    sections: tuple[str, ...]
    readers: int
    size: int


def editions(workspace: "Workspace", name: str) -> list[EditionReaders]:
    """Return the editions of the approved issue `name`, the one with most readers first."""
    from newsletter.store import audience
    from newsletter.store import editions as frozen_editions
    from newsletter.store.db import reading

    with reading(workspace.readable) as connection:
        found = audience.edition_readers(connection, name)
        sizes = frozen_editions.sizes(connection, name)
    return [
        EditionReaders(edition=key, sections=sections, readers=readers, size=sizes[key])
        for key, (sections, readers) in found.items()
    ]


def approved_edition(workspace: "Workspace", name: str, key: str) -> "tuple[Rendered, Envelope] | None":
    """Return an edition of the issue `name` as it was approved, and what all its messages share."""
    from newsletter.store import editions as frozen_editions
    from newsletter.store import issues
    from newsletter.store.db import reading

    with reading(workspace.readable) as connection:
        frozen = issues.find(connection, name)
        found = frozen_editions.find(connection, name, key) if frozen else None
    return (found.page, frozen.envelope) if frozen and found else None


def approve(workspace: "Workspace", closing: date, by: str, *, again: bool = False) -> Approved:
    """Freeze issue `closing` as it is rendered now; one that is approved and unchanged only if `again`.

    Raises ContentError with the errors that prevent it, and StateError when nobody would get the issue, or
    when a second person has to approve it.
    """
    from newsletter.sending.freeze import Approval, freeze
    from newsletter.services.periodic import wake
    from newsletter.store import issues
    from newsletter.store.db import reading

    sources = workspace.sources(closing)
    with reading(workspace.database) as connection:
        earlier = issues.find(connection, closing.isoformat())
    stored = earlier and earlier.state is not IssueState.FREEZING
    if earlier and stored and not again and not earlier.changed_since(sources):
        return Approved(frozen=earlier, anew=False)
    _insist_on_second(workspace, closing, by)
    wake(workspace)  # the audience consists of the current readers
    proof = workspace.proof(closing)
    errors = tuple(problem for problem in proof.problems if problem.severity is Severity.ERROR)
    if errors and (workspace.settings.transport != OUTBOX or len(proof.sizes) < len(proof.tally)):
        raise ContentError(errors)
    if not sum(readers for _, readers in proof.tally):
        raise _nobody(workspace, closing, proof)
    frozen = freeze(
        workspace.database,
        proof.editions,
        proof.pages,
        workspace.settings.envelope(proof.issue.name),
        Approval(by=by, at=workspace.now(), sources=sources, errors=proof.errors),
    )
    return Approved(frozen=frozen, anew=True, ignored=errors)


def _insist_on_second(workspace: "Workspace", closing: date, by: str) -> None:
    from newsletter.services.authorship import may_approve

    if not may_approve(workspace, closing, by):
        raise StateError(
            Message(
                "%(by)s edited issue %(closing)s last, so somebody else has to approve it",
                by=by,
                closing=closing,
            ),
            "Ask another approver, or set `approval: one` in newsletter.yaml.",
        )


def _nobody(workspace: "Workspace", closing: date, proof: "Proof") -> StateError:
    """Return the error that says why nobody would get the issue: items left out of it, or no readers."""
    from newsletter.compose.assemble import left_out

    if not any(block.items for block in proof.issue.blocks):
        out = "; ".join(
            f"{one.id}: {one.reason}" for one in left_out(workspace.root, closing, workspace.settings)
        )
        cure = Message(
            "Correct the items' dates or the issue's period, then: newsletter compose %(closing)s",
            closing=closing,
        )
        empty, rest = "issue %(closing)s has no items", "issue %(closing)s has no items; left out: %(out)s"
        return StateError(Message(rest if out else empty, closing=closing, out=out), cure)
    if proof.without:
        return StateError(
            Message(
                "nobody would get issue %(closing)s: none of its items is for any of %(without)s readers",
                closing=closing,
                without=proof.without,
            ),
            "See whom its sections and `only_for` select: newsletter check; newsletter segments",
        )
    return StateError(
        Message("nobody would get issue %(closing)s: there are no readers", closing=closing),
        "Import readers: newsletter subscribers import FILE",
    )
