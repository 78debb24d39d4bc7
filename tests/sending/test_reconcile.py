"""What a relay's log says of messages whose answer was lost."""

from newsletter.model import Outcome
from newsletter.sending.reconcile import postfix_log

LOG = """\
Feb 14 16:00:01 mx postfix/smtpd[11]: 4YvTaken1: client=press[127.0.0.1]
Feb 14 16:00:01 mx postfix/cleanup[12]: 4YvTaken1: message-id=<one@news.example.org>
Feb 14 16:00:01 mx postfix/qmgr[9]: 4YvTaken1: from=<b+x@x.test>, size=9, nrcpt=1 (queue active)
Feb 14 16:00:02 mx postfix/smtp[13]: 4YvTaken1: to=<a@b.test>, dsn=2.0.0, status=sent (250 ok)
Feb 14 16:00:03 mx postfix/cleanup[12]: 4YvBroken: message-id=<two@news.example.org>
Feb 14 16:00:03 mx postfix/smtpd[11]: lost connection after DATA from press[127.0.0.1]
Feb 14 16:00:04 mx postfix/cleanup[12]: 4YvBounce: message-id=<three@news.example.org>
Feb 14 16:00:04 mx postfix/qmgr[9]: 4YvBounce: from=<b+z@x.test>, size=9, nrcpt=1 (queue active)
Feb 14 16:00:05 mx postfix/smtp[13]: 4YvBounce: to=<c@d.test>, dsn=5.1.1, status=bounced (550 no such user)
"""


def test_what_the_queue_manager_took_was_accepted_and_what_it_never_saw_is_not_known() -> None:
    found = postfix_log(LOG.splitlines(), "mail.log").by_message
    assert {key: receipt.outcome for key, receipt in found.items()} == {
        "<one@news.example.org>": Outcome.ACCEPTED,
        "<three@news.example.org>": Outcome.REFUSED,
    }
    assert "no such user" in found["<three@news.example.org>"].detail
