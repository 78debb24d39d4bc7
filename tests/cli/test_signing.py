"""Messages signed by DKIM, from the settings to the outbox."""

import shutil
from base64 import b64encode
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from newsletter.cli import run

ROOT = Path(__file__).parents[2]
D = "2025-02-14"
DKIM = "dkim: {selector: s1, domain: example.org}\n"

Say = Callable[..., tuple[int, str]]


def key_file(folder: Path, bits: int = 2048) -> tuple[Path, bytes]:
    """Write a private key; return its file and the DNS record with its public half."""
    key = rsa.generate_private_key(65537, bits)
    path = folder / "dkim.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return path, b"v=DKIM1; p=" + b64encode(public)


def signed(message: bytes, record: bytes) -> bool:
    """Tell whether the published key verifies the message."""
    records = {b"s1._domainkey.example.org.": record}
    return bool(dkim.verify(message, dnsfunc=lambda name, timeout: records.get(name)))  # noqa: ARG005  dkimpy's call


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace of the sample, set to sign."""
    folder = tmp_path / "press"
    shutil.copytree(ROOT / "issues", folder / "issues")
    shutil.copytree(ROOT / "subscribers", folder / "subscribers")
    settings = (ROOT / "newsletter.yaml").read_text(encoding="utf-8")
    (folder / "newsletter.yaml").write_text(f"{settings}\n{DKIM}", encoding="utf-8")
    shutil.copy(ROOT / "logo.png", folder)
    return folder


@pytest.fixture
def say(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run one command in the workspace and return its exit code and errors."""
    for name in ("NEWSLETTER_DATABASE", "NEWSLETTER_DKIM_KEY", "NEWSLETTER_DKIM_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)

    def say(*words: str) -> tuple[int, str]:
        code = run(["-C", str(workspace), *words])
        return code, capsys.readouterr().err

    return say


@pytest.fixture
def approved(say: Say) -> Say:
    """Approve the sample issue for the example's readers, then run commands."""
    assert say("subscribers", "import", "subscribers/example.csv", "--consent", "forms")[0] == 0
    assert say("approve", D, "--by", "Олена")[0] == 0
    return say


def test_every_message_in_the_outbox_is_signed(
    approved: Say, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, record = key_file(workspace)
    monkeypatch.setenv("NEWSLETTER_DKIM_KEY_FILE", str(file))
    code, errors = approved("send", D)
    assert (code, errors) == (0, "")
    messages = [path.read_bytes() for path in (workspace / "var/outbox").glob("*.eml")]
    assert len(messages) > 1
    assert all(signed(message, record) for message in messages)


def test_a_test_message_is_signed_as_the_real_ones_are(
    say: Say, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, record = key_file(workspace)
    monkeypatch.setenv("NEWSLETTER_DKIM_KEY", file.read_text())
    assert say("send", D, "--test", "olena@rada.example.org")[0] == 0
    [path] = (workspace / "var/outbox").glob("*.eml")
    assert signed(path.read_bytes(), record)


def test_a_weak_key_signs_with_a_warning(say: Say, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, record = key_file(workspace, bits=1024)
    monkeypatch.setenv("NEWSLETTER_DKIM_KEY_FILE", str(file))
    code, errors = say("send", D, "--test", "olena@rada.example.org")
    assert code == 0
    assert "the DKIM key has 1024 bits" in errors
    [path] = (workspace / "var/outbox").glob("*.eml")
    assert signed(path.read_bytes(), record)


def test_nothing_is_sent_unsigned_when_the_key_is_missing(approved: Say, workspace: Path) -> None:
    code, errors = approved("send", D)
    assert code == 2
    assert "NEWSLETTER_DKIM_KEY_FILE" in errors
    assert list((workspace / "var").glob("outbox/*.eml")) == []
    assert approved("status", D)[0] == 0


def test_a_key_without_settings_is_not_silently_left_unused(
    say: Say, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = key_file(workspace)
    monkeypatch.setenv("NEWSLETTER_DKIM_KEY_FILE", str(file))
    settings = workspace / "newsletter.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(DKIM, ""), encoding="utf-8")
    code, errors = say("send", D, "--test", "olena@rada.example.org")
    assert code == 2
    assert "dkim: {selector: s1, domain: news.example.org}" in errors


def test_without_dkim_a_message_carries_no_signature(say: Say, workspace: Path) -> None:
    settings = workspace / "newsletter.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(DKIM, ""), encoding="utf-8")
    assert say("send", D, "--test", "olena@rada.example.org")[0] == 0
    [path] = (workspace / "var/outbox").glob("*.eml")
    assert "DKIM-Signature" not in message_from_bytes(path.read_bytes())
