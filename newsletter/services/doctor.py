"""Diagnose one workspace: settings, clock, disks, database, and online all that mail needs to arrive."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from newsletter.config.secrets import secret, secrets_of
from newsletter.doctor import Result, as_stored, failed, passed, skipped, warned
from newsletter.doctor.lookup import Dns, Ip, Silent
from newsletter.errors import (
    ConfigError,
    ContentError,
    Message,
    NewsletterError,
    Problem,
    Severity,
    StoreError,
)
from newsletter.links import Purpose
from newsletter.model import Outcome, Rendered
from newsletter.registry import OUTBOX, PROVIDERS
from newsletter.sending import transactional
from newsletter.services.disk import disk_shortage
from newsletter.services.feedback import bounce_mailbox, provider_events
from newsletter.services.jobs.kinds import Request
from newsletter.services.schedule import lacks_editors
from newsletter.services.scheduler import clock_doubt
from newsletter.store import deliveries
from newsletter.store.db import HEAD, reading
from newsletter.transport import describe

if TYPE_CHECKING:
    from newsletter.services import Workspace

_LETTER = Rendered(
    edition="doctor",
    subject="newsletter doctor",
    html="<p>This letter only tests whether bounces come back.</p>",
    text="This letter only tests whether bounces come back.\n",
    sha256=sha256(b"doctor").hexdigest(),
)

Check = Callable[[], Iterable[Result]]

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_NOBODY = 0  # no subscriber has this number, so its links change nothing
_OLD = timedelta(days=7)
"""A backup older than that knows nothing of the last issue."""
_COMPLAINTS = 0.003  # Gmail and Yahoo: never reach 0.3 % (read 2026-07)
_RETURN = 60.0  # seconds for the letter of the loop test to come back
_LOOK = 2.0  # seconds between looks into the mailbox


class _Step(NamedTuple):
    subject: str
    check: Check


def examine(workspace: "Workspace", *, online: bool, nameserver: str = "") -> Iterator[Result]:
    """Yield the result of each check as soon as it is known; what goes wrong in one is its own result.

    Nothing is changed or created: neither files nor the database.

    Only with `online` is anything asked of the DNS (at `nameserver`, if given), the relay, the web or the
    mailbox. Raises ConfigError when `nameserver` is not an address.
    """
    steps = _offline(workspace)
    if online:
        steps += _online(workspace, Dns(nameserver))
    told = ""
    for subject, check in steps:
        try:
            yield from check()
        except NewsletterError as error:
            if isinstance(error, StoreError) and error.message == told:
                continue  # the database is as it was said of it above
            told = error.message
            first = error.problems[0] if isinstance(error, ConfigError | ContentError) else None
            yield failed(subject, first.text if first else error.message, first.hint if first else error.hint)


def examine_job(request: Request) -> Mapping[str, Any]:
    """Check everything, online too, where the worker runs that sends; the results are those of the job."""
    found = []
    for result in examine(request.workspace, online=True):
        found.append(result)
        request.report(len(found), 0, result.subject)
    return {"results": [as_stored(one) for one in found]}


def _offline(workspace: "Workspace") -> list[_Step]:
    from newsletter.doctor import site

    return [
        _Step("database", lambda: [_database(workspace)]),
        _Step("transport", lambda: [_transport(workspace)]),
        _Step("https", lambda: [site.https(workspace.settings.base_url)]),
        _Step("dkim", lambda: _own_key(workspace)),
        _Step("editors", lambda: [_editors(workspace)]),
        _Step("bounces", lambda: _bounces(workspace)),
        _Step("clock", lambda: [_clock(workspace)]),
        _Step("disk", lambda: [_disk(workspace)]),
        _Step("backup", lambda: [_backup(workspace)]),
        _Step("complaints", lambda: _complaints(workspace)),
    ]


def _online(workspace: "Workspace", dns: Dns) -> list[_Step]:
    from newsletter.doctor import authentication, reachability, site

    settings = workspace.settings
    domain, base = settings.sender.domain, settings.base_url
    answers = (settings.sender.reply_to or settings.sender.address).rpartition("@")[2]
    signing = settings.dkim.domain if settings.dkim else None
    relay = cache(lambda: _relay_addresses(workspace, dns))
    return [
        _Step("spf", lambda: [authentication.spf(dns, domain, relay())]),
        _Step("dkim", lambda: _published_key(workspace, dns)),
        _Step("dmarc", lambda: authentication.dmarc(dns, domain, signing)),
        _Step("mx", lambda: [reachability.mx(dns, domain, "mx")]),
        _Step("reply-to", lambda: [reachability.mx(dns, answers, "reply-to")] if answers != domain else []),
        _Step("soa", lambda: [reachability.soa(dns, domain)]),
        _Step("ptr", lambda: [reachability.ptr(dns, relay())]),
        _Step("mta-sts", lambda: [reachability.mta_sts(dns, domain)]),
        *(_Step("relay", partial(_relay, workspace, name)) for name, _, _ in _ways(workspace)),
        *(_Step("account", partial(_account, workspace, name)) for name, _, _ in _ways(workspace)),
        _Step("site", lambda: site.answers(base, workspace.now())),
        _Step("one-click", lambda: [_one_click(workspace)]),
        _Step("mailbox", lambda: [_mailbox(workspace)]),
        _Step("loop", lambda: [_loop(workspace)]),
    ]


def _transport(workspace: "Workspace") -> Result:
    if workspace.settings.transport == OUTBOX:
        text = "mail is written to files (transport: outbox), and reaches nobody"
        return warned("transport", text, "When you are ready, set `transport: smtp` in newsletter.yaml.")
    return passed("transport", workspace.settings.transport)


def _own_key(workspace: "Workspace") -> list[Result]:
    if workspace.dkim is None:
        return []
    weakness = workspace.dkim.weakness
    return [_as_result("dkim", weakness)] if weakness else []


def _as_result(subject: str, problem: Problem) -> Result:
    make = failed if problem.severity is Severity.ERROR else warned
    return make(subject, problem.text, problem.hint)


def _editors(workspace: "Workspace") -> Result:
    if lacks_editors(workspace):
        text = "nobody is notified when an issue is held at its weekly hour"
        return warned("editors", text, "Add `editors: [name@example.org]` to newsletter.yaml.")
    return passed("editors", Message("%(count)s in newsletter.yaml", count=len(workspace.settings.editors)))


def _bounces(workspace: "Workspace") -> list[Result]:
    if workspace.settings.transport == OUTBOX:
        return [skipped("bounces", "nothing bounces that is written to files")]
    return list(dict.fromkeys(_bounces_of(workspace, name) for name, _, _ in _ways(workspace)))


def _bounces_of(workspace: "Workspace", name: str) -> Result:
    kind, unread = workspace.settings.way(name)[0], "dead addresses would be written to for ever"
    if kind in PROVIDERS:
        if provider_events(workspace, name):
            return passed("bounces", Message("%(name)s reports them", name=name))
        hint = "Set up the provider's webhook and its key; see docs/operating.md."
        return warned(
            "bounces",
            Message("%(name)s's reports are not accepted: %(unread)s", name=name, unread=unread),
            hint,
        )
    if workspace.settings.bounces.imap is None:
        hint = "Add `bounces: {imap: …}`, or let your mail server pipe them: newsletter bounces -"
        return warned("bounces", Message("no mailbox for bounces is set: %(unread)s", unread=unread), hint)
    return passed("bounces", "they come into a mailbox that is set up")


def _ways(workspace: "Workspace") -> list[tuple[str, str, Any]]:
    """Return the ways by which mail leaves: the name, transport and settings of each."""
    settings = workspace.settings
    return [(name, *settings.way(name)) for name in settings.all_ways(settings.transport)]


def _clock(workspace: "Workspace") -> Result:
    doubt = clock_doubt(workspace)
    return failed("clock", doubt, "See `timedatectl`.") if doubt else passed("clock", "runs evenly")


def _disk(workspace: "Workspace") -> Result:
    short = disk_shortage(workspace)
    if short is None:
        return passed("disk", "there is room")
    return (failed if short.full else warned)("disk", short.text, short.hint)


def _database(workspace: "Workspace") -> Result:
    engine = workspace.readable
    if not workspace.reader.is_there:
        return skipped("database", "there is none yet: whatever first keeps something in it makes it")
    with reading(engine) as connection:
        server = connection.dialect.server_version_info or ()
        kind = "SQLite" if connection.dialect.name == "sqlite" else "PostgreSQL"
    number = ".".join(map(str, server))
    return passed(
        "database", Message("%(kind)s %(server)s, schema %(version)s", kind=kind, server=number, version=HEAD)
    )


def _backup(workspace: "Workspace") -> Result:
    folder = workspace.settings.backups
    if folder is None:
        hint = "Name their folder: `backups: /var/backups/newsletter`; how to make one: docs/operating.md."
        return warned("backup", "whether there are backups is not known", hint)
    folder = workspace.root / folder
    made = [file.stat().st_mtime for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
    if not made:
        return failed(
            "backup",
            Message("%(folder)s holds no backup", folder=folder),
            "See that it is made; docs/operating.md.",
        )
    newest = workspace.local(datetime.fromtimestamp(max(made), UTC))
    age = workspace.now() - newest
    if age > _OLD:
        return failed(
            "backup",
            Message("the newest backup is %(days)s days old", days=age.days),
            "See why no newer one is made.",
        )
    return passed("backup", Message("the newest is of %(newest)s", newest=newest))


def _complaints(workspace: "Workspace") -> list[Result]:
    with reading(workspace.readable) as connection:
        counts = deliveries.counts_by_issue(connection)
    if not counts:
        return []
    name = max(counts)
    reached = sum(counts[name].get(one, 0) for one in (Outcome.ACCEPTED, Outcome.BOUNCED, Outcome.COMPLAINED))
    share = counts[name].get(Outcome.COMPLAINED, 0) / max(reached, 1)
    percent = round(100 * share, 2)
    text = Message("%(percent)s%% of the readers of %(name)s complained", percent=percent, name=name)
    if share >= _COMPLAINTS:
        return [failed("complaints", text, "Write only to people who asked for it; see docs/privacy.md.")]
    return [passed("complaints", text)]


def _relay_addresses(workspace: "Workspace", dns: Dns) -> Sequence[Ip]:
    """Return the public addresses of a relay of our own, as far as this machine can know them."""
    relays = [own.host for _, kind, own in _ways(workspace) if kind == "smtp"]
    return [address for host in relays for address in _addresses(workspace, dns, host)]


def _addresses(workspace: "Workspace", dns: Dns, host: str) -> Sequence[Ip]:
    domain = workspace.settings.sender.domain
    if host in _LOOPBACK:
        host = socket.getfqdn()
    elif not _same_owner(host, domain):
        return []
    try:
        return [address for address in dns.addresses(host) if address.is_global]
    except (Silent, ValueError):
        return []


def _same_owner(host: str, domain: str) -> bool:
    from checkdmarc.utils import get_base_domain

    return str(get_base_domain(host)) == str(get_base_domain(domain))


def _published_key(workspace: "Workspace", dns: Dns) -> list[Result]:
    from newsletter.doctor import authentication

    settings = workspace.settings
    if settings.dkim and workspace.dkim:
        return [
            authentication.dkim(dns, settings.dkim.selector, settings.dkim.domain, workspace.dkim.public_key)
        ]
    if any(kind == "smtp" for _, kind, _ in _ways(workspace)):
        text = "the press does not sign (no `dkim` in newsletter.yaml), so the relay has to"
        return [warned("dkim", text, "See docs/operating.md, DKIM.")]
    return [skipped("dkim", Message("%(transport)s signs", transport=settings.transport))]


def _relay(workspace: "Workspace", name: str) -> list[Result]:
    kind, own = workspace.settings.way(name)
    if kind == OUTBOX:
        return [skipped("relay", "mail is written to files")]
    asyncio.run(workspace.transport(name, workspace.now().date()).check())
    if kind == "smtp" and own.security == "none":
        if own.host in _LOOPBACK:
            return [
                passed(
                    "relay",
                    Message("%(host)s:%(port)s takes us, on this machine", host=own.host, port=own.port),
                )
            ]
        hint = "Set smtp.security to starttls or tls."
        return [
            warned(
                "relay",
                Message("%(host)s:%(port)s takes us, but without TLS", host=own.host, port=own.port),
                hint,
            )
        ]
    return [passed("relay", Message("%(name)s lets us in", name=name))]


def _one_click(workspace: "Workspace") -> Result:
    from newsletter.doctor import site

    if not _has_secret(workspace):
        return skipped("one-click", "there is no secret for links yet: `newsletter serve` makes it")
    nobody = workspace.signer.token(Purpose.UNSUBSCRIBE, _NOBODY, workspace.now().date())
    return site.one_click(workspace.settings.base_url, nobody)


def _has_secret(workspace: "Workspace") -> bool:
    return bool(secret("NEWSLETTER_SECRET")) or (workspace.var / "secret").exists()


def _account(workspace: "Workspace", name: str) -> list[Result]:
    kind, own = workspace.settings.way(name)
    account, domain = describe(kind).account, workspace.settings.sender.domain
    if account is None:
        return []
    with secrets_of(name if kind != name else ""):
        found = [_as_result("account", problem) for problem in account(own, domain)]
    return found or [
        passed("account", Message("%(name)s may send from %(domain)s", name=name, domain=domain))
    ]


def _mailbox(workspace: "Workspace") -> Result:
    if workspace.settings.bounces.imap is None:
        return skipped("mailbox", "newsletter.yaml names no mailbox for bounces")
    with bounce_mailbox(workspace) as box:
        return passed(
            "mailbox",
            Message(
                "%(host)s lets us in; %(count)s mails wait",
                host=workspace.settings.bounces.imap.host,
                count=len(box),
            ),
        )


def _loop(workspace: "Workspace") -> Result:
    """Send a letter to our own return path, and wait until it is in the mailbox for bounces."""
    settings = workspace.settings
    if settings.transport == OUTBOX or settings.bounces.imap is None or not _has_secret(workspace):
        return skipped("loop", "it takes a transport, a mailbox for bounces (bounces.imap) and a secret")
    now = workspace.now()
    token = workspace.signer.token(Purpose.BOUNCE, _NOBODY, now.date())
    address = f"b+{token}@{settings.sender.domain}"
    identity = f"<doctor.{time.time_ns()}@{settings.sender.domain}>"
    letter = transactional.compose(
        _LETTER,
        settings.envelope(now.date().isoformat()),
        workspace.dkim,
        number=_NOBODY,
        to=address,
        message_id=identity,
        now=now,
        values={},
    )
    batch = transactional.Batch([letter])
    asyncio.run(transactional.send(workspace.ways(settings.transport, now.date()), batch))
    receipt = batch.receipt(_NOBODY)
    if receipt.outcome is not Outcome.ACCEPTED:
        refused = "the relay did not take a letter to %(address)s: %(detail)s"
        return failed("loop", Message(refused, address=address, detail=receipt.detail))
    started = time.monotonic()
    with bounce_mailbox(workspace) as box:
        while not box.take(identity):
            if time.monotonic() - started > _RETURN:
                hint = "See that mail to b+ANYTHING@ your domain ends in the mailbox of bounces.imap."
                lost, seconds = "a letter to %(address)s did not come back in %(seconds)s s", f"{_RETURN:.0f}"
                return failed("loop", Message(lost, address=address, seconds=seconds), hint)
            time.sleep(_LOOK)
    took = f"{time.monotonic() - started:.0f}"
    return passed("loop", Message("a letter to the return path came back in %(seconds)s s", seconds=took))
