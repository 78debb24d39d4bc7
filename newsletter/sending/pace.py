"""Retry backoff and the circuit breaker: rules without I/O. Moments and durations are in seconds."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from newsletter.errors import Message, counted
from newsletter.model import Outcome, Receipt
from newsletter.transport.smtp_replies import gone, greylisted, put_off, storable, too_many_gone

FIRST_RETRY = 5 * 60  # what greylisting commonly asks for (RFC 6647 §2.3 says minutes)
LAST_RETRY = 4 * 3600
GIVE_UP = 72 * 3600
GOOGLE_PAUSE = 10 * 60  # after 4.7.28: stop for ten minutes, go on with one connection (Gmail, read 2026-07)
EQUAL_ERRORS = 20
REST = 1.2 * FIRST_RETRY
"""The pause after which the deliveries that were deferred first are tried again."""
_GREYLISTED_TRIES = 3  # up to 35 minutes; a server that still answers so then is not greylisting


def retry_after(attempt: int, subscriber: int) -> float:
    """Return the backoff after the failed `attempt`: doubling, up to four hours, with ± 20 % jitter.

    The jitter derives from the delivery, so that two calls return the same.
    """
    steady = min(LAST_RETRY, FIRST_RETRY * 2 ** (attempt - 1))
    spread = blake2b(f"{subscriber}:{attempt}".encode(), digest_size=2).digest()
    return float(steady * (0.8 + 0.4 * int.from_bytes(spread, "big") / 0xFFFF))


def retry_at(tried_at: str, attempts: int, subscriber: int) -> float:
    """Return when to try again after the last of `attempts`, made at `tried_at`; 0 when there was none."""
    if not attempts:
        return 0.0
    return datetime.fromisoformat(tried_at).timestamp() + retry_after(attempts, subscriber)


def too_late(again: float, begun_at: float, tried_at: str, attempt: int, subscriber: int) -> bool:
    """Return whether a delivery that failed at `attempt` is given up, as its next one would be `again`.

    That is GIVE_UP after the issue's start, or where the first attempt was made later than that, as of a
    reader who was added then, after that one. `tried_at` is when the attempt before was made.
    """
    backoffs = [retry_after(number, subscriber) for number in range(1, attempt + 1)]
    if attempt == 1:
        first = again - backoffs[0]
    else:
        first = datetime.fromisoformat(tried_at).timestamp() - sum(backoffs[: attempt - 2])
    return again > (first if first > begun_at + GIVE_UP else begun_at) + GIVE_UP


def domain_of(email: str) -> str:
    """Return the domain of an address in lower case."""
    return email.rpartition("@")[2].lower()


@dataclass(slots=True)
class CircuitBreaker:
    """Circuit breaker: watches outcomes, and says when the sending should stop or rest.

    `gone` of them were unknown mailboxes. After a resume the same failure rate does not stop the sending
    again until it has dropped below the limit. A deferral at the first try may be greylisting (RFC 6647):
    where the reply says so it is waited out, and where every first try is deferred the sending rests until
    the retries. It is `patient` once a retry of a deferred message was accepted.
    """

    outcomes: Counter[Outcome]
    gone: int = 0
    patient: bool = False
    _last: Receipt | None = None
    _row: int = 0
    _known: bool = field(default=False, init=False)
    _put_off: int = field(default=0, init=False)
    reason: str = field(default="", init=False)
    rest: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._known = bool(self._too_many_gone())

    def hear(self, receipt: Receipt, attempt: int = 1) -> None:
        """Take one outcome into account; then `reason` says why to stop, `rest` why to pause, if anything."""
        self.outcomes[receipt.outcome] += 1
        if receipt.outcome in (Outcome.ACCEPTED, Outcome.SUPPRESSED):
            self._row = self._put_off = 0
            self.patient |= attempt > 1 and receipt.outcome is Outcome.ACCEPTED
            return
        if receipt.outcome is Outcome.DEFERRED and self._waited_out(receipt, attempt):
            return
        if receipt is not self._last:  # one answer to a request for many readers counts as one error
            self._row = self._row + 1 if self._last and _error(receipt) == _error(self._last) else 1
        self._last = receipt
        if self._row >= EQUAL_ERRORS and not self.reason:
            self.reason = counted(
                "%(num)d time in a row: %(answer)s",
                "%(num)d times in a row: %(answer)s",
                self._row,
                answer=answer_of(receipt),
            )
        if receipt.outcome is Outcome.REFUSED and gone(receipt.code, receipt.detail):
            self.gone += 1
            self._judge_share()

    @property
    def in_a_row(self) -> bool:
        """Whether equal errors came in a row, which may be the way's fault and not the list's."""
        return self._row >= EQUAL_ERRORS

    def forget(self) -> None:
        """Begin to count anew, after another way has been used."""
        self._row = self._put_off = 0
        self.reason = self.rest = ""

    def _waited_out(self, receipt: Receipt, attempt: int) -> bool:
        """Return whether this deferral looks like greylisting, which a later try ends."""
        if greylisted(receipt.code, receipt.detail):
            return attempt <= _GREYLISTED_TRIES
        if attempt > 1 or not put_off(receipt.code, receipt.detail):
            return False
        self._put_off += not self.patient
        if self._put_off >= EQUAL_ERRORS:
            self._put_off = 0
            self.rest = Message("every message is deferred: %(answer)s", answer=answer_of(receipt))
        return True

    def _judge_share(self) -> None:
        reason = self._too_many_gone()
        if not self._known:
            self.reason = self.reason or reason
        self._known = bool(reason)

    def _too_many_gone(self) -> str:
        return too_many_gone(self.gone, self.outcomes.total() - self.outcomes[Outcome.SUPPRESSED])


def answer_of(receipt: Receipt) -> str:
    """Return what a relay answered, as it is kept."""
    return storable(f"{receipt.code} {receipt.detail}".strip())


def _error(receipt: Receipt) -> tuple[int, str]:
    return receipt.code, _gist(receipt.detail)


def _gist(detail: str) -> str:
    """Return a reply without what varies from message to message: addresses, numbers, ids."""
    return " ".join(word for word in detail.split() if word.isalpha())
