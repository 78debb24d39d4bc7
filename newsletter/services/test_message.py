"""Send one edition of an issue to one address, for a look at it in a real mailbox."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from newsletter.audience.addresses import check_address
from newsletter.errors import ConfigError, ContentError, Message
from newsletter.model import Edition, Receipt
from newsletter.render.renderer import Renderer
from newsletter.sending.transactional import send_test_message
from newsletter.services import theme_folders
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.yamlfile import nearest

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.services.proof import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The address of a test message, and its edition: by its key, of these sections, or of the reader `like`.

    With none of them, the edition that shows all sections. With `among`, the address must be one of them.
    """

    address: str
    sections: frozenset[str] | None = None
    like: str | None = None
    edition: str | None = None
    among: Collection[str] | None = None


def testers(workspace: "Workspace", own: str) -> tuple[str, ...]:
    """Return where somebody at the desk may send test messages: to their own address, and to editors."""
    return tuple(dict.fromkeys((own, *workspace.settings.editor_addresses)))


async def send_test(
    workspace: "Workspace", closing: date, transport: str, wanted: Wanted
) -> tuple[Edition, Receipt]:
    """Send an edition of issue `closing`, rendered from its files as they are now; record nothing.

    Raises ConfigError, ContentError and TransportUnavailable.
    """
    to, fault = check_address(wanted.address)
    if fault:
        raise ConfigError(
            Message("%(address)s is not a usable address: %(fault)s", address=wanted.address, fault=fault),
            "Correct the address.",
        )
    if wanted.among is not None and to.casefold() not in map(str.casefold, wanted.among):
        raise ConfigError(
            Message("test messages do not go to %(to)s", to=to), "Choose an address of the `editors`."
        )
    proof = workspace.proof(closing)
    edition = _edition(workspace, proof, wanted)
    if edition is None:
        raise ContentError(
            Message("issue %(closing)s has no items for this edition", closing=closing),
            "Compose it first: newsletter compose",
        )
    receipt = await send_test_message(
        workspace.ways(transport, closing),
        _renderer(workspace).render(proof.issue, edition),
        workspace.settings.envelope(proof.issue.name),
        workspace.signer,
        workspace.dkim,
        to,
        workspace.settings.language,
        workspace.now(),
    )
    return edition, receipt


def _renderer(workspace: "Workspace") -> Renderer:
    """Return a renderer that attaches pictures: our site has them only once the issue is approved."""
    if workspace.settings.pictures == "attached":
        return workspace.renderer
    attaching = workspace.settings.model_copy(update={"pictures": "attached"})
    return Renderer(attaching, theme_folders(workspace.root), workspace.logo)


def _edition(workspace: "Workspace", proof: "Proof", wanted: Wanted) -> Edition | None:
    if wanted.edition:
        return next((one for one, _ in proof.tally if one.key == wanted.edition), None)
    if wanted.like:
        with reading(workspace.database) as connection:
            reader = people.reader(connection, wanted.like)
        if reader is None:
            cure = Message(
                "See what is known about them: newsletter subscribers show %(like)s", like=wanted.like
            )
            raise ContentError(Message("%(like)s is not a reader", like=wanted.like), cure)
        return proof.editions.of(reader.sections, reader.attributes)
    if wanted.sections is None:
        return proof.editions.whole()
    known = [section.slug for section in workspace.settings.sections]
    for slug in sorted(wanted.sections - set(known)):
        raise ConfigError(Message("unknown section %(slug)r", slug=slug), nearest(slug, known))
    return proof.editions.of(wanted.sections, {})
