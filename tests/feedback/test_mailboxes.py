"""Where mails that came back are read from, and what is done there with them."""

import io
import mailbox
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from newsletter.errors import ContentError, TransportUnavailable
from newsletter.feedback.mailboxes import Account, from_imap, from_path, from_stdin
from tests.imap import Imap, running

Start = Callable[[Imap], Imap]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start mail servers that stop with the test."""
    with ExitStack() as stack:
        yield lambda imap: stack.enter_context(running(imap))


def account(imap: Imap, *, security: str = "none", password: str = Imap.password) -> Account:
    return Account(
        host="127.0.0.1",
        port=imap.port,
        security=security,
        user="bounces@news.example.org",
        password=password,
        folder="INBOX",
        processed="Processed",
    )


def filled() -> Imap:
    imap = Imap()
    for number in range(3):
        imap.put(f"Subject: {number}\r\n\r\n".encode())
    return imap


def test_a_file_is_one_mail(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"Subject: a\n\nb\n")
    with from_path(tmp_path / "a.eml") as source:
        assert [tuple(mail) for mail in source] == [("a.eml", b"Subject: a\n\nb\n")]
        assert len(source) == 1
        source.settle(["a.eml"], [])
    assert (tmp_path / "a.eml").exists()


@pytest.mark.parametrize("kind", [mailbox.mbox, mailbox.Maildir])
def test_a_mailbox_in_files_gives_every_mail_and_stays_as_it_is(
    tmp_path: Path, kind: type[mailbox.mbox | mailbox.Maildir]
) -> None:
    box = kind(tmp_path / "box")
    for number in range(3):
        box.add(f"Subject: {number}\n\nFrom here on\n".encode())
    box.close()
    before = sorted((path.name, path.is_file() and path.read_bytes()) for path in (tmp_path).rglob("*"))
    with from_path(tmp_path / "box") as source:
        assert sorted(mail.content[:10] for mail in source) == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]
        assert len(source) == 3
    assert sorted((path.name, path.is_file() and path.read_bytes()) for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("first", [b"", b"From MAILER-DAEMON Fri Feb 14 16:00:09 2025\n"])
def test_standard_input_is_one_mail_with_or_without_its_envelope_line(
    monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    content = b"Subject: a\n\nFrom here on\n" + b"x" * 2_000_000
    stream = io.BytesIO(first + content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    (mail,) = from_stdin()
    assert content.startswith(mail.content)
    assert not stream.read(), "it is read to its end"


@pytest.mark.parametrize("name", ["missing", "folder"])
def test_what_is_no_mailbox_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ContentError, match=name), from_path(tmp_path / name):
        pass


@pytest.mark.parametrize("moves", [True, False])
def test_a_read_mail_is_moved_away_and_an_unreadable_one_is_flagged(start: Start, *, moves: bool) -> None:
    imap = start(filled())
    imap.moves = moves
    with from_imap(account(imap)) as source:
        assert len(source) == 3
        assert [mail.name for mail in source] == ["1", "2", "3"]
        source.settle(["1", "3"], ["2"])
    assert [mail.content for mail in imap.folders["Processed"].values()] == [
        b"Subject: 0\r\n\r\n",
        b"Subject: 2\r\n\r\n",
    ]
    assert {number: mail.flags for number, mail in imap.folders["INBOX"].items()} == {2: {r"\Flagged"}}
    with from_imap(account(imap)) as source:
        assert list(source) == [], "what is flagged is left to a person"
        source.settle([], [])


def test_reading_alone_changes_nothing_on_the_server(start: Start) -> None:
    imap = start(filled())
    with from_imap(account(imap)) as source:
        assert len(list(source)) == 3
    assert not any(mail.flags for mail in imap.folders["INBOX"].values())
    assert all("PEEK" in command for command in imap.commands if "FETCH" in command)


def test_a_wrong_password_is_told_without_it(start: Start) -> None:
    imap = start(filled())
    with (
        pytest.raises(TransportUnavailable, match="wrong password") as caught,
        from_imap(account(imap, password="another one")),  # noqa: S106  a planted one
    ):
        pass
    assert "another one" not in str(caught.value)
    assert "NEWSLETTER_IMAP_PASSWORD" in caught.value.hint


@pytest.mark.parametrize("drop", ["LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "UID MOVE"])
def test_a_server_that_hangs_up_is_told(start: Start, drop: str) -> None:
    imap = start(filled())
    imap.drop = drop
    with pytest.raises(TransportUnavailable, match="cannot be used"), from_imap(account(imap)) as source:
        source.settle([mail.name for mail in source], [])
    assert sum(len(folder) for folder in imap.folders.values()) == 3


def test_nobody_at_the_port_is_told() -> None:
    with pytest.raises(TransportUnavailable), from_imap(account(Imap(port=1))):
        pass


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Make a certificate authority."""
    return trustme.CA()


def secured(authority: trustme.CA, security: str, name: str = "127.0.0.1") -> Imap:
    imap = filled()
    imap.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    imap.starttls = security == "starttls"
    authority.issue_cert(name).configure_cert(imap.tls)
    return imap


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the authority on this machine."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


both = pytest.mark.parametrize("security", ["tls", "starttls"])


@both
@pytest.mark.usefixtures("trusting")
def test_a_trusted_certificate_lets_in(start: Start, authority: trustme.CA, security: str) -> None:
    imap = start(secured(authority, security))
    with from_imap(account(imap, security=security)) as source:
        source.settle([mail.name for mail in source], [])
    assert len(imap.folders["Processed"]) == 3
    assert ("STARTTLS" in imap.commands) is (security == "starttls")


def refused(imap: Imap, security: str) -> TransportUnavailable:
    """Return what is said when there is no way in; nothing may have changed, nor a password been shown."""
    with pytest.raises(TransportUnavailable) as caught, from_imap(account(imap, security=security)):
        pass
    assert not any("LOGIN" in command for command in imap.commands)
    assert [not mail.flags for mail in imap.folders["INBOX"].values()] == [True] * 3
    return caught.value


@both
def test_an_issuer_that_is_not_known_here_does_not_let_in(
    start: Start, authority: trustme.CA, security: str
) -> None:
    told = refused(start(secured(authority, security)), security)
    assert told.message.startswith("the certificate of 127.0.0.1 is not to be trusted: ")
    assert told.hint.endswith("or install its issuer on this machine.")


@both
@pytest.mark.usefixtures("trusting")
def test_a_certificate_for_another_name_does_not_let_in(
    start: Start, authority: trustme.CA, security: str
) -> None:
    told = refused(start(secured(authority, security, "other.test")), security)
    assert told.hint.startswith("Give bounces.imap.host the name the certificate is for")


def test_starttls_is_never_given_up_where_it_is_not_offered(start: Start) -> None:
    assert "TLS not supported by server" in refused(start(filled()), "starttls").message


def test_a_server_that_speaks_no_tls_is_told(start: Start) -> None:
    assert "bounces.imap" in refused(start(filled()), "tls").hint
