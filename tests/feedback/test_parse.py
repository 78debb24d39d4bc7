"""What a mail that came back says, and of whom."""

import re
from datetime import UTC, date, datetime
from time import process_time

import pytest
from flufl.bounce import all_failures
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.feedback.dsn import LIMIT, parse
from newsletter.feedback.parse import BounceReport, Opinion, opinion, read
from newsletter.links import Purpose, Signer
from newsletter.store.events import Kind
from tests.feedback import mails

NOW = datetime(2025, 2, 20, 12, 0, tzinfo=UTC)
CORPUS = [mails.mail(row["mail"]) for row in mails.EXPECTED]


def told(content: bytes) -> BounceReport:
    return read(content, mails.SIGNER)


@pytest.mark.parametrize("row", mails.EXPECTED, ids=lambda row: row["mail"])
def test_a_mail_says_what_became_of_whose_message(row: dict[str, str]) -> None:
    found = told(mails.mail(row["mail"]))
    assert (found.kind, found.subscriber, found.code) == (row["kind"], int(row["reader"]), row["status"])
    assert found.issue == (mails.CLOSING if found.subscriber else None)
    assert found.proven is (row["proven"] == "yes")


def test_every_kind_and_many_servers_are_among_the_mails() -> None:
    assert {row["kind"] for row in mails.EXPECTED} == set(Kind) - {Kind.RESTORED, Kind.UNVERIFIED}, (
        "which no mail says"
    )
    assert len(mails.EXPECTED) >= 70
    assert sum(row["kind"] in {"hard", "soft"} for row in mails.EXPECTED) >= 40


@pytest.mark.parametrize("content", CORPUS, ids=[row["mail"] for row in mails.EXPECTED])
def test_no_address_is_kept_in_full(content: bytes) -> None:
    detail = told(content).detail
    assert "olena@" not in detail
    assert "b+" not in detail


def test_the_reader_is_the_one_of_the_return_path_whatever_addresses_the_mail_names() -> None:
    content = mails.bounce(7).replace(b"olena@rada.example", b"reader8@city.example.org")
    assert told(content).subscriber == 7


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.BOUNCE])
def test_a_token_for_another_purpose_is_no_return_path(purpose: Purpose) -> None:
    ours = mails.SIGNER.token(Purpose.BOUNCE, 7, mails.CLOSING)
    other = mails.SIGNER.token(purpose, 7, mails.CLOSING)
    assert told(mails.bounce(7).replace(ours.encode(), other.encode())).kind is Kind.UNREADABLE


def test_a_return_path_signed_by_somebody_else_says_nothing() -> None:
    assert told(mails.bounce(7, signer=Signer(b"another secret!!"))).kind is Kind.UNREADABLE


def test_our_own_letter_is_not_a_wish_to_leave_though_it_names_the_address_for_it() -> None:
    token = mails.SIGNER.token(Purpose.UNSUBSCRIBE, 7, mails.CLOSING)
    letter = f"From: a@b.example\nTo: c@d.example\nList-Unsubscribe: <mailto:u+{token}@b.example>\n\nDigest\n"
    assert told(letter.encode()).kind is Kind.UNREADABLE


def test_it_is_known_from_any_of_our_marks_alone_whose_complaint_it_is_but_two_of_them_prove_it() -> None:
    token = {purpose: mails.SIGNER.token(purpose, 7, mails.CLOSING) for purpose in Purpose}
    for mark, proves in (
        (f"Return-Path: <b+{token[Purpose.BOUNCE]}@news.example.org>", True),
        (f"CFBL-Feedback-ID: {token[Purpose.REPORT]}", True),
        (f"Message-ID: <2025-02-14.{token[Purpose.MESSAGE]}@news.example.org>", False),
        (f"List-Unsubscribe: <https://news.example.org/unsubscribe/{token[Purpose.UNSUBSCRIBE]}>", False),
        (f"List-Unsubscribe: <mailto:u+{token[Purpose.UNSUBSCRIBE]}@news.example.org>", False),
    ):
        lines = mails.complaint(1).decode().splitlines()
        content = "\n".join(mark if line.startswith("Message-ID: <2025") else line for line in lines)
        found = told(re.sub(r"CFBL-Feedback-ID: AAAAAAE.*", "", content).encode())
        assert (found.kind, found.subscriber, found.proven) == (Kind.COMPLAINT, 7, proves), mark


