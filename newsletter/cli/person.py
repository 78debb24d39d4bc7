"""The commands on one person: `subscribers add`, `show`, `leave`, `erase`, `restore` and `handover`."""

import re
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.consent import consent, insisted
from newsletter.cli.language import words
from newsletter.cli.listinput import open_list, print_report, reads_list, take
from newsletter.cli.output import confirm, print_json, say
from newsletter.errors import ConfigError, Message, StoreError, counted

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.services.erasure import Erased
    from newsletter.services.person import Blocked
    from newsletter.store.subscriber_data import Facts


class Address(click.ParamType[str]):
    """A mail address, normalised as it is stored."""

    name = "ADDRESS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the address, or fail with what is wrong with it."""
        from newsletter.audience.addresses import check_address

        address, fault = check_address(value.strip())
        if fault:
            self.fail(
                Message("%(value)r is not a mail address: %(fault)s", value=value, fault=fault), param, ctx
            )
        return address


address = click.argument("address", metavar="ADDRESS", type=Address())


@click.command()
@address
@click.option("--name", metavar="NAME", help="Their name.")
@click.option("--sections", metavar="SLUGS", help="Slugs, separated by ; or , (by default all).")
@click.option("--field", "fields", metavar="KEY=VALUE", multiple=True, help="A field of newsletter.yaml.")
@consent
@pass_session
def add(  # noqa: PLR0917  as many as options
    session: Session,
    address: str,
    name: str | None,
    sections: str | None,
    fields: tuple[str, ...],
    consent: str | None,
) -> None:
    """Add or change one person, as a line of an imported list would.

    For a new person the source of their consent is required. Nobody who left, was suppressed or was erased
    is brought back (exit 1).

    \b
    Example:
      newsletter subscribers add olena@example.org --sections social --consent "Her letter of 12 March 2025"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.person import add as add_person
    from newsletter.services.person import check_fields, is_known

    workspace = session.workspace
    cells = {"email": address, "name": name, "sections": sections}
    for pair in fields:
        field, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(
                Message("%(pair)r is not KEY=VALUE", pair=pair), "Write it like --field position=mayor"
            )
        check_fields(workspace, [field])
        cells[field] = value
    given = {column: cell for column, cell in cells.items() if cell is not None}
    source = "" if is_known(workspace, address) else insisted(consent)
    say(add_person(workspace, given, source, "subscribers add"))


@click.command()
@address
@as_json
@pass_session
def show(session: Session, address: str, as_json: bool) -> None:
    """Show everything that is stored about one person.

    That is: source, choices, consents, requests, letters, deliveries, events.

    \b
    Example:
      newsletter subscribers show olena@example.org
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.person import look_up

    data, is_subscriber = look_up(session.workspace, address)
    if as_json:
        print_json(data)
    elif is_subscriber:
        _print_story(data, session.workspace)
    else:
        say(Message("%(address)s (not a subscriber)", address=address))
        _print_facts("Requests", data["requests"], session.workspace)


def _print_story(data: dict[str, Any], workspace: "Workspace") -> None:
    status = words(data["status"])
    if data["reason"]:
        status = f"{status}: {words(data['reason'])}"
    elif data["choices"] and all(choice["state"] == "left" for choice in data["choices"]):
        status = words("has left")
    click.echo(f"{data['email']} ({status})")
    labels = {slug: field.label for slug, field in workspace.settings.fields.items()}
    lines = {words("Name"): data["name"], words("Language"): data["language"]}
    lines |= {labels.get(slug, slug): value for slug, value in data["attributes"].items()}
    lines[words("From")] = f"{data['source']}, {words(workspace.local(data['created_at']))}"
    for label, value in lines.items():
        if value:
            click.echo(f"  {label}: {value}")
    say("Choices")
    for choice in data["choices"]:
        until = choice["until"] and date.fromisoformat(choice["until"])
        text = "%(state)s until %(until)s" if until else "%(state)s"
        state = Message(text, until=until, state=Message(choice["state"]))
        values = {"origin": Message(choice["origin"]), "since": workspace.local(choice["since"])}
        by = words(Message("by %(origin)s, %(since)s", **values))
        click.echo(f"  {choice['section']:<16} {words(state):<8} {by}")
    for heading in ("Consents", "Requests", "Letters", "Deliveries", "Events"):
        _print_facts(heading, data[heading.lower()], workspace)
    if not data["deliveries"]:
        say("No deliveries yet.")


