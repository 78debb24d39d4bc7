"""The commands about one person: `subscribers add`, `show`, `leave` and `erase`."""

from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.output import print_json
from newsletter.errors import ConfigError, ContentError
from newsletter.yamlfile import nearest

if TYPE_CHECKING:
    from newsletter.config import Settings
    from newsletter.store.story import Story


class Address(click.ParamType[str]):
    """A mail address, in the form in which it is kept."""

    name = "ADDRESS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the address, or fail with what is wrong with it."""
        from newsletter.audience.addresses import check_address

        address, fault = check_address(value.strip())
        if fault:
            self.fail(f"{value!r} is not a mail address: {fault}", param, ctx)
        return address


address = click.argument("address", metavar="ADDRESS", type=Address())


@click.command()
@address
@click.option("--name", metavar="NAME", help="Their name.")
@click.option("--sections", metavar="SLUGS", help="Slugs with ; or , between; left out, all.")
@click.option("--field", "fields", metavar="KEY=VALUE", multiple=True, help="A field of newsletter.yaml.")
@pass_session
def add(
    session: Session, address: str, name: str | None, sections: str | None, fields: tuple[str, ...]
) -> None:
    """Add one person, or change one, as a line of a list would.

    Nobody who left, was suppressed or was erased is brought back (exit 1).

    \b
    Example:
      newsletter subscribers add olena@example.org --sections social --field region=Сумська
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.audience.lists import Importer, described

    context = session.context
    cells = {"email": address, "name": name, "sections": sections}
    for pair in fields:
        field, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"{pair!r} is not KEY=VALUE", "Write it like --field region=Сумська")
        if field not in context.settings.fields:
            raise ConfigError(f"unknown field {field!r}", nearest(field, context.settings.fields))
        cells[field] = value
    importer = Importer(context.database, context.settings, context.signer)
    given = {column: cell for column, cell in cells.items() if cell is not None}
    click.echo(described(importer.one(given, "subscribers add", context.now())))


@click.command()
@address
@as_json
@pass_session
def show(session: Session, address: str, as_json: bool) -> None:
    """Show everything known of one person: choices with their dates, source, deliveries.

    \b
    Example:
      newsletter subscribers show olena@example.org
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.store.db import reading
    from newsletter.store.erasure import erased_at
    from newsletter.store.story import story

    context = session.context
    with reading(context.database) as connection:
        found = story(connection, address)
        if found is None:
            at = erased_at(connection, address, context.signer)
            raise ContentError(f"{address} was erased at {at}") if at else _nobody(address)
    data = _story(found)
    if as_json:
        print_json(data)
    else:
        _print_story(data, context.settings)


def _nobody(address: str) -> ContentError:
    return ContentError(f"{address} is not here", "See who is: newsletter subscribers list")


def _story(found: "Story") -> dict[str, Any]:
    person = found.person
    return {
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "attributes": person.attributes,
        "status": person.status,
        "reason": person.reason,
        "source": person.source,
        "created_at": person.created_at,
        "choices": [
            {"section": section, **person.choices[section]._asdict(), "since": since}
            for section, since in found.since.items()
        ],
        "deliveries": found.deliveries,
    }


def _print_story(data: dict[str, Any], settings: "Settings") -> None:
    status = data["status"]
    if data["reason"]:
        status = f"{status}: {data['reason']}"
    elif data["choices"] and all(choice["state"] == "left" for choice in data["choices"]):
        status = "has left"
    click.echo(f"{data['email']} ({status})")
    labels = {slug: field.label for slug, field in settings.fields.items()}
    lines = {"Name": data["name"], "Language": data["language"]}
    lines |= {labels.get(slug, slug): value for slug, value in data["attributes"].items()}
    lines["From"] = f"{data['source']}, {data['created_at']}"
    for label, value in lines.items():
        if value:
            click.echo(f"  {label}: {value}")
    click.echo("Choices")
    for choice in data["choices"]:
        click.echo(f"  {choice['section']:<16} {choice['state']:<8} by {choice['origin']}, {choice['since']}")
    click.echo("Deliveries" if data["deliveries"] else "No deliveries yet.")
    for one in data["deliveries"]:
        click.echo(f"  {one['issue']}  {one['state']} {one['at']}  {one['code']} {one['detail']}".rstrip())


@click.command()
@address
@click.argument("sections", metavar="[SECTION]...", nargs=-1)
@pass_session
def leave(session: Session, address: str, sections: tuple[str, ...]) -> None:
    """Record that a reader asked to leave SECTIONs; none named, the whole newsletter.

    No list brings them back to what they left.

    \b
    Examples:
      newsletter subscribers leave olena@example.org social
      newsletter subscribers leave olena@example.org
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.store import people
    from newsletter.store.choices import has_left
    from newsletter.store.db import writing

    context = session.context
    optional = [section.slug for section in context.settings.sections if not section.always]
    for section in sections:
        if section not in optional:
            raise ConfigError(f"there is no section {section!r} to leave", nearest(section, optional))
    with writing(context.database) as connection:
        person = people.find(connection, address)
        if person is None:
            raise _nobody(address)
        people.leave(connection, person.id, sections, optional, context.now())
        after = people.find(connection, address) or person
    if has_left(after.choices):
        click.echo(f"{address} has left the newsletter.")
    else:
        kept = (section for section, choice in sorted(after.choices.items()) if choice.state == "active")
        click.echo(f"{address} has left {' '.join(sections)}; still chosen: {' '.join(kept) or 'nothing'}.")


@click.command()
@address
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def erase(session: Session, address: str, yes: bool) -> None:
    """Erase one person for good; lists never bring them back.

    What is left is a keyed hash of the address, and deliveries as numbers.

    \b
    Example:
      newsletter subscribers erase olena@example.org
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.store import erasure, people
    from newsletter.store.db import reading

    context = session.context
    with reading(context.database) as connection:
        if people.find(connection, address) is None:
            raise _nobody(address)
    if not yes:
        click.confirm(f"Erase {address}? This cannot be undone.", abort=True)
    erasure.erase(context.database, address, context.signer, context.now())
    click.echo(f"{address} is erased; lists that still hold the address are refused on that line.")
    click.echo("Not touched: list files, mail already written to var/outbox, backups.")
