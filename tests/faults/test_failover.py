"""A PostgreSQL server that is lost for good, and its standby that takes its place."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from newsletter.model import Outcome
from tests.cluster import cluster, pooler
from tests.faults.scene import CONNECTIONS, READERS, D, Scene, approve, wait


def test_workers_go_on_with_the_standby_and_lose_nothing(sqlite_scene: Scene) -> None:
    with cluster(synchronous=True) as servers:
        scene = Scene(sqlite_scene.root, servers.url(), sqlite_scene.port)
        approve(scene)
        with scene.sink(pace=0.004), scene.sender("worker"), scene.sender("worker"):
            assert scene.run("send", D, "--yes", "--now", "--detach") == 0, scene.said()
            scene.accepted(150)
            servers.fail_over()
            wait(lambda: "it is sent" in scene.said())
        scene.account().judge(unknown=2 * CONNECTIONS)
        assert "Traceback" not in scene.said()


def test_commits_that_a_standby_lacks_are_noticed_recorded_again_and_hold_the_sending(
    sqlite_scene: Scene,
) -> None:
    with cluster(synchronous=False) as servers:
        scene = Scene(sqlite_scene.root, servers.url(), sqlite_scene.port)
        approve(scene)
        with scene.sink(pace=0.004), scene.sender("worker"), scene.sender("worker"):
            assert scene.run("send", D, "--yes", "--now", "--detach") == 0, scene.said()
            scene.accepted(60)
            servers.cut_off()
            scene.accepted(len(scene.log()) + 60)
            servers.fail_over()
            wait(lambda: scene.said().count("the database server lost the last") > 1)
            account = scene.account()
            assert account.state == "paused"
            assert account.lost == account.twice == [], "all that left is accepted or unknown"
            assert scene.run("send", D, "--yes") == 1, "it is held until somebody has looked"
            assert scene.run("resume", D) == 0
            wait(lambda: "it is sent" in scene.said())
        scene.account().judge(unknown=4 * CONNECTIONS)
        assert "Traceback" not in scene.said()


@pytest.fixture
def pooled_scene(postgres_scene: Scene) -> Iterator[Scene]:
    """Reach the scene's database through pgbouncer, with three connections for everybody."""
    address = urlsplit(postgres_scene.database)
    host = parse_qs(address.query)["host"][0]
    with pooler(host, address.port or 5432, address.username or "", connections=3) as server:
        database = server.url(address.path.removeprefix("/"))
        yield Scene(postgres_scene.root, database, postgres_scene.port)


def test_the_press_works_through_a_pooler_that_gives_each_transaction_another_session(
    pooled_scene: Scene, tmp_path: Path
) -> None:
    scene = pooled_scene
    people = tmp_path / "people.csv"
    people.write_text("email\n" + "".join(f"more{one}@example.org\n" for one in range(200)))
    with scene.sink(), scene.sender("worker"), scene.sender("worker"):
        assert scene.run("send", D, "--yes", "--now", "--detach") == 0, scene.said()
        scene.accepted(50)
        assert scene.run("subscribers", "import", str(people), "--consent", "form") == 0, scene.said()
        assert scene.run("status", D) == 0
        wait(lambda: "it is sent" in scene.said())
    account = scene.account()
    account.judge(unknown=0)
    assert len(account.log) == READERS == list(account.ledger.values()).count(Outcome.ACCEPTED)
