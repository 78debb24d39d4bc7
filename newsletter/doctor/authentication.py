"""Check that mail can be proven to come from its sender: SPF (RFC 7208), DKIM (6376), DMARC (7489)."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from newsletter.doctor import Result, failed, passed, warned
from newsletter.doctor.lookup import Dns, Ip, Silent
from newsletter.errors import Message

Network = IPv4Network | IPv6Network

_SHORTEST = 1024  # bits of an RSA key (RFC 8301 §3.2); who has a short one of 2048 is told offline
_SILENCE = "Ask again, or another name server: --nameserver 1.1.1.1"


def silence(subject: str, name: object) -> Result:
    """Return the warning that the DNS did not answer: that is never a pass."""
    return warned(
        subject, Message("the DNS does not answer for %(name)s, so nothing is known", name=name), _SILENCE
    )


def spf(dns: Dns, domain: str, senders: Collection[Ip]) -> Result:
    """Check the SPF record of the return path's domain; it must name all `senders` that are known."""
    from checkdmarc.spf import check_spf  # noqa: PLC0415  0.4 s

    try:
        with dns.listening():
            found: dict[str, Any] = check_spf(domain, resolver=dns.resolver)
        networks = list(_networks(found.get("parsed"), dns))
    except Silent as error:
        return silence("spf", error)
    if not found["valid"]:
        return failed("spf", _sentence(found["error"]), _spf_cure(domain, senders, found.get("record")))
    fine = passed(
        "spf",
        Message(
            "%(record)s (%(dns_lookups)s of 10 lookups)",
            record=found["record"],
            dns_lookups=found["dns_lookups"],
        ),
    )
    return next(_spf_faults(domain, _missing(senders, networks), found), fine)


def _missing(senders: Collection[Ip], networks: Collection[Network]) -> list[Ip]:
    return [one for one in senders if not any(one in network for network in networks)]


def _spf_faults(domain: str, missing: Collection[Ip], found: Mapping[str, Any]) -> Iterator[Result]:
    record, others = found["record"], found["parsed"]["all"]
    named = ", ".join(map(str, missing))
    if others == "pass":
        yield failed("spf", "the SPF record lets everybody send (+all)", "End it with -all or ~all.")
    if missing and any(sign in record for sign in ("exists:", "ptr", "%{")):
        yield warned(
            "spf", Message("whether the SPF record names %(named)s depends on the message", named=named)
        )
    elif missing:
        text = Message(
            "the SPF record of %(domain)s does not name the relay: %(named)s", domain=domain, named=named
        )
        yield failed("spf", text, _spf_cure(domain, missing, record))
    if others in {"neutral", None}:
        open_end = "the SPF record says nothing of other senders (?all)"
        yield warned("spf", open_end, "End it with -all or ~all.")


def _sentence(error: object) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _spf_cure(domain: str, senders: Collection[Ip], record: str | None) -> str:
    parts = " ".join(f"ip{one.version}:{one}" for one in senders) or "include:… (by your mail provider)"
    if record:
        return Message(
            "Put into the TXT record of %(domain)s, before its `all`: %(parts)s", domain=domain, parts=parts
        )
    return Message("Publish a TXT record for %(domain)s: v=spf1 %(parts)s ~all", domain=domain, parts=parts)


def _networks(parsed: object, dns: Dns) -> Iterator[Network]:
    """Yield every network that a parsed SPF record, its included ones too, lets send. Raises Silent."""
    if isinstance(parsed, dict):
        if parsed.get("action", "pass") == "pass":
            for name, value in parsed.items():
                if name == "hostname":  # of an MX record, whose addresses the library leaves out
                    yield from (ip_network(address) for address in dns.addresses(value))
                yield from _networks(value, dns)
    elif isinstance(parsed, list):
        for value in parsed:
            yield from _networks(value, dns)
    elif isinstance(parsed, str):
        with suppress(ValueError):
            yield ip_network(parsed, strict=False)


