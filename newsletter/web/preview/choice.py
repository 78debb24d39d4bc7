"""Select the edition to preview: one that readers get, one reader's, or that of any set of sections."""

from dataclasses import dataclass

from newsletter.errors import ConfigError
from newsletter.model import Edition, Subscriber
from newsletter.services import Workspace
from newsletter.transport.dkim import DomainSigner
from newsletter.web.preview.letter import EXAMPLE, Letter, write_letter
from newsletter.web.preview.proofs import Sheet, Snapshot
from newsletter.web.preview.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The edition to show, and its rank among those that readers get."""

    snapshot: Snapshot
    sheet: Sheet
    reader: Subscriber | None
    number: int
    """The rank by number of readers, from 1; 0 when no reader gets this edition."""

    @property
    def readers(self) -> int:
        """How many readers get this edition."""
        return self.snapshot.proof.tally[self.number - 1][1] if self.number else 0

    @property
    def before(self) -> str | None:
        """The name of the edition before this one."""
        return self._name(self.number - 1)

    @property
    def after(self) -> str | None:
        """The name of the next edition; the first one if no reader gets this edition."""
        return self._name(self.number + 1)

    @property
    def letter(self) -> Letter | None:
        """The message for the chosen reader, or for an example; None if the edition cannot be rendered."""
        page, snapshot, reader = self.sheet.page, self.snapshot, self.reader
        if page is None:
            return None
        email, name = (reader.email, reader.name) if reader else (EXAMPLE, "")

        def write() -> Letter:
            workspace = snapshot.workspace
            return write_letter(
                page,
                workspace.settings.envelope(snapshot.proof.issue.name),
                workspace.signer,
                snapshot.at,
                dkim=_dkim(workspace),
                email=email,
                name=name,
            )

        return snapshot.letter((page.edition, email, name), write)

    def _name(self, number: int) -> str | None:
        tally = self.snapshot.proof.tally
        return self.snapshot.names[tally[number - 1][0].key] if 0 < number <= len(tally) else None


def _dkim(workspace: Workspace) -> DomainSigner | None:
    """Return the DKIM signer, or None when the key is not on this machine: often only the server has it."""
    try:
        return workspace.dkim
    except ConfigError:
        return None


def choose(snapshot: Snapshot, view: View) -> Choice | None:
    """Return the edition that `view` selects, by default the one with most readers; None if there is none."""
    reader = snapshot.reader(view.reader) if view.reader else None
    edition = _edition(snapshot, view, reader)
    if edition is None:
        return None
    keys = [edition.key for edition, _ in snapshot.proof.tally]
    return Choice(
        snapshot=snapshot,
        sheet=snapshot.sheet(edition),
        reader=reader,
        number=keys.index(edition.key) + 1 if edition.key in keys else 0,
    )


def _edition(snapshot: Snapshot, view: View, reader: Subscriber | None) -> Edition | None:
    proof = snapshot.proof
    if view.reader:
        return proof.editions.of(reader.sections, reader.attributes) if reader else None
    if view.sections:
        return proof.editions.of(frozenset(view.sections), {})
    named = (edition for edition, _ in proof.tally if view.edition in ("", snapshot.names[edition.key]))
    return next(named, None)
