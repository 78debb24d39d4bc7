"""The command `worker`."""

import asyncio
import logging
import signal
from datetime import date
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session

if TYPE_CHECKING:
    from newsletter.sending.worker import Worker


@click.command()
@pass_session
def worker(session: Session) -> int:
    """Deliver what is being sent, and start the weekly issue, until it is stopped.

    Issues also come here by `newsletter send D --detach`. Run as many workers as you like on one PostgreSQL
    database; they share the work, and go on with what a dead one left. Ctrl-C or SIGTERM lets the
    messages on their way finish.

    \b
    Example:
      newsletter worker
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.sending.worker import Worker
    from newsletter.wiring.scheduler import insist, week

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    context = session.context
    engine = context.database
    insist(context)
    asyncio.run(
        _work(
            Worker(
                engine,
                lambda frozen: context.run(
                    frozen, context.transport(frozen.transport, date.fromisoformat(frozen.name))
                ),
                context.now,
                week(context) if context.settings.schedule.weekly else None,
            )
        )
    )
    return 0


async def _work(worker: "Worker") -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, worker.stop)
    await worker.work()


COMMANDS = {"worker": worker}