def _print_facts(heading: str, facts: "Facts", workspace: "Workspace") -> None:
    """Print facts, a line each, under a heading; print nothing when there are none."""
    if facts:
        say(heading)
    for fact in facts:
        shown = (f"{words(name)}: {words(_dated(value, workspace))}" for name, value in fact.items() if value)
        click.echo(f"  {'; '.join(shown)}")


def _dated(value: Any, workspace: "Workspace") -> Any:
    """Return a moment as the database has it as such; any other value as it is."""
    stored = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)
    return workspace.local(value) if stored else value


@click.command()
@click.argument("address", metavar="[ADDRESS]", type=Address(), required=False)
@click.argument("sections", metavar="[SECTION]...", nargs=-1)
@click.option(
    "--file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A list of people who have all left everything, such as an export of the unsubscribed.",
)
@reads_list
@as_json
@pass_session
def leave(
    session: Session,
    /,
    address: str | None,
    sections: tuple[str, ...],
    file: Path | None,
    as_json: bool,
    **options: Any,
) -> int | None:
    """Unsubscribe somebody from SECTIONs, or from everything.

    No import brings them back to what they left. An address that is not a reader's is recorded too, as a
    keyed hash: no import adds it. Only the person can come back, by the sign-up page.

    \b
    Examples:
      newsletter subscribers leave olena@example.org social
      newsletter subscribers leave olena@example.org
      newsletter subscribers leave --file unsubscribed.csv
    """  # noqa: D301  click's mark for text that is not re-wrapped
    if (address is None) == (file is None):
        raise ConfigError("name one ADDRESS, or a --file", "See: newsletter subscribers leave --help")
    if file is not None:
        return _all_leave(session, file, options, as_json=as_json)
    if as_json or any(options.values()):
        raise ConfigError("these options are for a --file", "See: newsletter subscribers leave --help")
    _one_leaves(session, address or "", sections)
    return None


def _all_leave(session: Session, file: Path, options: Mapping[str, Any], *, as_json: bool) -> int:
    from newsletter.model import Standing

    source, dry_run = open_list(session, file, options, as_json=as_json), options["dry_run"]
    report = take(source, "", dry_run=dry_run, everybody=Standing.LEFT)
    return print_report(source, report, dry_run=dry_run, as_json=as_json)


def _one_leaves(session: Session, address: str, sections: tuple[str, ...]) -> None:
    from newsletter.services.person import leave as leave_sections

    left = leave_sections(session.workspace, address, sections, "subscribers leave")
    if not left.was_reader:
        say(
            Message(
                "%(address)s is not a reader; the opt-out is recorded, and no import adds them.",
                address=address,
            )
        )
        for same in left.same_mailbox:
            say(Message("%(same)s, the same mailbox, has left the newsletter.", same=same))
    elif left.everything:
        say(Message("%(address)s has left the newsletter.", address=address))
    else:
        chosen = " ".join(left.remaining) or Message("nothing")
        say(
            Message(
                "%(address)s has left %(sections)s; still chosen: %(chosen)s.",
                address=address,
                sections=" ".join(sections),
                chosen=chosen,
            )
        )


