"""Reports agree with the ledger, figure by figure, on either database."""

from collections import Counter
from datetime import date

import pytest
from sqlalchemy import insert, select, update

from newsletter.model import Outcome, Receipt
from newsletter.services import Workspace
from newsletter.services.delivery_proof import prove_delivery
from newsletter.services.reports import (
    FEW,
    csv_of,
    issue_report,
    issues_over_time,
    outcome_table,
    reach_over_time,
    readers_over_time,
    week_table,
)
from newsletter.store import issues, ledger
from newsletter.store.db import reading, writing
from newsletter.store.ledger import Result
from newsletter.store.schema import audience, delivery, subscriber, subscription
from tests import press
from tests.sending import house

NAME = house.NAME
REGIONS = ("Сумська", "Харківська", "")
DOMAINS = ("city.example.org", "rada.example.org", "own.example.org")


@pytest.fixture
def sent(either: Workspace) -> Workspace:
    """Send the small issue to thirty readers of three regions and domains, with every outcome."""
    engine = either.database
    house.people(engine, 20)
    house.people(engine, 10, sections=("social",), first=21)
    with writing(engine) as connection:
        for number in range(1, 31):
            domain = DOMAINS[0 if number <= 20 else 1 if number <= 28 else 2]
            address = f"reader{number}@{domain}"
            change = update(subscriber).where(subscriber.c.id == number)
            region = {"region": REGIONS[number % 3], "community": "Сумська" if number % 3 == 0 else ""}
            connection.execute(
                change.values(
                    email=address, email_key=address, attributes=region, created_at="2025-02-10T10:00:00Z"
                )
            )
    house.approve(engine)
    results = [
        Result(number, 1, Receipt(outcome=list(Outcome)[number % 4], code=550 if number % 4 == 2 else 250))
        for number in range(1, 25)
    ]
    with writing(engine) as connection:
        issues.begin(connection, NAME, "smtp", house.NOW)
        ledger.record(connection, NAME, results, house.NOW)
    return either


def test_each_breakdown_adds_up_to_the_ledger(sent: Workspace) -> None:
    with reading(sent.database) as connection:
        states = Counter(
            connection.execute(select(delivery.c.state).where(delivery.c.issue == NAME)).scalars()
        )
        members = len(connection.execute(select(audience).where(audience.c.issue == NAME)).all())
    report = issue_report(sent, NAME)
    assert {one.value: number for one, number in report.total.outcomes.items()} == states
    assert (report.total.readers, report.total.pending) == (members, 6)
    for rows in (report.regions, report.domains):
        assert sum(row.readers for row in rows) == members
        together = sum((Counter(row.outcomes) for row in rows), Counter())
        assert together == Counter(report.total.outcomes)
    by_title = {row.name: row.readers for row in report.sections}
    assert by_title == {"ТОП": 30, "Соціальний захист": 30}
    assert [row.name for row in report.regions] == ["Сумська", "Харківська", ""]
    assert [(row.name, row.readers) for row in report.domains] == [
        ("city.example.org", 20),
        ("rada.example.org", 8),
        ("", 2),
    ]
    assert FEW > 2
    assert sum(number for *_, number in report.failures) == states["refused"]


def test_a_section_that_only_the_issue_knows_has_its_title(either: Workspace) -> None:
    house.people(either.database, 2)
    press.publish(either.database, press.issue(press.CLOSING, [press.item("Житло", section="housing")]))
    assert [row.name for row in issue_report(either, NAME).sections] == ["Рубрика housing"]


def test_issues_and_reach_over_time_are_those_of_the_ledger(sent: Workspace) -> None:
    (row,) = issues_over_time(sent)
    assert (row.name, row.readers, row.accepted) == (NAME, 30, 6)
    (reach,) = reach_over_time(sent)
    assert reach.sections == {"top": 30, "social": 30}
    assert (reach.communities, reach.of > 1000) == (1, True)
    lines = csv_of(outcome_table([row])).splitlines()
    assert (
        lines[0]
        == "\ufeffname,readers,accepted,deferred,refused,unknown,suppressed,bounced,complained,pending"
    )
    assert lines[1] == f"{NAME},30,6,6,6,6,0,0,0,6"
    assert csv_of([["=1+1", 2]]).endswith("'=1+1,2\r\n")


def test_readers_are_counted_by_week_and_section(sent: Workspace) -> None:
    with writing(sent.database) as connection:
        connection.execute(
            update(subscription)
            .where(subscription.c.subscriber == 1)
            .values(state="left", changed_at="2025-02-03T1")
        )
        rows = [
            {
                "subscriber": 2,
                "section": "social",
                "state": "left",
                "origin": "reader",
                "changed_at": "2025-02-12T1",
            },
            {
                "subscriber": 3,
                "section": "social",
                "state": "paused",
                "origin": "reader",
                "changed_at": "2025-02-12T1",
            },
        ]
        connection.execute(insert(subscription), rows)
    weeks = {one.closing: one for one in readers_over_time(sent)}
    this, before = weeks[date(2025, 2, 14)], weeks[date(2025, 2, 7)]
    assert (this.joined, this.gone, before.gone) == (30, 0, 1)
    assert (this.left["social"], this.paused["social"]) == (1, 1)
    head, *lines = week_table([this], ["social"])
    assert dict(zip(head, lines[0], strict=True))["social left"] == 1


def test_a_relay_s_log_proves_each_delivery_or_names_what_it_lacks(sent: Workspace) -> None:
    closing, log = date.fromisoformat(NAME), []
    with reading(sent.database) as connection:
        accepted = (
            connection.execute(
                select(delivery.c.subscriber)
                .where(delivery.c.issue == NAME, delivery.c.state == "accepted")
                .order_by(delivery.c.subscriber)
            )
            .scalars()
            .all()
        )
    lost, again, *others = accepted
    for place, number in enumerate((again, again, *others, 3)):
        queue, message = f"4Yx{place:05}", sent.message_id(number, closing)
        log += [
            f"Feb 14 16:00:01 mail postfix/cleanup[7]: {queue}: message-id={message}",
            f"Feb 14 16:00:01 mail postfix/qmgr[8]: {queue}: from=<b@x>, size=9, nrcpt=1 (queue active)",
        ]
    proof = prove_delivery(sent, NAME, log)
    assert (proof.recipients, proof.confirmed) == (30, len(accepted) - 1)
    assert proof.missing == [sent.message_id(lost, closing)]
    assert proof.twice == [sent.message_id(again, closing)]
    assert (proof.taken, proof.whole) == (1, False)
    assert proof.confirmed + proof.taken + proof.missing_count + proof.not_sent == proof.recipients
