"""The ways by which an issue leaves: in which order they are used, and which domains have their own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from newsletter.errors import TransportUnavailable
from newsletter.ports import Transport
from newsletter.sending.pace import domain_of


@dataclass(frozen=True, slots=True)
class Way:
    """A transport under the name that newsletter.yaml gives it.

    `caps` are the most messages on its first day, its second, and so on; the last holds from then on.
    """

    name: str
    transport: Transport
    caps: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways of an issue, the order in which they are used, and other orders by recipient domain."""

    all: Mapping[str, Way]
    order: Sequence[str]
    routes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def only(cls, transport: Transport) -> "Ways":
        """Return a transport as the only way."""
        return cls({transport.name: Way(transport.name, transport)}, [transport.name])

    @property
    def repeatable(self) -> bool:
        """True if a message may be sent again by any of them."""
        return all(way.transport.repeatable for way in self.all.values())

    def after(self, failed: Collection[str]) -> "Ways":
        """Return the same ways in orders in which those that have `failed` come last."""

        def last(names: Sequence[str]) -> list[str]:
            return sorted(names, key=lambda name: name in failed)

        return replace(
            self, order=last(self.order), routes={domain: last(own) for domain, own in self.routes.items()}
        )

    async def check(self) -> str:
        """Return the name of the first way that works.

        Raises TransportUnavailable, with a hint that names the remedy, if none does.
        """
        failed: list[TransportUnavailable] = []
        for name in self.order:
            try:
                await self.all[name].transport.check()
            except TransportUnavailable as error:
                failed.append(error)
            else:
                return name
        raise failed[0]

    def of(self, email: str) -> Sequence[str]:
        """Return the names of the ways to an address, in the order in which they are used."""
        return self.routes.get(domain_of(email), self.order)