@click.command()
@click.argument("address", metavar="[ADDRESS]", type=Address(), required=False)
@click.option("--again", is_flag=True, help="Everybody who was erased and is back from a restored backup.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def erase(session: Session, address: str | None, again: bool, yes: bool) -> None:
    """Erase one person for good; imports never bring them back.

    Only a keyed hash of the address and anonymous deliveries remain. Messages to them in var/outbox are
    deleted too.

    \b
    Examples:
      newsletter subscribers erase olena@example.org
      newsletter subscribers erase --again
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.erasure import erase as erase_everywhere
    from newsletter.services.erasure import finish, returned, to_erase

    workspace = session.workspace
    if (address is None) != again:
        raise ConfigError("name one ADDRESS, or give --again", "See: newsletter subscribers erase --help")
    if address is None:
        found = returned(workspace)
    else:
        found, yes = [address], to_erase(workspace, address).was_confirmed or yes
    if again and (finished := finish(workspace)):
        say(
            Message(
                "Finished %(erasures)s.",
                erasures=counted("%(num)d interrupted erasure", "%(num)d interrupted erasures", finished),
            )
        )
    if found and not yes:
        confirm(Message("Erase %(found)s? This cannot be undone.", found=", ".join(found)), abort=True)
    for one in found:
        _print_erased(one, erase_everywhere(workspace, one))
    if found:
        say("Not touched: list files, exports, backups; after restoring a backup: erase --again.")
    else:
        say("Nobody who was erased is in the database.")


def _print_erased(address: str, what: "Erased") -> None:
    """Print the result of an erasure. Raises StoreError if the write-ahead log still holds the person."""
    from newsletter.services.erasure import Erased

    if what is Erased.BEGUN:
        raise StoreError(
            Message(
                "%(address)s is gone from the tables, but not from the database's log: another program"
                " reads it",
                address=address,
            ),
            "Run this again when that program has ended; `serve` and `worker` finish it automatically.",
        )
    if what is Erased.FINISHED:
        say(Message("%(address)s: the interrupted erasure is finished.", address=address))
    else:
        say(Message("%(address)s is erased; imports refuse a line with this address.", address=address))


@click.command()
@click.argument("address", metavar="ADDRESS", type=Address())
@click.option(
    "--reason", "--because", "why", metavar="WORDS", required=True, help="How you know; `show` prints it."
)
@click.option("--yes", is_flag=True, help="Do not ask, even after a complaint.")
@pass_session
def restore(session: Session, address: str, why: str, yes: bool) -> None:
    """Lift the suppression of an address, so that it gets mail again.

    For example when a full mailbox was emptied, a post was handed over by mistake, or a complaint was not
    the reader's own. Earlier bounces no longer count. After a complaint it asks first: mail services count
    messages to people who complained. Readers who have left must subscribe again themselves. For an address
    that is not a reader's, it lifts an opt-out that was recorded by mistake.

    \b
    Example:
      newsletter subscribers restore olena@example.org --reason "She called: the mailbox works again"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.person import Restored, blocked
    from newsletter.services.person import restore as restore_person

    workspace = session.workspace
    if not yes:
        _confirm(address, blocked(workspace, address))
    done = restore_person(workspace, address, why)
    said = {
        Restored.OPT_OUT_LIFTED: "The opt-out of %(address)s is lifted: imports and `subscribers add` may add"
        " them.",
        Restored.READER: "%(address)s gets the digest again.",
        Restored.HAS_LEFT: "%(address)s is no longer suppressed, but has left: they can subscribe again on"
        " the sign-up page.",
    }
    say(Message(said[done], address=address))


def _confirm(address: str, found: "Blocked") -> None:
    """Ask before lifting an opt-out or a complaint. Raises ConfigError when there is no terminal."""
    from newsletter.services.person import Block

    if found.block is Block.SUPPRESSION:
        return
    if found.block is Block.OPT_OUT:
        error = ConfigError(
            Message("%(address)s %(reason)s, so this needs --yes", address=address, reason=found.reason),
            "If that is a mistake, run this with --yes.",
        )
        question = Message("%(address)s %(reason)s. Is that a mistake?", address=address, reason=found.reason)
    else:
        error = ConfigError(
            Message("%(address)s reported the digest as spam, so this needs --yes", address=address),
            "Ask the reader. If they did not mean it, run this with --yes.",
        )
        question = Message(
            "%(address)s %(reason)s. Did the reader ask for this? Write to them again?",
            address=address,
            reason=found.reason,
        )
    if not sys.stdin.isatty():
        raise error
    confirm(question, abort=True)


@click.command()
@click.argument("old", metavar="OLD", type=Address())
@click.argument("new", metavar="NEW", type=Address())
@click.option("--name", metavar="NAME", default="", help="The successor's name.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@pass_session
def handover(  # noqa: PLR0917  as many as options
    session: Session, old: str, new: str, name: str, yes: bool, as_json: bool
) -> None:
    """Ask NEW, by a letter, to take over the post of OLD.

    Nothing changes until NEW confirms. Then NEW gets the digest instead of OLD. OLD is not asked: make sure
    that they agree, or have left the post.

    \b
    Example:
      newsletter subscribers handover old.mayor@example.org new.mayor@example.org --name "Iryna Tkach"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.handover import ask, look

    workspace = session.workspace
    if not yes:
        found = look(workspace, old, new)
        post, sections = ", ".join(found.post.values()), " ".join(found.sections)
        what = Message(
            "%(holder)s: %(post)s; sections %(sections)s", holder=found.holder, post=post, sections=sections
        )
        say(what, err=as_json)
        confirm(Message("Ask %(new)s to take this over?", new=new), abort=True, err=as_json)
    done = ask(workspace, old, new, name, "subscribers handover")
    if as_json:
        data = {"holder": done.holder, "successor": new, "post": done.post, "sections": done.sections}
        print_json(data)
    else:
        say(Message("A letter asks %(new)s; `newsletter worker` or `serve` sends it.", new=new))
        say(
            Message(
                "Until they confirm, within 7 days, %(holder)s gets the digest as before.", holder=done.holder
            )
        )