def test_what_the_returned_letter_says_is_no_reason() -> None:
    content = mails.bounce(7, "550 5.7.1 refused by policy").replace(b"--x--", b"") + (
        b"--x\nContent-Type: message/rfc822\n\nSubject: 550 5.1.1 no such user\n\nNo such user here.\n--x--\n"
    )
    assert told(content).kind is Kind.SOFT


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("550 5.1.1 no such user", Kind.HARD),
        ("450 4.1.1 no such user", Kind.SOFT),
        ("550 5.2.2 mailbox full", Kind.SOFT),
        ("550 5.2.1 account disabled", Kind.SOFT),
        ("550 5.2.1 user unknown", Kind.SOFT),
        ("550 5.1.8 no such domain", Kind.SOFT),
        ("550 5.4.4 unable to route", Kind.HARD),
        ("550 5.7.1 listed at spamhaus", Kind.SOFT),
        ("550 5.1.2 domain not found", Kind.HARD),
    ],
)
def test_only_an_unknown_user_or_domain_is_hard_and_never_a_4xx(said: str, kind: Kind) -> None:
    assert told(mails.bounce(7, said)).kind is kind


POSTFIX = "<a@b.example>: host mx.b.example said: {} (in reply to\n    {} command)\n"
EXIM = "  a@b.example\n    SMTP error from remote mail server after {}:\n    {}\n"
SENDMAIL = "   ----- Transcript of session follows -----\n>>> {}\n<<< {}\n{}\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (POSTFIX.format("550 user unknown", "RCPT TO"), Kind.HARD),
        (POSTFIX.format("550 user unknown", "end of DATA"), Kind.SOFT),
        (POSTFIX.format("550 5.1.1 user unknown", "end of DATA"), Kind.HARD),
        (POSTFIX.format("552 1 mailbox not found", "end of DATA"), Kind.HARD),
        (POSTFIX.format("550 no such domain", "MAIL FROM"), Kind.SOFT),
        (POSTFIX.format("550 no such host", "EHLO"), Kind.SOFT),
        (EXIM.format("end of data", "550 no such user"), Kind.SOFT),
        (EXIM.format("RCPT TO:<a@b.example>", "550 no such user"), Kind.HARD),
        (SENDMAIL.format("DATA", "550 user unknown", "554 5.0.0 Service unavailable"), Kind.SOFT),
        (SENDMAIL.format("RCPT To:<a@b.example>", "550 user unknown", ""), Kind.HARD),
        (SENDMAIL.format("DATA", "550 user unknown", "550 5.1.1 <a@b.example>... User unknown"), Kind.HARD),
        (SENDMAIL.format("DATA", "550 user unknown", "<<< 503 need RCPT"), Kind.HARD),
        (SENDMAIL.format("MAIL From:<b@news.example.org>", "553 domain does not exist", ""), Kind.SOFT),
    ],
)
def test_an_unknown_user_is_hard_where_it_was_the_reader_s_address_that_was_refused(
    body: str, kind: Kind
) -> None:
    assert told(mails.notice(7, body)).kind is kind


def test_the_command_that_was_refused_is_kept_with_the_words_of_a_report() -> None:
    content = mails.bounce(7, "550 5.0.0 no such domain news.example.org").replace(
        b"could not be delivered.", b"could not be delivered (in reply to MAIL FROM command)"
    )
    found = told(content)
    assert found.kind is Kind.SOFT
    assert found.detail == "550 5.0.0 no such domain news.example.org (in reply to MAIL FROM command)"


REPORT = (
    "Reporting-MTA: dns; relay.example.org\n\nFinal-Recipient: rfc822; a@b.example\n"
    "Action: {}\nStatus: {}\nDiagnostic-Code: smtp; {}\n"
)


@pytest.mark.parametrize(
    ("action", "status", "said", "kind"),
    [
        ("failed", "5.1.1", "550 5.1.1 gone", Kind.HARD),
        ("failed", "5.2.2", "552 5.2.2 full", Kind.SOFT),
        ("delayed", "4.4.1", "connection timed out", Kind.DELAYED),
        ("relayed", "2.0.0", "250 queued", Kind.DELIVERED),
    ],
)
def test_a_report_that_lost_its_place_in_the_mail_is_read_among_its_words(
    action: str, status: str, said: str, kind: Kind
) -> None:
    report = REPORT.format(action, status, said)
    plain = mails.notice(7, f"An error occurred.\n\nTechnical report:\n\n{report}")
    other = 'multipart/report; report-type=delivery-status; boundary="y"'
    lost = mails.notice(
        7, f"--x\n\nSorry.\n\n--x\nContent-Type: message/delivery-status\n\n{report}", kind=other
    )
    for content in (plain, lost):
        assert (told(content).kind, told(content).code) == (kind, status)


def test_a_report_quoted_by_a_person_is_none() -> None:
    content = mails.notice(7, REPORT.format("failed", "5.1.1", "550 5.1.1 gone"), subject="What is this?")
    assert told(content.replace(b"MAILER-DAEMON", b"olena")).kind is Kind.UNREADABLE


