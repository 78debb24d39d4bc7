"""A proof is read beside whoever writes: it waits for no lock, and makes no database."""

from newsletter.services import Workspace
from newsletter.services.proof import prove
from newsletter.store.db import writing
from tests.sending import house

CLOSING = house.issue().period.end


def test_a_proof_does_not_wait_for_a_writer(empty: Workspace) -> None:
    house.people(empty.database, 2)
    other = Workspace(empty.root, empty.settings)
    with writing(empty.database):
        proof = prove(other, CLOSING)
    assert sum(readers for _, readers in proof.tally) == 2
    assert "database" not in vars(other), "it was opened for reading only"


def test_a_proof_of_a_workspace_without_a_database_makes_none(empty: Workspace) -> None:
    proof = prove(empty, CLOSING)
    assert [readers for _, readers in proof.tally] == [0]
    assert not (empty.var / "newsletter.db").exists()
