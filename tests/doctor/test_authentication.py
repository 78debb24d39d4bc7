"""SPF, DKIM and DMARC as a receiver would judge them, asked of a real name server on loopback."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.doctor import Level, Result, authentication
from newsletter.doctor.lookup import Dns
from newsletter.errors import ConfigError
from tests import dns_server

RELAY = ip_address("203.0.113.7")
SHORT = (
    "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhALEixN4eXvi2ej05PluAOorj5xBFMhWzHVPNb4sY3gysseG1"
    "nEhf8h8IYqghpJxgxKCrTPzYs2uhuGnSvsrNLqWnIQwGCwbakc6P2Rffdgnx5MeLjZXXjosx72tG9kdrlwIDAQAB"
)
"""A public key of 768 bits, as was usual once."""
OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def der(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@contextmanager
def zone(records: str, *silent: str) -> Iterator[Dns]:
    with dns_server.running(records, *silent) as server:
        dns = Dns(server.address)
        dns.resolver.timeout = dns.resolver.lifetime = 0.3
        yield dns


def spf_of(record: str, more: str = "", senders: tuple[str, ...] = (str(RELAY),)) -> Result:
    with zone(f'city.test. 60 TXT "{record}"\n{more}') as dns:
        return authentication.spf(dns, "city.test", [ip_address(one) for one in senders])


@pytest.mark.parametrize(
    ("record", "more"),
    [
        ("v=spf1 ip4:203.0.113.0/24 -all", ""),
        ("v=spf1 a:mail.city.test ~all", "mail.city.test. 60 A 203.0.113.7"),
        ("v=spf1 mx -all", "city.test. 60 MX 10 mail.city.test.\nmail.city.test. 60 A 203.0.113.7"),
        ("v=spf1 include:_spf.host.test -all", '_spf.host.test. 60 TXT "v=spf1 ip4:203.0.113.7 ?all"'),
        ("v=spf1 redirect=_spf.host.test", '_spf.host.test. 60 TXT "v=spf1 ip4:203.0.113.7 -all"'),
    ],
)
def test_a_record_that_names_the_relay_passes(record: str, more: str) -> None:
    assert spf_of(record, more).level is Level.OK


@pytest.mark.parametrize(
    ("record", "more", "said"),
    [
        ("v=spf1 ip4:198.51.100.0/24 -all", "", "does not name the relay: 203.0.113.7"),
        ("v=spf1 -ip4:203.0.113.7 -all", "", "does not name the relay"),
        ("v=spf1 +all", "", "lets everybody send"),
        ("v=spf1 ip4:203.0.113.7/99 -all", "", "not a valid IPv4"),
        ("v=spf1 include:city.test -all", "", "loop"),
        ("v=spf1 include:gone.test -all", "", "gone.test"),
        ("something else", "", "SPF"),
        ("v=spf1 ip4:203.0.113.7 -all", 'city.test. 60 TXT "v=spf1 -all"', "multiple"),
    ],
)
def test_a_record_that_would_cost_messages_fails_with_a_cure(record: str, more: str, said: str) -> None:
    found = spf_of(record, more)
    assert found.level is Level.ERROR
    assert said.casefold() in found.text.casefold()
    assert found.hint


def test_more_than_ten_lookups_fail() -> None:
    many = " ".join(f"a:n{number}.city.test" for number in range(11))
    hosts = "\n".join(f"n{number}.city.test. 60 A 203.0.113.7" for number in range(11))
    assert spf_of(f"v=spf1 {many} -all", hosts).level is Level.ERROR


def test_a_record_that_is_silent_on_others_and_one_by_macro_are_warnings() -> None:
    assert spf_of("v=spf1 ip4:203.0.113.7 ?all").level is Level.WARNING
    assert spf_of("v=spf1 exists:%{i}._spf.city.test -all").level is Level.WARNING


def test_the_cure_for_a_missing_record_is_the_record() -> None:
    with zone("city.test. 60 A 203.0.113.1") as dns:
        found = authentication.spf(dns, "city.test", [RELAY])
    assert "v=spf1 ip4:203.0.113.7 ~all" in found.hint


@pytest.mark.parametrize("silent", ["city.test", "mail.city.test"])
def test_silence_is_a_warning_and_never_a_pass(silent: str) -> None:
    records = 'city.test. 60 TXT "v=spf1 ip4:203.0.113.7 a:mail.city.test -all"'
    with zone(records, silent) as dns:
        found = authentication.spf(dns, "city.test", [RELAY])
    assert found.level is Level.WARNING
    assert "does not answer" in found.text


def dkim_of(*records: str) -> Result:
    lines = "\n".join(f"s1._domainkey.city.test. 60 TXT {one}" for one in records)
    with zone(lines or "city.test. 60 A 203.0.113.1") as dns:
        return authentication.dkim(dns, "s1", "city.test", der(OURS))


def text(content: bytes, front: str = "v=DKIM1; k=rsa; p=") -> str:
    """Return a TXT record of strings of at most 255 bytes."""
    whole = f"{front}{b64encode(content).decode()}"
    return " ".join(f'"{whole[start : start + 200]}"' for start in range(0, len(whole), 200))


def test_our_own_published_key_passes() -> None:
    assert dkim_of(text(der(OURS))).level is Level.OK


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], "has 0 DKIM keys"),
        (['"v=DKIM1; p="'], "revoked"),
        (['"v=DKIM1; p=not-base64!"'], "no readable"),
        ([text(der(ec.generate_private_key(ec.SECP256R1())))], "no readable"),
        ([text(der(rsa.generate_private_key(65537, 2048)))], "not the one"),
        ([text(der(OURS)), '"v=DKIM1; p=AAAA"'], "2 DKIM keys"),
    ],
)
def test_another_key_than_ours_fails_and_the_cure_is_the_record(records: list[str], said: str) -> None:
    found = dkim_of(*records)
    assert found.level is Level.ERROR
    assert said in found.text
    assert b64encode(der(OURS)).decode() in found.hint


def test_a_key_that_receivers_ignore_fails() -> None:
    found = dkim_of(f'"v=DKIM1; p={SHORT}"')
    assert found.level is Level.ERROR
    assert "768 bits" in found.text


def test_a_key_on_trial_is_a_warning() -> None:
    assert dkim_of(text(der(OURS), "v=DKIM1; t=y; p=")).level is Level.WARNING


def dmarc_of(record: str, signing: str = "city.test", domain: str = "city.test") -> dict[str, Level]:
    hosts = "city.test. 60 MX 10 news.city.test.\nnews.city.test. 60 A 203.0.113.7"
    with zone(f'_dmarc.city.test. 60 TXT "{record}"\n{hosts}') as dns:
        return {one.subject: one.level for one in authentication.dmarc(dns, domain, signing)}


def test_a_policy_passes_for_the_domain_and_those_below_it() -> None:
    record = "v=DMARC1; p=none; rua=mailto:post@city.test"
    assert dmarc_of(record) == {"dmarc": Level.OK, "alignment": Level.OK}
    assert dmarc_of(record, domain="news.city.test") == {"dmarc": Level.OK, "alignment": Level.OK}


def test_a_policy_whose_reports_nobody_gets_is_a_warning() -> None:
    assert dmarc_of("v=DMARC1; p=none")["dmarc"] is Level.WARNING


def test_exact_alignment_and_a_signature_of_the_parent_domain_do_not_agree() -> None:
    record = "v=DMARC1; p=reject; adkim=s; rua=mailto:post@city.test"
    assert dmarc_of(record, domain="news.city.test")["alignment"] is Level.ERROR
    assert dmarc_of(record)["alignment"] is Level.OK


@pytest.mark.parametrize("record", ["v=DMARC1; p=perhaps", "v=spf1 -all"])
def test_a_policy_that_receivers_ignore_fails(record: str) -> None:
    assert dmarc_of(record) == {"dmarc": Level.ERROR}


def test_an_unanswered_question_about_dmarc_is_a_warning() -> None:
    with zone("city.test. 60 A 203.0.113.1", "_dmarc.city.test") as dns:
        (found,) = authentication.dmarc(dns, "city.test", "city.test")
    assert found.level is Level.WARNING


def test_a_name_server_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="not the address"):
        Dns("dns.example")
