"""Addresses that should not stand in a letter are found; the one inside is offered as the mend."""

from urllib.parse import quote

import pytest

from newsletter.checks.wording import doubtful_link, links_in
from newsletter.compose.addresses import unwrap, without_tracking
from newsletter.errors import Severity

PAGE = "https://auc.org.ua/n?id=5"
QUOTED = "https%3A%2F%2Fauc.org.ua%2Fn%3Fid%3D5"
WRAPPED = {
    f"https://eur03.safelinks.protection.outlook.com/?url={QUOTED}&data=05%7C02%7Colena%40auc.org.ua": "Microsoft Safe Links",
    f"https://www.google.com/url?q={QUOTED}&sa=D&ust=1": "Google",
    f"https://www.google.com.ua/url?sa=t&url={QUOTED}": "Google",
    f"https://l.facebook.com/l.php?u={QUOTED}%26fbclid%3DIwAR&h=AT": "Facebook",
    f"https://l.instagram.com/?u={QUOTED}&e=1": "Instagram",
    f"https://www.youtube.com/redirect?event=x&q={QUOTED}": "YouTube",
    f"https://t.me/iv?url={QUOTED}&rhash=1": "Telegram",
    "https://urldefense.proofpoint.com/v2/url?u=https-3A__auc.org.ua_n-3Fid-3D5&d=DwMFaQ&c=x": "Proofpoint",
    f"https://urldefense.proofpoint.com/v1/url?u={QUOTED}&k=1": "Proofpoint",
    "https://urldefense.com/v3/__https://auc.org.ua/n?id=5__;!!ABC!xyz$": "Proofpoint",
    "https://urldefense.com/v3/__https://auc.org.ua/n*id=5__;Pw!!ABC!xyz$": "Proofpoint",
    f"https://linkprotect.cudasvc.com/url?a={QUOTED}&c=E,1,x": "Barracuda",
    f"https://secure-web.cisco.com/1abc/{QUOTED}": "Cisco",
    "https://auc-org-ua.translate.goog/n?id=5&_x_tr_sl=uk&_x_tr_tl=en": "Google Translate",
    f"https://eu1.protection.sophos.com/?d=auc.org.ua&u={'aHR0cHM6Ly9hdWMub3JnLnVhL24_aWQ9NQ'}&i=1": "Sophos",
}  # fmt: skip
OPAQUE = [
    "https://auc.us1.list-manage.com/track/click?u=1&id=2&e=3", "https://u1.ct.sendgrid.net/ls/click?upn=x",
    "https://protect-eu.mimecast.com/s/abc?domain=auc.org.ua", "https://mandrillapp.com/track/click/1/auc.org.ua?p=x",
]  # fmt: skip


@pytest.mark.parametrize(("address", "by"), WRAPPED.items())
def test_the_address_inside_another_is_offered(address: str, by: str) -> None:
    remark = doubtful_link(address)
    assert remark
    assert remark.severity is Severity.WARNING
    assert by in remark.text
    assert remark.hint == f"Use the page's own address: {PAGE}"
    assert doubtful_link(PAGE) is None


@pytest.mark.parametrize("address", OPAQUE)
def test_an_address_that_cannot_be_looked_into_is_found(address: str) -> None:
    remark = doubtful_link(address)
    assert remark
    assert "leads through" in remark.text
    assert "copy the page's own address" in remark.hint


def test_several_services_around_one_address_are_all_looked_through() -> None:
    inner = quote(f"https://www.google.com/url?q={QUOTED}", safe="")
    found = unwrap(f"https://eur03.safelinks.protection.outlook.com/?url={inner}")
    assert found
    assert found.inside == PAGE


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("file:///C:/звіт.docx", "a file on somebody's own machine"),
        ("C:\\звіт.docx", "a file on somebody's own machine"),
        ("\\\\server\\share\\звіт.docx", "a file on somebody's own machine"),
        ("http://192.168.1.5/x", "somebody's own network"),
        ("http://10.0.0.1/", "somebody's own network"),
        ("http://[fd00::1]/", "somebody's own network"),
        ("http://server/x", "somebody's own network"),
        ("http://cms.local/x", "somebody's own network"),
        ("http://localhost:8000/x", "is a placeholder"),
        ("https://mail.google.com/mail/u/0/#inbox/FM", "a mailbox"),
        ("https://docs.google.com/document/d/1/edit?usp=sharing", "a document in the editor"),
        ("https://auc.org.ua/wp-admin/post.php?post=5", "a page behind a sign-in"),
        ("https://auc.org.ua/?p=5&preview=true", "a page behind a sign-in"),
        ("https://bit.ly/x", "hides where it leads"),
        ("https://t.ly/x", "hides where it leads"),
        ("https://cutt.ly/x", "hides where it leads"),
        ("https://surl.li/x", "hides where it leads"),
        ("https://auc.org.ua/n?utm_source=fb", "parameters that track readers"),
        ("https://auc.org.ua/n?fbclid=IwAR", "parameters that track readers"),
    ],
)
def test_an_address_that_readers_cannot_or_should_not_open_is_found(address: str, words: str) -> None:
    remark = doubtful_link(address)
    assert remark
    assert words in remark.text
    assert remark.hint


@pytest.mark.parametrize(
    "address",
    [
        PAGE, "https://docs.google.com/forms/d/e/1/viewform", "https://www.google.com/maps/place/x", "mailto:a@auc.org.ua",
        "https://uk.wikipedia.org/wiki/Київ_(місто)", "https://youtu.be/x", "https://forms.gle/x", "https://міста.укр/x",
        "https://www.facebook.com/amu", "https://zakon.rada.gov.ua/laws/show/2456-17#Text", "http://8.8.8.8/",
    ],
)  # fmt: skip
def test_an_ordinary_address_is_left_alone(address: str) -> None:
    assert doubtful_link(address) is None


def test_tracking_is_taken_out_and_nothing_else() -> None:
    assert (
        without_tracking("https://a.org/n?a=1,2&utm_source=x&b=ї&FBCLID=1#c") == "https://a.org/n?a=1,2&b=ї#c"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[звіт](file:///C:/x.docx)",
        "Див. file:///C:/Users/x.docx у теці",
        "[звіт](file:///C:/Мої документи/x)",
    ],
)
def test_a_file_is_found_in_a_text_whether_or_not_it_is_a_link(text: str) -> None:
    assert [remark.severity for remark in links_in(text)] == [Severity.ERROR]


def test_an_address_written_out_is_looked_at_too() -> None:
    (remark,) = links_in("Реєстрація: https://bit.ly/x до п'ятниці")
    assert "hides where it leads" in remark.text
