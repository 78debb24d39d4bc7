"""A relay that fails: at each verb, for two seconds, or for the time being."""

import time

from tests.faults.scene import CONNECTIONS, DEADLINE, Scene, later


def test_a_relay_that_closes_at_any_verb_costs_only_answers_to_bodies(sqlite_scene: Scene) -> None:
    faults = ("MAIL:100:drop", "MAIL:130:421 4.3.2 closing", "RCPT:110:drop", "DATA:120:drop")
    with sqlite_scene.sink(*faults, ".:200:drop", ".:250:drop after"):
        account = sqlite_scene.send()
    account.judge(unknown=5)
    assert len(account.unknown) == 5, "of 600 dots the 200th, 250th, 400th, 500th and 600th"
    assert sum(account.arrived[reader] for reader in account.unknown) == 2


def test_a_relay_that_hangs_at_any_verb_costs_only_answers_to_bodies(sqlite_scene: Scene) -> None:
    faults = ("MAIL:200:hang", "RCPT:250:hang", "DATA:300:hang")
    with sqlite_scene.sink(*faults, ".:350:hang"):
        account = sqlite_scene.send()
    account.judge(unknown=1)
    assert len(account.unknown) == 1


def test_who_was_put_off_at_any_verb_gets_it_at_the_next_try(sqlite_scene: Scene) -> None:
    busy = "451 4.3.0 later"
    with sqlite_scene.sink(f"MAIL:105:{busy}", f"RCPT:110:{busy}", f"DATA:115:{busy}", f".:120:{busy}"):
        put_off = sqlite_scene.send()
    assert (put_off.state, put_off.lost, put_off.twice) == ("sending", [], [])
    deferred = [reader for reader, outcome in put_off.ledger.items() if outcome == "deferred"]
    assert len(deferred) == len(put_off.ledger) - len(put_off.log) > 15
    with sqlite_scene.sink():
        assert sqlite_scene.send().log == put_off.log, "it is too early"
        sqlite_scene.send(now=later(minutes=7)).judge(unknown=0)


def test_a_relay_that_restarts_is_waited_for(sqlite_scene: Scene) -> None:
    with sqlite_scene.sender() as sender:
        with sqlite_scene.sink():
            sqlite_scene.accepted(200)
        time.sleep(2)
        with sqlite_scene.sink():
            assert sender.wait(DEADLINE) in (0, 3), sqlite_scene.said()
    sqlite_scene.account().judge(unknown=CONNECTIONS)
