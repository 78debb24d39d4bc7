"""Check that answers and bounces find their way back, and that the relay has a name."""

from collections.abc import Collection
from typing import Any

from newsletter.doctor import Result, failed, passed, skipped, warned
from newsletter.doctor.authentication import silence
from newsletter.doctor.lookup import Dns, Ip, Silent


def mx(dns: Dns, domain: str, subject: str) -> Result:
    """Check that a domain takes mail (RFC 5321 §5.1, RFC 7505), whose reverse is a From nobody can answer."""
    try:
        hosts = [record.exchange.to_text(omit_final_dot=True) for record in dns.records(domain, "MX")]
        found = {host: dns.addresses(host) for host in hosts or [domain] if host not in {"", "."}}
    except Silent as error:
        return silence(subject, error)
    if hosts and not found:
        return failed(subject, f"{domain} says that it takes no mail (a null MX)", _take_mail(domain))
    if not any(found.values()):
        return failed(subject, f"{domain} has no mail server, so nobody can answer", _take_mail(domain))
    if lost := [host for host, addresses in found.items() if not addresses]:
        return warned(subject, f"{', '.join(lost)}, a mail server of {domain}, has no address")
    if not hosts:
        return warned(subject, f"{domain} has no MX record, only an address", _take_mail(domain))
    return passed(subject, f"{domain} takes mail at {', '.join(hosts)}")


def _take_mail(domain: str) -> str:
    return f"Publish an MX record for {domain} with the server of its mailboxes."


def soa(dns: Dns, domain: str) -> Result:
    """Check that a domain lies in a zone of its own (Yahoo asks it of From and return path, read 2026-07)."""
    try:
        found = dns.has_zone(domain)
    except Silent as error:
        return silence("soa", error)
    if not found:
        return failed(
            "soa", f"{domain} is in nobody's zone", "Register the domain, or correct sender.address."
        )
    return passed("soa", f"{domain} lies in a zone")


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
            return failed("ptr", f"{address} has no reverse name (PTR)", cure)
        if not back:
            cure = f"Give {names[0]} the address {address}, or correct the reverse name."
            return failed("ptr", f"{address} is called {names[0]}, which does not lead back to it", cure)
    return passed("ptr", f"{', '.join(map(str, addresses))} and its name agree")


def mta_sts(dns: Dns, domain: str) -> Result:
    """Check the MTA-STS policy of a domain (RFC 8461), if it has one: a wrong one turns bounces away."""
    from checkdmarc import mta_sts as policy  # noqa: PLC0415  0.3 s

    try:
        if not any(text.startswith("v=STSv1") for text in dns.texts(f"_mta-sts.{domain}")):
            return skipped("mta-sts", f"{domain} publishes none; it is optional")
        servers = [record.exchange.to_text(omit_final_dot=True) for record in dns.records(domain, "MX")]
        with dns.listening():
            found: Any = policy.check_mta_sts(domain, resolver=dns.resolver)
    except Silent as error:
        return silence("mta-sts", error)
    if not found["valid"]:
        cure = f"Correct https://mta-sts.{domain}/.well-known/mta-sts.txt, or remove _mta-sts.{domain}."
        return failed("mta-sts", str(found["error"]), cure)
    patterns = found["policy"]["mx"]
    strange = [host for host in servers if not policy.mx_in_mta_sts_patterns(host, patterns)]
    if strange:
        return failed("mta-sts", f"the policy does not name {', '.join(strange)}", "Add the server to it.")
    return passed("mta-sts", f"mode {found['policy']['mode']}, for {', '.join(patterns)}")
