"""Ask the DNS, and tell an answer from silence: that a name has no record, from that nobody answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from dns.exception import DNSException
from dns.name import Name
from dns.nameserver import Do53Nameserver
from dns.resolver import NXDOMAIN, Answer, NoAnswer, Resolver, zone_for_name
from dns.reversename import from_address

from newsletter.errors import ConfigError, Message

Ip = IPv4Address | IPv6Address

_LIFETIME = 5.0  # seconds for one question, over all name servers
_TOP = 2  # labels of a top-level domain, the root's empty one included
_ATTEMPT = 1.5  # seconds until a lost datagram is sent again


class Silent(Exception):  # noqa: N818  the condition is the name
    """No name server gave a usable answer; nothing is known."""


class _NotingResolver(Resolver):
    """A resolver that notes unanswered questions, also those that a library asks and then forgets."""

    def __init__(self, *, configure: bool) -> None:
        super().__init__(configure=configure)
        self.timeout, self.lifetime = _ATTEMPT, _LIFETIME
        self.unanswered: list[str] = []

    def resolve(self, qname: Name | str, *arguments: Any, **options: Any) -> Answer:
        try:
            return super().resolve(qname, *arguments, **options)
        except (NXDOMAIN, NoAnswer):
            raise
        except (DNSException, OSError):
            self.unanswered.append(str(qname))
            raise


class Dns:
    """The DNS as `nameserver` knows it (`address` or `address:port`), else as this machine does."""

    def __init__(self, nameserver: str = "") -> None:
        self.resolver = _NotingResolver(configure=not nameserver)
        if nameserver:
            self.resolver.nameservers = [_server(nameserver)]

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Raise Silent after the block if one of its questions was not answered; checkdmarc asks anew."""
        from checkdmarc.utils import DNS_CACHE  # noqa: PLC0415  0.3 s

        DNS_CACHE.clear()
        self.resolver.unanswered.clear()
        yield
        if self.resolver.unanswered:
            raise Silent(self.resolver.unanswered[0])

    def records(self, name: str, kind: str) -> list[Any]:
        """Return the records of one kind, such as MX; none if there are none. Raises Silent."""
        try:
            return list(self.resolver.resolve(name, kind))
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError) as error:
            raise Silent(name) from error

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name, each joined from its strings. Raises Silent."""
        return [b"".join(record.strings).decode(errors="replace") for record in self.records(name, "TXT")]

    def addresses(self, name: str) -> list[Ip]:
        """Return the IP addresses of a name. Raises Silent."""
        return [ip_address(str(record)) for kind in ("A", "AAAA") for record in self.records(name, kind)]

    def names(self, address: Ip) -> list[str]:
        """Return the names of an IP address by reverse lookup (PTR). Raises Silent."""
        found = self.records(from_address(str(address)).to_text(), "PTR")
        return [record.target.to_text(omit_final_dot=True) for record in found]

    def has_zone(self, domain: str) -> bool:
        """Tell whether a domain lies in a zone of its own name or its parent's (an SOA). Raises Silent."""
        try:
            zone = zone_for_name(domain, resolver=self.resolver)
        except (DNSException, OSError) as error:
            raise Silent(domain) from error
        return len(zone) > _TOP


def _server(text: str) -> Do53Nameserver:
    address, _, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "")
    try:
        return Do53Nameserver(str(ip_address(address.strip("[]"))), int(port or 53))
    except ValueError:
        raise ConfigError(
            Message("%(text)r is not the address of a name server", text=text),
            "Write it as 1.1.1.1 or 127.0.0.1:5353.",
        ) from None
