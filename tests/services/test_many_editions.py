"""Where readers need many editions, an approval stores parts and recipes, and each gets their own edition."""

from itertools import combinations

import pytest
from sqlalchemy import select, update

from newsletter.checks.assembled import checked
from newsletter.checks.findings import findings
from newsletter.errors import ContentError
from newsletter.model import Rendered
from newsletter.recipes import Assembled
from newsletter.render.assembly import SAMPLES, Assembly
from newsletter.sending import writers
from newsletter.sending.freeze import verify
from newsletter.sending.personal import Writer
from newsletter.sending.writers import Writers
from newsletter.services import Workspace
from newsletter.services.approval import approve
from newsletter.store import editions as frozen_editions
from newsletter.store import people
from newsletter.store.db import reading, writing
from newsletter.store.ledger import Due
from newsletter.store.schema import edition
from tests.sending import house

CLOSING = house.issue().period.end
CHOICES = [*combinations(("staff", "social", "education", "services", "economy"), 2), ("social",), ("*",)]


@pytest.fixture
def many(empty: Workspace) -> Workspace:
    """Return the sample with a reader for each choice."""
    assert len(CHOICES) > SAMPLES
    for number, choice in enumerate(CHOICES, 1):
        house.people(empty.database, 1, sections=choice, first=number)
    return empty


def writer(workspace: Workspace, page: Rendered | Assembled) -> Writer:
    return Writer(page, workspace.settings.envelope(house.NAME), workspace.signer)


def test_each_reader_gets_byte_for_byte_what_their_edition_is_by_itself(
    many: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "_WRITERS", 2)
    proof = many.proof(CLOSING)
    approve(many, CLOSING, "Олена")
    with reading(many.database) as connection:
        stock = frozen_editions.stock(connection, house.NAME)
        readers = list(people.readers(connection))
    assert not any(part.edition for part in stock.parts), "no part is one edition's own"
    made = Writers(many.database, many.settings.envelope(house.NAME), many.signer)
    for reader in (*readers, *readers[:3]):
        wanted = proof.editions.of(reader.sections, reader.attributes)
        assert wanted
        due = Due(reader.id, reader.email, reader.name, wanted.key, 1)
        own = writer(many, many.renderer.render(proof.issue, wanted))
        assert made[wanted.key].write(due, house.NOW).content == own.write(due, house.NOW).content


def test_a_part_that_an_edition_lacks_or_has_since_voids_the_approval(many: Workspace) -> None:
    frozen = approve(many, CLOSING, "Олена").frozen
    verify(many.database, frozen.name, frozen.sources)
    with writing(many.database) as connection:
        key, recipe = connection.execute(select(edition.c.key, edition.c.recipe).limit(1)).one()
        other = bytes([recipe[0] ^ 1, *recipe[1:]])
        connection.execute(update(edition).where(edition.c.key == key).values(recipe=other))
    with pytest.raises(ContentError, match="is not what was approved"):
        verify(many.database, frozen.name, frozen.sources)


def test_a_theme_that_cannot_be_assembled_is_named_and_each_edition_rendered_by_itself(
    many: Workspace,
) -> None:
    block = many.root / "templates/digest/blocks/section.mjml"
    block.write_text(block.read_text(encoding="utf-8") + "<mj-text>{{ blocks|length }}</mj-text>", "utf-8")
    proof = many.proof(CLOSING)
    (found,) = [one for one in proof.problems if "cannot be assembled" in one.text]
    assert f"each of {len(CHOICES)} editions" in found.text
    assert [proof.page(one) for one, _ in proof.tally] == [
        many.renderer.render(proof.issue, one) for one, _ in proof.tally
    ]
    frozen = approve(many, CLOSING, "Олена").frozen
    verify(many.database, frozen.name, frozen.sources)


def test_parts_have_the_findings_that_each_edition_has_by_itself(many: Workspace) -> None:
    items = sorted((many.root / f"issues/{house.NAME}/items").glob("*.md"))
    for item, words in zip(
        items[3:7], ("[тут](/a)", "слово " * 6_000, "http://a.example", "текст"), strict=True
    ):
        item.write_text(f"{item.read_text(encoding='utf-8')}\n\n{words}\n", encoding="utf-8")
    proof = many.proof(CLOSING)
    shown = [one for one, _ in proof.tally]
    given = (shown, many.renderer, many.settings)
    pages, together = checked(proof.editions, [], *given)
    _, separate = findings(proof.issue, [], *given)
    assert isinstance(pages, Assembly)
    assert any("KB or more (edition" in one.text for one in separate)
    assert together == separate
