"""The periodic jobs of a workspace: each does its work, and finds none in an empty one."""

from collections.abc import Iterator
from datetime import timedelta
from pkgutil import resolve_name

import pytest
from sqlalchemy import func, select, update

from newsletter.config.parts import CollectEntry
from newsletter.services import Workspace, jobs
from newsletter.services.jobs.kinds import KINDS, PERIODIC, Make
from newsletter.services.scheduler import clock_watch
from newsletter.store import letters, requests
from newsletter.store.db import reading, writing
from newsletter.store.requests import Kind, Request
from newsletter.store.schema import letter, request, schedule_run, subscription
from tests.sample import sample
from tests.sending import house


@pytest.fixture
def context() -> Iterator[Workspace]:
    with sample() as found:
        yield found


def turn(context: Workspace, kind: str) -> int:
    """Do one turn of the periodic job of this kind."""
    make: Make = resolve_name(KINDS[kind].run)
    return make(context, clock_watch(context))()


def test_each_can_be_done_where_there_is_nothing_to_do(context: Workspace) -> None:
    assert len(PERIODIC) == 9
    assert {turn(context, kind) for kind in PERIODIC} == {0}


def test_the_weekly_hour_is_looked_at_only_where_one_is_set(context: Workspace) -> None:
    schedule = context.settings.schedule.model_copy(update={"weekly": None})
    without = Workspace(context.root, context.settings.model_copy(update={"schedule": schedule}))
    for one, runs in ((without, 0), (context, 1)):
        turn(one, "weekly-hour")
        with reading(one.database) as connection:
            assert connection.execute(select(func.count()).select_from(schedule_run)).scalar_one() == runs
    without.database.dispose()


def test_pauses_end_on_their_day_in_the_workspace_s_time_zone(
    context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.people(context.database, 1)
    with writing(context.database) as connection:
        connection.execute(update(subscription).values(state="paused", until="2025-03-01"))

    def state_at(moment: str) -> str:
        monkeypatch.setenv("NEWSLETTER_NOW", moment)
        turn(context, "pauses")
        with reading(context.database) as connection:
            return str(connection.execute(select(subscription.c.state)).scalar_one())

    assert state_at("2025-02-28T21:59:00+00:00") == "paused"
    assert state_at("2025-02-28T22:01:00+00:00") == "active", "in Kyiv it is March"


def test_what_is_too_old_is_forgotten(context: Workspace) -> None:
    now = context.now()
    with writing(context.database) as connection:
        for days in (1, 40):
            then = now - timedelta(days=days)
            asked = Request(kind=Kind.SIGNUP, email="a@b.example", language="uk", details={}, source="test")
            requests.put(connection, asked, then)
            letters.put(
                connection, kind="confirm", email="a@b.example", language="uk", request=None, now=then
            )
    assert turn(context, "pruning") == 2
    with reading(context.database) as connection:
        for table in (request, letter):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 1


def test_news_is_collected_whenever_it_is_due_and_once(
    context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CollectEntry(folder="inbox-of-news")
    given = {"collect": (source,), "collect_every": timedelta(hours=6)}
    press = Workspace(context.root, context.settings.model_copy(update=given))
    asked = []
    for hour in (8, 13, 15):
        monkeypatch.setenv("NEWSLETTER_NOW", f"2025-02-14T{hour:02}:00:00+00:00")
        asked += [turn(press, "collect-timer"), turn(press, "collect-timer")]
        for job in jobs.jobs(press, kind="collect"):
            if job.open:
                jobs.cancel(press, job.id, "Олена")
    assert asked == [1, 0, 0, 0, 1, 0]
    assert turn(context, "collect-timer") == 0, "nobody set how often"
    press.database.dispose()
