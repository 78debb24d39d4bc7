"""The commands on all subscribers: `subscribers list`, `subscribers report` and `segments`."""

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.language import words
from newsletter.cli.lists import export_list, import_list, in_segment
from newsletter.cli.output import print_json, say
from newsletter.cli.person import add, erase, handover, leave, restore, show
from newsletter.errors import Message

if TYPE_CHECKING:
    from newsletter.audience.statistics import Statistics
    from newsletter.audience.ukraine.coverage import Coverage
    from newsletter.config import Settings

_VALUES_SHOWN = 12


class _InOrder(click.Group):
    """Lists commands in the order of a subscription's life, not alphabetically."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return every command in the order in which it was added."""
        return list(self.commands)


@click.group(cls=_InOrder)
def subscribers() -> None:
    """Import and export lists of people; show, add, unsubscribe or erase people.

    \b
    Examples:
      newsletter subscribers import subscribers/example.csv --dry-run
      newsletter subscribers show olena@example.org
    """  # noqa: D301  click's mark for text that is not re-wrapped


@click.command("list")
@in_segment
@click.option("--section", metavar="SLUG", help="Only readers who chose this section, or all.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only the first N.")
@as_json
@pass_session
def list_readers(
    session: Session, segment: str | None, section: str | None, limit: int | None, as_json: bool
) -> None:
    """List readers: address, name, sections. Those who left are not among them.

    \b
    Example:
      newsletter subscribers list --section social --limit 20
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.subscribers import readers

    found = islice(readers(session.workspace, segment=segment, section=section), limit)
    if as_json:
        print_json([{**asdict(reader), "sections": sorted(reader.sections)} for reader in found])
        return
    for reader in found:
        click.echo(f"{reader.email}\t{reader.name}\t{' '.join(sorted(reader.sections))}")


@click.command()
@click.option(
    "--region", metavar="NAME", help="List the communities of this region, with and without a reader."
)
@as_json
@pass_session
def report(session: Session, region: str | None, as_json: bool) -> None:
    """Count people by status, section and field, and communities that have a reader.

    Communities are those of Ukraine's register, if newsletter.yaml has fields of kind region and community.

    \b
    Examples:
      newsletter subscribers report
      newsletter subscribers report --json
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.subscribers import report as count

    found = count(session.workspace, region)
    covered = found.coverage
    if as_json:
        print_json(asdict(found.statistics) | {"coverage": covered and _coverage_data(covered, found.region)})
    elif covered and found.region:
        _print_region(covered, found.region)
    else:
        _print_census(found.statistics, session.workspace.settings)
        if covered:
            _print_coverage(covered)


def _coverage_data(covered: "Coverage", wanted: str) -> dict[str, Any]:
    return asdict(covered) | {
        "communities": covered.communities,
        "having": covered.having,
        "regions": [
            asdict(region) | {"communities": region.communities}
            for region in covered.regions
            if wanted in {"", region.name}
        ],
    }


def _row(count: int, what: object) -> None:
    click.echo(f"{count:>8}  {words(what)}")


def _heading(what: object) -> None:
    click.echo()
    say(what)


def _print_coverage(covered: "Coverage") -> None:
    _heading(
        Message(
            "Communities with a reader: %(having)s of %(communities)s",
            having=covered.having,
            communities=covered.communities,
        )
    )
    for region in covered.regions:
        having, every = f"{len(region.having):>8}", f"{region.communities:<4}"
        click.echo(f"{words(Message('%(having)s of %(all)s', having=having, all=every))} {region.name}")
    if covered.nowhere:
        _row(covered.nowhere, "readers name no place")
    if covered.strangers:
        _heading("Not in the register")
    for stranger in covered.strangers[:_VALUES_SHOWN]:
        meant = words(Message(" (perhaps %(nearest)s)", nearest=stranger.nearest)) if stranger.nearest else ""
        place = ", ".join(filter(None, (stranger.community, stranger.region)))
        click.echo(f"{stranger.readers:>8}  {place}{meant}")
    if len(covered.strangers) > _VALUES_SHOWN:
        say(
            Message(
                "… and %(count)s more; --json prints them",
                count=len(covered.strangers) - _VALUES_SHOWN,
            )
        )


def _print_region(covered: "Coverage", name: str) -> None:
    region = next(one for one in covered.regions if one.name == name)
    say(
        Message(
            "%(name)s: %(count)s of %(communities)s communities have a reader",
            name=name,
            count=len(region.having),
            communities=region.communities,
        )
    )
    for community, readers in region.having.items():
        click.echo(f"{readers:>8}  {community}")
    if region.unplaced:
        _row(region.unplaced, "name no community")
    _heading(Message("Without a reader: %(count)s", count=len(region.without)))
    for community in region.without:
        click.echo(f"          {community}")


def _print_census(counted: "Statistics", settings: "Settings") -> None:
    everything = Message("readers, %(all)s of them with all sections", all=counted.every_section)
    _row(counted.readers, everything)
    _row(counted.inactive, "left or paused everything, or have not confirmed yet")
    _row(counted.suppressed, "suppressed")
    _row(counted.erased, "erased")
    _heading("Readers by section")
    for section in settings.sections:
        always = f" ({words('goes to everyone')})" if section.always else ""
        click.echo(f"{counted.sections[section.slug]:>8}  {section.title}{always}")
    for slug, values in counted.fields.items():
        if not values:
            continue
        _heading(Message("Readers by field: %(label)s", label=settings.fields[slug].label))
        for value, count in islice(values.items(), _VALUES_SHOWN):
            click.echo(f"{count:>8}  {value or '—'}")
        if len(values) > _VALUES_SHOWN:
            say(
                Message(
                    "… and %(count)s more values; --json prints them",
                    count=len(values) - _VALUES_SHOWN,
                )
            )


@click.command()
@click.argument("name", metavar="[NAME]", required=False)
@as_json
@pass_session
def segments(session: Session, name: str | None, as_json: bool) -> int:
    """List the segments with their numbers of readers; with NAME, list that segment's readers.

    Segments are the named conditions in subscribers/segments.yaml.

    \b
    Examples:
      newsletter segments
      newsletter segments kharkiv
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.subscribers import readers
    from newsletter.services.subscribers import segments as sizes

    if name is not None:
        members = (reader.email for reader in readers(session.workspace, segment=name))
        if as_json:
            print_json({"name": name, "readers": list(members)})
        else:
            for member in members:
                click.echo(member)
        return 0
    found, problems = sizes(session.workspace)
    if as_json:
        print_json([asdict(segment) for segment in found])
    else:
        for segment in found:
            click.echo(f"{segment.readers:>8}  {segment.name:<20} {segment.about}".rstrip())
    for problem in problems:
        say(problem, err=True)
    return FINDINGS if problems else 0


for command in (
    import_list,
    export_list,
    list_readers,
    add,
    show,
    leave,
    handover,
    restore,
    erase,
    report,
):
    subscribers.add_command(command)

COMMANDS = {"subscribers": subscribers, "segments": segments}
