"""The example letter: the bytes that would leave, and the HTML as a frame and an inbox show it."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from newsletter.links import Purpose, Signer
from newsletter.model import Rendered
from newsletter.transport.dkim import DomainSigner
from newsletter.web.preview.letter import EXAMPLE, Letter, shown, write_letter
from newsletter.web.preview.proofs import Proofs
from tests.web.preview.sample import D

SIGNER = Signer(b"0" * 32)
NOW = datetime(2025, 2, 14, 14, 0, tzinfo=UTC)


@pytest.fixture
def page(proofs: Proofs) -> Rendered:
    return proofs.of(D).proof.rendered[0]


@pytest.fixture
def letter(proofs: Proofs, page: Rendered) -> Letter:
    snapshot = proofs.of(D)
    return write_letter(page, snapshot.workspace.settings.envelope(snapshot.proof.issue.name), SIGNER, NOW)


def letter_of(html: str) -> Letter:
    return Letter(html=html, text="", mail_from="", pictures=(), content=b"")


def test_its_parts_are_those_of_the_message(letter: Letter) -> None:
    message = message_from_bytes(letter.content, policy=policy.default)
    for part, content in (("html", letter.html), ("plain", letter.text)):
        body = message.get_body((part,))
        assert body
        assert body.get_content().split() == content.split()
    assert EXAMPLE in letter.text
    assert "QZ7" not in letter.html + letter.text + letter.source


def test_its_links_are_nobody_s(letter: Letter) -> None:
    token = letter.text.partition("/unsubscribe/")[2].split()[0]
    assert SIGNER.read(Purpose.UNSUBSCRIBE, token) == (0, D)


def test_it_is_signed_where_the_key_is(proofs: Proofs, page: Rendered) -> None:
    context = proofs.of(D).workspace
    dkim = DomainSigner(generate_private_key(65537, 2048), "news.example.org", "s1")
    letter = write_letter(page, context.settings.envelope(D.isoformat()), SIGNER, NOW, dkim=dkim)
    assert letter.signed
    assert dict(letter.headers)["DKIM-Signature"]


def test_its_headers_are_readable(letter: Letter) -> None:
    headers = dict(letter.headers)
    assert headers["Subject"] == "Робота громад: 8 – 14 лютого 2025 року"
    assert headers["From"] == "Асоціація міст України <digest@news.example.org>"
    assert "List-Unsubscribe" in headers


def test_the_inbox_opens_with_the_preheader(letter: Letter) -> None:
    assert letter.opening.startswith("Форум громад, субсидії для переселенців, нові вебінари ")


def test_without_a_preheader_the_inbox_shows_the_first_words() -> None:
    body = "<!-- no --><style>no</style><p>Перші\n слова</p><p>листа</p>&#847;&zwnj;&nbsp;"
    assert (
        letter_of(f"<html><head><title>No</title></head><body>{body}</body></html>").opening
        == "Перші слова листа"
    )


@pytest.mark.parametrize(("scheme", "true"), [("dark", "min"), ("light", "max")])
def test_the_dark_rules_hold_in_the_dark_and_only_there(scheme: str, true: str) -> None:
    meta = '<meta name="color-scheme" content="light dark" />'
    style = ":root { color-scheme: light dark; } @media (prefers-color-scheme: dark) { p { color: #ffffff } }"
    seen = shown(f"<head>{meta}<style>{style}</style></head><body></body>", scheme)
    assert f"@media ({true}-width: 0)" in seen
    assert f'content="{scheme}"' in seen
    assert f"color-scheme: {scheme};" in seen


def test_words_about_schemes_stay_as_they_are() -> None:
    html = "<head></head><body>(prefers-color-scheme: dark) color-scheme: light dark</body>"
    assert shown(html, "dark") == html


def test_web_links_open_a_window_of_their_own_and_contents_do_not() -> None:
    html = '<head></head><a style="x" href="https://a.example">1</a><a href="#top">2</a><a id="top"></a>'
    opened = html.replace('<a style="x"', '<a target="_blank" style="x"')
    assert shown(html, "light") == opened
