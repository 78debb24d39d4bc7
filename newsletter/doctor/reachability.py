"""Check that answers and bounces find their way back, and that the relay has a name."""

from collections.abc import Collection
from typing import Any

from newsletter.doctor import Result, failed, passed, skipped, warned
from newsletter.doctor.authentication import silence
from newsletter.doctor.lookup import Dns, Ip, Silent
from newsletter.errors import Message


def mx(dns: Dns, domain: str, subject: str) -> Result:
    """Check that a domain takes mail (RFC 5321 §5.1, RFC 7505), whose reverse is a From nobody can answer."""
    try:
        hosts = [record.exchange.to_text(omit_final_dot=True) for record in dns.records(domain, "MX")]
        found = {host: dns.addresses(host) for host in hosts or [domain] if host not in {"", "."}}
    except Silent as error:
        return silence(subject, error)
    if hosts and not found:
        return failed(
            subject,
            Message("%(domain)s says that it takes no mail (a null MX)", domain=domain),
            _take_mail(domain),
        )
    if not any(found.values()):
        return failed(
            subject,
            Message("%(domain)s has no mail server, so nobody can answer", domain=domain),
            _take_mail(domain),
        )
    if lost := [host for host, addresses in found.items() if not addresses]:
        return warned(
            subject,
            Message(
                "%(lost)s, a mail server of %(domain)s, has no address", lost=", ".join(lost), domain=domain
            ),
        )
    if not hosts:
        return warned(
            subject,
            Message("%(domain)s has no MX record, only an address", domain=domain),
            _take_mail(domain),
        )
    return passed(
        subject, Message("%(domain)s takes mail at %(hosts)s", domain=domain, hosts=", ".join(hosts))
    )


def _take_mail(domain: str) -> str:
    return Message("Publish an MX record for %(domain)s with the server of its mailboxes.", domain=domain)


def soa(dns: Dns, domain: str) -> Result:
    """Check that a domain lies in a zone of its own (Yahoo asks it of From and return path, read 2026-07)."""
    try:
        found = dns.has_zone(domain)
    except Silent as error:
        return silence("soa", error)
    if not found:
        return failed(
            "soa",
            Message("%(domain)s is in nobody's zone", domain=domain),
            "Register the domain, or correct sender.address.",
        )
    return passed("soa", Message("%(domain)s lies in a zone", domain=domain))


def ptr(dns: Dns, addresses: Collection[Ip]) -> Result:
    """Check that each address of our own relay has a name which leads back to it (forward-confirmed)."""
    if not addresses:
        return skipped("ptr", "the relay is not ours, or its public address is not known here")
    for address in addresses:
        try:
            names = dns.names(address)
            back = [name for name in names if address in dns.addresses(name)]
        except Silent as error:
            return silence("ptr", error)
        if not names:
            cure = "Ask whoever gave you the address to set its reverse name to the relay's."
            return failed("ptr", Message("%(address)s has no reverse name (PTR)", address=address), cure)
        if not back:
            cure = Message(
                "Give %(names)s the address %(address)s, or correct the reverse name.",
                names=names[0],
                address=address,
            )
            return failed(
                "ptr",
                Message(
                    "%(address)s is called %(names)s, which does not lead back to it",
                    address=address,
                    names=names[0],
                ),
                cure,
            )
    return passed(
        "ptr", Message("%(addresses)s and its name agree", addresses=", ".join(map(str, addresses)))
    )


def mta_sts(dns: Dns, domain: str) -> Result:
    """Check the MTA-STS policy of a domain (RFC 8461), if it has one: a wrong one turns bounces away."""
    from checkdmarc import mta_sts as policy  # noqa: PLC0415  0.3 s

    try:
        if not any(text.startswith("v=STSv1") for text in dns.texts(f"_mta-sts.{domain}")):
            return skipped("mta-sts", Message("%(domain)s publishes none; it is optional", domain=domain))
        servers = [record.exchange.to_text(omit_final_dot=True) for record in dns.records(domain, "MX")]
        with dns.listening():
            found: Any = policy.check_mta_sts(domain, resolver=dns.resolver)
    except Silent as error:
        return silence("mta-sts", error)
    if not found["valid"]:
        cure = Message(
            "Correct https://mta-sts.%(domain)s/.well-known/mta-sts.txt, or remove _mta-sts.%(domain)s.",
            domain=domain,
        )
        return failed("mta-sts", str(found["error"]), cure)
    patterns = found["policy"]["mx"]
    strange = [host for host in servers if not policy.mx_in_mta_sts_patterns(host, patterns)]
    if strange:
        return failed(
            "mta-sts",
            Message("the policy does not name %(strange)s", strange=", ".join(strange)),
            "Add the server to it.",
        )
    return passed(
        "mta-sts",
        Message(
            "mode %(mode)s, for %(patterns)s", mode=found["policy"]["mode"], patterns=", ".join(patterns)
        ),
    )