def test_the_comment_of_a_status_says_why_where_there_is_no_diagnostic() -> None:
    content = mails.bounce(7).replace(b"Status: 5.1.1", b"Status: 5.0.0 (host/domain does not accept mail)")
    found = told(b"\n".join(line for line in content.split(b"\n") if not line.startswith(b"Diagnostic")))
    assert (found.kind, found.code, found.detail) == (Kind.HARD, "5.0.0", "host/domain does not accept mail")


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("X-Supplementary-Info: smtp; 550 5.1.1 User unknown", Kind.HARD),
        ("X-Supplementary-Info: <smtp; 550 Такого користувача не існує>", Kind.HARD),
        ("X-Supplementary-Info: mailbox is full", Kind.SOFT),
        ("X-Remote-Error: no such user here", Kind.HARD),
        ("X-Spam-Reason: no such user here", Kind.SOFT),
        ("X-Display-Name: No Such User", Kind.SOFT),
        ("Diagnostic-Code: 550 no such user", Kind.HARD),
        (
            "Diagnostic-Code: smtp; =?utf-8?b?NTUwINCd0LXQvNCw0ZQg0LDQtNGA0LXRgdCw0YLQsA==?=",
            Kind.HARD,
        ),
        ("Diagnostic-Code: smtp; 554 delivery error: (olena@rada.example:blocked)", Kind.SOFT),
    ],
)
def test_the_reason_is_found_in_whatever_field_a_server_put_it(field: str, kind: Kind) -> None:
    lines = mails.bounce(7).decode().replace("Status: 5.1.1", "Status: 5.0.0").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("Diagnostic-Code"))
    in_the_block = [*lines[:place], field, *lines[place + 1 :]]
    assert told("\n".join(in_the_block).encode()).kind is kind
    around = [field, *lines[:place], "Diagnostic-Code: smtp; 554 error", *lines[place + 1 :]]
    if field.startswith("X-"):
        assert told("\n".join(around).encode()).kind is kind


def test_a_status_counts_however_much_is_said_before_it() -> None:
    said = "This report is about a letter of yours. " * 12
    assert told(mails.bounce(7, f"550 5.1.1 {said}")).kind is Kind.HARD
    content = mails.bounce(7).replace(b"smtp; 550 5.1.1 <olena@rada.example> no such user", said.encode())
    assert told(content).kind is Kind.HARD


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Returned mail: see transcript", "It did not work.\n"),
        ("Undelivered Mail Returned to Sender", "--- Delivery report unavailable ---\n"),
        ("Mail delivery failed", "It did not work.\n"),
        ("Your letter", "The server did not like our RCPT TO:\n554 5.3.0 on hold\n"),
    ],
)
def test_a_mail_server_s_notice_is_a_bounce_though_nobody_knows_its_words(subject: str, body: str) -> None:
    assert told(mails.notice(7, body, subject=subject)).kind is Kind.SOFT


def test_where_a_notice_begins_with_when_the_letter_came_what_follows_is_read() -> None:
    body = "The original message was received at 10:00\n\n----- Transcript -----\n550 5.1.1 no such user\n"
    assert told(mails.notice(7, body)).kind is Kind.HARD


def test_of_several_replies_the_one_that_says_why_counts() -> None:
    body = "550 <a@b.example>... Remote protocol error\n\n550 5.1.1 <a@b.example>... User unknown\n"
    assert told(mails.notice(7, body)).code == "5.1.1"


def test_a_reply_that_a_relay_quotes_counts_and_not_what_it_makes_of_it() -> None:
    said = "5.1.0 - Unknown address error 550-'5.7.1 Access denied' (delivery attempts: 0)"
    found = told(mails.bounce(7).replace(b"550 5.1.1 <olena@rada.example> no such user", said.encode()))
    assert (found.kind, found.detail) == (Kind.SOFT, "550 5.7.1 Access denied")


@pytest.mark.parametrize("subject", ["=?utf-8?b?x?=", "=?utf\N{DIAERESIS}8?q?x?="])
def test_a_subject_that_cannot_be_decoded_does_not_hide_a_bounce(subject: str) -> None:
    assert told(mails.notice(7, "550 5.1.1 no such user\n", subject=subject)).kind is Kind.HARD


def test_the_same_mail_is_the_same_event_and_another_report_is_another() -> None:
    first, again, other = (told(mails.bounce(7, identity=name)).event(NOW) for name in ("a", "a", "b"))
    assert first
    assert again
    assert other
    assert first.id == again.id != other.id


