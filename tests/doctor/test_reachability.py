"""Answers and bounces find their way back, and the relay has a name: asked of a real name server."""

from ipaddress import ip_address

import pytest

from newsletter.doctor import Level, Result, reachability
from newsletter.doctor.lookup import Dns
from tests import dns_server

RELAY = ip_address("203.0.113.7")
REVERSE = "7.113.0.203.in-addr.arpa."


def mx_of(records: str, *silent: str) -> Result:
    with dns_server.running(records, *silent) as server:
        return reachability.mx(_hurried(server), "city.test", "mx")


def ptr_of(records: str, *silent: str) -> Result:
    with dns_server.running(records, *silent) as server:
        return reachability.ptr(_hurried(server), [RELAY])


def _hurried(server: dns_server.NameServer) -> Dns:
    dns = Dns(server.address)
    dns.resolver.timeout = dns.resolver.lifetime = 0.3
    return dns


@pytest.mark.parametrize(
    ("records", "level"),
    [
        ("city.test. 60 MX 10 mail.city.test.\nmail.city.test. 60 A 203.0.113.9", Level.OK),
        ("city.test. 60 MX 10 mail.city.test.\nmail.city.test. 60 AAAA 2001:db8::9", Level.OK),
        ("city.test. 60 A 203.0.113.9", Level.WARNING),
        (
            "city.test. 60 MX 10 gone.test.\ncity.test. 60 MX 20 here.test.\nhere.test. 60 A 203.0.113.9",
            Level.WARNING,
        ),
        ("city.test. 60 MX 10 gone.city.test.", Level.ERROR),
        ("city.test. 60 MX 0 .", Level.ERROR),
        ("other.test. 60 A 203.0.113.9", Level.ERROR),
    ],
)
def test_a_domain_that_cannot_be_answered_is_found(records: str, level: Level) -> None:
    assert mx_of(records).level is level


def test_silence_about_a_mail_server_is_a_warning() -> None:
    found = mx_of("city.test. 60 MX 10 mail.city.test.", "mail.city.test")
    assert found.level is Level.WARNING
    assert "does not answer" in found.text


@pytest.mark.parametrize(
    ("records", "level"),
    [
        (f"{REVERSE} 60 PTR mail.city.test.\nmail.city.test. 60 A 203.0.113.7", Level.OK),
        (f"{REVERSE} 60 PTR mail.city.test.\nmail.city.test. 60 A 203.0.113.8", Level.ERROR),
        (f"{REVERSE} 60 PTR mail.city.test.", Level.ERROR),
        ("city.test. 60 A 203.0.113.7", Level.ERROR),
    ],
)
def test_the_relay_s_name_leads_back_to_its_address(records: str, level: Level) -> None:
    assert ptr_of(records).level is level


def test_a_relay_that_is_not_ours_needs_no_name_from_us() -> None:
    with dns_server.running("city.test. 60 A 203.0.113.7") as server:
        assert reachability.ptr(_hurried(server), []).level is Level.SKIPPED


def test_a_domain_without_a_policy_for_tls_is_not_blamed() -> None:
    with dns_server.running("city.test. 60 A 203.0.113.7") as server:
        assert reachability.mta_sts(_hurried(server), "city.test").level is Level.SKIPPED


def test_a_policy_for_tls_that_nobody_can_read_turns_bounces_away() -> None:
    records = '_mta-sts.city.test. 60 TXT "v=STSv1; id=1"\ncity.test. 60 MX 10 mail.city.test.'
    with dns_server.running(records) as server:
        found = reachability.mta_sts(_hurried(server), "city.test")
    assert found.level is Level.ERROR
    assert "mta-sts.txt" in found.hint


def test_a_zone_is_found_at_the_domain_or_above_it_but_not_at_the_root() -> None:
    soa = "60 SOA ns.test. host.test. 1 60 60 60 60"
    zone = f". {soa}\ncity.test. {soa}\nnews.city.test. 60 A 203.0.113.7"
    with dns_server.running(zone) as server:
        assert reachability.soa(_hurried(server), "news.city.test").level is Level.OK
        assert reachability.soa(_hurried(server), "other.test").level is Level.ERROR