def dkim(dns: Dns, selector: str, domain: str, ours: bytes) -> Result:
    """Check the published DKIM key: there, long enough, and the public half of ours (`ours`, in DER)."""
    name = f"{selector}._domainkey.{domain}"
    try:
        records = [text for text in dns.texts(name) if "p=" in text]
    except Silent as error:
        return silence("dkim", error)
    return next(_dkim_faults(name, records, ours), passed("dkim", Message("%(name)s has our key", name=name)))


def _dkim_faults(name: str, records: Sequence[str], ours: bytes) -> Iterator[Result]:
    cure = Message(
        "Publish as the TXT record of %(name)s: v=DKIM1; k=rsa; p=%(key)s",
        name=name,
        key=b64encode(ours).decode(),
    )
    if len(records) != 1:
        yield failed(
            "dkim",
            Message("%(name)s has %(count)s DKIM keys, where one belongs", name=name, count=len(records)),
            cure,
        )
        return
    tags = _tags(records[0])
    if not tags["p"]:
        yield failed("dkim", Message("the DKIM key at %(name)s was revoked (p=)", name=name), cure)
        return
    key = _public_key(tags["p"])
    if key is None:
        yield failed("dkim", Message("the record at %(name)s holds no readable RSA key", name=name), cure)
    elif key.key_size < _SHORTEST:
        yield failed(
            "dkim",
            Message(
                "the key at %(name)s has only %(bits)s bits; receivers ignore it",
                name=name,
                bits=key.key_size,
            ),
            cure,
        )
    elif key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != ours:
        yield failed(
            "dkim", Message("the key at %(name)s is not the one that this press signs with", name=name), cure
        )
    if "y" in tags.get("t", ""):
        yield warned(
            "dkim",
            Message("%(name)s says that DKIM is only being tried (t=y)", name=name),
            "Remove t=y from the record.",
        )


def _public_key(text: str) -> RSAPublicKey | None:
    try:
        key = load_der_public_key(b64decode("".join(text.split()), validate=True))
    except (Base64Error, ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def dmarc(dns: Dns, domain: str, signing: str | None) -> list[Result]:
    """Check the DMARC record of the From domain, and that signatures of `signing` count for it."""
    from checkdmarc.dmarc import check_dmarc  # noqa: PLC0415  0.3 s

    try:
        with dns.listening():
            found: Any = check_dmarc(domain, resolver=dns.resolver)
    except Silent as error:
        return [silence("dmarc", error)]
    if not found["valid"]:
        cure = Message(
            "Publish a TXT record for _dmarc.%(domain)s: v=DMARC1; p=none; rua=mailto:postmaster@%(domain)s",
            domain=domain,
        )
        return [failed("dmarc", _sentence(found["error"]), cure)]
    tags = {name: tag["value"] for name, tag in found["tags"].items()}
    results = [_policy(found["location"], tags)]
    if signing:
        strict = tags["adkim"] == "s" and signing != domain
        results.append(
            failed(
                "alignment",
                Message(
                    "DMARC asks for the exact domain (adkim=s), and %(signing)s signs for %(domain)s",
                    signing=signing,
                    domain=domain,
                ),
                Message(
                    "Sign with `dkim: {domain: %(domain)s}`, or take adkim=s out of the record.",
                    domain=domain,
                ),
            )
            if strict
            else passed(
                "alignment",
                Message(
                    "signed by %(signing)s, returned to %(domain)s: aligned with From",
                    signing=signing,
                    domain=domain,
                ),
            )
        )
    return results


def _policy(location: str, tags: dict[str, Any]) -> Result:
    if not tags.get("rua"):
        hint = Message("Add rua=mailto:… to the record at _dmarc.%(location)s.", location=location)
        return warned("dmarc", Message("p=%(p)s, but nobody gets the reports", p=tags["p"]), hint)
    return passed("dmarc", Message("p=%(p)s at _dmarc.%(location)s", p=tags["p"], location=location))