def test_an_event_happened_when_the_mail_was_written_and_never_in_the_future() -> None:
    event = told(mails.bounce(7, day=15)).event(NOW)
    assert event
    assert event.at == "2025-02-15T14:00:09Z"
    early = told(mails.bounce(7, day=28)).event(NOW)
    assert early
    assert early.at == "2025-02-20T12:00:00Z"


@pytest.mark.parametrize("year", ["0101", "1969", "2024"])
def test_a_bounce_dated_before_its_letter_happened_when_it_was_read(year: str) -> None:
    event = told(mails.bounce(7).replace(b"Feb 2025", b"Feb " + year.encode())).event(NOW)
    assert event
    assert event.at == "2025-02-20T12:00:00Z"


@pytest.mark.parametrize("kind", [Kind.AUTO_REPLY, Kind.UNREADABLE])
def test_what_says_nothing_of_a_reader_is_not_kept(kind: Kind) -> None:
    assert BounceReport(kind=kind, subscriber=7, issue=date(2025, 2, 14)).event(NOW) is None


def test_a_test_message_has_no_reader_so_its_bounce_is_not_kept() -> None:
    found = told(mails.bounce(0))
    assert found.kind is Kind.HARD
    assert found.event(NOW) is None


def test_a_mail_that_makes_flufl_bounce_fail_is_read_without_its_opinion() -> None:
    message = parse(b"Subject: failure notice\n\nHi. This is the qmail-send program\n")
    with pytest.raises(IndexError):
        all_failures(parse(b"From: \nSubject: x\n\n"))
    assert opinion(message) is Opinion.NEITHER


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"\xff\xfe" * 500,
        b"Content-Type: multipart/report; boundary=\n\n",
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: text/plain; charset=nonsense\nContent-Transfer-Encoding: base64\n\n====",
        b"Subject: =?utf-8?b?====?=\nDate: Fri, 99 Feb 99999 99:99:99 +9999\n\n",
        b"Content-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 3000,
        b"x" * 5_000_000,
    ],
    ids=range(9),
)
def test_what_is_no_mail_is_unreadable(content: bytes) -> None:
    assert told(content).kind is Kind.UNREADABLE


def test_only_the_first_part_of_a_large_mail_is_read() -> None:
    assert told(mails.bounce(7) + b"x" * 10 * LIMIT).kind is Kind.HARD
    assert told(b"X: " + b"y" * LIMIT + b"\n" + mails.bounce(7)).kind is Kind.UNREADABLE


@settings(max_examples=400)
@given(data=st.data())
def test_no_damage_to_a_mail_stops_its_reading(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(CORPUS)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content)))
        match data.draw(st.sampled_from("cut insert repeat lose")):
            case "cut":
                del content[at:]
            case "insert":
                content[at:at] = data.draw(st.binary(max_size=20))
            case "repeat":
                content[at:at] = content[at : at + 200]
            case _:
                del content[at : at + data.draw(st.integers(1, 40))]
    found = told(bytes(content))
    found.detail.encode()
    found.event(NOW)


@settings(max_examples=200)
@given(st.binary(max_size=2000))
def test_any_bytes_are_read_without_a_reader(content: bytes) -> None:
    found = told(content)
    assert not found.subscriber
    assert found.kind in {Kind.UNREADABLE, Kind.AUTO_REPLY}


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: text/html\n\n" + b"<style" * 16_000,
        b"Content-Type: text/html\n\n" + b"<" * 96_000,
        b"Subject: Out of office " + b"a" * 96_000 + b"\n\n",
        b"Subject: Out of office " + b"a@" * 48_000 + b"\n\n",
        b"From: MAILER-DAEMON\n\n" + b"550 5.1.1 " + b"a" * 96_000,
        b"From: MAILER-DAEMON\n\n" + b"\n \n" * 30_000,
        b"From: MAILER-DAEMON\nSubject: " + b"mail delivery " * 6_500 + b"\n\n",
        b"From: MAILER-DAEMON\nSubject: " + b"fail" * 24_000 + b"\n\n",
        b"From: MAILER-DAEMON\n\n" + b"550-'" * 19_000,
        b"From: MAILER-DAEMON\n\n" + b">>> DATA\n" * 10_000,
        b"From: MAILER-DAEMON\n\n" + b"in reply to after " * 5_000,
        b"From: MAILER-DAEMON\n\n" + b"Action: x\n\n" * 9_000,
    ],
    ids=["style", "<", "subject", "@", "reply", "lines", "mail", "fail", "quote", "DATA", "after", "Action"],
)
def test_a_mail_made_to_be_slow_is_read_in_seconds(content: bytes) -> None:
    begun = process_time()
    told(content)
    assert process_time() - begun < 10, "what is quadratic takes a minute"
