"""Attacks on a running site, and what honest programs do beside them: each side for a thread of its own."""

import http.client
import random
import string
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from urllib.parse import urlencode

from newsletter.links import Purpose, Signer
from tests.faults.scene import DEADLINE, Scene
from tests.sending import house
from tests.web.readers import forms

CLOSING = date.fromisoformat(house.NAME)
NETWORKS = 64
_ROUTES = (
    "/", "/issues", "/issues/{}", "/search?q={}", "/signup", "/embed", "/view/{}", "/preferences/{}",
    "/unsubscribe/{}", "/confirm/{}", "/mine/data/{}", "/mine/{}", "/sections/{}", "/sections/{}/feed.xml",
    "/static/{}", "/hooks/sendgrid", "/health", "/metrics", "/feed.json", "/{}", "/../{}", "/%00{}",
)  # fmt: skip
_GUARDED = ("preferences", "unsubscribe", "view", "confirm", "mine/data", "mine/erasure")
_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
_ODD = "\x01\x7f'\"<>&;%{}[]\\|^`«»іїєґ🙂\u202e\u0000" + string.printable.replace("\n", "").replace("\r", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything."""

    readers: int = 1_000
    people: int = 20_000
    tokens: int = 1_000
    requests: int = 2_000
    forms: int = 300
    bounces: int = 50
    wishes: int = 60


@dataclass(slots=True)
class Seen:
    """The answers of the site to one kind of request."""

    asked: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    failures: list[float] = field(default_factory=list)
    """When the site answered 5xx, or not at all."""


class Site:
    """The running site, and what it answered."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.seen: dict[str, Seen] = {}
        self._lock = threading.Lock()

    def ask(  # noqa: PLR0913  what a request is made of
        self,
        kind: str,
        method: str,
        path: str,
        *,
        network: int = 0,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Ask once, as a visitor of `network`; status 0 stands for no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
        sent = {"X-Forwarded-For": f"203.0.{network % 250}.7", **(headers or {})}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            status, content = answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            status, content = 0, b""
        finally:
            connection.close()
        with self._lock:
            seen = self.seen.setdefault(kind, Seen())
            seen.asked += 1
            seen.answers[status] += 1
            if status == 0 or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                seen.failures.append(time.monotonic())
        return status, content


@dataclass(frozen=True, slots=True)
class Attack:
    """One side of the siege: it runs in a thread of its own, with dice of its own."""

    site: Site
    scene: Scene
    signer: Signer
    size: Size
    dice: random.Random

    def forged_tokens(self) -> None:
        """Ask for readers' pages with tokens that are nearly right."""
        for number in range(self.size.tokens):
            reader = self.dice.randint(self.size.wishes + 1, self.size.readers)
            token = self.signer.token(self.dice.choice(list(Purpose)), reader, CLOSING)
            place = self.dice.randrange(len(token) - 1)  # the last character holds spare bits
            other = self.dice.choice([char for char in string.ascii_letters if char != token[place]])
            path = f"/{self.dice.choice(_GUARDED)}/{token[:place]}{other}{token[place + 1 :]}"
            method = self.dice.choice(("GET", "POST"))
            body = b"List-Unsubscribe=One-Click" if method == "POST" else None
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            self.site.ask("forged tokens", method, path, network=number, body=body, headers=form)

    def fuzzed_requests(self) -> None:
        """Ask for anything in any way."""
        for number in range(self.size.requests):
            path = self.dice.choice(_ROUTES).format(_quoted(self._odd(40)))
            body = self._odd(400).encode("utf-8", "replace") if self.dice.random() < 0.5 else None
            types = (
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "application/json",
                "x",
            )
            headers = {"Content-Type": self.dice.choice(types), "Accept-Language": _ascii(self._odd(20))}
            method = self.dice.choice(_METHODS)
            self.site.ask("fuzzed requests", method, path, network=number, body=body, headers=headers)

    def hostile_forms(self) -> None:
        """Sign strangers up, from many networks."""
        form: forms.Fields = {}
        while not form:
            status, page = self.site.ask("hostile forms", "GET", "/signup?lang=en")
            form = forms.fields(page.decode()) if status == HTTPStatus.OK else {}
            time.sleep(3)  # people take longer over a form
        consent = forms.parse(page.decode()).xpath("//input[@name='consent']/@value")
        for number in range(self.size.forms):
            address = f"v{'.' * (number % 2)}{number % 40}@mail{number % 7}.example.org"
            filled = {**form, "name": "Victim", "email": address, "take": "all", "consent": consent}
            body = urlencode(filled, doseq=True).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            network = number % NETWORKS
            self.site.ask(
                "hostile forms", "POST", "/signup?lang=en", network=network, body=body, headers=headers
            )

    def wishes(self) -> None:
        """Leave by one click, and try again after anything but 200, as mailbox providers do."""
        for reader in range(1, self.size.wishes + 1):
            path = f"/unsubscribe/{self.signer.token(Purpose.UNSUBSCRIBE, reader, CLOSING)}"
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            body, deadline = b"List-Unsubscribe=One-Click", time.monotonic() + DEADLINE
            while (
                self.site.ask("wishes", "POST", path, network=reader, body=body, headers=headers)[0]
                != HTTPStatus.OK
            ):
                assert time.monotonic() < deadline, "a wish was never taken"
                time.sleep(0.2)

    def forged_bounces(self) -> None:
        """Have bounces read that only look as if the relay had sent them."""
        folder = self.scene.root / "forged"
        for name in ("new", "cur", "tmp"):
            (folder / name).mkdir(parents=True)
        for number in range(self.size.bounces):
            reader = self.dice.randint(self.size.wishes + 1, self.size.readers)
            (folder / "new" / f"{number}.eml").write_bytes(self._forged(number, reader))
        self._insist("bounces", str(folder))

    def _forged(self, number: int, reader: int) -> bytes:
        """Return a report by somebody who knows the address and a Message-ID, but no mark of ours."""
        wrong = Signer(b"not the key of this press").token(Purpose.BOUNCE, reader, CLOSING)
        to = "office@news.example.org" if number % 2 else f"b+{wrong}@news.example.org"
        kind = "feedback-report" if number % 3 == 0 else "delivery-status"
        return f"""\
From: MAILER-DAEMON@relay.example.org
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <forged{number}@relay.example.org>
In-Reply-To: <{wrong}@news.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="x"

--x
Content-Type: text/plain

It was not delivered.

--x
Content-Type: message/{kind}

Feedback-Type: abuse
User-Agent: forged/1
Version: 1
Reporting-MTA: dns; relay.example.org

Final-Recipient: rfc822; {house.address(reader)}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--x
Content-Type: message/rfc822

Message-ID: <{wrong}@news.example.org>
To: {house.address(reader)}

Hello

--x--
""".encode()

    def an_import(self) -> None:
        """Take a long list in, again if the database went away."""
        path = self.scene.root / "list.csv"
        rows = (f"new{n}@village{n % 50}.example.org,Новий {n}\n" for n in range(self.size.people))
        path.write_text("email,name\n" + "".join(rows), encoding="utf-8")
        self._insist("subscribers", "import", str(path), "--consent", "a forum")

    def _insist(self, *arguments: str) -> None:
        """Run a command until it does not stop for the database any more."""
        deadline = time.monotonic() + DEADLINE
        while self.scene.run(*arguments) == 2:
            assert time.monotonic() < deadline, self.scene.said()
            time.sleep(0.5)

    def _odd(self, longest: int) -> str:
        return "".join(self.dice.choices(_ODD, k=self.dice.randint(0, longest)))


def _quoted(text: str) -> str:
    return "".join(char if char.isalnum() and char.isascii() else f"%{ord(char) % 256:02X}" for char in text)


def _ascii(text: str) -> str:
    return "".join(char for char in text if " " <= char <= "~")
