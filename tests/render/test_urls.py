"""Addresses of links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.urls import ascii_url


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("https://auc.org.ua/a?b=c&d=%20#e", "https://auc.org.ua/a?b=c&d=%20#e"),
        ("https://приклад.укр:8080/шлях", "https://xn--80aikifvh.xn--j1amh:8080/%D1%88%D0%BB%D1%8F%D1%85"),
        ("https://хто@приклад.укр/", "https://%D1%85%D1%82%D0%BE@xn--80aikifvh.xn--j1amh/"),
        (" http://example.org/a b ", "http://example.org/a%20b"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("https://example.org/it's\"<>", "https://example.org/it%27s%22%3C%3E"),
        (
            "mailto:office@example.org?subject=Лист",
            "mailto:office@example.org?subject=%D0%9B%D0%B8%D1%81%D1%82",
        ),
    ],
)
def test_an_address_is_written_in_ascii(typed: str, written: str) -> None:
    assert ascii_url(typed) == written


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "#",
        "/relative",
        "//example.org",
        "example.org",
        "https://",
        "https:///path",
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "ftp://example.org",
        "https://[broken",
        "https://а..б/",
    ],
)
def test_what_is_no_whole_web_or_mail_address_is_refused(typed: str) -> None:
    assert ascii_url(typed) is None


@given(st.text())
def test_any_text_gives_ascii_without_blanks_or_nothing(typed: str) -> None:
    for written in (ascii_url(typed), ascii_url(f"https://example.org/{typed}")):
        if written is not None:
            assert written.isascii()
            assert not set(written) & set(" \t\r\n\"'<>\\")
            assert ascii_url(written) == written
